"""The agent's speech on its way out, as plain arithmetic: what to send next, and what was heard so far.

A `Playback` is one answer. Its positions are samples of that answer. The listener's position is estimated by the clock
from what was sent; where the client echoes marks, they bound the estimate from both sides.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from auricle.settings import Voice
from auricle.voice.visemes import Viseme

FRAME_S = 0.04  # one piece of outgoing audio, where the wire asks for nothing else
KEEP_S = 1.0  # audio already heard is dropped in steps of this length
CHARS_PER_S = 15.0  # a guess at speaking pace, for a sentence whose speech is still being made
SHAPES_AHEAD_S = 1.0  # shapes of the mouth are told for so long at once, and again when these are used up
MAX_AHEAD_S = 10.0  # speech made ahead of what was heard; whoever makes more, waits


@dataclass(slots=True)
class SpokenSentence:
    text: str
    start: int
    end: int | None = None  # None: its speech is still coming


@dataclass(frozen=True, slots=True)
class Frame:
    pcm: bytes
    visemes: tuple[Viseme, ...] = ()  # on the clock of this frame; the first may lie before it


@dataclass(frozen=True, slots=True)
class Mark:
    name: str


@dataclass(frozen=True, slots=True)
class Wait:
    seconds: float | None  # None: until something changes


class Playback:
    def __init__(
        self, settings: Voice, rate_hz: int, name: str, *, frame_s: float = FRAME_S, echoing: bool = False
    ) -> None:
        self._rate_hz = rate_hz
        self._lead = round(settings.lead_s * rate_hz)
        self._frame = round(frame_s * rate_hz)
        self._name = name
        self._pcm = bytearray()  # from sample `_base` to `_made`
        self._base = self._made = self._sent = self._marked = 0
        self._sentences: list[SpokenSentence] = []
        self._shapes: list[tuple[int, str]] = []  # of the mouth, from which sample on
        self._shapes_told = 0
        self._anchor = (0.0, 0)  # at this time the listener was at this sample
        self._looked = (0.0, 0)  # the same, when last asked
        self._floor = 0
        self._marks: dict[str, int] = {}
        self._mark_count = 0
        self._echoing = echoing  # this client answers marks: an unanswered one was not reached
        self.paused = False
        self.stopped = False
        self.first_sent_at: float | None = None

    # ── filling ───────────────────────────────────────────────────────────────────────────────────────────────────
    def begin_sentence(self, text: str) -> None:
        """What is added from now on is the speech of this sentence."""
        self.end_sentence()
        self._sentences.append(SpokenSentence(text, self._made))

    def add(self, pcm: bytes) -> None:
        if not self.stopped:
            self._pcm += pcm
            self._made += len(pcm) // 2

    def shape(self, visemes: Iterable[Viseme]) -> None:
        """How the mouth moves in the sentence that is being filled, on its clock."""
        if self._sentences and not self.stopped:
            start = self._sentences[-1].start
            self._shapes += ((start + v.at_ms * self._rate_hz // 1_000, v.shape) for v in visemes)

    def end_sentence(self) -> None:
        if self._sentences and self._sentences[-1].end is None:
            self._sentences[-1].end = self._made
            del self._shapes[bisect_left(self._shapes, (self._made, "")) :]

    def insert_filler(self, pcm: bytes) -> None:
        """Play something that is no part of the answer before the sentence that is still without sound."""
        opened = self._sentences.pop() if self._sentences and self._sentences[-1].end is None else None
        if opened is not None and opened.start < self._made:  # it has begun to sound: no filler needed
            self._sentences.append(opened)
            return
        early, self._shapes = self._shapes, []
        self.begin_sentence("")
        self.add(pcm)
        self.end_sentence()
        if opened is not None:
            self.begin_sentence(opened.text)
            early = [(at + len(pcm) // 2 if at >= opened.start else at, shape) for at, shape in early]
        self._shapes = early

    def sentence_has_audio(self) -> bool:
        return bool(self._sentences) and self._made > self._sentences[-1].start

    def ahead_s(self, now: float) -> float:
        """How much speech is made but not yet heard."""
        return (self._made - self._by_clock(now)) / self._rate_hz

    def drop_oldest(self, keep_s: float) -> None:
        """Of live sound that waits to be sent, keep only the newest."""
        excess = self._made - self._sent - round(keep_s * self._rate_hz)
        if excess > 0:
            at = (self._sent - self._base) * 2
            del self._pcm[at : at + excess * 2]
            self._made -= excess

    # ── sending ───────────────────────────────────────────────────────────────────────────────────────────────────
    def next(self, now: float) -> Frame | Mark | Wait:
        """What to do now. A frame or mark that is given counts as sent."""
        if self.paused or self.stopped:
            return Wait(None)
        end = self._sentence_end_after(self._marked)
        if end is not None and self._sent >= end:
            return self._mark(end)
        available = (end if end is not None else self._made) - self._sent
        if available <= 0 or (end is None and available < self._frame):
            return Wait(None)
        ahead = self._sent - self._by_clock(now)
        if ahead >= self._lead:
            return Wait((ahead - self._lead + 1) / self._rate_hz)
        return self._take(min(available, self._frame), now)

    def _take(self, samples: int, now: float) -> Frame:
        if self._sent <= self._by_clock(now):  # the first frame, or the listener has run dry
            self._anchor_at(now, self._sent)
        if self.first_sent_at is None:
            self.first_sent_at = now
        at = (self._sent - self._base) * 2
        frame = Frame(bytes(self._pcm[at : at + samples * 2]), self._due_shapes(samples) if self._shapes else ())
        self._sent += samples
        self._forget_heard(now)
        return frame

    def _due_shapes(self, samples: int) -> tuple[Viseme, ...]:
        """Shapes not told yet, where one belongs to the next samples or came too late for its own."""
        told, made = self._shapes_told, self._made
        if told >= len(self._shapes) or self._shapes[told][0] >= self._sent + samples:
            return ()
        until = min(made, self._sent + round(SHAPES_AHEAD_S * self._rate_hz))
        self._shapes_told = bisect_left(self._shapes, (until, ""), lo=told)
        due = self._shapes[told : self._shapes_told]
        return tuple(Viseme(shape, round((at - self._sent) * 1_000 / self._rate_hz)) for at, shape in due)

    def _mark(self, end: int) -> Mark:
        self._mark_count += 1
        name = f"{self._name}.{self._mark_count}"
        self._marks[name] = self._marked = end
        return Mark(name)

    def _sentence_end_after(self, position: int) -> int | None:
        for sentence in self._sentences:
            if sentence.end is not None and sentence.end > position:
                return sentence.end
        return None

    def _forget_heard(self, now: float) -> None:
        heard = min(self.heard(now), self._sent)
        if heard - self._base > KEEP_S * self._rate_hz:
            del self._pcm[: (heard - self._base) * 2]
            self._base = heard
            old = min(self._shapes_told, bisect_left(self._shapes, (heard, "")))
            del self._shapes[:old]
            self._shapes_told -= old

    # ── what was heard ────────────────────────────────────────────────────────────────────────────────────────────
    def _anchor_at(self, now: float, position: int) -> None:
        self._anchor = self._looked = (now, position)

    def _by_clock(self, now: float) -> int:
        if now < self._looked[0]:  # a clock that goes back takes nothing back
            self._anchor_at(now, self._looked[1])
        at, position = self._anchor
        position = min(self._sent, position + int((now - at) * self._rate_hz))
        self._looked = (now, position)
        return position

    def heard(self, now: float) -> int:
        """The listener's position: by the clock, between the last mark echoed and the first one awaited."""
        heard = max(self._by_clock(now), self._floor)
        if self._echoing and self._marks:
            heard = min(heard, max(self._floor, min(self._marks.values())))
        return max(heard, self._base)

    def unheard_s(self, now: float) -> float:
        """How much was sent that the listener has yet to hear, by the clock."""
        return (self._sent - self._by_clock(now)) / self._rate_hz

    def played(self, mark: str) -> bool:
        """The client has played up to this mark. Marks of an older playout are not ours any more."""
        position = self._marks.pop(mark, None)
        if position is None:
            return False
        self._echoing = True
        self._floor = max(self._floor, position)
        self._marks = {name: at for name, at in self._marks.items() if at > position}
        return True

    def is_finished(self, now: float) -> bool:
        """Whether all that was made so far has been played."""
        return not self.paused and self._sent == self._made and self._by_clock(now) >= self._made

    def awaits_echo(self) -> bool:
        """Whether a client that answers marks has yet to say that it played the last of them."""
        return self._echoing and bool(self._marks) and not self.stopped

    def left_s(self, now: float) -> float:
        return max(0, self._made - self.heard(now)) / self._rate_hz

    def pause(self, now: float) -> bool:
        """Stop sending and go back to what was heard. Returns whether the client holds audio to be cleared."""
        if self.paused or self.stopped:
            return False
        heard, sent = self.heard(now), self._sent
        self.paused = True
        self._sent = heard
        self._anchor_at(now, heard)
        self._marks.clear()
        self._marked = min(self._marked, heard)
        self._shapes_told = max(0, bisect_right(self._shapes, (heard, "~")) - 1)
        return sent > heard

    def resume(self, now: float) -> None:
        self.paused = False
        self._anchor_at(now, self._sent)

    def stop(self, now: float) -> bool:
        """Give up the rest. Returns whether the client holds audio to be cleared."""
        holds = self.pause(now)
        self.stopped = True
        return holds

    def heard_text(self, now: float) -> str:
        """The part of the answer that was played, cut at a word."""
        heard = self.heard(now)
        return " ".join(text for s in self._sentences if (text := self._heard_of(s, heard)))

    def _heard_of(self, sentence: SpokenSentence, heard: int) -> str:
        if sentence.end is not None and heard >= sentence.end > sentence.start:
            return sentence.text
        length = (sentence.end if sentence.end is not None else self._made) - sentence.start
        if sentence.end is None:
            length = max(length, round(len(sentence.text) / CHARS_PER_S * self._rate_hz))
        if heard <= sentence.start or length <= 0:
            return ""
        chars = int(len(sentence.text) * (heard - sentence.start) / length)
        if chars >= len(sentence.text):
            return sentence.text
        return sentence.text[: sentence.text.rfind(" ", 0, chars + 1)] if " " in sentence.text[: chars + 1] else ""
