"""A member of staff on the line: what they type is spoken, what they say is passed on, and both are kept.

While they have the floor the agent is silent. The person's speech does not interrupt them: they talk as people do.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from auricle.errors import Conflict, RateLimited
from auricle.safety.respond import EmergencyScript
from auricle.voice.account import unanswered
from auricle.voice.heard import Heard
from auricle.voice.listen import Ear
from auricle.voice.playback import Playback
from auricle.voice.ports import TurnRecord
from auricle.voice.reply import Stage
from auricle.voice.tasks import SessionTasks
from auricle.voice.turns import Turns
from auricle.voice.vad import SharedVad

MAX_WAITING = 16  # texts that are not spoken yet
JITTER_S = 0.08  # live sound starts with so much in hand, so that an uneven network makes no gaps
MAX_BEHIND_S, KEEP_S = 0.6, 0.2  # with more in hand than the first, the oldest is dropped down to the second


class NotTakenOver(Conflict):
    """Nobody of staff has taken this conversation over."""

    code = "session.not_taken_over"


class StaffTooFast(RateLimited):
    """More was typed than can be spoken; let the person hear it first."""

    code = "session.staff_too_fast"


@dataclass(slots=True)
class Staff:
    """Texts wait here to be spoken one after another; live sound goes to the mouth, and to a recognizer of its own."""

    stage: Stage
    turns: Turns
    vad: SharedVad
    store: Callable[[TurnRecord], None]
    tasks: SessionTasks
    on_line: bool = False
    _texts: deque[str] = field(default_factory=deque)
    _ear: Ear | None = None
    _live: Playback | None = None
    _in_hand: bytearray = field(default_factory=bytearray)

    def release(self) -> None:
        """What was typed is still spoken; what was said is kept as far as it was understood."""
        self.on_line = False
        self.quiet()
        if self._ear is not None:
            text, _ = self._ear.drop()
            self._ear = None
            if text:
                self._keep(text, 0.0)

    # ── typed ─────────────────────────────────────────────────────────────────────────────────────────────────────
    def say(self, text: str) -> None:
        """Raises `NotTakenOver` or `StaffTooFast`."""
        if not self.on_line:
            raise NotTakenOver
        if len(self._texts) >= MAX_WAITING:
            raise StaffTooFast
        self._texts.append(text)

    def next_text(self) -> str | None:
        if not self._texts:
            return None
        self.quiet()
        return self._texts.popleft()

    def forget(self) -> None:
        """The person speaks to the agent again: what still waits comes too late."""
        self._texts.clear()

    # ── spoken ────────────────────────────────────────────────────────────────────────────────────────────────────
    async def hear(self, pcm: bytes) -> None:
        """Pass live sound on. Raises `NotTakenOver` and what the ear of a session raises."""
        if not self.on_line:
            raise NotTakenOver
        stage = self.stage
        if self._ear is None:
            services = replace(stage.services, emergency=no_emergency)
            self._ear = Ear(self, self.tasks, services, stage.settings, self.vad.stream(stage.channel.rate_hz),
                            language=self.turns.language, clock=stage.clock)  # fmt: skip
        await self._ear.hear(pcm)
        if self.on_line and stage.channel.sound:  # still on it, after the wait; else their words are read
            self._pass_on(pcm)

    def _pass_on(self, pcm: bytes) -> None:
        stage, rate_hz = self.stage, self.stage.channel.rate_hz
        if self._live is None:
            self._live = Playback(stage.settings, rate_hz, "staff", frame_s=stage.channel.frame_s)
            stage.mouth.play(self._live)
        if not self._in_hand and self._live.left_s(stage.clock()) > 0:
            self._live.add(pcm)
        else:
            self._in_hand += pcm
            if len(self._in_hand) < JITTER_S * rate_hz * 2:
                return
            self._live.add(bytes(self._in_hand))
            self._in_hand.clear()
        if self._live.ahead_s(stage.clock()) > MAX_BEHIND_S:
            self._live.drop_oldest(KEEP_S)
        stage.mouth.wake()

    def quiet(self) -> None:
        """No more live sound, until there is new one."""
        self._live = None
        self._in_hand.clear()

    def _keep(self, text: str, length_s: float) -> None:
        now_s = self.stage.audio_s()
        record = unanswered(self.turns.staff(text, self.stage.clock()))
        self.store(replace(record, answer_text=text, heard_text=text,
                           reply_started_s=max(0.0, now_s - length_s), reply_ended_s=now_s))  # fmt: skip
        if self.on_line:
            self.tasks.spawn(self.stage.channel.send_reply(text, is_final=True))

    # ── what the ear tells of staff's speech ──────────────────────────────────────────────────────────────────────
    def turn_ended(self, heard: Heard) -> None:
        if heard.text:
            self._keep(heard.text, heard.ended_s - heard.started_s)

    def agent_holds_floor(self) -> bool:
        return False

    def speech_began(self) -> None: ...
    def pause_agent(self) -> None: ...
    def resume_agent(self) -> None: ...
    def stop_agent(self) -> None: ...
    def speech_paused(self, text: str) -> None: ...
    def red_flag(self, script: EmergencyScript) -> None: ...
    async def show_transcript(self, text: str, *, is_final: bool) -> None: ...


def no_emergency(text: str, language: str) -> EmergencyScript | None:
    """What staff say of a red flag is no red flag."""
    return None
