"""The text channel: one message in, the answer whole or streamed. The same answers, safety and record as by voice."""

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from anyio import CancelScope

from auricle.actor import Actor
from auricle.assembly import Assembly
from auricle.channels.prepared import apology_text
from auricle.consent.decide import require
from auricle.consent.models import Kind
from auricle.consultations.answer import Talk, answer
from auricle.consultations.lifecycle import active_consultation, agent_of, find_consultation
from auricle.consultations.memory import history
from auricle.consultations.models import ConsultationSession
from auricle.consultations.transcript import Said, append, read
from auricle.errors import Conflict, NotFound
from auricle.providers.ports import ChatMessage, ProviderFailed, TextDelta, Usage
from auricle.safety.claims import guard
from auricle.safety.respond import emergency
from auricle.voice.language import language_of_message
from auricle.voice.ports import Citation
from auricle.voice.sentences import SentenceCutter
from auricle.voice.trivial import canned_reply


class SessionEnded(Conflict):
    """This session has ended; open another."""

    code = "session.ended"


@dataclass(slots=True)
class Exchange:
    """One message and its answer as they came to be."""

    said: Said
    answer: list[str] = field(default_factory=list)
    citations: list[dict[str, Any]] = field(default_factory=list)
    waterfall: dict[str, float] = field(default_factory=dict)
    red_flag: str | None = None
    failed: str | None = None

    @property
    def text(self) -> str:
        return " ".join(self.answer)


async def begin(assembly: Assembly, actor: Actor, session_id: UUID, text: str) -> tuple[Talk, list[ChatMessage]]:
    """The talk of a session that the actor may take part in, and what it may look back on.

    Without the patient's consent no AI sees the message; only an emergency still gets its script, which is none.
    """
    async with assembly.database.transaction(actor) as db:
        session = await db.get(ConsultationSession, session_id)
        if session is None:
            raise NotFound("No such session.")
        consultation = await active_consultation(db, session.consultation_id)
        if session.ended_at is not None:
            raise SessionEnded
        agent = await agent_of(db, consultation)
        if emergency(text, consultation.language, number=agent.config.emergency_number) is None:
            await require(db, consultation.patient_id, Kind.AI_USE)
        said = await read(db, assembly.keyring, consultation, last=agent.config.history_messages)
    earlier = [one for one in said if one.sender == "patient"][-1:]
    language = language_of_message(
        text,
        current=(earlier[0].language if earlier else None) or consultation.language,
        among=agent.config.languages,
        before=earlier[0].text if earlier else "",
    )
    talk = Talk(actor, consultation.id, consultation.patient_id, session.id, agent, language)
    return talk, history(said, agent.config.history_messages)


async def converse(
    assembly: Assembly, talk: Talk, past: list[ChatMessage], text: str, exchange: Exchange
) -> AsyncGenerator[str, None]:
    """Stream the answer sentence by sentence into `exchange`, then store both. Read under `aclosing`."""
    started = time.perf_counter()
    script = emergency(text, talk.language, number=talk.agent.config.emergency_number)
    asked = bool(past) and past[-1].role == "assistant" and past[-1].content.rstrip().endswith("?")
    try:
        if script is not None:
            exchange.red_flag = script.category
            sentences = _fixed(script.text)
        elif reply := canned_reply(text, talk.language, after_question=asked):
            sentences = _fixed(reply)
        else:
            sentences = _answered(assembly, talk, past, text, exchange, started)
        async with aclosing(sentences) as pieces:
            async for sentence in pieces:
                exchange.waterfall.setdefault("first_sentence", (time.perf_counter() - started) * 1000)
                exchange.answer.append(sentence)
                yield sentence
    finally:
        exchange.waterfall["whole"] = (time.perf_counter() - started) * 1000
        with CancelScope(shield=True):  # a reader who goes away cancels the stream; what was said is kept all the same
            await _store(assembly, talk, exchange)


async def _fixed(text: str) -> AsyncGenerator[str, None]:
    yield text


async def _answered(
    assembly: Assembly, talk: Talk, past: list[ChatMessage], text: str, exchange: Exchange, started: float
) -> AsyncGenerator[str, None]:
    cutter = SentenceCutter()
    try:
        async with aclosing(answer(assembly, talk, text, talk.language, past, turn_id=exchange.said.id)) as pieces:
            async for piece in pieces:
                if isinstance(piece, TextDelta):
                    exchange.waterfall.setdefault("first_token", (time.perf_counter() - started) * 1000)
                    for sentence in cutter.feed(piece.text):
                        yield guard(sentence, talk.language)
                elif isinstance(piece, Citation):
                    exchange.citations.append(citation_json(piece))
                elif not isinstance(piece, Usage):
                    continue
        for sentence in cutter.finish():
            yield guard(sentence, talk.language)
    except ProviderFailed as error:
        exchange.failed = error.code
        yield apology_text(talk.language)


def citation_json(citation: Citation) -> dict[str, Any]:
    """What is stored of a citation. The quote is the organization's own knowledge, not the patient's words."""
    return {
        "chunk_id": citation.chunk_id,
        "document_id": citation.document_id,
        "title": citation.title,
        "quote": citation.quote,
        "page": citation.page,
    }


async def _store(assembly: Assembly, talk: Talk, exchange: Exchange) -> None:
    said = [exchange.said]
    if exchange.answer:
        said.append(
            Said(
                "assistant",
                exchange.text,
                language=talk.language,
                citations=exchange.citations,
                waterfall=exchange.waterfall,
                errors=[exchange.failed] if exchange.failed else (),
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
