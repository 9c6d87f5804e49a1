"""Tickets, the browser's sockets and the text channel."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing
from typing import Annotated, Any, Self
from uuid import UUID

import orjson
from fastapi import APIRouter, Header, WebSocket
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from auricle.actor import Actor
from auricle.billing.budgets.require import BudgetExhausted
from auricle.channels.browser import serve
from auricle.channels.in_order import TooManyWaiting
from auricle.channels.text import Exchange, SessionEnded, To, begin, converse
from auricle.consent.decide import ConsentNeeded, require
from auricle.consent.models import Kind
from auricle.consultations.answer import Talk
from auricle.consultations.lifecycle import ConsultationEnded, active_consultation
from auricle.consultations.models import ConsultationSession
from auricle.consultations.money import require_money
from auricle.consultations.transcript import Said
from auricle.errors import AuricleError, Forbidden, NotFound
from auricle.identity.tickets import LIFETIME_S, issue
from auricle.log import new_request_id, request_id
from auricle.voice.admission import Busy
from auricle.web.deps import Db, Installed, Requires, installed
from auricle.web.problems import problems
from auricle.web.streamed import Streamed

router = APIRouter(tags=["conversation"])

Joiner = Annotated[Actor, Requires("consultations:join")]


class TicketIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    consultation_id: UUID


class TicketOut(BaseModel):
    ticket: str = Field(
        description="Goes into the subprotocol `ticket.<ticket>` beside `auricle.v1`, or into init-session."
    )
    expires_in: int
    url: str


class MessageIn(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"session_id": "0199c0de-0000-7000-8000-000000000001", "text": "When may I wear it again?"}]
        },
    )

    session_id: UUID | None = None
    consultation_id: UUID | None = Field(
        None, description="In place of a session: goes on by text in this consultation, whatever it was held over."
    )
    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]

    @model_validator(mode="after")
    def one_place(self) -> Self:
        if (self.session_id is None) == (self.consultation_id is None):
            raise ValueError("give a session_id or a consultation_id")
        return self


class Totals(BaseModel):
    id: UUID
    tokens_used: int
    calls_used: int


class MessageAnswer(BaseModel):
    message_id: UUID = Field(description="Of the answer; `GET /conversation/audio` speaks it.")
    text: str
    citations: list[dict[str, Any]]
    red_flag: str | None
    ended: bool = Field(description="The agent ended the conversation; its session is closed.")
    handed_over: bool = Field(description="A person of the clinic was called to take over.")
    metrics: dict[str, float] = Field(description="Milliseconds after the message came.")
    session: Totals


@router.post(
    "/api/v1/ws/tickets",
    operation_id="create_ticket",
    summary="A one-time ticket that opens a socket",
    responses=problems(Forbidden, ConsentNeeded, NotFound, ConsultationEnded, Busy, BudgetExhausted),
)
async def ticket(body: TicketIn, db: Db, assembly: Installed, actor: Joiner) -> TicketOut:
    assembly.calls.check_offer()
    consultation = await active_consultation(db, body.consultation_id)
    await require(db, consultation.patient_id, Kind.AI_USE)
    await require_money(db, consultation)
    url = assembly.settings.socket_url + "/api/v1/ws/streaming"
    return TicketOut(ticket=await issue(db, body.consultation_id), expires_in=LIFETIME_S, url=url)


@router.websocket("/api/v1/ws/streaming")
@router.websocket("/ws/assistant")
async def streaming(websocket: WebSocket) -> None:
    """One live session: MISSION 1.3."""
    request_id.set(new_request_id())
    seen = Actor.nobody(
        request_id=request_id.get(),
        address=websocket.client.host if websocket.client else "",
        user_agent=websocket.headers.get("user-agent", "")[:200],
    )
    await serve(websocket, await installed(websocket), seen)


@router.post(
    "/api/v1/conversation/message",
    operation_id="send_message",
    response_model=MessageAnswer,
    summary="One text message and its answer; streamed with `Accept: text/event-stream`",
    responses={
        **problems(ConsentNeeded, NotFound, ConsultationEnded, SessionEnded, TooManyWaiting, BudgetExhausted),
        200: {"content": {"text/event-stream": {}}, "description": "The answer."},
    },
)
async def message(
    body: MessageIn, assembly: Installed, actor: Joiner, accept: Annotated[str, Header(max_length=200)] = ""
) -> MessageAnswer | StreamingResponse:
    to = To(body.session_id, body.consultation_id)
    async with AsyncExitStack() as held:
        await held.enter_async_context(assembly.calls.in_order.turn(to.conversation))
        talk, past = await begin(assembly, actor, to, body.text)
        exchange = Exchange(Said("patient", body.text, language=talk.language))
        answering = converse(assembly, talk, past, body.text, exchange)
        if "text/event-stream" in accept:
            return Streamed(streamed(assembly, talk, exchange, answering), held.pop_all())
        async with aclosing(answering):
            async for _ in answering:
                pass
        return await whole(assembly, talk, exchange)


async def whole(assembly: Installed, talk: Talk, exchange: Exchange) -> MessageAnswer:
    async with assembly.database.transaction(talk.actor) as db:
        session = await db.get_one(ConsultationSession, talk.session_id)
    return MessageAnswer(
        message_id=exchange.answer_id,
        text=exchange.text,
        citations=exchange.citations,
        red_flag=exchange.red_flag,
        ended=exchange.ended,
        handed_over=exchange.handed_over,
        metrics={k: round(v, 1) for k, v in exchange.waterfall.items()},
        session=Totals(id=session.id, tokens_used=session.tokens_used, calls_used=session.calls_used),
    )


async def streamed(
    assembly: Installed, talk: Talk, exchange: Exchange, answering: AsyncGenerator[str, None]
) -> AsyncGenerator[bytes, None]:
    try:
        async with aclosing(answering):
            async for sentence in answering:
                yield b"event: delta\ndata: " + orjson.dumps({"text": sentence}) + b"\n\n"
        answer = await whole(assembly, talk, exchange)
    except AuricleError as error:  # the status went out long ago: only the stream itself can still tell
        told = {"error_code": error.code, "message": error.message}
        yield b"event: error\ndata: " + orjson.dumps(told) + b"\n\n"
        return
    yield b"event: answer\ndata: " + answer.model_dump_json().encode() + b"\n\n"
