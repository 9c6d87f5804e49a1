"""Whose turn is it? A pure state machine: speech probabilities and transcripts in, signals out.

Time is the clock of the audio received, given with every frame, so a recorded call replays exactly. The machine knows
nothing of sockets or providers; `session.py` acts on its signals.

While the agent holds the floor, speech first only pauses it: nothing is sent, but nothing is lost yet either. A real
word confirms the interruption. A sound without words ("hmm", a cough, a door) lets the agent go on where it stopped: a
short one after a moment at the latest, one of `confirm_s` and more not before the recognizer has said what it was.
"""

from dataclasses import dataclass
from typing import Protocol

from auricle.settings import Voice
from auricle.voice.backchannel import is_backchannel

MAX_SPEECH_S = 60.0  # speech without a pause ends here, whatever it is
FINAL_WAIT_S = 1.0  # a paused agent waits no longer for the transcript of a short sound
HOLD_S = 1.6  # a turn model that says "not done yet" holds the turn at most so long
GOING_ON_S = 0.3  # speech that has just begun again ends no turn until it is known to be speech, or not
VERDICT_S = 0.15  # and its verdict is awaited no longer than this


class TurnModel(Protocol):
    """Judges from the sound of the last seconds whether the speaker is done."""

    async def is_complete(self, pcm: bytes, rate_hz: int) -> bool: ...


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    at_s: float


@dataclass(frozen=True, slots=True)
class SpeechStopped:
    at_s: float


@dataclass(frozen=True, slots=True)
class Paused:
    """Somebody may be interrupting: stop sending, keep the rest."""


@dataclass(frozen=True, slots=True)
class Resumed:
    """Nobody interrupted: go on."""


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The agent lost the floor."""


@dataclass(frozen=True, slots=True)
class TurnEnded:
    text: str
    started_s: float
    ended_s: float


@dataclass(frozen=True, slots=True)
class NothingSaid:
    """The sound held no words. `brief`: a short one while the agent spoke, of which nothing need be made."""

    started_s: float
    ended_s: float
    brief: bool


Signal = SpeechStarted | SpeechStopped | Paused | Resumed | Interrupted | TurnEnded | NothingSaid


class TurnMachine:
    def __init__(self, settings: Voice, frame_s: float, language: str) -> None:
        self._settings = settings
        self._frame_s = frame_s
        self.language = language
        self.speaking = False  # by the VAD
        self.open = False  # from the first speech until the turn ends
        self.suspected = False  # the agent held the floor, and no word has confirmed an interruption yet
        self._paused = False
        self._against_s = 0.0  # how long frames have said the opposite of `speaking`
        self._started_s = self._stopped_s = self._now_s = 0.0
        self._finals: list[str] = []
        self._interim = ""
        self._owed_finals = 0
        self._held_until_s: float | None = None

    @property
    def waits_for_final(self) -> bool:
        return self._owed_finals > 0

    @property
    def finals(self) -> str:
        return " ".join(self._finals)

    @property
    def text(self) -> str:
        """All that is known to have been said in this turn, interims included."""
        return " ".join(part for part in (*self._finals, self._interim) if part)

    def hear(self, probability: float, at_s: float, *, agent_active: bool) -> list[Signal]:
        """Take one VAD frame that ends at `at_s`."""
        self._now_s = at_s
        if (probability >= self._settings.threshold) != self.speaking:
            self._against_s += self._frame_s
        elif self.speaking:
            self._against_s = 0.0
        else:  # a dip in the first syllable takes one frame back, not all: else a start is found 100 ms late
            self._against_s = max(0.0, self._against_s - self._frame_s)
        if not self.speaking:
            return self._while_quiet(agent_active)
        if self._lasted(self._settings.stop_s) or at_s - self._started_s >= MAX_SPEECH_S:
            return self._stop(at_s - self._against_s)
        return []

    def stop_speech(self) -> list[Signal]:
        """The audio stopped coming (a muted microphone): take it as silence."""
        return self._stop(self._now_s) if self.speaking else []

    def transcript(self, text: str, *, is_final: bool, end_of_turn: bool = False) -> list[Signal]:
        """Take a transcript of this turn. Interims replace one another."""
        if not self.open:
            return []
        text = text.strip()
        signals: list[Signal] = []
        if self.suspected and text and not is_backchannel(text, self.language):
            signals += self._confirm()
        if not is_final:
            self._interim = text
            return signals
        self._interim = ""
        if text:
            self._finals.append(text)
        self._owed_finals = max(0, self._owed_finals - 1)
        if end_of_turn or (not self.speaking and not self._owed_finals):
            signals += self._end(forced=end_of_turn)
        return signals

    def final_overdue(self) -> list[Signal]:
        """No final will come: the last interim has to do."""
        if not self.open or self.speaking:
            return []
        if self._interim:
            self._finals.append(self._interim)
            self._interim = ""
        self._owed_finals = 0
        return self._end(forced=True)

    def hold(self, for_s: float = HOLD_S) -> None:
        """A turn model says that the speaker is not done, or has yet to say: give them a moment."""
        if self.open and not self.speaking:
            self._held_until_s = self._now_s + for_s

    def settle(self, silence_s: float) -> None:
        """End this turn only after so much silence."""
        if self.open and not self.speaking and not self.suspected:
            self._held_until_s = self._stopped_s + silence_s

    def complete(self) -> list[Signal]:
        """The turn model says that the speaker is done."""
        if not self.open or self.speaking or self._held_until_s is None:
            return []
        self._held_until_s = None
        return [] if self._owed_finals else self._end(forced=False)

    def drop(self) -> None:
        """Forget the open turn: it was ended another way (typed text, the end of the call)."""
        self.speaking = self.open = self.suspected = self._paused = False
        self._against_s, self._owed_finals, self._held_until_s = 0.0, 0, None
        self._finals, self._interim = [], ""

    # ── inside ────────────────────────────────────────────────────────────────────────────────────────────────────
    def _lasted(self, needed_s: float) -> bool:
        """Rounded to whole frames: 200 ms are six frames of 32."""
        return self._against_s + self._frame_s / 2 > needed_s

    def _is_brief(self) -> bool:
        return self._stopped_s - self._started_s + self._frame_s / 2 < self._settings.confirm_s

    def _while_quiet(self, agent_active: bool) -> list[Signal]:
        settings = self._settings
        if self._lasted(settings.start_while_speaking_s if agent_active else settings.start_s):
            return self._start(agent_active)
        if self._paused and self._is_brief() and self._now_s - self._stopped_s > FINAL_WAIT_S:
            self._paused = False
            return [Resumed()]
        if self._held_until_s is not None and self._held_long_enough() and not self._owed_finals:
            return self._end(forced=True)
        return []

    def _held_long_enough(self) -> bool:
        """Where somebody may just be going on, it is seen whether they do."""
        held_until_s = self._held_until_s or 0.0
        going_on = self._against_s > 0 and self._now_s < held_until_s + GOING_ON_S
        return self._now_s >= held_until_s and not going_on

    def _start(self, agent_active: bool) -> list[Signal]:
        began_s = self._now_s - self._against_s
        self.speaking, self._against_s, self._held_until_s = True, 0.0, None
        if not self.open:
            self.open, self._started_s = True, began_s
        signals: list[Signal] = [SpeechStarted(began_s)]
        if agent_active and not self.suspected:
            self.suspected, self._started_s = True, began_s
        if self.suspected and not self._paused:
            self._paused = True
            signals.append(Paused())
        return signals

    def _stop(self, at_s: float) -> list[Signal]:
        self.speaking, self._against_s, self._stopped_s = False, 0.0, at_s
        self._owed_finals += 1
        return [SpeechStopped(at_s)]

    def _confirm(self) -> list[Signal]:
        self.suspected = self._paused = False
        return [Interrupted()]

    def _end(self, *, forced: bool) -> list[Signal]:
        if self._held_until_s is not None and self._now_s < self._held_until_s and not forced:
            return []
        text, suspected, paused, brief = " ".join(self._finals), self.suspected, self._paused, self._is_brief()
        started_s, ended_s = self._started_s, self._now_s if self.speaking else self._stopped_s
        self.drop()
        if text and not suspected:
            return [TurnEnded(text, started_s, ended_s)]
        resumed: list[Signal] = [Resumed()] if paused else []
        return [*resumed, NothingSaid(started_s, ended_s, brief=suspected and (brief or bool(text)))]
