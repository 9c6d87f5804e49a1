"""Whether the knowledge holds what was asked: answer, ask back, or say that it is not there.

Similarity alone is treacherous: a question about a disease that is not in the base looks just like one that is. So it
is multiplied by how much of the question's own words, the rare ones most, the best passages hold; letters are compared
loosely, because words are misheard. And it counts for less where the passage's title names something else: "Marfan
syndrome" shares a word with a question about another syndrome, which makes it more alike and no likelier to be meant.
That is so in a large base, whose titles name many things of a kind; a clinic's dozen pages are titled "Ways to pay".
One threshold can't serve clean and misheard questions, hence the level between.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from auricle.knowledge.rank import Postings
from auricle.knowledge.words import STOP_WORDS, is_slip, likeness, stem, words

Level = Literal["answer", "confirm", "unknown"]

ALIKE = 0.65  # words less alike than this are different words
PASSAGES = 3
NAMES_ELSE = 0.5  # what support is worth where the title shares as good as nothing of what it names, but something
NAMES_NOTHING = 0.75  # the same where it shares no word at all: titles need not name a matter
PREFIX = 3  # so many letters in common with a longer word make a form of it ("hear", "hearing"; "डाल", "डालें")
LONGER = 0.9
BARE = 3  # so few words are hardly a sentence, and similar to little …
WHOLE = 0.97  # … but so much of their weight in one passage is what was asked for
WHOLE_COUNTS, MOST = 1.5, 0.95  # in a sentence it makes similarity count for more, up to so much support, where …
NAMED = 0.85  # … the title says so, too, or says nothing else
FEW, MANY = 100, 2_000  # chunks: up to so many no title counts, from so many on all that it says

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
    """Support (similarity × coverage × title) from which to answer, and to ask back. See `bench/knowledge`."""

    answer: float = 0.52
    confirm: float = 0.27
    whole_dense: float = 0.25  # similarity that will do where a passage holds every word of the question
    lexical_answer: float = 0.6  # coverage alone, where the embedder does not know the script
    lexical_confirm: float = 0.4


@dataclass(frozen=True, slots=True)
class Evidence:
    """One of the best passages as seen by the judgement: its words, with those of its title."""

    text: str
    dense: float | None  # None where the query was not embedded
    titles: Sequence[str] = ()  # of its document and section, each judged by itself


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
    rarity = _rarity(asked, vocabulary, size)
    total = sum(rarity.values())
    support, suggestion, embedded, is_doubtful = 0.0, "", False, False
    is_bare, of_many = len(words(query)) <= BARE, _of_many(size)
    for evidence in best[:PASSAGES]:
        held = Held(evidence.text)
        matches = {word: held.closest(word) for word in asked}
        coverage = sum(rarity[word] * alike for word, (alike, _) in matches.items()) / total
        embedded = embedded or evidence.dense is not None
        named = max((_named(title, query, vocabulary, size) for title in evidence.titles), default=1.0) ** of_many
        strength = coverage * (1.0 if evidence.dense is None else max(0.0, evidence.dense) * named)
        if coverage >= WHOLE:
            strength = max(strength, _whole(evidence.dense or 0.0, named, is_bare, thresholds))
        if strength > support:
            support = strength
            unheard_of = {word: match for word, match in matches.items() if not holders[word]}
            suggestion = _misheard(unheard_of)
            is_doubtful = any(alike and not is_slip(word, other) for word, (alike, other) in unheard_of.items())
    answer, confirm = (
        (thresholds.answer, thresholds.confirm) if embedded else (thresholds.lexical_answer, thresholds.lexical_confirm)
    )
    level: Level = "answer" if support >= answer else "confirm" if support >= confirm else "unknown"
    if level == "answer" and is_doubtful:  # "hypotension" looks like "hypertension": ask, never take it for the same
        level = "confirm"
    return Verdict(level, support, suggestion)


def _rarity(asked: Sequence[str], vocabulary: Postings, size: int) -> dict[str, float]:
    return {word: math.log(1 + size / (0.5 + len(vocabulary.holders(stem(word))))) ** 2 for word in asked}


def _whole(dense: float, named: float, is_bare: bool, thresholds: Thresholds) -> float:
    """The support of a passage that holds every word of the question; 0 where that says nothing."""
    if is_bare:
        return thresholds.answer if dense >= thresholds.whole_dense else 0.0
    return min(MOST, WHOLE_COUNTS * dense) if named >= NAMED else 0.0


def _of_many(size: int) -> float:
    """How much titles tell in a base of so many chunks, 0 to 1."""
    return min(1.0, max(0.0, math.log(max(1, size) / FEW) / math.log(MANY / FEW)))


def _named(title: str, question: str, vocabulary: Postings, size: int) -> float:
    """How far a title names what is asked: 1 where the question holds all of its words, the rare ones most."""
    rarity = _rarity([word for word in dict.fromkeys(words(title)) if word not in STOP_WORDS], vocabulary, size)
    asked = Held(question)
    held = {word: asked.closest(word)[0] for word in rarity}
    if not any(held.values()):
        return NAMES_NOTHING
    share = sum(rarity[word] * alike for word, alike in held.items()) / sum(rarity.values())
    return NAMES_ELSE + (1 - NAMES_ELSE) * share


def closest(word: str, passage: str) -> tuple[float, str]:
    """How well a passage holds a word, and the passage's word that comes closest (0 and empty when none is alike)."""
    return Held(passage).closest(word)


class Held:
    """The words of a passage."""

    def __init__(self, passage: str) -> None:
        self._words = set(words(passage))
        self._by_stem = {stem(word): word for word in sorted(self._words, reverse=True)}

    def closest(self, word: str) -> tuple[float, str]:
        if word in self._words:
            return 1.0, word
        same = self._by_stem.get(stem(word))
        if same is not None:
            return 1.0, same
        others = self._words
        longer = min((other for other in others if len(word) >= PREFIX and other.startswith(word)), key=len, default="")
        if longer:
            return LONGER, longer
        if len(word) < 4:
            return 0.0, ""
        near = [(likeness(word, other), other) for other in others if abs(len(other) - len(word)) <= 2]
        alike, other = max(near, default=(0.0, ""))
        return (alike, other) if alike >= ALIKE else (0.0, "")


def _misheard(unheard_of: dict[str, tuple[float, str]]) -> str:
    """Of the words that stand nowhere in the knowledge, the passage's likeliest spelling of one."""
    return max((match for match in unheard_of.values() if match[0] > 0), default=(0.0, ""))[1]
