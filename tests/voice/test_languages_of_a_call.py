"""A language that changes in the middle of a call."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any

from auricle.providers.ports import Audio, EndOfSpeech, Transcript, Usage
from auricle.voice.ports import TextIn
from auricle.voice.vad import SharedVad
from tests.voice.stage import PHRASE_A, Providers, call, speech
from tests.voice.virtual_time import in_virtual_time

HINDI = "मुझे कल से बुखार है और सिर में दर्द हो रहा है"


# ── languages ─────────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass
class Polyglot(Providers):
    """Notes in which language each provider was asked."""

    transcripts: list[Transcript] = field(default_factory=list)
    heard_in: list[str] = field(default_factory=list)
    spoken_in: list[str] = field(default_factory=list)

    async def transcribe(self, audio: Any, rate_hz: int, language: str) -> AsyncGenerator[Transcript | Usage, None]:
        self.heard_in.append(language)
        if self.stt_fault is not None:
            async for item in self.stt_fault(audio):
                yield item
            return
        final = self.transcripts.pop(0)
        async for piece in audio:
            if isinstance(piece, EndOfSpeech):
                await asyncio.sleep(0.1)
                yield final

    async def speak(self, sentence: str, language: str) -> AsyncGenerator[Audio | Usage, None]:
        self.spoken_in.append(language)
        async for piece in super().speak(sentence, language):
            yield piece


async def two_turns(vad: SharedVad, first: Transcript, **more: Any) -> Polyglot:
    providers = Polyglot(transcripts=[first, Transcript("और कुछ नहीं पता", is_final=True)], answer_text="Yes.")
    c = call(vad, providers, **more)
    await c.line.hush(0.6)
    for turn in range(2):
        await c.line.say(speech(PHRASE_A))
        await c.line.until("metrics", count=turn + 1)
        await c.line.hush(0.5)
    await c.end()
    return providers


def test_everything_follows_a_person_who_speaks_another_language_of_the_agent(vad: SharedVad) -> None:
    async def scenario() -> None:
        p = await two_turns(vad, Transcript(HINDI, is_final=True), languages=("en", "hi"))
        assert [turn.language for turn in p.turns] == ["hi", "hi"]
        assert p.heard_in == ["en", "hi"]
        assert set(p.spoken_in) == {"hi"}
        assert [record.language for record in p.records] == ["hi", "hi"]

    in_virtual_time(scenario())


def test_without_a_second_language_of_the_agent_or_with_a_doubtful_transcript_nothing_changes(vad: SharedVad) -> None:
    async def scenario() -> None:
        p = await two_turns(vad, Transcript(HINDI, is_final=True))
        assert [turn.language for turn in p.turns] == ["en", "en"]
        doubtful = Transcript(HINDI, is_final=True, confidence=0.2, language="hi")
        p = await two_turns(vad, doubtful, languages=("en", "hi"))
        assert p.turns[0].language == "en" and p.heard_in == ["en", "en"]

    in_virtual_time(scenario())


def test_a_guess_and_its_turn_are_in_the_language_that_was_spoken(vad: SharedVad) -> None:
    async def scenario() -> None:
        async def fast(audio: Any) -> AsyncGenerator[Any, None]:
            async for piece in audio:
                yield Transcript(HINDI, is_final=isinstance(piece, EndOfSpeech))

        providers = Polyglot(stt_fault=fast)
        c = call(vad, providers, speculate=True, languages=("hi",))
        await c.line.hush(0.6)
        await c.line.say(speech(PHRASE_A))
        await c.line.until("metrics")
        await c.line.say(speech(PHRASE_A))
        await c.line.hush(0.2)
        assert providers.heard_in == ["en", "hi"]
        await c.end()
        assert {turn.language for turn in c.providers.turns} == {"hi"}
        assert c.providers.records[0].language == "hi"

    in_virtual_time(scenario())


def test_a_red_flag_heard_in_another_language_is_answered_in_it(vad: SharedVad) -> None:
    async def scenario() -> None:
        flag = "मुझे सीने में बहुत तेज दर्द हो रहा है"
        p = Polyglot(transcripts=[Transcript(flag, is_final=True)])
        c = call(vad, p, languages=("en", "hi"))
        await c.line.hush(0.6)
        await c.line.say(speech(PHRASE_A))
        await c.line.until("metrics", limit_s=60)
        await c.end()
        [record] = p.records
        assert record.red_flag is not None and record.red_flag.language == "hi" and record.language == "hi"
        assert any("\u0900" <= ch <= "\u097f" for ch in record.answer_text)

    in_virtual_time(scenario())


def test_a_typed_request_changes_the_language(vad: SharedVad) -> None:
    async def scenario() -> None:
        c = call(vad, languages=("en", "hi"))
        c.line.incoming.put_nowait(TextIn("can we speak in Hindi please"))
        await c.line.until("metrics")
        await c.end()
        assert c.providers.turns[0].language == "hi"

    in_virtual_time(scenario())
