"""What goes wrong around a conversation: late words, lost marks, clocks that jump, sound that is none."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from auricle.providers.ports import Audio, EndOfSpeech, TextDelta, Transcript, Usage
from auricle.settings import Voice
from auricle.voice.playback import Frame, Playback, Wait
from auricle.voice.ports import Played, Turn
from auricle.voice.session import VoiceSession
from auricle.voice.vad import SharedVad
from auricle.voice.visemes import Viseme
from tests.voice.stage import (
    ANSWER,
    PHRASE_A,
    PHRASE_B,
    RATE_HZ,
    Call,
    Line,
    Providers,
    call,
    now,
    seconds,
    speech,
    talking,
)
from tests.voice.virtual_time import in_virtual_time


# ── late words and wrong guesses ──────────────────────────────────────────────────────────────────────────────────
def test_transcripts_that_come_after_the_turn_has_ended_change_nothing(vad: SharedVad) -> None:
    async def late(audio: Any) -> AsyncGenerator[Any, None]:
        async for piece in audio:
            if isinstance(piece, EndOfSpeech):
                yield Transcript(PHRASE_A, is_final=True)
                await asyncio.sleep(1.5)
                yield Transcript("I have crushing chest pain right now really", is_final=False)
                yield Transcript("and something else", is_final=True)
                yield Transcript("and more", is_final=True, end_of_turn=True)

    async def scenario() -> None:
        c = await talking(vad, Providers(stt_fault=late))
        await c.line.until("metrics")
        await c.line.hush(1.0)
        await c.end()
        [turn] = c.providers.records
        assert turn.user_text == PHRASE_A and turn.heard_text == ANSWER and not turn.interrupted
        assert c.providers.alerts == [] and len(c.providers.turns) == 1
        assert c.line.details("final") == [PHRASE_A]

    in_virtual_time(scenario())


def test_an_answer_to_a_wrong_guess_is_never_confirmed_shown_heard_or_recorded(vad: SharedVad) -> None:
    confirmed: list[str] = []

    async def acting(turn: Turn) -> AsyncGenerator[Any, None]:
        yield TextDelta("Let me see. ")
        await turn.confirmed.wait()  # as a tool with side effects does
        confirmed.append(turn.text)
        yield TextDelta("It is booked.")

    async def scenario() -> None:
        async def changing(audio: Any) -> AsyncGenerator[Any, None]:
            async for piece in audio:
                if isinstance(piece, EndOfSpeech):
                    await asyncio.sleep(0.8)
                    yield Transcript("book nothing at all", is_final=True)
                else:
                    yield Transcript("book it for Monday", is_final=False)

        c = await talking(vad, Providers(stt_fault=changing, llm_fault=acting), speculate=True)
        await c.line.until("metrics")
        await c.end()
        assert len(c.providers.turns) == 2 and confirmed == ["book nothing at all"]
        assert not c.providers.turns[0].confirmed.is_set()
        assert [turn.user_text for turn in c.providers.records] == ["book nothing at all"]
        assert c.line.details("reply") == ["Let me see. It is booked."] and len(c.line.details("delta")) == 2

    in_virtual_time(scenario())


# ── where it goes on ──────────────────────────────────────────────────────────────────────────────────────────────
@dataclass
class Listener(Line):
    """Knows which samples were really played: those sent and not cleared before their time."""

    pieces: list[tuple[float, bytes]] = field(default_factory=list)

    async def send_audio(self, pcm: bytes, visemes: Sequence[Viseme] = ()) -> None:
        await super().send_audio(pcm, visemes)
        self.pieces.append((self.play_end - seconds(pcm), pcm))

    async def clear(self) -> None:
        await super().clear()
        self.pieces = [(at, pcm[: int((now() - at) * RATE_HZ) * 2]) for at, pcm in self.pieces if at < now()]

    @property
    def played(self) -> np.ndarray[Any, np.dtype[np.int16]]:
        return np.frombuffer(b"".join(pcm for _, pcm in self.pieces), "<i2")


@dataclass
class Counting(Providers):
    """Speech of which every sample tells its place, at the rate of the line."""

    made: int = 0

    async def speak(self, sentence: str, language: str) -> AsyncGenerator[Audio | Usage, None]:
        await asyncio.sleep(0.1)
        for _ in range(len(sentence.split()) * 3):
            count = RATE_HZ // 10
            yield Audio(np.arange(self.made, self.made + count).astype("<u2").tobytes(), RATE_HZ)
            self.made += count


def test_after_a_false_interruption_the_sentence_goes_on_where_it_was_left(vad: SharedVad) -> None:
    async def scenario() -> None:
        c = await talking(vad, Counting(heard=(PHRASE_A, "okay right")), line=Listener())
        await c.line.hush(1.0)
        await c.line.say(speech("okay right"))
        await c.line.until("metrics")
        await c.end()
        assert isinstance(c.line, Listener) and c.line.counts["clear"] == 1
        steps = np.diff(c.line.played.astype(np.uint16).astype(int)) % 65_536
        jumps = steps[steps != 1]
        back = int((65_536 - jumps[0]) % 65_536) if len(jumps) else 0
        assert len(jumps) <= 1 and back <= RATE_HZ // 20, "speech was lost, or said twice for more than 50 ms"

    in_virtual_time(scenario())


# ── marks ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_client_that_never_answers_marks_holds_a_conversation_all_the_same(vad: SharedVad) -> None:
    async def scenario() -> None:
        c = await talking(vad, line=Line(echoes_marks=False))
        await c.line.hush(3.2)
        await c.line.say(speech(PHRASE_B))
        await c.line.until("metrics", count=2)
        await c.end()
        first, second = c.providers.records
        assert first.interrupted and 20 < len(first.heard_text) < len(ANSWER) - 40
        assert second.heard_text == ANSWER and not second.interrupted

    in_virtual_time(scenario())


def test_marks_that_come_twice_early_out_of_order_or_were_never_sent_are_harmless(vad: SharedVad) -> None:
    async def scenario() -> None:
        c = await talking(vad)
        for name in ("", "x" * 5_000, "nonsense.1"):
            c.line.incoming.put_nowait(Played(name))
        await c.line.until("mark", count=2)
        marks = c.line.details("mark")
        for name in (*reversed(marks), *marks, *marks):
            c.line.incoming.put_nowait(Played(name))
        await c.line.until("metrics")
        await c.line.say(speech(PHRASE_B))
        for name in marks:
            c.line.incoming.put_nowait(Played(name))  # of the answer before
        await c.line.until("metrics", count=2)
        await c.end()
        assert [turn.heard_text for turn in c.providers.records] == [ANSWER, ANSWER]
        assert c.line.dry_s < 8.0

    in_virtual_time(scenario())


# ── clocks ────────────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass
class Clock:
    off_s: float = 0.0

    def __call__(self) -> float:
        return now() + self.off_s


def call_by(clock: Clock, vad: SharedVad, providers: Providers) -> Call:
    line = Line()
    session = VoiceSession(line, providers.services(), Voice(), vad, clock=clock)
    return Call(line, providers, session, asyncio.get_running_loop().create_task(session.run(line.events())))


@pytest.mark.parametrize("jump_s", [30.0, -30.0])
@pytest.mark.parametrize("when", ["speaking", "waiting", "answering"])
def test_a_clock_that_jumps_neither_ends_nor_hangs_a_call(vad: SharedVad, jump_s: float, when: str) -> None:
    async def scenario() -> None:
        clock = Clock(1_000.0)
        answer = "Please tell me when it began and how strong it is."
        c = call_by(clock, vad, Providers(heard=(PHRASE_A, PHRASE_B), answer_text=answer))
        await c.line.hush(0.6)
        if when == "speaking":
            asyncio.get_running_loop().call_later(1.0, setattr, clock, "off_s", clock.off_s + jump_s)
        await c.line.say(speech(PHRASE_A))
        if when == "waiting":
            clock.off_s += jump_s
        started = await c.line.until("audio")
        if when == "answering":
            await c.line.hush(1.5)
            clock.off_s += jump_s
        await c.line.until("metrics", limit_s=15)
        assert now() - started < 4.0  # the answer lasts 3.3 s
        assert c.line.dry_s < 0.05
        await c.line.say(speech(PHRASE_B))
        await c.line.until("metrics", count=2, limit_s=20)
        assert (await c.end()).kind == "client"
        assert [turn.user_text for turn in c.providers.records] == [PHRASE_A, PHRASE_B]
        assert all(turn.heard_text == answer and turn.errors == () for turn in c.providers.records)
        assert c.line.counts["error"] == 0

    in_virtual_time(scenario())


def test_a_muted_microphone_is_noticed_though_the_clock_was_set_back(vad: SharedVad) -> None:
    async def scenario() -> None:
        clock = Clock(1_000.0)
        c = call_by(clock, vad, Providers())
        await c.line.hush(0.6)
        await c.line.say(speech(PHRASE_A))
        clock.off_s -= 30
        await c.line.until("audio", listening=False, limit_s=5)
        await c.end()
        assert [turn.text for turn in c.providers.turns] == [PHRASE_A]

    in_virtual_time(scenario())


def test_playback_takes_nothing_back_when_its_clock_does() -> None:
    playback = Playback(Voice(), RATE_HZ, "p")
    playback.begin_sentence("One two three.")
    playback.add(bytes(RATE_HZ * 2 * 4))
    playback.end_sentence()
    at = 100.0
    while at < 102.0:
        step = playback.next(at)
        at += step.seconds or 0.01 if isinstance(step, Wait) else 0.0
    heard = playback.heard(at)
    assert playback.heard(at - 30) == heard
    step = playback.next(at - 30)
    assert isinstance(step, Frame) or (isinstance(step, Wait) and step.seconds is not None and step.seconds < 0.3)
    assert playback.heard(at - 29.8) == pytest.approx(heard + RATE_HZ // 5, abs=RATE_HZ // 20)


# ── sound that is none ────────────────────────────────────────────────────────────────────────────────────────────
RUBBISH = {
    "zeros": np.zeros(RATE_HZ),
    "full scale": np.full(RATE_HZ, 32_767),
    "lowest": np.full(RATE_HZ, -32_768),
    "square": np.where(np.arange(RATE_HZ) % 2, 32_767, -32_768),
    "clicks": np.where(np.arange(RATE_HZ) % 4_000 == 0, 32_767, 0),
    "noise": np.random.default_rng(3).integers(-32_768, 32_767, RATE_HZ),
    "NaN bytes": np.frombuffer(np.full(RATE_HZ // 2, np.nan, "<f4").tobytes(), "<i2"),
}


@pytest.mark.parametrize("name", RUBBISH)
@pytest.mark.parametrize("rate_hz", [8_000, 16_000])
def test_a_person_is_understood_after_whatever_sound_came_before(vad: SharedVad, name: str, rate_hz: int) -> None:
    async def scenario() -> None:
        def known(audio: Any) -> AsyncGenerator[Any, None]:
            return recognize(audio)

        async def recognize(audio: Any) -> AsyncGenerator[Any, None]:
            got = b""
            async for piece in audio:
                if isinstance(piece, EndOfSpeech):
                    yield Transcript(PHRASE_A if speech(PHRASE_A, rate_hz)[20_000:30_000] in got else "", is_final=True)
                else:
                    got += piece

        c = call(vad, Providers(stt_fault=known, answer_text="Yes."), line=Line(rate_hz=rate_hz))
        await c.line.say(RUBBISH[name].astype("<i2").tobytes())
        await c.line.hush(1.0)
        await c.line.say(speech(PHRASE_A, rate_hz))
        await c.line.until("metrics")
        await c.end()
        assert [turn.user_text for turn in c.providers.records if turn.user_text] == [PHRASE_A]

    in_virtual_time(scenario())
