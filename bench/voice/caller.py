"""One simulated patient: speaks in real time, interrupts, listens, answers marks, and takes the times.

The cycle: A → the answer begins → 1.2 s into it, B over it → the answer to B, heard out → a pause.
"""

import asyncio
import random
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

from auricle.phone.notices import MARK as NOTICE
from bench.voice.delays import FRAME_S, PHASES, REPLY_S
from bench.voice.dialects import Cleared, Dialect, Failed, MarkAsked, Ready, Sound, frames
from bench.voice.wire import Refused, Wire

BARGE_IN_AFTER_S = 1.2
PREBUFFER_S = 0.060  # a listener's jitter buffer
ANSWER_WITHIN_S = 6.0
GREETING_WITHIN_S = 40.0  # on the phone a notice comes first
SILENCE_AFTER_S = 1.5  # between notice and greeting there is a shorter one
LATE_S = 0.005
GAP_S = 0.005
SHORT_S = 0.15


@dataclass(frozen=True, slots=True)
class Speech:
    """All that callers of one dialect ever send as sound, made once."""

    dialect: Dialect
    utterances: Mapping[str, Sequence[bytes]]
    silence: bytes

    @classmethod
    def of(cls, dialect: Dialect, pcm: Mapping[str, bytes]) -> "Speech":
        return cls(
            dialect,
            {name: frames(dialect, spoken) for name, spoken in pcm.items()},
            dialect.sound(bytes(int(dialect.rate_hz * FRAME_S) * 2)),
        )


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
    def __init__(self, speech: Speech, taken: Taken, *, greeted: bool) -> None:
        self._speech, self._dialect, self._taken = speech, speech.dialect, taken
        self._wire: Wire | None = None
        self._state = State.GREETED
        self._until = GREETING_WITHIN_S if greeted else 0.5
        self._utterance = "b"
        self._queue: Sequence[bytes] = ()
        self._next = self._ticks = self._phase = 0
        self._heard_from = 0  # the tick at which the server begins to listen: on the phone after its notice
        self._onset = self._ended = 0.0
        self._counts = False  # this utterance began inside the measured time
        self._interrupted_at: float | None = None
        self._first_at = 0.0
        self._played_until = 0.0
        self._received_s = self._gap_s = 0.0
        self._is_received = False
        self._marks: deque[tuple[float, str]] = deque()
        self.settled = asyncio.Event()  # the greeting is over
        self.session = asyncio.Event()

    async def run(self, wire: Wire, opening: Sequence[bytes], stop: asyncio.Event) -> None:
        """Hold the call until `stop`, one frame each 20 ms.

        Raises `Refused` where the server hangs up at the start: of two that come at once for the last line, one.
        """
        self._wire = wire
        for message in opening:
            wire.send(message)
        if self._dialect.says_ready:
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
            if not self._is_received:
                raise Refused("hung up on at the start")
            self._taken.lost += 1
            return
        wire.send(self._dialect.end())
        try:
            async with asyncio.timeout(10):
                await wire.closed.wait()
        except TimeoutError:
            wire.close()

    # ── the microphone ────────────────────────────────────────────────────────────────────────────────────────────
    def _tick(self, now: float) -> None:
        assert self._wire is not None
        match self._state:
            case State.GREETED if self._is_greeted(now):
                self.settled.set()
                self._pause(now, random.uniform(0.2, 2.5))
            case State.PAUSE if now >= self._until:
                self._speak("a", now)
            case State.WAITS if now - self._ended > ANSWER_WITHIN_S:
                self._taken.not_answered += self._counts
                self._pause(now)
            case State.LISTENS:
                self._listen(now)
        out = self._speech.silence
        if self._state is State.SPEAKS:
            out = self._queue[self._next]
            self._next += 1
        self._wire.send(self._dialect.numbered(out, self._ticks))
        self._ticks += 1
        if self._state is State.SPEAKS and self._next == len(self._queue):
            self._finish_speaking(now)
        while self._marks and self._marks[0][0] <= now:
            name = self._marks.popleft()[1]
            self._wire.send(self._dialect.played(name))
            if name == NOTICE:
                self._heard_from = self._ticks

    def _is_greeted(self, now: float) -> bool:
        if self._received_s and now >= self._played_until + SILENCE_AFTER_S:
            return True
        return now >= self._until

    def _pause(self, now: float, seconds: float | None = None) -> None:
        self._state = State.PAUSE
        self._until = now + (random.uniform(0.6, 1.0) if seconds is None else seconds)

    def _speak(self, utterance: str, now: float) -> None:
        self._state, self._utterance = State.SPEAKS, utterance
        self._queue, self._next = self._speech.utterances[utterance], 0
        self._phase = (self._ticks - self._heard_from) % PHASES
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
    def take(self, kind: int, payload: bytes) -> None:
        now = time.perf_counter()
        match self._dialect.hear(kind, payload):
            case Sound() as sound:
                self._hear(sound, now)
            case MarkAsked(name):
                self._marks.append((self._played_until, name))
            case Cleared():
                self._marks.clear()
                self._played_until = now
                if self._state is State.SPEAKS and self._interrupted_at is None:
                    self._interrupted_at = now
            case Ready():
                self.session.set()
            case Failed():
                self._taken.errors += 1

    def _hear(self, sound: Sound, now: float) -> None:
        if self._state is State.SPEAKS and self._interrupted_at is not None:
            self._taken.stale += self._counts
        if self._state is State.WAITS and not self._begins(sound, now):
            return
        if now > self._played_until:
            self._gap_s += now - self._played_until
            self._played_until = now
        self._played_until += sound.seconds
        self._received_s += sound.seconds
        self._is_received = True

    def _begins(self, sound: Sound, now: float) -> bool:
        """Whether this is the first sound of the awaited answer."""
        if not sound.is_loud():
            return False
        if self._counts:
            self._taken.answers.append(Sample(self._utterance, self._phase, now - self._ended))
        self._state, self._first_at = State.LISTENS, now
        self._received_s = self._gap_s = 0.0
        self._played_until = now + PREBUFFER_S
        return True
