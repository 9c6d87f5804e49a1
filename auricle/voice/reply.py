"""One answer of the agent: words, sentences, speech, and the account of what was heard of it.

Without sound by `reply_deadline_s` a filler is played, and when its sources make no progress for twice that, or fail,
the prepared apology. The turn is kept either way.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass

from auricle.errors import AuricleError
from auricle.log import event
from auricle.providers.call import Served
from auricle.providers.ports import Audio, ProviderGarbled, TextDelta, Timings, ToolCall, Usage
from auricle.settings import Voice
from auricle.voice.account import Account
from auricle.voice.asked import Asked
from auricle.voice.deadlines import Deadlines
from auricle.voice.guarded import Guarded
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
    TurnRecord,
)
from auricle.voice.resample import SentenceResampler
from auricle.voice.sentences import SentenceCutter
from auricle.voice.visemes import Lips

log = logging.getLogger(__name__)

YIELD_S = 0.5  # with no more than this left to say, the agent has given up the floor
MAX_ANSWER_CHARS = 6_000
MAX_SENTENCE_S = 60.0
LAST_ECHO_S = 1.0  # a client's ear is no later than this behind our clock: the network, a carrier's buffer
PROGRESS_S = 0.1  # sound that counts as progress: a voice that drips is as good as silent


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


class Reply:
    def __init__(self, stage: Stage, asked: Asked, done: Callable[[TurnRecord, Ending | None], None]) -> None:
        self._stage = stage
        self._asked = asked
        self._done = done
        self._playback = Playback(
            stage.settings, stage.channel.rate_hz, asked.turn.turn_id.hex[:8],
            frame_s=stage.channel.frame_s, echoing=stage.mouth.echoing,
        )  # fmt: skip
        self._account = Account(stage.clock, stage.audio_s, errors=list(asked.errors))
        self._guarded = Guarded(stage.services.guard)
        self._shown = 0
        self._ending: Ending | None = None
        self._deadlines = Deadlines(stage.settings.reply_deadline_s, self._fill)
        self._complete = False  # all of the answer is made
        self._cut_short = False  # some of it will never sound
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
        if self._account.started_s is None:
            self._expect_sound()
        else:
            self._account.started_s = self._stage.audio_s()

    def discard(self) -> None:
        """The guess was wrong: nothing of it ever was."""
        self.finished = True
        self._playback.stop(self._stage.clock())
        self._deadlines.sounding()
        if self.task is not None:
            self.task.cancel()

    def interrupt(self) -> None:
        """Stop at once and account for what was heard."""
        if not self.finished:
            is_only_shown = self._shown > 0 and self._playback.first_sent_at is None
            self._stage.mouth.stop(self._playback, is_only_shown=is_only_shown)
            self._finish(interrupted=True)
            if self.task is not None:
                self.task.cancel()

    # ── the task ──────────────────────────────────────────────────────────────────────────────────────────────────
    async def run(self) -> None:
        confirmed = self._asked.turn.confirmed
        if confirmed.is_set():
            self._stage.mouth.play(self._playback)
            if self._asked.kind != "staff":
                self._expect_sound()
        try:
            async with self._deadlines.limit():
                await self._produce()
        except TimeoutError:
            await self._fail("provider.timeout")
        except ChannelClosed:
            raise
        except AuricleError as error:
            await self._fail(error.code)
        except Exception:
            log.exception("a reply failed")
            await self._fail("internal")
        self._complete = True
        self._deadlines.over()
        await confirmed.wait()
        await self._show()
        await self._stage.channel.send_reply(self._account.text, is_final=True)
        await self._stage.mouth.finished(self._playback)
        if self._ending is not None or self._asked.failed is not None:  # a close or a transfer would cut the last word
            await self._stage.mouth.echoed(self._playback, LAST_ECHO_S)
        self._finish(interrupted=self._cut_short)

    async def _produce(self) -> None:
        asked = self._asked
        if asked.script is not None:
            await self._say_all(asked.script.text)
        elif asked.failed is not None:
            await self._fail(asked.failed)
        elif asked.fixed_text is not None:
            await self._say_all(asked.fixed_text)
        else:
            await self._answer()

    async def _answer(self) -> None:
        cutter, chars = SentenceCutter(), 0
        async with aclosing(self._stage.services.answer(self._asked.turn)) as pieces:
            async for piece in pieces:
                self._deadlines.progress()
                if isinstance(piece, TextDelta):
                    self._account.stamp("first_token")
                    chars += len(piece.text)
                    for sentence in cutter.feed(piece.text):
                        await self._say(sentence)
                    if chars > MAX_ANSWER_CHARS:
                        raise EndlessAnswer(capability="llm")
                else:
                    self._note(piece)
            for sentence in cutter.finish():
                await self._say(sentence)
        if not self._account.said:
            raise EmptyAnswer(capability="llm")

    def _note(self, piece: Citation | EndCall | HandOver | Served | Usage | ToolCall) -> None:
        match piece:
            case Citation():
                self._account.cite(piece)
            case EndCall(reason):
                self._ending = Ending("agent", reason)
            case HandOver(reason):
                self._ending = Ending("hand_over", reason)
            case Served():
                self._account.serves("llm", piece)
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
        """Show a sentence and make its speech, where it is wanted, while those before it are being played."""
        self._account.stamp("first_sentence")
        language = self._asked.turn.language
        if guarded and not (sentence := self._guarded.piece(sentence, language)):
            return
        self._account.said.append(sentence)
        await self._show()
        if self._stage.channel.sound:
            await self._speak(sentence, language)
        else:
            self._deadlines.progress(audible=True)

    async def _speak(self, sentence: str, language: str) -> None:
        self._playback.begin_sentence(sentence)
        resampler = SentenceResampler(self._stage.channel.rate_hz)
        lips = Lips() if self._stage.channel.visemes else None
        made_s = counted_s = 0.0
        async with aclosing(self._stage.services.speak(sentence, language)) as pieces:
            async for piece in pieces:
                if isinstance(piece, Audio):
                    made_s += self._add(resampler.feed(piece))
                    if made_s - counted_s >= PROGRESS_S:
                        counted_s = made_s
                        await self._room()
                elif isinstance(piece, Served):
                    self._account.serves("tts", piece)
                elif isinstance(piece, Timings):
                    if lips is not None:
                        self._playback.shape(lips.take(piece))
                elif not isinstance(piece, Usage):
                    raise ProviderGarbled(capability="tts")
                if made_s > MAX_SENTENCE_S:
                    raise EndlessAnswer(capability="tts")
        self._add(resampler.finish())
        if not self._playback.sentence_has_audio():
            raise EmptyAnswer(capability="tts")
        if lips is not None:
            self._playback.shape(lips.finish())
        self._playback.end_sentence()
        self._stage.mouth.wake()

    def _add(self, pcm: bytes) -> float:
        if not pcm:
            return 0.0
        self._account.sounds()
        if self._asked.turn.confirmed.is_set():
            self._deadlines.sounding()
        self._playback.add(pcm)
        self._stage.mouth.wake()
        return len(pcm) / 2 / self._stage.channel.rate_hz

    async def _room(self) -> None:
        """Wait for the listener where too much is made ahead. That is no fault of the providers."""
        if self._playback.ahead_s(self._stage.clock()) <= MAX_AHEAD_S:
            self._deadlines.progress(audible=True)
            return
        self._deadlines.wait_for_listener()
        await self._stage.mouth.room(self._playback, MAX_AHEAD_S)
        self._deadlines.progress(audible=True)

    async def _show(self) -> None:
        if self._asked.turn.confirmed.is_set():
            while self._shown < len(self._account.said):
                self._shown += 1
                await self._stage.channel.send_reply(self._account.said[self._shown - 1] + " ", is_final=False)

    def _expect_sound(self) -> None:
        if self._stage.channel.sound:
            self._deadlines.expect_sound()

    # ── never silent ──────────────────────────────────────────────────────────────────────────────────────────────
    def _fill(self) -> None:
        try:
            filler = self._stage.services.filler(self._asked.turn.language)
            if filler is not None and not self.finished:
                self._playback.insert_filler(self._rendered(filler))
                self._stage.mouth.wake()
        except Exception:  # the answer, or the apology, comes all the same
            log.exception("no filler could be played")

    async def _fail(self, code: str) -> None:
        self._account.errors.append(code)
        self._deadlines.sounding()
        if self._asked.kind == "staff":  # nobody apologises in their name: it was shown, and is kept as far as heard
            self._cut_short = True
            self._playback.end_sentence()
            event(log, "words of staff could not be spoken", logging.WARNING, error_code=code)
        else:
            await self._apologise(code)

    async def _apologise(self, code: str) -> None:
        event(log, "a reply was replaced by the apology", logging.WARNING, error_code=code)
        apology = self._stage.services.apology(self._asked.turn.language)
        self._account.said.append(apology.text)
        if self._stage.channel.sound:
            self._playback.begin_sentence(apology.text)
            self._add(self._rendered(apology))
            self._playback.end_sentence()
            self._stage.mouth.wake()
        await self._show()

    def _rendered(self, prepared: Prepared) -> bytes:
        resampler = SentenceResampler(self._stage.channel.rate_hz)
        return resampler.feed(prepared.audio) + resampler.finish()

    # ── the end ───────────────────────────────────────────────────────────────────────────────────────────────────
    def _finish(self, *, interrupted: bool) -> None:
        self.finished = True
        self._deadlines.sounding()
        playback, account = self._playback, self._account
        heard_text = self._heard_text() if interrupted else account.text
        record = account.record(
            self._asked, heard_text=heard_text, interrupted=interrupted, first_sent_at=playback.first_sent_at
        )
        self._done(record, None if interrupted else self._ending)

    def _heard_text(self) -> str:
        if self._stage.channel.sound:
            return self._playback.heard_text(self._stage.clock())
        return " ".join(self._account.said[: self._shown])
