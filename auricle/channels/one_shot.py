"""One recording in, one answer out; and the speech of a stored answer. Consent, safety and record are those of text."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from uuid import UUID

from auricle.actor import Actor
from auricle.assembly import Assembly
from auricle.audit.reads import record_read
from auricle.channels.sound_files import RATE_HZ, SPEECH_HZ, decoded, writer
from auricle.channels.text import Exchange, To, begin, converse
from auricle.consent.decide import require
from auricle.consent.models import Kind
from auricle.consultations.answer import Talk, call_for
from auricle.consultations.keyterms import keyterms_of
from auricle.consultations.lifecycle import agent_of, find_consultation
from auricle.consultations.models import Message
from auricle.consultations.money import require_money
from auricle.consultations.transcript import Said, opened
from auricle.errors import Invalid, NotFound
from auricle.providers.ports import END_OF_SPEECH, Audio, EndOfSpeech, ProviderTimeout, Transcript
from auricle.voice.language import language_of_message
from auricle.voice.resample import SentenceResampler
from auricle.voice.sentences import SentenceCutter

PIECE_BYTES = RATE_HZ * 2 // 10
UTTERANCE_S = 25.0  # recognizers take no longer ones whole
TRANSCRIBE_S = 120.0
MOST_SPOKEN = 8_000  # characters of one stored message


class NothingHeard(Invalid):
    """No words were heard in this recording."""

    code = "audio.nothing_heard"


@dataclass(frozen=True, slots=True)
class Heard:
    """A recording as it was understood and answered."""

    transcript: str
    talk: Talk
    exchange: Exchange


async def listen(assembly: Assembly, actor: Actor, to: To, sound: bytes) -> Heard:
    """Understand a recording and answer it.

    Raises:
        NothingHeard, and what `sound_files.decoded` raises: nothing is stored then.
    """
    async with assembly.calls.decoding:
        pcm = await asyncio.to_thread(decoded, sound)
    talk, past = await begin(assembly, actor, to, "")  # without consent, or money, nobody listens
    said = await transcribed(assembly, talk, pcm)
    if not said:
        raise NothingHeard
    language = language_of_message(said, current=talk.language, among=talk.agent.config.languages)
    talk = talk.in_language(language)
    exchange = Exchange(Said("patient", said, language=language, start_s=0.0, end_s=len(pcm) / 2 / RATE_HZ))
    async with aclosing(converse(assembly, talk, past, said, exchange)) as sentences:
        async for _ in sentences:
            pass
    return Heard(said, talk, exchange)


async def transcribed(assembly: Assembly, talk: Talk, pcm: bytes) -> str:
    """All that is said in the samples. Metered, routed and failed over like any speech."""
    call = call_for(assembly, talk, "stt", talk.language)
    keyterms = await keyterms_of(assembly, talk, talk.language)
    finals: list[str] = []
    try:
        async with (
            asyncio.timeout(TRANSCRIBE_S),
            aclosing(assembly.router.transcribe(call, utterances(pcm), rate_hz=RATE_HZ, keyterms=keyterms)) as events,
        ):
            async for event in events:
                if isinstance(event, Transcript) and event.is_final and event.text.strip():
                    finals.append(event.text.strip())
    except TimeoutError:
        raise ProviderTimeout(capability="stt") from None
    return " ".join(finals)


async def utterances(pcm: bytes) -> AsyncIterator[bytes | EndOfSpeech]:
    """The samples in pieces, with an end after each stretch that a recognizer takes whole."""
    stretch = int(UTTERANCE_S * RATE_HZ) * 2
    for start in range(0, len(pcm), stretch):
        for at in range(start, min(start + stretch, len(pcm)), PIECE_BYTES):
            yield pcm[at : min(at + PIECE_BYTES, start + stretch)]
        yield END_OF_SPEECH


@dataclass(frozen=True, slots=True)
class Speakable:
    """A stored answer, with the talk that gives it its voice."""

    talk: Talk
    text: str


async def stored_answer(assembly: Assembly, actor: Actor, message_id: UUID) -> Speakable:
    """A message of the assistant that the actor may see."""
    async with assembly.database.transaction(actor) as db:
        row = await db.get(Message, message_id)
        if row is None or row.sender != "assistant" or not row.text:
            raise NotFound("No such message.")
        consultation = await find_consultation(db, row.consultation_id)
        await require(db, consultation.patient_id, Kind.AI_USE)
        await require_money(db, consultation)
        serving = await agent_of(db, consultation)
        said = opened(await assembly.keyring.patient(db, consultation.patient_id), row)
        await record_read(db, "consultation", consultation.id)
    language = said.language or consultation.language
    talk = Talk(actor, consultation.id, consultation.patient_id, row.session_id, serving, language)
    return Speakable(talk, said.text[:MOST_SPOKEN])


async def speech(assembly: Assembly, answer: Speakable, kind: str) -> AsyncGenerator[bytes]:
    """The spoken answer in this format, sentence by sentence as it is made. Read under `aclosing`."""
    cutter, made = SentenceCutter(), writer(kind)
    call = call_for(assembly, answer.talk, "tts", answer.talk.language)
    for sentence in [*cutter.feed(answer.text), *cutter.finish()]:
        resampler = SentenceResampler(SPEECH_HZ)
        async with aclosing(assembly.router.speak(call, sentence)) as pieces:
            async for piece in pieces:
                if isinstance(piece, Audio) and (data := await asyncio.to_thread(made.write, resampler.feed(piece))):
                    yield data
        if data := await asyncio.to_thread(made.write, resampler.finish()):
            yield data
    if data := await asyncio.to_thread(made.finish):
        yield data
