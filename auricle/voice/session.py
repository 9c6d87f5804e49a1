"""One live conversation: joins the ear, the turn machine, the reply and the mouth. Knows no socket, database or vendor.

Tasks: one reads what comes in, one sends sound; while somebody speaks one more reads the recognizer, while the agent
answers one more makes the answer. All decisions are plain synchronous code on the loop, taken where the event arrives.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from typing import Any

from auricle.errors import AuricleError, Invalid, RateLimited, TooLarge
from auricle.log import event
from auricle.providers.ports import ChatMessage, Transcript
from auricle.safety.respond import EmergencyScript
from auricle.settings import Voice
from auricle.voice.listen import Intake, Utterance, read_transcripts
from auricle.voice.mouth import Mouth
from auricle.voice.ports import (
    AudioIn,
    Channel,
    ChannelClosed,
    End,
    Ending,
    Incoming,
    Interrupt,
    Played,
    Services,
    TextIn,
    TurnRecord,
)
from auricle.voice.records import Recorder
from auricle.voice.reply import Asked, Reply, Stage
from auricle.voice.turn import (
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
from auricle.voice.turns import Turns, same_words
from auricle.voice.vad import FRAME_S, SharedVad

log = logging.getLogger(__name__)

PRE_ROLL_FRAMES = 16  # half a second: the speech that started the turn, and a little before
MODEL_FRAMES = 250  # a turn model hears the last eight seconds
MAX_TEXT_CHARS = 4_000
REFUSALS_PER_S = 1.0
MAX_REFUSALS = 500  # a client that sends so much rubbish is not a conversation
MUTED_S = 0.6  # no audio at all for so long while somebody speaks: the microphone was closed
URGENT_FINAL_S = 0.8  # with a red flag heard, do not wait longer for the recognizer


class TextTooLong(TooLarge):
    """This text is longer than a message may be."""

    code = "message.too_long"


class VoiceSession:
    def __init__(
        self,
        channel: Channel,
        services: Services,
        settings: Voice,
        vad: SharedVad,
        *,
        language: str = "en",
        greeting: str = "",
        history: Sequence[ChatMessage] = (),
        speculate: bool = False,
        turn_model: TurnModel | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._channel, self._services, self._settings, self._clock = channel, services, settings, clock
        self._language, self._greeting = language, greeting
        self._speculate, self._turn_model = speculate, turn_model
        self._vad = vad.stream(channel.rate_hz)
        self._intake = Intake(channel.rate_hz, self._vad.frame_bytes)
        self._machine = TurnMachine(settings, FRAME_S, language)
        self._mouth = Mouth(channel, clock)
        self._stage = Stage(services, channel, self._mouth, settings, clock, lambda: self._audio_s)
        self._turns = Turns(services, language, history)
        self._recorder = Recorder(services.record)
        self._frames: deque[bytes] = deque(maxlen=PRE_ROLL_FRAMES)
        self._recent: deque[bytes] = deque(maxlen=MODEL_FRAMES if turn_model else 0)
        self._audio_s = 0.0
        self._audio_at = clock()
        self._utterance: Utterance | None = None
        self._reply: Reply | None = None
        self._guess: Reply | None = None  # an answer to an interim, not yet heard by anybody
        self._flag: EmergencyScript | None = None
        self._final_timer: asyncio.TimerHandle | None = None
        self._mute_timer: asyncio.TimerHandle | None = None
        self._refusals = 0
        self._refused_at = -1.0
        self._running: set[asyncio.Task[None]] = set()
        self._tasks: asyncio.TaskGroup | None = None
        self._over = asyncio.Event()
        self._ending = Ending("client")

    async def run(self, incoming: AsyncIterator[Incoming]) -> Ending:
        """Hold the conversation until it ends.

        Raises:
            TurnsNotStored: `services.record` failed to the last; the error carries the turns.
            ExceptionGroup: the channel or our own code failed.
        """
        try:
            async with asyncio.TaskGroup() as self._tasks:
                self._spawn(self._mouth.run())
                self._spawn(self._read(incoming))
                if self._greeting:
                    self._answer(self._turns.greeting(self._greeting, self._clock()))
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

    # ── tasks ─────────────────────────────────────────────────────────────────────────────────────────────────────
    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        assert self._tasks is not None
        task = self._tasks.create_task(self._until_closed(work))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def _until_closed(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except ChannelClosed:
            self._end(Ending("client", "connection lost"))

    def _end(self, ending: Ending) -> None:
        if not self._over.is_set():
            self._ending = ending
            self._over.set()

    def _hang_up(self) -> None:
        """Account for what is unfinished and stop everything."""
        self._over.set()
        if self._reply is not None:
            self._reply.interrupt()
        self._keep_unanswered()
        for task in self._running:
            task.cancel()

    # ── what comes in ─────────────────────────────────────────────────────────────────────────────────────────────
    async def _read(self, incoming: AsyncIterator[Incoming]) -> None:
        async for item in incoming:
            try:
                match item:
                    case AudioIn(pcm):
                        await self._hear(pcm)
                    case TextIn(text):
                        self._typed(text)
                    case Played(mark):
                        self._mouth.played(mark)
                    case Interrupt():
                        if self._reply is not None:
                            self._reply.interrupt()
                    case End():
                        break
            except (Invalid, TooLarge, RateLimited) as refusal:
                await self._refuse(refusal)
        self._end(Ending("client"))

    async def _refuse(self, refusal: AuricleError) -> None:
        """Tell the client, not for every frame; give up on one that does not stop."""
        self._refusals += 1
        if self._refusals >= MAX_REFUSALS:
            return self._end(Ending("failed", refusal.code))
        if self._clock() - self._refused_at >= 1 / REFUSALS_PER_S:
            self._refused_at = self._clock()
            await self._channel.send_error(refusal)
        return None

    async def _hear(self, pcm: bytes) -> None:
        self._audio_at = self._clock()
        for frame in self._intake.take(pcm, self._audio_at):
            probability = await self._vad.probability(frame)
            self._audio_s += FRAME_S
            self._keep(frame)
            active = self._reply is not None and self._reply.holds_floor()
            self._act(self._machine.hear(probability, self._audio_s, agent_active=active))

    def _keep(self, frame: bytes) -> None:
        if self._turn_model is not None:
            self._recent.append(frame)
        if not self._machine.speaking:
            self._frames.append(frame)
        elif self._utterance is not None and not self._utterance.add(frame):
            self._stt_failed(self._utterance, "provider.timeout")

    def _typed(self, text: str) -> None:
        text = text.strip()
        if len(text) > MAX_TEXT_CHARS:
            raise TextTooLong(max_chars=MAX_TEXT_CHARS)
        if text:
            self._keep_unanswered()
            self._answer(self._turns.typed(text, self._clock()))

    # ── whose turn it is ──────────────────────────────────────────────────────────────────────────────────────────
    def _act(self, signals: list[Signal]) -> None:
        for signal in signals:
            match signal:
                case SpeechStarted():
                    self._speech_started()
                case SpeechStopped():
                    self._speech_stopped()
                case Paused():
                    self._mouth.pause()
                case Resumed():
                    self._mouth.resume()
                case Interrupted():
                    if self._reply is not None:
                        self._reply.interrupt()
                case TurnEnded(text, started_s, ended_s):
                    self._turn_ended(text, started_s, ended_s)
                case NothingSaid(started_s, ended_s):
                    self._nothing_said(started_s, ended_s)

    def _speech_started(self) -> None:
        self._drop_guess()
        self._cancel_timers()
        if self._utterance is None:
            self._utterance = Utterance(self._channel.rate_hz)
            self._spawn(self._transcribe(self._utterance))
        for frame in self._frames:
            self._utterance.add(frame)
        self._frames.clear()
        self._watch_microphone()

    def _speech_stopped(self) -> None:
        utterance = self._utterance
        if utterance is None or utterance.failed is not None:
            self._act(self._machine.final_overdue())
            return
        self._cancel_timers()
        utterance.end_of_speech()
        wait_s = URGENT_FINAL_S if self._flag else min(2.0, self._settings.reply_deadline_s / 2)
        self._final_timer = asyncio.get_running_loop().call_later(wait_s, self._final_overdue, utterance)
        if self._turn_model is not None:
            self._spawn(self._judge_turn(self._turn_model))
        self._guess_answer()

    def _watch_microphone(self) -> None:
        """A muted client sends nothing, not silence: without this its turn would never end."""
        silent_s = self._clock() - self._audio_at
        if silent_s >= MUTED_S:
            return self._act(self._machine.stop_speech())
        if self._machine.speaking:
            self._mute_timer = asyncio.get_running_loop().call_later(MUTED_S, self._watch_microphone)
        return None

    def _turn_ended(self, text: str, started_s: float, ended_s: float) -> None:
        utterance, flag = self._utterance, self._flag
        self._close_utterance()
        now = self._clock()
        asked = self._turns.spoken(
            text, now, ended_at=now - max(0.0, self._audio_s - ended_s), started_s=started_s, ended_s=ended_s,
            script=flag, failed=utterance.failed if utterance else None,
        )  # fmt: skip
        if asked.script is not None and flag is None:
            self._spawn(self._alert(asked.script))
        guess, self._guess = self._guess, None
        if guess is not None:
            if asked.script is None and asked.fixed_text is None and self._turns.fits(text):
                self._reply = guess
                return guess.confirm(self._turns.confirmed(asked))
            guess.discard()
        return self._answer(asked)

    def _nothing_said(self, started_s: float, ended_s: float) -> None:
        utterance, flag = self._utterance, self._flag
        self._close_utterance()
        if (utterance is not None and utterance.failed) or flag is not None:
            self._answer(
                self._turns.not_understood(
                    self._clock(), started_s, ended_s, flag, utterance.failed if utterance else None
                )
            )

    # ── speech to text ────────────────────────────────────────────────────────────────────────────────────────────
    async def _transcribe(self, utterance: Utterance) -> None:
        async def take(transcript: Transcript) -> None:
            await self._take_transcript(utterance, transcript)

        try:
            await read_transcripts(utterance, self._services, self._language, take)
        except AuricleError as error:
            self._stt_failed(utterance, error.code)
        except ChannelClosed:
            raise
        except TimeoutError:
            self._stt_failed(utterance, "provider.timeout")
        except Exception:
            log.exception("speech-to-text failed")
            self._stt_failed(utterance, "internal")

    async def _take_transcript(self, utterance: Utterance, transcript: Transcript) -> None:
        if utterance is not self._utterance:
            return  # the turn has ended without it
        final = transcript.is_final
        signals = self._machine.transcript(transcript.text, is_final=final, end_of_turn=transcript.end_of_turn)
        if self._flag is None and not any(isinstance(s, TurnEnded) for s in signals):
            self._watch_for_red_flags()
        self._act(signals)
        if not final and not self._machine.speaking and self._utterance is utterance:
            self._guess_answer()
        if transcript.text:
            await self._channel.send_transcript(transcript.text, is_final=final)

    def _watch_for_red_flags(self) -> None:
        """Before the turn ends, and whatever the model would say."""
        script = self._services.emergency(self._machine.text, self._language)
        if script is not None and script.is_settled:
            self._flag = script
            self._spawn(self._alert(script))

    async def _alert(self, script: EmergencyScript) -> None:
        try:
            await self._services.alert(self._turns.next_id, script)
        except Exception:  # the script is spoken and recorded all the same
            log.exception("a red flag could not be announced")

    def _stt_failed(self, utterance: Utterance, code: str) -> None:
        if utterance.failed is None and not utterance.closed:
            event(log, "speech-to-text failed in a turn", logging.WARNING, error_code=code)
            utterance.failed = code
        if utterance is self._utterance:
            self._act(self._machine.final_overdue())

    def _final_overdue(self, utterance: Utterance) -> None:
        self._final_timer = None
        self._stt_failed(utterance, "provider.timeout")

    async def _judge_turn(self, model: TurnModel) -> None:
        utterance = self._utterance
        complete = await model.is_complete(b"".join(self._recent), self._channel.rate_hz)
        if not complete and self._utterance is utterance:
            self._machine.hold()

    # ── answers ───────────────────────────────────────────────────────────────────────────────────────────────────
    def _answer(self, asked: Asked) -> None:
        if self._reply is not None:
            self._reply.interrupt()
        self._reply = self._start(asked)

    def _start(self, asked: Asked) -> Reply:
        reply = Reply(self._stage, asked, self._reply_done)
        reply.task = self._spawn(reply.run())
        return reply

    def _guess_answer(self) -> None:
        """Start on what was heard so far; kept if the final says the same."""
        text = self._machine.text
        if not self._speculate or not text or self._flag or self._machine.suspected:
            return
        if self._guess is not None and same_words(text, self._turns.guessed):
            return
        self._drop_guess()
        asked = self._turns.guess(text, self._clock())
        if asked is not None:
            self._guess = self._start(asked)

    def _drop_guess(self) -> None:
        if self._guess is not None:
            self._guess.discard()
            self._guess = None

    def _reply_done(self, record: TurnRecord, ending: Ending | None) -> None:
        self._reply = None
        self._store(record)
        if not self._over.is_set():
            self._spawn(self._send_metrics(record))
        if ending is not None:
            self._end(ending)

    async def _send_metrics(self, record: TurnRecord) -> None:
        await self._channel.send_metrics(record.turn_id, record.waterfall_ms)

    def _store(self, record: TurnRecord) -> None:
        self._turns.remember(record)
        if self._recorder.add(record) and not self._over.is_set():
            self._spawn(self._recorder.store_all())
        if self._recorder.is_full():
            self._end(Ending("failed", "turns can't be stored"))

    def _keep_unanswered(self) -> None:
        """Something was said, but its turn will not end: keep the words."""
        text = self._machine.text
        self._drop_guess()
        if text:
            self._store(self._turns.unanswered(text, self._flag))
        self._machine.drop()
        self._close_utterance()

    def _close_utterance(self) -> None:
        self._cancel_timers()
        self._flag = None
        if self._utterance is not None:
            self._utterance.close()
            self._utterance = None

    def _cancel_timers(self) -> None:
        for timer in (self._final_timer, self._mute_timer):
            if timer is not None:
                timer.cancel()
        self._final_timer = self._mute_timer = None
