"""Whether the knowledge holds what was asked: answer, ask back, or say that it is not there.

Similarity alone is treacherous: a question about a disease that is not in the base looks just like one that is. So it
is multiplied by how much of the question's own words, the rare ones most, the best passages hold; letters are compared
loosely, because words are misheard. One threshold can't serve clean and misheard questions, hence the level between.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from auricle.knowledge.rank import Postings
from auricle.knowledge.words import STOP_WORDS, likeness, stem, words

Level = Literal["answer", "confirm", "unknown"]

ALIKE = 0.65  # words less alike than this are different words
PASSAGES = 3
PREFIX = 3  # so many letters in common with a longer word make a form of it ("hear", "hearing"; "डाल", "डालें")
LONGER = 0.9
WHOLE = 0.97  # so much of a question's weight in one passage is the question itself, however short it is

# Words of asking rather than of the matter: their absence from a passage says nothing about what it holds.
ASKING_WORDS = """
after against also another before best between during explain find first get gets getting give go going got happen
happens hello help helps hi just kind know let like long look make many mean means more most much need needed needs
often ok okay other really right say says soon sort take takes thank thanks thing think time too use used very want
wants way while work
"""
ASKING = frozenset(ASKING_WORDS.split())


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Support (similarity × coverage) from which to answer, and from which to ask back. See `bench/knowledge`."""

    answer: float = 0.45
    confirm: float = 0.27
    whole_dense: float = 0.25  # similarity that will do where a passage holds every word of the question
    lexical_answer: float = 0.6  # coverage alone, where the embedder does not know the script
    lexical_confirm: float = 0.4


@dataclass(frozen=True, slots=True)
class Evidence:
    """One of the best passages as seen by the judgement: its words, with those of its title."""

    text: str
    dense: float | None  # None where the query was not embedded


@dataclass(frozen=True, slots=True)
class Verdict:
    level: Level
    support: float
    suggestion: str = ""  # for "did you mean …?": the word that was probably meant


NOTHING = Verdict("unknown", 0.0)


def judge(
    query: str, best: Sequence[Evidence], vocabulary: Postings, size: int, thresholds: Thresholds = Thresholds()
) -> Verdict:
    """Judge a question by the best passages found for it.

    Args:
        vocabulary: the index of stems, for how rare a word is among the `size` chunks.
    """
    meant = [word for word in dict.fromkeys(words(query)) if word not in STOP_WORDS]
    asked = [word for word in meant if word not in ASKING] or meant
    if not asked or not best:
        return NOTHING
    holders = {word: len(vocabulary.holders(stem(word))) for word in asked}
    rarity = {word: math.log(1 + size / (0.5 + count)) ** 2 for word, count in holders.items()}
    total = sum(rarity.values())
    support, suggestion, embedded = 0.0, "", False
    for evidence in best[:PASSAGES]:
        matches = {word: closest(word, evidence.text) for word in asked}
        coverage = sum(rarity[word] * alike for word, (alike, _) in matches.items()) / total
        embedded = embedded or evidence.dense is not None
        strength = coverage * (1.0 if evidence.dense is None else max(0.0, evidence.dense))
        if evidence.dense is not None and coverage >= WHOLE and evidence.dense >= thresholds.whole_dense:
            strength = max(strength, thresholds.answer)
        if strength > support:
            support = strength
            suggestion = _misheard({word: match for word, match in matches.items() if not holders[word]})
    answer, confirm = (
        (thresholds.answer, thresholds.confirm) if embedded else (thresholds.lexical_answer, thresholds.lexical_confirm)
    )
    level: Level = "answer" if support >= answer else "confirm" if support >= confirm else "unknown"
    return Verdict(level, support, suggestion)


def closest(word: str, passage: str) -> tuple[float, str]:
    """How well a passage holds a word, and the passage's word that comes closest (0 and empty when none is alike)."""
    found = set(words(passage))
    if word in found:
        return 1.0, word
    wanted = stem(word)
    same = next((other for other in found if stem(other) == wanted), None)
    if same is not None:
        return 1.0, same
    longer = min((other for other in found if len(word) >= PREFIX and other.startswith(word)), key=len, default=None)
    if longer is not None:
        return LONGER, longer
    if len(word) < 4:
        return 0.0, ""
    near = [(likeness(word, other), other) for other in found if abs(len(other) - len(word)) <= 2]
    alike, other = max(near, default=(0.0, ""))
    return (alike, other) if alike >= ALIKE else (0.0, "")


def _misheard(unheard_of: dict[str, tuple[float, str]]) -> str:
    """Of the words that stand nowhere in the knowledge, the passage's likeliest spelling of one."""
    return max((match for match in unheard_of.values() if match[0] > 0), default=(0.0, ""))[1]
