"""Joins the voice engine to providers, knowledge, safety and the record, for one talk."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from uuid import UUID, uuid5

from auricle.assembly import Assembly
from auricle.channels.text import citation_json, served_json
from auricle.consultations.alerts import raise_alert
from auricle.consultations.answer import Talk, answer, call_for
from auricle.consultations.keyterms import keyterms_of
from auricle.consultations.lifecycle import find_consultation
from auricle.consultations.transcript import Said, append
from auricle.providers.call import Call, Served
from auricle.providers.ports import EndOfSpeech
from auricle.safety.claims import guard
from auricle.safety.respond import EmergencyScript, emergency
from auricle.telemetry import TURN_STAGE, TURNS
from auricle.voice.listen import FINAL_DEADLINE_S
from auricle.voice.ports import HeardPiece, ReplyPiece, Services, SpokenPiece, Turn, TurnRecord

FIRST_RECOGNIZER_SHARE = 0.6  # of the time that a turn waits for its words


def services_for(assembly: Assembly, talk: Talk) -> Services:
    """The engine's callables, closed over one talk."""
    prepared = assembly.calls.prepared

    speaking: Served | None = None  # whose voice the present answer has

    async def transcribe(
        audio: AsyncIterator[bytes | EndOfSpeech], rate_hz: int, language: str
    ) -> AsyncGenerator[HeardPiece, None]:
        call = await hurried(call_for(assembly, talk, "stt", language), assembly)
        keyterms = await keyterms_of(assembly, talk, language)
        async with aclosing(assembly.router.transcribe(call, audio, rate_hz=rate_hz, keyterms=keyterms)) as events:
            async for event in events:
                yield event

    async def reply(turn: Turn) -> AsyncGenerator[ReplyPiece, None]:
        nonlocal speaking
        speaking = None
        pieces = answer(
            assembly, talk, turn.text, turn.language, turn.history,
            trivial=turn.trivial, turn_id=turn.turn_id, confirmed=turn.confirmed,
        )  # fmt: skip
        async with aclosing(pieces):
            async for piece in pieces:
                yield piece

    async def speak(sentence: str, language: str) -> AsyncGenerator[SpokenPiece, None]:
        nonlocal speaking
        call = await in_voice(speaking, call_for(assembly, talk, "tts", language), assembly)
        async with aclosing(assembly.router.speak(call, sentence)) as pieces:
            async for piece in pieces:
                if isinstance(piece, Served):
                    speaking = piece
                yield piece

    def flagged(text: str, language: str) -> EmergencyScript | None:
        return emergency(text, language, number=talk.agent.config.emergency_number, helpline=talk.agent.config.helpline)

    async def record(turn: TurnRecord) -> None:
        await store_turn(assembly, talk, turn)

    async def alert(turn_id: UUID, script: EmergencyScript) -> None:
        async with assembly.database.transaction(talk.actor) as db:
            consultation = await find_consultation(db, talk.consultation_id)
            await raise_alert(db, script.category, turn_id, consultation.patient_id, consultation.id)

    return Services(
        transcribe=transcribe,
        answer=reply,
        speak=speak,
        emergency=flagged,
        record=record,
        apology=prepared.apology,
        filler=prepared.filler,
        guard=guard,
        alert=alert,
    )


async def hurried(call: Call, assembly: Assembly) -> Call:
    """Let the first recognizer of several have most of the time that a turn waits for its words, not all of it.

    The ear gives up long before a provider's usual deadline: without this, the next one would never be asked.
    """
    able = call.choices or await assembly.router.choices("stt", call.organization_id, call.language)
    if len(able) < 2:
        return call
    settings = assembly.settings
    final_s = min(FINAL_DEADLINE_S, settings.voice.reply_deadline_s / 2)
    first_s = min(settings.timeouts.first_s, FIRST_RECOGNIZER_SHARE * final_s)
    return replace(call, timeouts=settings.timeouts.model_copy(update={"first_s": first_s}))


async def in_voice(speaking: Served | None, call: Call, assembly: Assembly) -> Call:
    """Let an answer go on in the voice that began it: its provider is asked first, and nobody beside it."""
    if speaking is None:
        return call
    able = call.choices or await assembly.router.choices("tts", call.organization_id, call.language)
    return replace(call, choices=sorted(able, key=lambda one: one.provider != speaking.provider), may_hedge=False)


async def store_turn(assembly: Assembly, talk: Talk, turn: TurnRecord) -> None:
    """Store one turn. Its messages' ids follow from the turn's, so that storing it twice keeps one."""
    said = said_in(turn)
    if not said:
        return
    async with assembly.database.transaction(talk.actor) as db:
        consultation = await find_consultation(db, talk.consultation_id)
        await append(db, assembly.keyring, consultation, talk.session_id, said)
    TURNS.labels(channel=turn.kind, outcome="failed" if turn.errors else "ok").inc()
    for stage, after_ms in turn.waterfall_ms.items():
        TURN_STAGE.labels(stage=stage).observe(max(0.0, after_ms) / 1000)


def said_in(turn: TurnRecord) -> list[Said]:
    said: list[Said] = []
    if turn.user_text:
        said.append(
            Said(
                "patient",
                turn.user_text,
                id=turn.turn_id,
                language=turn.language,
                start_s=turn.started_s,
                end_s=turn.ended_s,
                red_flag=turn.red_flag.category if turn.red_flag else None,
                errors=() if turn.answer_text else turn.errors,
                served=served_json(turn.served, "stt"),
            )
        )
    if turn.answer_text:
        said.append(
            Said(
                "clinician" if turn.kind == "staff" else "assistant",
                turn.answer_text,
                id=uuid5(turn.turn_id, "assistant"),
                heard=turn.heard_text if turn.interrupted else None,
                interrupted=turn.interrupted,
                language=turn.language,
                start_s=turn.reply_started_s,
                end_s=turn.reply_ended_s,
                citations=[citation_json(c) for c in turn.citations],
                waterfall=dict(turn.waterfall_ms),
                errors=turn.errors,
                served=served_json(turn.served, "llm", "tts"),
                processing_ms=int(turn.waterfall_ms.get("first_audio", 0)) or None,
            )
        )
    return said
