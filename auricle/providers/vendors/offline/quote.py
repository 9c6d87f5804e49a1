"""The sentence or two of the offered passages that answer a question best: always a verbatim piece of one passage."""

import math
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from auricle.providers.ports import Passage

LONGEST_CHARACTERS = 420
HEADING_CHARACTERS = 80
CONTEXT_WEIGHT = 0.5  # a question's word in the title or heading above a sentence, against one in the sentence itself
SECOND_SENTENCE_COST = 0.05
SAME_MATTER_GAIN = 0.02  # under a heading that the question names, the next sentence mostly goes on with the answer
RANK_WEIGHT = 0.15
SHORT_CHARACTERS = 60  # less seldom answers anything alone

_SENTENCE = re.compile(r"[^\n.?!।॥]*(?:[.?!।॥](?!\s|$)[^\n.?!।॥]*)*(?:[.?!।॥]+[\"”’)]*|\n|$)")
_WORD = re.compile(r"[^\W_]+(?:[\u0900-\u0DFF]+)?|[\u0900-\u0DFF]+")
_ABBREVIATION = re.compile(r"\b(?:Dr|Mr|Mrs|Ms|Prof|St|e\.g|i\.e|approx|No|vs)\.$")
_ENGLISH = """
a about after all am an and any are as at be been before being but by can could did do does for from had has have he her
his how i if in into is it its know like may me my need of on or our please she should so some sorry tell than that the
their them then there they this to us wait want was we were what when where which while who why will with would you your
"""
_HINDI = """
है हैं था थी थे हो हूँ हूं का की के को में से पर ने और या तो भी ही यह वह ये वे क्या कैसे कब कहाँ कहां क्यों कौन मैं मुझे मेरा मेरी मेरे हम
आप आपका आपकी करना करें करे होता होती लिए एक जो कि चाहिए बताइए
"""
_EMPTY = frozenset((_ENGLISH + _HINDI).split())
# Asked for by one word and told by another. Only what hardly means anything else: a battery has a charge, too.
_MONEY = "price prices priced cost costs fee fees rupee rupees कीमत दाम फीस फ़ीस शुल्क खर्च ख़र्च रुपये रुपए"
_SAME = dict.fromkeys(unicodedata.normalize("NFC", _MONEY).split(), "price")


@dataclass(frozen=True, slots=True)
class Quote:
    text: str  # == passage.text[…], white space at its ends left out
    number: int  # of the passage, from 1, in the order offered
    title: str


@dataclass(frozen=True, slots=True)
class _Candidate:
    passage: int
    start: int
    end: int
    words: frozenset[str]
    context: frozenset[str]
    sentences: int


def best_quote(question: str, passages: Sequence[Passage]) -> Quote | None:
    """None where no passage shares a word with the question."""
    wanted = _words(question)
    candidates = [candidate for number in range(len(passages)) for candidate in _candidates(passages[number], number)]
    singles = [candidate for candidate in candidates if candidate.sentences == 1]
    weights = {word: math.log(1 + len(singles) / (1 + sum(_holds(c.words, word) for c in singles))) for word in wanted}
    best = max(candidates, key=lambda c: (_score(c, weights), -c.passage, -c.start), default=None)
    if best is None or not any(_holds(best.words | best.context, word) for word in wanted):
        return None
    passage = passages[best.passage]
    return Quote(passage.text[best.start : best.end].strip(), best.passage + 1, passage.title)


def _score(candidate: _Candidate, weights: dict[str, float]) -> float:
    total = sum(weights.values()) or 1.0
    own = sum(weight for word, weight in weights.items() if _holds(candidate.words, word))
    around = sum(
        weight
        for word, weight in weights.items()
        if not _holds(candidate.words, word) and _holds(candidate.context, word)
    )
    second = SAME_MATTER_GAIN if around else -SECOND_SENTENCE_COST
    short = candidate.end - candidate.start < SHORT_CHARACTERS
    return (
        (own + CONTEXT_WEIGHT * around) / total
        + RANK_WEIGHT / (1 + candidate.passage)
        + second * (candidate.sentences - 1)
        - (2 * SECOND_SENTENCE_COST if short else 0.0)
    )


def _candidates(passage: Passage, number: int) -> Iterator[_Candidate]:
    """Single sentences and neighbouring pairs, with the words of what stands above them."""
    title = _words(passage.title)
    above: frozenset[str] = frozenset()
    before: tuple[int, frozenset[str]] | None = None
    for start, end in _sentences(passage.text):
        text = passage.text[start:end].strip()
        if not text.endswith((".", "!", "?", "।", "॥", "”", '"', ")")) and len(text) <= HEADING_CHARACTERS:
            above, before = _words(text), None
            continue
        if text.endswith("?"):  # a question in the text is the heading of what follows it, not an answer
            above, before = _words(text), None
            continue
        words = _words(text)
        if end - start <= LONGEST_CHARACTERS:
            yield _Candidate(number, start, end, words, title | above, 1)
        if before is not None and end - before[0] <= LONGEST_CHARACTERS:
            yield _Candidate(number, before[0], end, before[1] | words, title | above, 2)
        before = (start, words)


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    start: int | None = None
    for match in _SENTENCE.finditer(text):
        if not match[0].strip():
            continue
        start = match.start() if start is None else start
        if _ABBREVIATION.search(match[0]):
            continue
        yield start, match.end()
        start = None
    if start is not None:
        yield start, len(text)


def _words(text: str) -> frozenset[str]:
    normal = unicodedata.normalize("NFC", text).casefold()
    return frozenset(_SAME.get(word, word) for word in _WORD.findall(normal) if word not in _EMPTY and len(word) > 1)


def _holds(words: frozenset[str], word: str) -> bool:
    return word in words or any(_alike(word, other) for other in words)


def _alike(one: str, other: str) -> bool:
    """Two forms of one word, roughly: "prepare" and "preparing", "battery" and "batteries"."""
    shorter, longer = sorted((one, other), key=len)
    if len(shorter) < 4 or len(longer) - len(shorter) > 4:
        return False
    shared = next((i for i, (a, b) in enumerate(zip(shorter, longer, strict=False)) if a != b), len(shorter))
    return shared >= 4 and shared >= len(shorter) - 1
