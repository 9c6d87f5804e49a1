"""The one I/O shell of every live channel: ticket, first message, then the engine over this socket until it ends."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

from starlette.responses import JSONResponse
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from auricle.actor import Actor
from auricle.assembly import Assembly
from auricle.channels.engine import said_in, services_for
from auricle.channels.patience import Patience
from auricle.channels.protocols import browser
from auricle.channels.wire import Frame, Wire
from auricle.channels.withdrawn import ending_on_withdrawal
from auricle.consent.decide import require
from auricle.consent.models import Kind
from auricle.consultations.answer import Talk
from auricle.consultations.lifecycle import active_consultation, agent_of, end_session, open_session
from auricle.consultations.memory import history
from auricle.consultations.transcript import Said, read
from auricle.errors import AuricleError, Forbidden, Invalid, Unauthenticated, Unavailable
from auricle.identity.revocation import SignInOver
from auricle.identity.tickets import BadTicket, redeem
from auricle.log import event, session_id
from auricle.voice.admission import Busy
from auricle.voice.ports import AudioIn, ChannelClosed, Incoming
from auricle.voice.records import TurnsNotStored
from auricle.voice.session import VoiceSession

log = logging.getLogger(__name__)

FIRST_MESSAGE_S = 10.0
SEND_S = 5.0  # a client that takes nothing for so long is gone
MAX_BAD_MESSAGES = 50
CLOSE = {401: 4401, 403: 4403, 404: 4404, 409: 4409, 422: 1008, 413: 1009, 503: 1013}


class ForeignOrigin(Forbidden):
    """This page may not open a socket here."""

    code = "authorization.origin"


@dataclass(frozen=True, slots=True)
class Entry:
    """An admitted socket: its talk, its wire, and what was said before."""

    talk: Talk
    wire: Wire
    past: list[Said]


class SocketChannel:
    """The engine's channel over a WebSocket. Every send is bounded; a client that does not read loses its call."""

    def __init__(self, websocket: WebSocket, wire: Wire) -> None:
        self._websocket, self._wire = websocket, wire
        self._patience = Patience(SEND_S)
        self.rate_hz, self.frame_s = wire.rate_hz, wire.frame_s

    async def send_audio(self, pcm: bytes) -> None:
        await self._send(self._wire.audio(pcm))

    async def send_mark(self, name: str) -> None:
        await self._send(self._wire.mark(name))

    async def clear(self) -> None:
        await self._send(self._wire.clear())

    async def send_transcript(self, text: str, *, is_final: bool) -> None:
        await self._send(self._wire.transcript(text, is_final=is_final))

    async def send_reply(self, text: str, *, is_final: bool) -> None:
        await self._send(self._wire.reply(text, is_final=is_final))

    async def send_metrics(self, turn_id: UUID, waterfall_ms: Mapping[str, float]) -> None:
        await self._send(self._wire.metrics(turn_id, waterfall_ms))

    async def send_error(self, error: AuricleError) -> None:
        await self._send(self._wire.error(error))

    async def _send(self, frame: Frame | None) -> None:
        if isinstance(frame, str):
            await self._bounded(self._websocket.send_text(frame))
        elif frame is not None:
            await self._bounded(self._websocket.send_bytes(frame))

    async def _bounded(self, sending: Awaitable[None]) -> None:
        try:
            await self._patience.wait(sending)
        except (TimeoutError, WebSocketDisconnect, RuntimeError) as error:
            raise ChannelClosed from error


async def serve(websocket: WebSocket, assembly: Assembly, seen: Actor) -> None:
    """Hold one live session over this socket."""
    try:
        with assembly.calls.call():
            await _admitted(websocket, assembly, seen)
    except Busy as busy:
        await refuse(websocket, busy)


async def refuse(websocket: WebSocket, error: AuricleError) -> None:
    """Refuse before the socket opened: an HTTP answer, as for any other request."""
    if websocket.client_state is WebSocketState.CONNECTING:
        body = {"error_code": error.code, "message": error.message, "status": error.status}
        headers = {"Retry-After": "5"} if error.status == 503 else None
        await websocket.send_denial_response(
            JSONResponse(body, error.status, headers, media_type="application/problem+json")
        )


async def _admitted(websocket: WebSocket, assembly: Assembly, seen: Actor) -> None:
    offered = websocket.scope.get("subprotocols", [])
    ticket = next((o.removeprefix("ticket.") for o in offered if o.startswith("ticket.")), None)
    try:
        check_origin(websocket, assembly)
    except ForeignOrigin as error:
        await refuse(websocket, error)
        return
    await websocket.accept(browser.SUBPROTOCOL if browser.SUBPROTOCOL in offered else None)
    try:
        entry = await enter(websocket, assembly, seen, ticket)
    except WebSocketDisconnect:
        return
    except AuricleError as error:
        await say_and_close(websocket, error)
        return
    await converse(websocket, assembly, entry)


def check_origin(websocket: WebSocket, assembly: Assembly) -> None:
    """A browser names the page that opens the socket: it must be ours, or on the list. Other clients name none."""
    origin = websocket.headers.get("origin")
    if origin is None or origin in assembly.settings.allowed_origins:
        return
    if urlsplit(origin).netloc != websocket.headers.get("host"):
        raise ForeignOrigin


async def enter(websocket: WebSocket, assembly: Assembly, seen: Actor, ticket: str | None) -> Entry:
    """Read init-session, use the ticket up, and open a session of the consultation."""
    try:
        async with asyncio.timeout(FIRST_MESSAGE_S):
            init = browser.read_init(await first_frame(websocket))
    except TimeoutError:
        raise Unauthenticated("No init-session came.") from None
    if not (ticket or init.ticket):
        raise BadTicket
    admission = await redeem(assembly.database, assembly.presence, ticket or init.ticket or "", seen)
    if admission.consultation_id != init.consultation_id:
        raise BadTicket("This ticket is for another consultation.")
    async with assembly.database.transaction(admission.actor) as db:
        consultation = await active_consultation(db, init.consultation_id)
        await require(db, consultation.patient_id, Kind.AI_USE)
        serving = await agent_of(db, consultation)
        session = await open_session(db, consultation, "browser")
        past = await read(db, assembly.keyring, consultation, last=serving.config.history_messages)
    talk = Talk(
        admission.actor,
        consultation.id,
        consultation.patient_id,
        session.id,
        serving,
        init.language or consultation.language,
    )
    opening = browser.session_message(session.id, consultation.id, talk.language, init.audio)
    await websocket.send_text(opening)
    return Entry(talk, browser.BrowserWire(init.audio), past)


async def first_frame(websocket: WebSocket) -> str | bytes:
    message = await websocket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1005))
    return frame_of(message)


def frame_of(message: Mapping[str, object]) -> str | bytes:
    frame = message.get("text")
    if frame is None:
        frame = message.get("bytes")
    assert isinstance(frame, str | bytes)
    return frame


async def converse(websocket: WebSocket, assembly: Assembly, entry: Entry) -> None:
    """Run the engine until somebody ends it; the session's row is closed whatever happened."""
    talk, config = entry.talk, entry.talk.agent.config
    token = session_id.set(str(talk.session_id))
    channel = SocketChannel(websocket, entry.wire)
    greeting = "" if entry.past else config.in_language(config.greeting, talk.language) or ""
    session = VoiceSession(
        channel,
        services_for(assembly, talk),
        assembly.settings.voice,
        assembly.calls.vad,
        language=talk.language,
        greeting=greeting,
        speculate=True,
        history=history(entry.past, config.history_messages),
    )
    code = 1000
    try:
        async with (
            ending_on_withdrawal(assembly, talk, session, channel),
            assembly.standing.watching(talk.actor, lambda: session.end(SignInOver.code)),
        ):
            ending = await session.run(incoming(websocket, assembly, entry.wire, channel))
        if ending.reason == SignInOver.code:
            await say_and_close(websocket, SignInOver())
        event(log, "session ended", reason=ending.kind, consultation_id=talk.consultation_id)
    except TurnsNotStored as left:
        said = [one for turn in left.turns for one in said_in(turn)]
        assert talk.actor.organization_id is not None
        await asyncio.to_thread(
            assembly.unsaved.keep, talk.actor.organization_id, talk.consultation_id, talk.session_id, said
        )
    except Exception:
        code = 1011
        log.exception("session failed")
    finally:
        await close_session(assembly, talk)
        await close(websocket, code)
        session_id.reset(token)


async def incoming(
    websocket: WebSocket, assembly: Assembly, wire: Wire, channel: SocketChannel
) -> AsyncIterator[Incoming]:
    """The engine's events until the client is gone or idle. A bad message is answered by an `error`, not by the end."""
    bad, patience, is_spoken = 0, Patience(assembly.settings.session_idle_s), False
    while bad < MAX_BAD_MESSAGES:
        try:
            message = await patience.wait(websocket.receive())
        except TimeoutError:
            return
        if message["type"] == "websocket.disconnect":
            return
        try:
            item = wire.read(frame_of(message))
        except Invalid as error:
            bad += 1
            await channel.send_error(error)
            continue
        if isinstance(item, AudioIn) and not is_spoken:  # an open microphone never pauses for long
            patience, is_spoken = Patience(assembly.settings.voice.idle_s), True
        if item is not None:
            yield item


async def close_session(assembly: Assembly, talk: Talk) -> None:
    try:
        async with assembly.database.transaction(talk.actor) as db:
            await end_session(db, talk.session_id)
    except Unavailable:
        event(log, "a session's end could not be stored", logging.WARNING, consultation_id=talk.consultation_id)


async def say_and_close(websocket: WebSocket, error: AuricleError) -> None:
    try:
        async with asyncio.timeout(SEND_S):
            await websocket.send_text(browser.error_message(error))
    except (TimeoutError, WebSocketDisconnect, RuntimeError):
        return
    await close(websocket, CLOSE.get(error.status, 1011))


async def close(websocket: WebSocket, code: int) -> None:
    try:
        async with asyncio.timeout(SEND_S):
            await websocket.close(code)
    except (TimeoutError, RuntimeError, WebSocketDisconnect):
        return
