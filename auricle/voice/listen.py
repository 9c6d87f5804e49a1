"""The ear of a session: audio in; what was said, when, and whether it interrupts, out.

It joins the intake, the voice-activity network, the turn machine and the recognizer of the present turn, and owns the
timers for a recognizer that does not answer and a microphone that goes silent.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import Protocol

from auricle.errors import AuricleError
from auricle.log import event
from auricle.providers.ports import Transcript
from auricle.safety.respond import EmergencyScript
from auricle.settings import Voice
from auricle.voice.heard import Heard
from auricle.voice.intake import Intake
from auricle.voice.ports import ChannelClosed, Services
from auricle.voice.tasks import SessionTasks
from auricle.voice.trivial import BRIEF, trivial_kind
from auricle.voice.turn import (
    VERDICT_S,
    Interrupted,
    NothingSaid,
    Paused,
    Resumed,
    Signal,
    SpeechStarted,
    SpeechStopped,
    TurnEnded,
    TurnMachine,
    TurnModel,
)
from auricle.voice.unfinished import is_unfinished
from auricle.voice.utterance import Utterance, read_transcripts
from auricle.voice.vad import FRAME_S, VadStream

log = logging.getLogger(__name__)

PRE_ROLL_FRAMES = 16  # half a second: the speech that started the turn, and a little before
MODEL_FRAMES = 250  # a turn model hears the last eight seconds
FINAL_DEADLINE_S = 2.0  # longest wait for the recognizer after speech has stopped
URGENT_FINAL_S = 0.8  # the same with a red flag already heard
MUTED_S = 0.6  # no audio at all for so long while somebody speaks: the microphone was closed


def untold(pcm: bytes, at_s: float) -> None:
    return None


class Host(Protocol):
    """The session, as the ear sees it. All but `show_transcript` returns at once."""

    def agent_holds_floor(self) -> bool: ...
    def pause_agent(self) -> None: ...
    def resume_agent(self) -> None: ...
    def stop_agent(self) -> None: ...
    def speech_began(self) -> None: ...
    def speech_paused(self, text: str) -> None:
        """Nobody speaks now; so far this was said, and it may be all."""
        ...

    def turn_ended(self, heard: Heard) -> None: ...
    def red_flag(self, script: EmergencyScript) -> None:
        """In the middle of a turn."""
        ...

    async def show_transcript(self, text: str, *, is_final: bool) -> None: ...


class Ear:
    def __init__(
        self,
        host: Host,
        tasks: SessionTasks,
        services: Services,
        settings: Voice,
        vad: VadStream,
        *,
        language: str,
        clock: Callable[[], float],
        turn_model: TurnModel | None = None,
        tell: Callable[[bytes, float], None] = untold,
    ) -> None:
        """`tell` is handed all audio as it came, with its time on the clock of the audio."""
        self._host, self._tasks, self._services, self._settings = host, tasks, services, settings
        self._vad, self._language, self._clock, self._turn_model = vad, language, clock, turn_model
        self._tell = tell
        self._intake = Intake(vad.rate_hz, vad.frame_bytes)
        self._machine = TurnMachine(settings, FRAME_S, language)
        self._before: deque[bytes] = deque(maxlen=PRE_ROLL_FRAMES)
        self._recent: deque[bytes] = deque(maxlen=MODEL_FRAMES)
        self._utterance: Utterance | None = None
        self._flag: EmergencyScript | None = None
        self._final: Transcript | None = None  # the last one with words in this turn
        self._final_timer: asyncio.TimerHandle | None = None
        self._mute_timer: asyncio.TimerHandle | None = None
        self._audio_at = 0.0
        self._received = 0  # samples
        self.audio_s = 0.0  # how much was heard

    @property
    def received_s(self) -> float:
        """How much came in, the last samples included that are no whole frame yet."""
        return self._received / self._vad.rate_hz

    async def hear(self, pcm: bytes) -> None:
        """Take audio of any length. Raises what `Intake.take` raises."""
        self._audio_at = self._clock()
        frames = self._intake.take(pcm, self._audio_at)
        self._tell(pcm, self.received_s)
        self._received += len(pcm) // 2
        for frame in frames:
            probability = await self._vad.probability(frame)
            self.audio_s += FRAME_S
            self._keep(frame)
            self._act(self._machine.hear(probability, self.audio_s, agent_active=self._host.agent_holds_floor()))

    def change_language(self, language: str) -> None:
        """From the next utterance on."""
        self._language = self._machine.language = language

    def drop(self) -> tuple[str, EmergencyScript | None]:
        """Give the open turn up; returns what was understood of it."""
        said, flag = self._machine.text, self._flag
        self._machine.drop()
        self._close()
        return said, flag

    def _keep(self, frame: bytes) -> None:
        if self._turn_model is not None:
            self._recent.append(frame)
        if not self._machine.speaking:
            self._before.append(frame)
        elif self._utterance is not None and not self._utterance.add(frame):
            self._failed(self._utterance, "provider.timeout")

    def _act(self, signals: list[Signal]) -> None:
        for signal in signals:
            match signal:
                case SpeechStarted():
                    self._started()
                case SpeechStopped():
                    self._stopped()
                case Paused():
                    self._host.pause_agent()
                case Resumed():
                    self._host.resume_agent()
                case Interrupted():
                    self._host.stop_agent()
                case TurnEnded(text, started_s, ended_s):
                    self._host.turn_ended(self._heard(text, started_s, ended_s))
                case NothingSaid(started_s, ended_s, brief):
                    heard = self._heard("", started_s, ended_s)
                    if heard.script or (heard.failed and not brief):
                        self._host.turn_ended(heard)

    def _heard(self, text: str, started_s: float, ended_s: float) -> Heard:
        utterance, flag, final = self._utterance, self._flag, self._final
        self._close()
        ended_at = self._clock() - max(0.0, self.audio_s - ended_s)
        return Heard(text, started_s, ended_s, ended_at, flag, utterance.failed if utterance else None,
                     final.language if final else None, final.confidence if final else None,
                     utterance.served if utterance else ())  # fmt: skip

    def _close(self) -> None:
        self._cancel_timers()
        self._flag = self._final = None
        if self._utterance is not None:
            self._utterance.close()
            self._utterance = None

    def _cancel_timers(self) -> None:
        for timer in (self._final_timer, self._mute_timer):
            if timer is not None:
                timer.cancel()
        self._final_timer = self._mute_timer = None

    # ── speech starts and stops ───────────────────────────────────────────────────────────────────────────────────
    def _started(self) -> None:
        self._host.speech_began()
        self._cancel_timers()
        if self._utterance is None:
            self._utterance = Utterance(self._vad.rate_hz)
            self._recent = deque(self._before, maxlen=MODEL_FRAMES)  # a turn is judged by its own sound
            self._tasks.spawn(self._transcribe(self._utterance))
        for frame in self._before:
            self._utterance.add(frame)
        self._before.clear()
        self._watch_microphone()

    def _watch_microphone(self) -> None:
        """A muted client sends nothing, not silence: without this its turn would never end."""
        if self._is_muted():
            self._act(self._machine.stop_speech())
        elif self._machine.speaking:
            self._mute_timer = self._tasks.later(MUTED_S, self._watch_microphone)

    def _is_muted(self) -> bool:
        return abs(self._clock() - self._audio_at) >= MUTED_S  # a clock set back must not keep a turn open

    def _stopped(self) -> None:
        utterance = self._utterance
        if utterance is None or utterance.failed is not None:
            self._act(self._machine.final_overdue())
            return
        self._cancel_timers()
        utterance.end_of_speech()
        wait_s = URGENT_FINAL_S if self._flag else min(FINAL_DEADLINE_S, self._settings.reply_deadline_s / 2)
        self._final_timer = self._tasks.later(wait_s, lambda: self._overdue(utterance))
        if self._turn_model is not None:
            self._machine.hold(VERDICT_S)
            self._tasks.spawn(self._judge_turn(self._turn_model, utterance))
        else:
            self._settle(self._machine.text)
        self._tell_pause()

    def _settle(self, text: str) -> None:
        """Prepare the answer now, but leave the speaker a moment: people pause in the middle of what they say."""
        if self._flag is not None or self._is_muted() or trivial_kind(text, self._language) in BRIEF:
            return
        settings = self._settings
        self._machine.settle(settings.unfinished_s if is_unfinished(text) else settings.settle_s)

    def _tell_pause(self) -> None:
        if self._machine.text and not self._machine.suspected and self._flag is None:
            self._host.speech_paused(self._machine.text)

    def _overdue(self, utterance: Utterance) -> None:
        self._final_timer = None
        if self._machine.waits_for_final:
            self._failed(utterance, "provider.timeout")
        else:  # a turn model held the turn, and the audio has stopped
            self._act(self._machine.final_overdue())

    async def _judge_turn(self, model: TurnModel, utterance: Utterance) -> None:
        pauses = utterance.pauses
        complete = await model.is_complete(b"".join(self._recent), self._vad.rate_hz)
        if self._utterance is not utterance or utterance.pauses != pauses:
            return  # the turn is over, or they speak again
        if complete:
            self._act(self._machine.complete())
        else:
            self._machine.hold()

    # ── the recognizer ────────────────────────────────────────────────────────────────────────────────────────────
    async def _transcribe(self, utterance: Utterance) -> None:
        async def take(transcript: Transcript) -> None:
            await self._take(utterance, transcript)

        try:
            await read_transcripts(utterance, self._services, self._language, take)
        except ChannelClosed:
            raise
        except AuricleError as error:
            self._failed(utterance, error.code)
        except TimeoutError:
            self._failed(utterance, "provider.timeout")
        except Exception:
            log.exception("speech-to-text failed")
            self._failed(utterance, "internal")

    async def _take(self, utterance: Utterance, transcript: Transcript) -> None:
        if utterance is not self._utterance:
            return  # the turn has ended without it
        final = transcript.is_final
        if final and transcript.text:
            self._final = transcript
        if final and self._turn_model is None:
            self._settle(f"{self._machine.finals} {transcript.text}")
        signals = self._machine.transcript(transcript.text, is_final=final, end_of_turn=transcript.end_of_turn)
        if self._flag is None and self._machine.open:
            self._watch_for_red_flags()
        self._act(signals)
        if not self._machine.speaking and self._utterance is utterance:
            self._tell_pause()
        if transcript.text:
            await self._host.show_transcript(transcript.text, is_final=final)

    def _watch_for_red_flags(self) -> None:
        """Before the turn ends, and whatever a model would say."""
        script = self._services.emergency(self._machine.text, self._language)
        if script is not None and script.is_settled:
            self._flag = script
            self._host.red_flag(script)

    def _failed(self, utterance: Utterance, code: str) -> None:
        if utterance.failed is None and not utterance.closed:
            event(log, "speech-to-text failed in a turn", logging.WARNING, error_code=code)
            utterance.failed = code
        if utterance is self._utterance:
            self._act(self._machine.final_overdue())
