"""One live conversation: joins the ear, the replies and the mouth. Knows no socket, database or vendor.

Tasks: one reads what comes in, one sends sound; while somebody speaks one more reads the recognizer, while the agent
answers one more makes the answer. All decisions are plain synchronous code on the loop, taken where the event arrives.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from typing import Any
from uuid import UUID

from auricle.errors import AuricleError, Invalid, RateLimited, TooLarge
from auricle.providers.ports import ChatMessage
from auricle.safety.respond import EmergencyScript
from auricle.settings import Voice
from auricle.voice.asked import Asked
from auricle.voice.listen import Ear, Heard
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
from auricle.voice.reply import Reply, Stage
from auricle.voice.turn import TurnModel
from auricle.voice.turns import Turns, same_words
from auricle.voice.vad import SharedVad

log = logging.getLogger(__name__)

MAX_TEXT_CHARS = 4_000
REFUSALS_PER_S = 1.0
MAX_REFUSALS = 500  # a client that sends so much rubbish is not a conversation


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
        """Make a session, to be `run` once.

        Args:
            greeting: said first, without a model.
            history: the conversation before, when it is resumed; assistant messages as they were heard.
            speculate: start the answer on an interim transcript, and keep it if the final says the same.
        """
        self._channel, self._services, self._settings, self._clock = channel, services, settings, clock
        self._greeting, self._speculate = greeting, speculate
        self._ear = Ear(self, channel, services, settings, vad.stream(channel.rate_hz),
                        language=language, clock=clock, turn_model=turn_model)  # fmt: skip
        self._mouth = Mouth(channel, clock)
        self._stage = Stage(services, channel, self._mouth, settings, clock, lambda: self._ear.audio_s)
        self._turns = Turns(services, language, history)
        self._recorder = Recorder(services.record)
        self._reply: Reply | None = None
        self._guess: Reply | None = None  # an answer to an interim, not yet heard by anybody
        self._refusals = 0
        self._refused_at = float("-inf")
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
                self.spawn(self._mouth.run())
                self.spawn(self._read(incoming))
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
    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
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

    def end(self, reason: str) -> None:
        """End the conversation from outside; what is unfinished is kept as far as it came."""
        self._end(Ending("failed", reason))

    def _end(self, ending: Ending) -> None:
        if not self._over.is_set():
            self._ending = ending
            self._over.set()

    def _hang_up(self) -> None:
        """Account for what is unfinished and stop everything."""
        self._over.set()
        self.stop_agent()
        self._keep_unanswered()
        for task in self._running:
            task.cancel()

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
                    case Interrupt():
                        self.stop_agent()
                    case End():
                        break
            except (Invalid, TooLarge, RateLimited) as refusal:
                await self._refuse(refusal)
        self._end(Ending("client"))

    async def _refuse(self, refusal: AuricleError) -> None:
        """Tell the client, not for every frame; give up on one that does not stop."""
        self._refusals += 1
        if self._refusals >= MAX_REFUSALS:
            self._end(Ending("failed", refusal.code))
        elif self._clock() - self._refused_at >= 1 / REFUSALS_PER_S:
            self._refused_at = self._clock()
            await self._channel.send_error(refusal)

    def _typed(self, text: str) -> None:
        text = text.strip()
        if len(text) > MAX_TEXT_CHARS:
            raise TextTooLong(max_chars=MAX_TEXT_CHARS)
        if text:
            self._keep_unanswered()
            self._answer(self._turns.typed(text, self._clock()))

    # ── what the ear tells ────────────────────────────────────────────────────────────────────────────────────────
    def agent_holds_floor(self) -> bool:
        return self._reply is not None and self._reply.holds_floor()

    def pause_agent(self) -> None:
        self._mouth.pause()

    def resume_agent(self) -> None:
        self._mouth.resume()

    def stop_agent(self) -> None:
        if self._reply is not None:
            self._reply.interrupt()

    def speech_began(self) -> None:
        self._drop_guess()

    def speech_paused(self, text: str) -> None:
        """Start on what was said so far; kept if it was all."""
        if not self._speculate or (self._guess is not None and same_words(text, self._turns.guessed)):
            return
        self._drop_guess()
        asked = self._turns.guess(text, self._clock())
        if asked is not None:
            self._guess = self._start(asked)

    def turn_ended(self, heard: Heard) -> None:
        asked = self._turns.spoken(heard, self._clock())
        guess, self._guess = self._guess, None
        if guess is not None and self._turns.is_as_guessed(asked):
            self.stop_agent()
            self._reply = guess
            guess.confirm(self._turns.confirmed(asked))
            return
        if guess is not None:
            guess.discard()
        self._answer(asked, alerted=heard.script is not None)

    def red_flag(self, script: EmergencyScript) -> None:
        self.spawn(self._alert(self._turns.next_id, script))

    async def _alert(self, turn_id: UUID, script: EmergencyScript) -> None:
        try:
            await self._services.alert(turn_id, script)
        except Exception:  # the script is spoken and recorded all the same
            log.exception("a red flag could not be announced")

    # ── answers ───────────────────────────────────────────────────────────────────────────────────────────────────
    def _answer(self, asked: Asked, *, alerted: bool = False) -> None:
        if asked.script is not None and not alerted:
            self.spawn(self._alert(asked.turn.turn_id, asked.script))
        self.stop_agent()
        self._reply = self._start(asked)

    def _start(self, asked: Asked) -> Reply:
        reply = Reply(self._stage, asked, self._reply_done)
        reply.task = self.spawn(reply.run())
        return reply

    def _drop_guess(self) -> None:
        if self._guess is not None:
            self._guess.discard()
            self._guess = None

    def _reply_done(self, record: TurnRecord, ending: Ending | None) -> None:
        self._reply = None
        self._store(record)
        if not self._over.is_set():
            self.spawn(self._channel.send_metrics(record.turn_id, record.waterfall_ms))
        if ending is not None:
            self._end(ending)

    # ── what is kept ──────────────────────────────────────────────────────────────────────────────────────────────
    def _store(self, record: TurnRecord) -> None:
        self._turns.remember(record)
        if self._recorder.add(record) and not self._over.is_set():
            self.spawn(self._recorder.store_all())
        if self._recorder.is_full():
            self._end(Ending("failed", "turns can't be stored"))

    def _keep_unanswered(self) -> None:
        """Something was said, but its turn will not end: keep the words."""
        self._drop_guess()
        text, script = self._ear.drop()
        if text:
            self._store(self._turns.unanswered(text, script))
