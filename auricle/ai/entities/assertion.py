"""How a mention is meant: denied, of somebody else, past, planned.

Cues act within a clause, up to a word that ends their reach."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from auricle.ai.entities.lexicon import cue_index, cue_phrases
from auricle.ai.tokens import Token, phrase_at

Experiencer = Literal["patient", "family", "other"]
Time = Literal["current", "past", "planned"]
Side = Literal["left", "right", "both"]
Answer = Literal["yes", "no", "unclear"]
NEGATION_REACH = 9  # words after a cue; longer in lists, because commas and "or" are no words
AFTER_REACH = 4
SIDE_REACH = 4
_PAST_BEHIND = frozenset({"resolved", "went away", "gone away", "last year", "in the past", "पहले", "pehle",
                          "last winter", "last summer", "last spring", "as a child", "in college", "in childhood"}
                         | {f"in {year}" for year in range(1990, 2027)})  # fmt: skip
_HAVING = frozenset({"had", "have", "took", "used", "tried", "taken", "been", "got", "did", "was"})
_HINDI_STOPS = frozenset({"है", "हैं", "था", "थी", "hai", "hain", "लेकिन", "पर", "lekin", "magar"})


@dataclass(frozen=True, slots=True)
class Cue:
    start: int  # token indexes, end exclusive
    end: int


def find_cues(stream: Sequence[Token], *path: str) -> list[Cue]:
    """Where phrases of one cue list stand, longest first, none overlapping."""
    index = cue_index(*path)
    found: list[Cue] = []
    free = 0
    for at, token in enumerate(stream):
        if at >= free and (phrases := index.get(token.word)):
            length = next((len(p) for p in phrases if phrase_at(stream, at, p)), 0)
            if length:
                found.append(Cue(at, at + length))
                free = at + length
    return found


def negated_words(stream: Sequence[Token]) -> frozenset[int]:
    """Indexes of the words of one clause that stand under a negation."""
    spared = {i for cue in find_cues(stream, "negation", "not_negation") for i in range(cue.start, cue.end)}
    stops = {cue.start for cue in find_cues(stream, "negation", "stop")}
    under: set[int] = set()
    for cue in find_cues(stream, "negation", "before"):
        if cue.start in spared:
            continue
        for index in range(cue.end, min(len(stream), cue.end + NEGATION_REACH)):
            object_of_verb = index == cue.end and stream[cue.start].word != "no"  # "denies it hurts"; but "no it hurts"
            if (index in stops or _new_subject(stream, index)) and not object_of_verb:
                break
            if stream[index].word == "on" and stream[cue.start].word in {"no", "without"}:
                break  # "no perforation on otoscopy"
            under.add(index)
    for cue in find_cues(stream, "negation", "after"):
        for index in range(cue.start - 1, max(0, cue.start - AFTER_REACH) - 1, -1):
            if stream[index].word in _HINDI_STOPS:
                break  # "दर्द है बुखार नहीं है": only the fever
            under.add(index)
    return frozenset(under)


def _new_subject(stream: Sequence[Token], index: int) -> bool:
    """ "no fever and i have a cough": the second half is not denied."""
    return stream[index].word in {
        "i",
        "i'm",
        "i've",
        "he",
        "she",
        "it",
        "it's",
        "they",
        "we",
        "patient",
    } and index + 1 < len(stream)


def experiencer_at(stream: Sequence[Token], index: int) -> Experiencer:
    """Whose finding stands here: the nearest person before it in the clause decides."""
    kinds: dict[int, Experiencer] = {}
    for cue in find_cues(stream, "family"):
        kinds[cue.start] = "family"
    for cue in find_cues(stream, "other"):
        kinds[cue.start] = "other"
    reporters = {cue.start for cue in find_cues(stream, "reporter")}
    if index and stream[index - 1].word == "my":
        return "patient"
    for at in range(index - 1, -1, -1):
        word = stream[at].word
        if word in {"i", "i'm", "i've", "i'd", "me", "patient"}:
            return "patient"
        if at in kinds:
            told = any(at < r <= at + 3 for r in reporters)
            return "patient" if told else kinds[at]
    if "family" in kinds.values() and any(t.word == "runs" for t in stream[index:]):
        return "family"
    return "patient"


def time_at(stream: Sequence[Token], index: int) -> Time:
    if any(cue.start < index for cue in find_cues(stream, "planned")):
        return "planned"
    if _HAVING & {t.word for t in stream[:index]} and _ends_before(stream):
        return "past"  # "i took stemetil before", "did you have depression before"
    for cue in find_cues(stream, "past"):
        phrase = " ".join(t.word for t in stream[cue.start : cue.end])
        if phrase == "ago" or phrase.endswith(" ago"):
            if not _onset(stream):
                return "past"
        elif cue.start < index or phrase in _PAST_BEHIND:
            return "past"
    return "current"


def _ends_before(stream: Sequence[Token]) -> bool:
    """ "… before", "… before but it made me drowsy": not "before breakfast"."""
    following = [*(t.word for t in stream[1:]), "but"]
    return any(t.word == "before" and after in {"but", "and", "so"} for t, after in zip(stream, following, strict=True))


def _onset(stream: Sequence[Token]) -> bool:
    """ "started three weeks ago" tells since when, not that it is over."""
    onset = {"started", "start", "starting", "began", "since", "noticed", "developed", "getting", "came", "been"}
    return any(t.word in onset for t in stream)


def side_at(stream: Sequence[Token], first: int, last: int) -> Side | None:
    """The side named in the mention, else the nearest one around it."""
    sides: dict[int, Side] = {}
    for side in ("left", "right", "both"):
        for cue in find_cues(stream, side):
            if not (side == "right" and _not_a_side(stream, cue.start)):
                sides[cue.start] = side
    inside = [sides[i] for i in range(first, last + 1) if i in sides]
    if inside:
        return inside[0]
    near = [(first - i if i < first else i - last, s) for i, s in sides.items()]
    near = [(distance, s) for distance, s in near if distance <= SIDE_REACH]
    return min(near)[1] if near else None


def _not_a_side(stream: Sequence[Token], index: int) -> bool:
    """ "right now", "all right", "that's right", "right?" at the end after a comma-less pause."""
    after = stream[index + 1].word if index + 1 < len(stream) else ""
    before = stream[index - 1].word if index else ""
    return after in {"now", "away", "here", "there", "before", "after", "when", "okay", "so", ""} and before not in {
        "the", "my", "your", "on", "in", "his", "her",
    } or before in {"all", "that's", "is", "alright"}  # fmt: skip


def asks(stream: Sequence[Token], marked: bool) -> Literal["polar", "wh"] | None:
    """Is this clause a yes/no question, an open one, or none? Spoken text often has no question mark."""
    start = 0
    fillers = {p[0] for p in cue_phrases("answers", "filler") if len(p) == 1} | {"and", "alright", "do", "then"}
    while start < len(stream) and stream[start].word in fillers - {"do"}:
        start += 1
    if any(phrase_at(stream, start, p) for p in cue_phrases("question", "start")):
        return "polar"
    if any(phrase_at(stream, start, p) for p in cue_phrases("question", "wh")):
        return "wh" if marked or start < len(stream) else None
    if stream and stream[-1].word in {"kya", "क्या"}:
        return "polar"  # "chakkar aata hai kya"
    tag_only = len(stream) > 6 and stream[-1].word in {"okay", "ok", "alright"}  # "we will do a scan, okay?"
    return "polar" if marked and not tag_only else None
