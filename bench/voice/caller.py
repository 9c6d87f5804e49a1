"""One simulated patient: speaks in real time, interrupts, listens, answers marks, and takes the times.

The cycle: A → the answer begins → 1.2 s into it, B over it → the answer to B, heard out → a pause.
"""

import asyncio
import base64
import random
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

import numpy as np
import orjson

from bench.voice.delays import FRAME_BYTES, FRAME_S, PHASES, REPLY_S
from bench.voice.wire import Wire, frame

BARGE_IN_AFTER_S = 1.2
PREBUFFER_S = 0.060  # a listener's jitter buffer
ANSWER_WITHIN_S = 6.0
GREETING_WITHIN_S = 3.0
LATE_S = 0.005
GAP_S = 0.005
SHORT_S = 0.15
LOUD = 500


def audio_frame(pcm: bytes) -> bytes:
    return frame(orjson.dumps({"type": "audio", "data": base64.b64encode(pcm).decode()}))


SILENCE = audio_frame(bytes(FRAME_BYTES))
END = frame(b'{"type":"end"}')


def audio_frames(utterances: Mapping[str, bytes]) -> dict[str, list[bytes]]:
    return {
        name: [audio_frame(pcm[at : at + FRAME_BYTES]) for at in range(0, len(pcm), FRAME_BYTES)]
        for name, pcm in utterances.items()
    }


@dataclass(frozen=True, slots=True)
class Sample:
    """A time that was taken, with what its voice-activity lag depends on."""

    utterance: str
    phase: int
    seconds: float


@dataclass(slots=True)
class Taken:
    """What all callers of a run took together, once `measuring`."""

    measuring: bool = False
    answers: list[Sample] = field(default_factory=list)
    interruptions: list[Sample] = field(default_factory=list)
    not_answered: int = 0
    not_interrupted: int = 0
    stale: int = 0
    heard_out: int = 0
    broken: int = 0
    short: int = 0
    ticks: int = 0
    late_ticks: int = 0
    lost: int = 0
    errors: int = 0


class State(Enum):
    GREETED = auto()
    PAUSE = auto()
    SPEAKS = auto()
    WAITS = auto()
    LISTENS = auto()


class Caller:
    def __init__(self, speech: Mapping[str, Sequence[bytes]], taken: Taken, *, greeted: bool) -> None:
        self._speech, self._taken = speech, taken
        self._wire: Wire | None = None
        self._state = State.GREETED
        self._until = GREETING_WITHIN_S if greeted else 0.5
        self._utterance = "b"
        self._queue: Sequence[bytes] = ()
        self._next = self._ticks = self._phase = 0
        self._onset = self._ended = 0.0
        self._counts = False  # this utterance began inside the measured time
        self._interrupted_at: float | None = None
        self._first_at = 0.0
        self._played_until = 0.0
        self._received_s = self._gap_s = 0.0
        self._marks: deque[tuple[float, str]] = deque()
        self.settled = asyncio.Event()  # the greeting is over
        self.session = asyncio.Event()

    async def run(self, wire: Wire, init: bytes, stop: asyncio.Event) -> None:
        """Hold the call until `stop`, one frame each 20 ms."""
        self._wire = wire
        wire.send(frame(init))
        async with asyncio.timeout(15):
            await self.session.wait()
        due = time.perf_counter() + random.random() * FRAME_S
        self._until += due
        while not stop.is_set() and not wire.closed.is_set():
            due += FRAME_S
            if (wait_s := due - time.perf_counter()) > 0:
                await asyncio.sleep(wait_s)
            now = time.perf_counter()
            if self._taken.measuring:
                self._taken.ticks += 1
                self._taken.late_ticks += now - due > LATE_S
            self._tick(now)
        if wire.closed.is_set():
            self._taken.lost += 1
            return
        wire.send(END)
        try:
            async with asyncio.timeout(10):
                await wire.closed.wait()
        except TimeoutError:
            wire.close()

    # ── the microphone ────────────────────────────────────────────────────────────────────────────────────────────
    def _tick(self, now: float) -> None:
        assert self._wire is not None
        match self._state:
            case State.GREETED if now >= max(self._until, self._played_until + 0.5):
                self.settled.set()
                self._pause(now, random.uniform(0.2, 2.5))
            case State.PAUSE if now >= self._until:
                self._speak("a", now)
            case State.WAITS if now - self._ended > ANSWER_WITHIN_S:
                self._taken.not_answered += self._counts
                self._pause(now)
            case State.LISTENS:
                self._listen(now)
        out = SILENCE
        if self._state is State.SPEAKS:
            out = self._queue[self._next]
            self._next += 1
        self._wire.send(out)
        self._ticks += 1
        if self._state is State.SPEAKS and self._next == len(self._queue):
            self._finish_speaking(now)
        while self._marks and self._marks[0][0] <= now:
            self._wire.send(frame(orjson.dumps({"type": "played", "mark": self._marks.popleft()[1]})))

    def _pause(self, now: float, seconds: float | None = None) -> None:
        self._state = State.PAUSE
        self._until = now + (random.uniform(0.6, 1.0) if seconds is None else seconds)

    def _speak(self, utterance: str, now: float) -> None:
        self._state, self._utterance = State.SPEAKS, utterance
        self._queue, self._next = self._speech[utterance], 0
        self._phase = self._ticks % PHASES
        self._onset = now - FRAME_S  # the frame that is sent now began 20 ms ago
        self._interrupted_at = None
        self._counts = self._taken.measuring

    def _finish_speaking(self, now: float) -> None:
        self._ended, self._state = now, State.WAITS
        if self._utterance != "b":
            return
        if self._interrupted_at is None:
            self._taken.not_interrupted += self._counts
            self._counts = False  # what is heard next is still the old answer
        elif self._counts:
            seconds = self._interrupted_at - self._onset
            self._taken.interruptions.append(Sample("b", self._phase, seconds))

    def _listen(self, now: float) -> None:
        if self._utterance == "a":
            if now - self._first_at >= BARGE_IN_AFTER_S:
                self._speak("b", now)
        elif self._received_s >= REPLY_S - SHORT_S and now >= self._played_until:
            self._heard_out(now)
        elif now >= self._played_until + 2.0:
            self._taken.short += self._counts
            self._heard_out(now)

    def _heard_out(self, now: float) -> None:
        if self._counts:
            self._taken.heard_out += 1
            self._taken.broken += self._gap_s > GAP_S
        self._pause(now)

    # ── the loudspeaker ───────────────────────────────────────────────────────────────────────────────────────────
    def take(self, raw: bytes) -> None:
        now, message = time.perf_counter(), orjson.loads(raw)
        match message["type"]:
            case "audio_chunk":
                self._hear(message["data"], message["sample_rate"], now)
            case "mark":
                self._marks.append((self._played_until, message["mark"]))
            case "interrupted":
                self._marks.clear()
                self._played_until = now
                if self._state is State.SPEAKS and self._interrupted_at is None:
                    self._interrupted_at = now
            case "session":
                self.session.set()
            case "error":
                self._taken.errors += 1

    def _hear(self, data: str, rate_hz: int, now: float) -> None:
        if self._state is State.SPEAKS and self._interrupted_at is not None:
            self._taken.stale += self._counts
        if self._state is State.WAITS and not self._begins(data, now):
            return
        seconds = (len(data) * 3 // 4 - data.count("=", len(data) - 2)) / 2 / rate_hz
        if now > self._played_until:
            self._gap_s += now - self._played_until
            self._played_until = now
        self._played_until += seconds
        self._received_s += seconds

    def _begins(self, data: str, now: float) -> bool:
        """Whether this is the first sound of the awaited answer."""
        if np.abs(np.frombuffer(base64.b64decode(data), "<i2").astype(np.int32)).max() <= LOUD:
            return False
        if self._counts:
            self._taken.answers.append(Sample(self._utterance, self._phase, now - self._ended))
        self._state, self._first_at = State.LISTENS, now
        self._received_s = self._gap_s = 0.0
        self._played_until = now + PREBUFFER_S
        return True
