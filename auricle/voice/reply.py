"""One answer of the agent: words, sentences, speech, and the account of what was heard of it.

The reply owns the deadlines that keep it from being silent: without sound by `reply_deadline_s` a filler is played,
and when its sources make no progress for twice that, or fail, the prepared apology. The turn is kept either way.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from auricle.errors import AuricleError
from auricle.log import event
from auricle.providers.ports import Audio, ProviderGarbled, TextDelta, Usage
from auricle.safety.respond import EmergencyScript
from auricle.settings import Voice
from auricle.voice.mouth import Mouth
from auricle.voice.playback import MAX_AHEAD_S, Playback
from auricle.voice.ports import (
    Channel,
    ChannelClosed,
    Citation,
    EndCall,
    Ending,
    HandOver,
    Prepared,
    Services,
    Turn,
    TurnRecord,
)
from auricle.voice.resample import SentenceResampler
from auricle.voice.sentences import SentenceCutter

log = logging.getLogger(__name__)

YIELD_S = 0.5  # with no more than this left to say, the agent has given up the floor
MAX_ANSWER_CHARS = 6_000
MAX_SENTENCE_S = 60.0
MAX_CITATIONS = 50
PROGRESS_STEP_S = 0.1


class EmptyAnswer(ProviderGarbled):
    """A provider answered nothing."""

    code = "provider.empty"


class EndlessAnswer(ProviderGarbled):
    """A provider does not stop answering."""

    code = "provider.endless"


@dataclass(frozen=True, slots=True)
class Stage:
    """What every reply of one session works with."""

    services: Services
    channel: Channel
    mouth: Mouth
    settings: Voice
    clock: Callable[[], float]
    audio_s: Callable[[], float]  # how much audio was received


@dataclass(frozen=True, slots=True)
class Asked:
    """Where the turn came from, and what was already decided about its answer."""

    turn: Turn
    kind: Literal["greeting", "voice", "text"]
    ended_at: float  # on the session's clock: the end of speech
    stt_final_at: float | None = None
    started_s: float | None = None
    ended_s: float | None = None
    fixed_text: str | None = None  # a greeting or canned reply
    script: EmergencyScript | None = None
    failed: str | None = None  # the person could not be understood because of this
    errors: tuple[str, ...] = ()
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


class Reply:
    def __init__(self, stage: Stage, asked: Asked, done: Callable[[TurnRecord, Ending | None], None]) -> None:
        self._stage = stage
        self._asked = asked
        self._loop = asyncio.get_running_loop()
        self._done = done
        self._playback = Playback(
            stage.settings, stage.channel.rate_hz, asked.turn.turn_id.hex[:8],
            frame_s=stage.channel.frame_s, echoing=stage.mouth.echoing,
        )  # fmt: skip
        self._said: list[str] = []
        self._shown = 0
        self._citations: list[Citation] = []
        self._errors = list(asked.errors)
        self._ending: Ending | None = None
        self._stamps: dict[str, float] = {}
        self._started_s: float | None = None
        self._limit: asyncio.Timeout | None = None
        self._filler: asyncio.TimerHandle | None = None
        self._complete = False  # all of the answer is made
        self.finished = False
        self.task: asyncio.Task[None] | None = None
        if not asked.turn.confirmed.is_set():
            self._playback.pause(stage.clock())

    # ── seen from the session ─────────────────────────────────────────────────────────────────────────────────────
    def holds_floor(self) -> bool:
        """Whether speech now would interrupt the agent."""
        if self.finished or not self._asked.turn.confirmed.is_set():
            return False
        return not self._complete or self._playback.left_s(self._stage.clock()) > YIELD_S

    def confirm(self, asked: Asked) -> None:
        """What was guessed from an interim is what was said: let it be heard."""
        self._asked = asked
        asked.turn.confirmed.set()
        self._stage.mouth.play(self._playback)
        self._stage.mouth.resume()
        if self._started_s is None:
            self._arm_filler()
        else:
            self._started_s = self._stage.audio_s()

    def discard(self) -> None:
        """The guess was wrong: nothing of it ever was."""
        self.finished = True
        self._playback.stop(self._stage.clock())
        self._disarm()
        if self.task is not None:
            self.task.cancel()

    def interrupt(self) -> None:
        """Stop at once and account for what was heard."""
        if not self.finished:
            self._stage.mouth.stop(self._playback)
            self._finish(interrupted=True)
            if self.task is not None:
                self.task.cancel()

    # ── the task ──────────────────────────────────────────────────────────────────────────────────────────────────
    async def run(self) -> None:
        confirmed = self._asked.turn.confirmed
        if confirmed.is_set():
            self._stage.mouth.play(self._playback)
            self._arm_filler()
        try:
            async with asyncio.timeout(None) as self._limit:
                self._progress()
                await self._produce()
        except TimeoutError:
            await self._apologise("provider.timeout")
        except ChannelClosed:
            raise
        except AuricleError as error:
            await self._apologise(error.code)
        except Exception:
            log.exception("a reply failed")
            await self._apologise("internal")
        self._limit, self._complete = None, True
        self._disarm()
        await confirmed.wait()
        await self._show()
        await self._stage.channel.send_reply(" ".join(self._said), is_final=True)
        await self._stage.mouth.finished(self._playback)
        self._finish(interrupted=False)

    async def _produce(self) -> None:
        asked = self._asked
        if asked.script is not None:
            await self._say_all(asked.script.text)
        elif asked.failed is not None:
            await self._apologise(asked.failed)
        elif asked.fixed_text is not None:
            await self._say_all(asked.fixed_text)
        else:
            await self._answer()

    async def _answer(self) -> None:
        cutter, chars = SentenceCutter(), 0
        async with aclosing(self._stage.services.answer(self._asked.turn)) as pieces:
            async for piece in pieces:
                self._progress()
                if isinstance(piece, TextDelta):
                    self._stamp("first_token")
                    chars += len(piece.text)
                    for sentence in cutter.feed(piece.text):
                        await self._say(sentence)
                    if chars > MAX_ANSWER_CHARS:
                        raise EndlessAnswer(capability="llm")
                else:
                    self._note(piece)
            for sentence in cutter.finish():
                await self._say(sentence)
        if not self._said:
            raise EmptyAnswer(capability="llm")

    def _note(self, piece: Citation | EndCall | HandOver | Usage) -> None:
        match piece:
            case Citation():
                if len(self._citations) < MAX_CITATIONS:
                    self._citations.append(piece)
            case EndCall(reason):
                self._ending = Ending("agent", reason)
            case HandOver(reason):
                self._ending = Ending("hand_over", reason)
            case Usage():
                pass
            case _:
                raise ProviderGarbled(capability="llm")

    async def _say_all(self, text: str) -> None:
        """Say words of ours; the guard is for a model's."""
        cutter = SentenceCutter()
        for sentence in [*cutter.feed(text), *cutter.finish()]:
            await self._say(sentence, guarded=False)

    async def _say(self, sentence: str, *, guarded: bool = True) -> None:
        """Show a sentence and make its speech, while those before it are being played."""
        self._stamp("first_sentence")
        language = self._asked.turn.language
        if guarded:
            sentence = self._stage.services.guard(sentence, language)
        self._said.append(sentence)
        await self._show()
        self._playback.begin_sentence(sentence)
        resampler = SentenceResampler(self._stage.channel.rate_hz)
        made_s = 0.0
        async with aclosing(self._stage.services.speak(sentence, language)) as pieces:
            async for piece in pieces:
                if isinstance(piece, Audio):
                    made_s += self._add(resampler.feed(piece))
                    await self._room()
                elif not isinstance(piece, Usage):
                    raise ProviderGarbled(capability="tts")
                if made_s > MAX_SENTENCE_S:
                    raise EndlessAnswer(capability="tts")
        self._add(resampler.finish())
        if not self._playback.sentence_has_audio():
            raise EmptyAnswer(capability="tts")
        self._playback.end_sentence()
        self._stage.mouth.wake()

    def _add(self, pcm: bytes) -> float:
        if not pcm:
            return 0.0
        self._stamp("first_speech")
        if self._filler is not None and self._asked.turn.confirmed.is_set():
            self._disarm()
        if self._started_s is None:
            self._started_s = self._stage.audio_s()
        self._playback.add(pcm)
        self._stage.mouth.wake()
        return len(pcm) / 2 / self._stage.channel.rate_hz

    async def _room(self) -> None:
        """Wait for the listener where too much is made ahead. That is no fault of the providers."""
        if self._playback.ahead_s(self._stage.clock()) <= MAX_AHEAD_S:
            self._progress()
            return
        if self._limit is not None:
            self._limit.reschedule(None)
        await self._stage.mouth.room(self._playback, MAX_AHEAD_S)
        self._progress()

    async def _show(self) -> None:
        if self._asked.turn.confirmed.is_set():
            while self._shown < len(self._said):
                self._shown += 1
                await self._stage.channel.send_reply(self._said[self._shown - 1] + " ", is_final=False)

    # ── never silent ──────────────────────────────────────────────────────────────────────────────────────────────
    def _progress(self) -> None:
        """Allow as long again. The timer is moved in steps: a token costs less than a timer."""
        if self._limit is not None:
            due, set_for = self._loop.time() + 2 * self._stage.settings.reply_deadline_s, self._limit.when()
            if set_for is None or due - set_for > PROGRESS_STEP_S:
                self._limit.reschedule(due)

    def _arm_filler(self) -> None:
        self._filler = self._loop.call_later(self._stage.settings.reply_deadline_s, self._fill)

    def _disarm(self) -> None:
        if self._filler is not None:
            self._filler.cancel()
            self._filler = None

    def _fill(self) -> None:
        self._filler = None
        try:
            filler = self._stage.services.filler(self._asked.turn.language)
            if filler is not None and not self.finished:
                self._playback.insert_filler(self._rendered(filler))
                self._stage.mouth.wake()
        except Exception:  # the answer, or the apology, comes all the same
            log.exception("no filler could be played")

    async def _apologise(self, code: str) -> None:
        self._errors.append(code)
        self._disarm()
        event(log, "a reply was replaced by the apology", logging.WARNING, error_code=code)
        apology = self._stage.services.apology(self._asked.turn.language)
        self._said.append(apology.text)
        self._playback.begin_sentence(apology.text)
        self._add(self._rendered(apology))
        self._playback.end_sentence()
        self._stage.mouth.wake()
        await self._show()

    def _rendered(self, prepared: Prepared) -> bytes:
        resampler = SentenceResampler(self._stage.channel.rate_hz)
        return resampler.feed(prepared.audio) + resampler.finish()

    # ── the account ───────────────────────────────────────────────────────────────────────────────────────────────
    def _stamp(self, step: str) -> None:
        self._stamps.setdefault(step, self._stage.clock())

    def _waterfall(self) -> dict[str, float]:
        stamps = dict(self._stamps)
        if self._asked.stt_final_at is not None:
            stamps["stt_final"] = self._asked.stt_final_at
        if self._playback.first_sent_at is not None:
            stamps["first_audio"] = self._playback.first_sent_at
        return {step: round((at - self._asked.ended_at) * 1000, 1) for step, at in sorted(stamps.items(), key=_by_time)}

    def _finish(self, *, interrupted: bool) -> None:
        self.finished = True
        self._disarm()
        asked, turn = self._asked, self._asked.turn
        answer = " ".join(self._said)
        record = TurnRecord(
            turn_id=turn.turn_id, kind=asked.kind, language=turn.language, at=asked.at, user_text=turn.text,
            started_s=asked.started_s, ended_s=asked.ended_s, answer_text=answer,
            heard_text=self._playback.heard_text(self._stage.clock()) if interrupted else answer,
            reply_started_s=self._started_s,
            reply_ended_s=None if self._started_s is None else self._stage.audio_s(),
            interrupted=interrupted, citations=tuple(self._citations), waterfall_ms=self._waterfall(),
            red_flag=asked.script, errors=tuple(self._errors),
        )  # fmt: skip
        self._done(record, None if interrupted else self._ending)


def _by_time(stamp: tuple[str, float]) -> float:
    return stamp[1]
