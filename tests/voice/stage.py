"""A telephone line, providers with fixed delays, and callers with real (synthesised) speech, all in virtual time."""

import asyncio
import ctypes
import functools
import itertools
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import numpy as np
import pytest

from auricle.errors import AuricleError
from auricle.providers.ports import Audio, EndOfSpeech, TextDelta, Transcript, Usage
from auricle.safety.respond import EmergencyScript, emergency
from auricle.settings import Voice
from auricle.voice.ports import (
    AudioIn,
    ChannelClosed,
    End,
    Incoming,
    Played,
    Prepared,
    ReplyPiece,
    Services,
    Turn,
    TurnRecord,
    unguarded,
)
from auricle.voice.session import VoiceSession
from auricle.voice.vad import SharedVad
from auricle.voice.visemes import Viseme

RATE_HZ = 16_000
STT_FINAL_S, LLM_FIRST_S, LLM_TOKEN_S, TTS_FIRST_S = 0.1, 0.2, 0.02, 0.1
TTS_HZ, TTS_PIECE_S, TTS_SPEED, WORD_S = 24_000, 0.1, 10.0, 0.3
ANSWER = (
    "Sure, I can help you with that today. Please tell me when the pain began and how strong it is. "
    "If it gets worse call us at once."
)
FIRST_SENTENCE = "Sure, I can help you with that today."
PHRASE_A = "Good morning doctor I am having a really bad fever"
PHRASE_B = "Wait a moment please how many tablets should I take"
TONE = (8_000 * np.sin(2 * np.pi * 440 / TTS_HZ * np.arange(int(TTS_HZ * TTS_PIECE_S)))).astype("<i2").tobytes()
APOLOGY = Prepared("Sorry, something went wrong.", Audio(TONE * 10, TTS_HZ))
FILLER = Prepared("One moment.", Audio(TONE * 5, TTS_HZ))


# ── speech ────────────────────────────────────────────────────────────────────────────────────────────────────────
@functools.cache
def _espeak() -> tuple[Any, int, list[bytes], Any]:
    loader = pytest.importorskip("espeakng_loader", reason="speech for these tests needs the package espeakng-loader")
    library = ctypes.CDLL(loader.get_library_path())
    with_phonemes = 3  # the library is one for the process: as our own voice starts it
    rate = library.espeak_Initialize(2, 0, str(loader.get_data_path()).encode(), with_phonemes)
    pieces: list[bytes] = []

    @ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)
    def collect(samples: Any, count: int, _: object) -> int:
        if count:
            pieces.append(ctypes.string_at(samples, count * 2))
        return 0

    library.espeak_SetSynthCallback(collect)
    return library, rate, pieces, collect


@functools.cache
def speech(text: str, rate_hz: int = RATE_HZ) -> bytes:
    """Speech without silence at its ends, in whole frames of 20 ms."""
    library, rate, pieces, _ = _espeak()
    pieces.clear()
    library.espeak_SetVoiceByName(b"en-us")
    data = text.encode()
    library.espeak_Synth(data, len(data) + 1, 0, 0, 0, 1, None, None)
    x = np.frombuffer(b"".join(pieces), "<i2").astype(float)
    x = np.interp(np.arange(int(len(x) * rate_hz / rate)) * rate / rate_hz, np.arange(len(x)), x)
    x *= 20_000 / np.abs(x).max()
    loud = np.flatnonzero(np.abs(x) > 600)
    x = x[loud[0] : loud[-1] + 1]
    x = np.concatenate([np.zeros(-len(x) % (rate_hz // 50)), x])
    return x.astype("<i2").tobytes()


def seconds(pcm: bytes, rate_hz: int = RATE_HZ) -> float:
    return len(pcm) / 2 / rate_hz


def now() -> float:
    return asyncio.get_running_loop().time()


# ── the line ──────────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass
class Line:
    """A client that plays what it gets: knows which audio it would have played, and answers marks when it got there."""

    rate_hz: int = RATE_HZ
    frame_s: float = 0.04
    echoes_marks: bool = True
    late_s: float = 0.0  # how long sound is on its way
    log: list[tuple[float, str, Any]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    incoming: asyncio.Queue[Incoming | None] = field(default_factory=asyncio.Queue)
    play_end: float = 0.0
    dry_s: float = 0.0
    broken: bool = False
    sound: bool = True
    visemes: bool = False
    _marks: list[asyncio.TimerHandle] = field(default_factory=list)

    def _note(self, what: str, detail: Any = None) -> None:
        if self.broken:
            raise ChannelClosed
        self.log.append((now(), what, detail))
        self.counts[what] += 1

    async def send_audio(self, pcm: bytes, visemes: Sequence[Viseme] = ()) -> None:
        if visemes:
            self._note("visemes", (max(0.0, self.play_end - now()), visemes))
        self._note("audio", pcm)
        if self.play_end < now():
            self.dry_s += now() - self.play_end if self.play_end else 0
            self.play_end = now() + self.late_s
        self.play_end += seconds(pcm, self.rate_hz)

    async def send_mark(self, name: str) -> None:
        self._note("mark", name)
        if self.echoes_marks:
            loop = asyncio.get_running_loop()
            self._marks.append(loop.call_at(self.play_end, self.incoming.put_nowait, Played(name)))

    async def clear(self) -> None:
        self._note("clear")
        self.play_end = now()
        for mark in self._marks:
            mark.cancel()

    async def send_transcript(self, text: str, *, is_final: bool) -> None:
        self._note("final" if is_final else "interim", text)

    async def send_reply(self, text: str, *, is_final: bool) -> None:
        self._note("reply" if is_final else "delta", text)

    async def send_metrics(self, turn_id: UUID, waterfall_ms: Mapping[str, float]) -> None:
        self._note("metrics", waterfall_ms)

    async def send_error(self, error: AuricleError) -> None:
        self._note("error", error.code)

    def times(self, what: str) -> list[float]:
        return [at for at, name, _ in self.log if name == what]

    def details(self, what: str) -> list[Any]:
        return [detail for _, name, detail in self.log if name == what]

    # what the caller does
    async def say(self, pcm: bytes) -> None:
        """Send audio at the pace of speech, 20 ms a message."""
        step = self.rate_hz // 50 * 2
        for at in range(0, len(pcm), step):
            self.incoming.put_nowait(AudioIn(pcm[at : at + step]))
            await asyncio.sleep(0.02)

    async def hush(self, length_s: float) -> None:
        await self.say(bytes(int(self.rate_hz * length_s) * 2))

    async def until(self, what: str, *, count: int = 1, limit_s: float = 30.0, listening: bool = True) -> float:
        """Wait until so many of these were sent to us, with an open microphone or a closed one; returns when."""
        start = now()
        while self.counts[what] < count:
            assert now() - start < limit_s, f"no {what} within {limit_s} s: {[name for _, name, _ in self.log][-12:]}"
            await (self.hush(0.04) if listening else asyncio.sleep(0.02))
        return self.times(what)[-1]

    async def events(self) -> AsyncIterator[Incoming]:
        while (item := await self.incoming.get()) is not None:
            yield item


# ── providers ─────────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass
class Providers:
    """Fixed delays. `heard` is what the recognizer understands, utterance by utterance; a fault replaces a provider."""

    heard: Sequence[str] = (PHRASE_A, PHRASE_B)
    answer_text: str = ANSWER
    stt_fault: Callable[[AsyncIterator[bytes | EndOfSpeech]], AsyncGenerator[Any, None]] | None = None
    llm_fault: Callable[[Turn], AsyncGenerator[Any, None]] | None = None
    tts_fault: Callable[[str], AsyncGenerator[Any, None]] | None = None
    filler: Prepared | None = FILLER
    guard: Callable[[str, str, str], str] = unguarded
    turns: list[Turn] = field(default_factory=list)
    spoken: list[tuple[float, str]] = field(default_factory=list)
    records: list[TurnRecord] = field(default_factory=list)
    alerts: list[tuple[float, UUID, EmergencyScript]] = field(default_factory=list)
    received_s: list[float] = field(default_factory=list)
    record_failures: int = 0
    open_streams: int = 0

    def __post_init__(self) -> None:
        self._heard = itertools.chain(self.heard, itertools.repeat(""))

    async def transcribe(
        self, audio: AsyncIterator[bytes | EndOfSpeech], rate_hz: int, language: str
    ) -> AsyncGenerator[Transcript | Usage, None]:
        self.open_streams += 1
        try:
            if self.stt_fault is not None:
                async for item in self.stt_fault(audio):
                    yield item
                return
            got_s = 0.0
            text = next(self._heard).split()
            async for piece in audio:
                if isinstance(piece, EndOfSpeech):
                    await asyncio.sleep(STT_FINAL_S)
                    yield Transcript(" ".join(text), is_final=True)
                    text = []
                else:
                    before, got_s = got_s, got_s + seconds(piece, rate_hz)
                    if int(got_s / 0.5) > int(before / 0.5) and text:
                        yield Transcript(" ".join(text[: int(got_s * 3.5)]), is_final=False)
            self.received_s.append(got_s)
            yield Usage(audio_s=got_s)
        finally:
            self.open_streams -= 1

    async def answer(self, turn: Turn) -> AsyncGenerator[ReplyPiece, None]:
        self.turns.append(turn)
        self.open_streams += 1
        try:
            if self.llm_fault is not None:
                async for item in self.llm_fault(turn):
                    yield item
                return
            await asyncio.sleep(LLM_FIRST_S)
            for word in self.answer_text.split(" "):
                yield TextDelta(word + " ")
                await asyncio.sleep(LLM_TOKEN_S)
            yield Usage(output_tokens=30)
        finally:
            self.open_streams -= 1

    async def speak(self, sentence: str, language: str) -> AsyncGenerator[Audio | Usage, None]:
        self.spoken.append((now(), sentence))
        self.open_streams += 1
        try:
            if self.tts_fault is not None:
                async for item in self.tts_fault(sentence):
                    yield item
                return
            await asyncio.sleep(TTS_FIRST_S)
            for _ in range(max(1, round(len(sentence.split()) * WORD_S / TTS_PIECE_S))):
                yield Audio(TONE, TTS_HZ)
                await asyncio.sleep(TTS_PIECE_S / TTS_SPEED)
            yield Usage(characters=len(sentence))
        finally:
            self.open_streams -= 1

    async def record(self, turn: TurnRecord) -> None:
        await asyncio.sleep(0.005)
        if self.record_failures:
            self.record_failures -= 1
            raise ConnectionError("the database is away")
        self.records.append(turn)

    async def alert(self, turn_id: UUID, script: EmergencyScript) -> None:
        self.alerts.append((now(), turn_id, script))

    def services(self) -> Services:
        return Services(
            transcribe=self.transcribe,
            answer=self.answer,
            speak=self.speak,
            emergency=emergency,
            record=self.record,
            apology=lambda _: APOLOGY,
            filler=lambda _: self.filler,
            guard=self.guard,
            alert=self.alert,
        )


@dataclass
class Call:
    line: Line
    providers: Providers
    session: VoiceSession
    task: asyncio.Task[Any]

    async def end(self) -> Any:
        self.line.incoming.put_nowait(End())
        return await self.task


AT_ONCE = Voice(settle_s=0.1, unfinished_s=0.1)  # turns end with the first pause; tests/voice/test_settling.py waits


def call(
    vad: SharedVad,
    providers: Providers | None = None,
    *,
    line: Line | None = None,
    settings: Voice | None = None,
    **more: Any,
) -> Call:
    """Start a session in the running loop."""
    line, providers = line or Line(), providers or Providers()
    session = VoiceSession(line, providers.services(), settings or AT_ONCE, vad, clock=now, **more)
    return Call(line, providers, session, asyncio.get_running_loop().create_task(session.run(line.events())))


async def talking(vad: SharedVad, providers: Providers | None = None, **more: Any) -> Call:
    """A call in which the agent has just begun to answer the first phrase."""
    c = call(vad, providers, **more)
    await c.line.hush(0.6)
    await c.line.say(speech(PHRASE_A))
    await c.line.until("audio")
    return c
