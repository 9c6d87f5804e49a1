"""One live conversation: joins the ear, the replies and the mouth. Knows no socket, database or vendor.

Tasks: one reads what comes in, one sends sound; while somebody speaks one more reads the recognizer, while the agent
answers one more makes the answer. All decisions are plain synchronous code on the loop, taken where the event arrives.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from uuid import UUID

from auricle.errors import Invalid, RateLimited, TooLarge
from auricle.providers.ports import ChatMessage
from auricle.safety.respond import EmergencyScript
from auricle.settings import Voice
from auricle.voice.account import unanswered
from auricle.voice.asked import Asked
from auricle.voice.heard import Heard
from auricle.voice.keypad import Keypad
from auricle.voice.listen import Ear
from auricle.voice.mouth import Mouth
from auricle.voice.ports import (
    AudioIn,
    Channel,
    Digit,
    End,
    Ending,
    Incoming,
    Interrupt,
    Played,
    Services,
    Tap,
    TextIn,
    TurnRecord,
)
from auricle.voice.records import Recorder
from auricle.voice.refusals import Refusals
from auricle.voice.reply import Reply, Stage
from auricle.voice.speculation import Speculation
from auricle.voice.staff import Staff
from auricle.voice.taps import Taps
from auricle.voice.tasks import SessionTasks
from auricle.voice.turn import TurnModel
from auricle.voice.turns import Turns, checked_length
from auricle.voice.vad import SharedVad

log = logging.getLogger(__name__)


class VoiceSession:
    def __init__(
        self,
        channel: Channel,
        services: Services,
        settings: Voice,
        vad: SharedVad,
        *,
        language: str = "en",
        languages: Collection[str] = (),
        greeting: str = "",
        history: Sequence[ChatMessage] = (),
        speculate: bool = False,
        turn_model: TurnModel | None = None,
        taps: Sequence[Tap] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Make a session, to be `run` once.

        Args:
            languages: those that the conversation may change to when the person does.
            greeting: said first, without a model.
            history: the conversation before, when it is resumed; assistant messages as they were heard.
            speculate: start the answer on an interim transcript, and keep it if the final says the same.
            taps: see the sound of both sides, from the start; others may come later.
        """
        self._channel, self._services, self._settings, self._clock = channel, services, settings, clock
        self._greeting, self._speculate = greeting, speculate
        self._group = asyncio.TaskGroup()
        self._tasks = SessionTasks(self._group, lambda: self._end(Ending("client", "connection lost")))
        self._taps = Taps(taps, lambda: self._ear.received_s, clock)
        self._ear = Ear(self, self._tasks, services, settings, vad.stream(channel.rate_hz),
                        language=language, clock=clock, turn_model=turn_model, tell=self._taps.heard)  # fmt: skip
        self._mouth = Mouth(channel, clock, self._taps)
        self._stage = Stage(services, channel, self._mouth, settings, clock, lambda: self._ear.audio_s)
        self._turns = Turns(services, language, history, languages)
        self._keypad = Keypad(settings.digits_s, self._typing, self._typed, self._tasks.later)
        self._staff = Staff(self._stage, self._turns, vad, self._store, self._tasks)
        self._refusals = Refusals(channel.send_error, clock)
        self._recorder = Recorder(services.record)
        self._reply: Reply | None = None
        self._speculation = Speculation(self._turns, self._start, clock)
        self._is_running = False
        self._over = asyncio.Event()
        self._ending = Ending("client")
        self._dismissed: Ending | None = None  # how it ends once the answer under way is heard, or interrupted

    async def run(self, incoming: AsyncIterator[Incoming]) -> Ending:
        """Hold the conversation until it ends.

        Raises:
            TurnsNotStored: `services.record` failed to the last; the error carries the turns.
            ExceptionGroup: the channel or our own code failed.
        """
        try:
            async with self._group:
                self._tasks.spawn(self._mouth.run())
                self._tasks.spawn(self._read(incoming))
                self._is_running = True
                if self._greeting and not self._staff.on_line:
                    self._answer(self._turns.greeting(self._greeting, self._clock()))
                self._say_next()
                try:
                    async with asyncio.timeout(self._settings.max_call_s):
                        await self._over.wait()
                except TimeoutError:
                    self._ending = Ending("too_long")
                self._hang_up()
        finally:
            self._hang_up()
            await self._recorder.finish()
        return self._ending

    # ── the end ───────────────────────────────────────────────────────────────────────────────────────────────────
    def end(self, reason: str) -> None:
        """End the conversation from outside; what is unfinished is kept as far as it came."""
        self._end(Ending("failed", reason))

    def dismiss(self, reason: str) -> None:
        """End the conversation from outside, once the prepared apology was heard."""
        self._keep_unanswered()
        self._answer(self._turns.farewell(reason, self._clock()))
        self._dismissed = Ending("failed", reason)

    def _end(self, ending: Ending) -> None:
        if not self._over.is_set():
            self._ending = ending
            self._over.set()

    def _hang_up(self) -> None:
        """Account for what is unfinished and stop everything."""
        self._is_running = False
        self._over.set()
        self._staff.release()
        self.stop_agent()
        self._keep_unanswered()
        if digits := self._keypad.take():
            self._store(unanswered(self._turns.typed(digits, self._clock())))
        self._tasks.cancel()

    # ── what comes in ─────────────────────────────────────────────────────────────────────────────────────────────
    async def _read(self, incoming: AsyncIterator[Incoming]) -> None:
        async for item in incoming:
            try:
                match item:
                    case AudioIn(pcm):
                        await self._ear.hear(pcm)
                    case TextIn(text):
                        self._typed(text)
                    case Played(mark):
                        self._mouth.played(mark)
                    case Digit(digit):
                        self._keypad.press(digit)
                    case Interrupt():
                        self.stop_agent()
                    case End():
                        break
            except (Invalid, TooLarge, RateLimited) as refusal:
                if not await self._refusals.refuse(refusal):
                    self._end(Ending("failed", refusal.code))
        self._end(Ending("client"))

    def _typing(self) -> None:
        """Whoever types has the floor, as whoever speaks; staff are not interrupted."""
        if not self._staff.on_line:
            self.stop_agent()

    def _typed(self, text: str) -> None:
        if text := checked_length(text.strip()):
            self._typing()
            self._keep_unanswered()
            self._take_turn(self._turns.typed(text, self._clock()))

    # ── what the ear tells ────────────────────────────────────────────────────────────────────────────────────────
    def agent_holds_floor(self) -> bool:
        return not self._staff.on_line and self._reply is not None and self._reply.holds_floor()

    def pause_agent(self) -> None:
        self._mouth.pause()

    def resume_agent(self) -> None:
        self._mouth.resume()

    def stop_agent(self) -> None:
        if not self._staff.on_line:
            self._staff.forget()
        if self._reply is not None:
            self._reply.interrupt()

    def speech_began(self) -> None:
        self._speculation.drop()

    def speech_paused(self, text: str) -> None:
        """Start on what was said so far; kept if it was all."""
        if self._speculate and not self._staff.on_line:
            self._speculation.begin(text)

    def turn_ended(self, heard: Heard) -> None:
        asked = self._turns.spoken(heard, self._clock())
        guessed = None if self._staff.on_line else self._speculation.come_true(asked)
        if guessed is None:
            self._take_turn(asked, alerted=heard.script is not None)
            return
        self._ear.change_language(self._turns.language)
        self.stop_agent()
        self._reply, asked = guessed
        self._reply.confirm(asked)

    def red_flag(self, script: EmergencyScript) -> None:
        self._tasks.spawn(self._alert(self._turns.next_id, script))

    async def _alert(self, turn_id: UUID, script: EmergencyScript) -> None:
        try:
            await self._services.alert(turn_id, script)
        except Exception:  # the script is spoken and recorded all the same
            log.exception("a red flag could not be announced")

    async def show_transcript(self, text: str, *, is_final: bool) -> None:
        await self._channel.send_transcript(text, is_final=is_final)

    # ── staff and onlookers ───────────────────────────────────────────────────────────────────────────────────────
    @property
    def is_taken_over(self) -> bool:
        return self._staff.on_line

    def take_over(self) -> None:
        """Staff have the floor: the agent falls silent, the person is still understood, recorded and watched over."""
        self._staff.on_line = not self._over.is_set()
        self._speculation.drop()
        self.stop_agent()

    def release(self) -> None:
        """The agent has the floor again, and knows what was said."""
        self._staff.release()

    def staff_says(self, text: str) -> None:
        """Speak and show words of staff, after those before. Raises `NotTakenOver`, `StaffTooFast`, `TextTooLong`."""
        if text := checked_length(text.strip()):
            self._staff.say(text)
            self._say_next()

    async def staff_audio(self, pcm: bytes) -> None:
        """Pass on staff's voice, PCM16 at the channel's rate; not while words of theirs are being spoken.

        Raises `NotTakenOver`, and `Invalid`, `TooLarge` or `RateLimited` as audio of the person does.
        """
        if self._reply is None and self._is_running:
            await self._staff.hear(pcm)

    def add_tap(self, tap: Tap) -> None:
        self._taps.add(tap)

    def remove_tap(self, tap: Tap) -> None:
        self._taps.remove(tap)

    # ── answers ───────────────────────────────────────────────────────────────────────────────────────────────────
    def _take_turn(self, asked: Asked, *, alerted: bool = False) -> None:
        self._ear.change_language(self._turns.language)
        if asked.script is not None and not alerted:
            self._tasks.spawn(self._alert(asked.turn.turn_id, asked.script))
        if not self._staff.on_line:
            self._answer(asked)
        elif asked.turn.text:
            self._store(unanswered(asked))

    def _answer(self, asked: Asked) -> None:
        self._staff.forget()
        self.stop_agent()
        self._reply = self._start(asked)

    def _say_next(self) -> None:
        if self._is_running and self._reply is None and (text := self._staff.next_text()) is not None:
            self._reply = self._start(self._turns.staff(text, self._clock()))

    def _start(self, asked: Asked) -> Reply:
        reply = Reply(self._stage, asked, self._reply_done)
        reply.task = self._tasks.spawn(reply.run())
        return reply

    def _reply_done(self, record: TurnRecord, ending: Ending | None) -> None:
        self._reply = None
        ending = self._dismissed or ending
        self._store(record)
        if not self._over.is_set():
            self._tasks.spawn(self._channel.send_metrics(record.turn_id, record.waterfall_ms))
            self._say_next()
        if ending is not None:
            self._end(ending)

    # ── what is kept ──────────────────────────────────────────────────────────────────────────────────────────────
    def _store(self, record: TurnRecord) -> None:
        self._turns.remember(record)
        if self._recorder.add(record) and not self._over.is_set():
            self._tasks.spawn(self._recorder.store_all())
        if self._recorder.is_full():
            self._end(Ending("failed", "turns can't be stored"))

    def _keep_unanswered(self) -> None:
        """Something was said, but its turn will not end: keep the words."""
        self._speculation.drop()
        text, script = self._ear.drop()
        if text:
            self._store(unanswered(self._turns.unfinished(text, script, self._clock())))
