"""The text channel: one message in, the answer whole or streamed. The same answers, safety and record as by voice."""

import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from anyio import CancelScope
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.actor import Actor
from auricle.agents.config import AgentConfig
from auricle.assembly import Assembly
from auricle.channels.entering import past_of_the_left
from auricle.channels.prepared import apology_text
from auricle.consent.decide import require
from auricle.consent.models import Kind
from auricle.consultations.alerts import ask_for_person
from auricle.consultations.answer import Program, Talk, answer
from auricle.consultations.lifecycle import (
    active_consultation,
    agent_of,
    end_session,
    find_consultation,
    move_here,
    open_session,
)
from auricle.consultations.memory import LOOK_BACK, history
from auricle.consultations.models import Consultation, ConsultationSession
from auricle.consultations.money import require_money
from auricle.consultations.transcript import Said, append, read
from auricle.db.base import new_id
from auricle.errors import Conflict, NotFound
from auricle.providers.call import Served, named_once
from auricle.providers.ports import Capability, ChatMessage, ProviderFailed, TextDelta, ToolCall, Usage
from auricle.safety.claims import guard
from auricle.safety.respond import EmergencyScript, emergency
from auricle.voice.guarded import Guarded
from auricle.voice.language import language_of_message, written_in
from auricle.voice.ports import Citation, EndCall, HandOver, ReplyPiece
from auricle.voice.sentences import SentenceCutter
from auricle.voice.trivial import canned_reply, trivial_kind


class SessionEnded(Conflict):
    """This session has ended; open another."""

    code = "session.ended"


@dataclass(slots=True)
class Exchange:
    """One message and its answer as they came to be."""

    said: Said
    answer_id: UUID = field(default_factory=new_id)
    answer: list[str] = field(default_factory=list)
    citations: list[dict[str, Any]] = field(default_factory=list)
    waterfall: dict[str, float] = field(default_factory=dict)
    served: tuple[Served, ...] = ()  # the language models
    calls: list[ToolCall] = field(default_factory=list)  # of a program's own tools
    usages: list[Usage] = field(default_factory=list)
    red_flag: str | None = None
    script_language: str | None = None  # of the emergency script, which may be one that the agent does not speak
    failed: str | None = None
    ended: bool = False  # the agent ended the conversation
    handed_over: bool = False  # a person takes over

    @property
    def text(self) -> str:
        return " ".join(self.answer)


@dataclass(frozen=True, slots=True)
class To:
    """Where a message goes: into a session, or into whatever text session a consultation has."""

    session_id: UUID | None = None
    consultation_id: UUID | None = None

    @property
    def conversation(self) -> UUID:
        found = self.session_id or self.consultation_id
        assert found is not None
        return found


async def begin(assembly: Assembly, actor: Actor, to: To, text: str) -> tuple[Talk, list[ChatMessage]]:
    """The talk that the actor may take part in, and what it may look back on. A call under way moves here.

    Without the patient's consent, or money left, no AI sees the message; only an emergency still gets its script, which
    is none and costs nothing.
    """
    async with assembly.database.transaction(actor) as db:
        consultation, session = await text_session(db, to, idle_s=assembly.settings.session_idle_s)
        agent = await agent_of(db, consultation)
        if script_of(agent.config, text, consultation.language) is None:
            await require(db, consultation.patient_id, Kind.AI_USE)
            await require_money(db, consultation)
        leaving = await move_here(db, consultation, session.id)
        said = await read(db, assembly.keyring, consultation, last=LOOK_BACK)
    talk = Talk(actor, consultation.id, consultation.patient_id, session.id, agent, consultation.language)
    if leaving:
        said = await past_of_the_left(assembly, talk, leaving)
    return talk.in_language(language_of(talk, said, text)), history(said)


def script_of(config: AgentConfig, text: str, language: str) -> EmergencyScript | None:
    """What an agent says to a red flag in a message, if there is one."""
    return emergency(text, language, number=config.emergency_number, helpline=config.helpline)


async def text_session(db: AsyncSession, to: To, *, idle_s: float) -> tuple[Consultation, ConsultationSession]:
    """The session a message belongs to: never a call's, but one of the same consultation."""
    if to.session_id is None:
        consultation = await active_consultation(db, to.conversation)
    else:
        named = await db.get(ConsultationSession, to.session_id)
        if named is None:
            raise NotFound("No such session.")
        consultation = await active_consultation(db, named.consultation_id)
        if named.live_since is None:
            if named.ended_at is not None or not named.is_fresh(idle_s):
                raise SessionEnded
            named.channel = "text"  # one that came with its consultation becomes what it is used for
            return consultation, named
    found = await db.scalar(
        select(ConsultationSession)
        .where(
            ConsultationSession.consultation_id == consultation.id,
            ConsultationSession.channel == "text",
            ConsultationSession.ended_at.is_(None),
        )
        .order_by(ConsultationSession.created_at.desc())
        .limit(1)
    )
    if found is not None and found.is_fresh(idle_s):
        return consultation, found
    return consultation, await open_session(db, consultation, "text")


def language_of(talk: Talk, said: Sequence[Said], text: str) -> str:
    earlier = [one for one in said if one.sender == "patient"][-1:]
    return language_of_message(
        text,
        current=(earlier[0].language if earlier else None) or talk.language,
        among=talk.agent.config.languages,
        before=earlier[0].text if earlier else "",
    )


async def converse(
    assembly: Assembly, talk: Talk, past: list[ChatMessage], text: str, exchange: Exchange
) -> AsyncGenerator[str, None]:
    """Stream the answer sentence by sentence into `exchange`, then store both. Read under `aclosing`."""
    try:
        async with aclosing(answered(assembly, talk, past, text, exchange)) as sentences:
            async for sentence in sentences:
                yield sentence
    except ProviderFailed as error:
        exchange.failed = error.code
        exchange.waterfall.setdefault("first_sentence", exchange.waterfall["whole"])
        exchange.answer.append(apology_text(talk.language))
        yield exchange.answer[-1]
    finally:
        with CancelScope(shield=True):  # a reader who goes away cancels the stream; what was said is kept all the same
            await _store(assembly, talk, exchange)


async def answered(
    assembly: Assembly,
    talk: Talk,
    past: list[ChatMessage],
    text: str,
    exchange: Exchange,
    program: Program | None = None,
) -> AsyncGenerator[str, None]:
    """Stream the answer sentence by sentence into `exchange`, and store nothing. Raises `ProviderFailed`.

    A red flag is looked for before any model is asked, and each sentence of a model is looked at before it is given.
    """
    for_model = program is not None and bool(program.since or program.must_call)  # no canned reply would do
    started = time.perf_counter()
    script = script_of(talk.agent.config, text, written_in(text, talk.language))
    asked = bool(past) and past[-1].role == "assistant" and past[-1].content.rstrip().endswith("?")
    try:
        if script is not None:
            exchange.red_flag, exchange.script_language = script.category, script.language
            sentences = _fixed(script.text)
        elif not for_model and (reply := canned_reply(text, talk.language, after_question=asked)):
            sentences = _fixed(reply)
        else:
            pieces = answer(
                assembly, talk, text, talk.language, past,
                trivial=trivial_kind(text, talk.language) is not None, turn_id=exchange.said.id, program=program,
            )  # fmt: skip
            sentences = _guarded(pieces, talk, exchange, started)
        async with aclosing(sentences) as ready:
            async for sentence in ready:
                exchange.waterfall.setdefault("first_sentence", (time.perf_counter() - started) * 1000)
                exchange.answer.append(sentence)
                yield sentence
    finally:
        exchange.waterfall["whole"] = (time.perf_counter() - started) * 1000


async def _fixed(text: str) -> AsyncGenerator[str, None]:
    yield text


async def _guarded(
    answering: AsyncGenerator[ReplyPiece, None], talk: Talk, exchange: Exchange, started: float
) -> AsyncGenerator[str, None]:
    cutter, guarded = SentenceCutter(), Guarded(guard)
    async with aclosing(answering) as pieces:
        async for piece in pieces:
            if not isinstance(piece, TextDelta):
                _note(exchange, piece)
                continue
            exchange.waterfall.setdefault("first_token", (time.perf_counter() - started) * 1000)
            for sentence in cutter.feed(piece.text):
                if said := guarded.piece(sentence, talk.language):
                    yield said
    for sentence in cutter.finish():
        if said := guarded.piece(sentence, talk.language):
            yield said


def _note(exchange: Exchange, piece: ReplyPiece) -> None:
    match piece:
        case Citation():
            exchange.citations.append(citation_json(piece))
        case Served():
            exchange.served = named_once(exchange.served, piece)
        case EndCall():
            exchange.ended = True
        case HandOver():
            exchange.handed_over = True
        case ToolCall():
            exchange.calls.append(piece)
        case Usage():
            exchange.usages.append(piece)


def citation_json(citation: Citation) -> dict[str, Any]:
    """What is stored of a citation. The quote is the organization's own knowledge, not the patient's words."""
    return {
        "chunk_id": citation.chunk_id,
        "document_id": citation.document_id,
        "title": citation.title,
        "quote": citation.quote,
        "page": citation.page,
    }


def served_json(served: Mapping[Capability, Sequence[Served]], *capabilities: Capability) -> dict[str, Any]:
    """What is stored of who served: provider and model, by capability."""
    return {
        c: [{"provider": one.provider, "model": one.model} for one in served[c]] for c in capabilities if served.get(c)
    }


async def _store(assembly: Assembly, talk: Talk, exchange: Exchange) -> None:
    said = [exchange.said]
    if exchange.answer:
        said.append(
            Said(
                "assistant",
                exchange.text,
                id=exchange.answer_id,
                language=exchange.script_language or talk.language,
                citations=exchange.citations,
                waterfall=exchange.waterfall,
                errors=[exchange.failed] if exchange.failed else (),
                served=served_json({"llm": exchange.served}, "llm"),
                processing_ms=int(exchange.waterfall["whole"]),
            )
        )
    if exchange.red_flag is not None:
        said[0] = Said(
            "patient", exchange.said.text, id=exchange.said.id, language=talk.language, red_flag=exchange.red_flag
        )
    async with assembly.database.transaction(talk.actor) as db:
        # Whoever ended it meanwhile does not undo what was said before.
        consultation = await find_consultation(db, talk.consultation_id)
        await append(db, assembly.keyring, consultation, talk.session_id, said)
        if exchange.handed_over:
            await ask_for_person(
                db, consultation_id=talk.consultation_id, patient_id=talk.patient_id, session_id=talk.session_id
            )
        if exchange.ended:
            await end_session(db, talk.session_id)
