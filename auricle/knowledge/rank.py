"""The hybrid ranking: similarity and character grams, both scaled over their best, and bonuses for terms and telling.

Pure numpy. Character grams stand misspelt and misheard words; the title is a lexical field of its own; min-max over the
best of each is better than fusing ranks; of passages on one matter that one leads which tells what is asked for. The
figures behind the weights are in `bench/knowledge`.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auricle.knowledge.sought import telling
from auricle.knowledge.spelling import Spelling
from auricle.knowledge.words import STOP_WORDS, grams, is_indic, is_mostly_latin, sounds, stem, words

Floats = NDArray[np.float32]
Indices = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Weights:
    dense: float = 0.6
    lexical: float = 0.4
    title: float = 6.0  # of the title's lexical score, beside the body's 1
    coverage: float = 0.8  # bonus for the whole of the query's terms
    sought: float = 0.7  # what it adds to the passage that tells most of what the question asks for (see `sought.py`)
    depth: int = 100  # how many of the best define the scale
    k1: float = 0.9
    b: float = 0.4
    # For questions in an Indic script, of how words sound:
    sound: float = 1.5  # its score, beside the letters' 1
    sound_b: float = 0.8  # `b` for it
    sound_coverage: float = 0.4  # in the place of `coverage`


@dataclass(frozen=True, slots=True)
class Ranked:
    """One chunk of an answer list: where it stands in the index, and why."""

    index: int
    score: float
    dense: float  # cosine, 0 where the query was not embedded
    coverage: float  # share of the query's terms that the chunk or its title holds, the rare ones most


class Postings:
    """For each key (a gram, a term) the texts that hold it, with a weight; as one pair of arrays."""

    def __init__(
        self, keys: dict[str, int], offsets: NDArray[np.int64], texts: Indices, weights: Floats, size: int
    ) -> None:
        self._keys, self._offsets, self._texts, self._weights, self._size = keys, offsets, texts, weights, size

    @classmethod
    def build(
        cls, texts: Sequence[Sequence[str]], split_word: Callable[[str], Iterable[str]], weights: Weights
    ) -> "Postings":
        """Index tokenised texts by what `split_word` makes of each word, weighted as BM25 (Lucene's form)."""
        keys: dict[str, int] = {}
        known: dict[str, NDArray[np.int32]] = {}
        occurrences: list[NDArray[np.int32]] = []
        lengths = np.zeros(len(texts), np.int64)
        for number, text in enumerate(texts):
            for word in text:
                found = known.get(word)
                if found is None:
                    found = np.array([keys.setdefault(key, len(keys)) for key in split_word(word)], np.int32)
                    known[word] = found
                occurrences.append(found)
                lengths[number] += len(found)
        every = np.concatenate(occurrences) if occurrences else np.zeros(0, np.int32)
        owner = np.repeat(np.arange(len(texts)), lengths)
        pairs, counts = np.unique(every.astype(np.int64) * max(1, len(texts)) + owner, return_counts=True)
        key, text_of = pairs // max(1, len(texts)), (pairs % max(1, len(texts))).astype(np.int32)
        frequency = np.bincount(key, minlength=len(keys))
        idf = np.log(1 + (len(texts) - frequency + 0.5) / (frequency + 0.5))
        norm = weights.k1 * (
            1 - weights.b + weights.b * lengths / max(1e-9, float(lengths.mean()) if len(texts) else 1)
        )
        scored = (idf[key] * counts / (counts + norm[text_of])).astype(np.float32)
        return cls(keys, np.concatenate(([0], np.cumsum(frequency))), text_of, scored, len(texts))

    def holders(self, key: str) -> Indices:
        """The texts that hold a key."""
        number = self._keys.get(key)
        return self._texts[:0] if number is None else self._texts[self._offsets[number] : self._offsets[number + 1]]

    def scores(self, keys: Iterable[str]) -> Floats:
        """The summed weights of some keys in every text, in one pass over their stretches."""
        numbers = [self._keys[key] for key in keys if key in self._keys]
        stretches = [slice(self._offsets[number], self._offsets[number + 1]) for number in numbers]
        if not stretches:
            return np.zeros(self._size, np.float32)
        texts = np.concatenate([self._texts[stretch] for stretch in stretches])
        weights = np.concatenate([self._weights[stretch] for stretch in stretches])
        return np.bincount(texts, weights, minlength=self._size).astype(np.float32)


class Index:
    """An exact hybrid index over chunks that fit in memory. Immutable once built, so threads may share it."""

    def __init__(
        self, bodies: Sequence[str], titles: Sequence[str], vectors: Floats, weights: Weights = Weights()
    ) -> None:
        self.weights = weights
        self.vectors = np.ascontiguousarray(vectors, np.float32)
        in_body = [_meaningful(body) for body in bodies]
        shared: dict[str, list[str]] = {}  # the chunks of a document share its title
        in_title = [shared.setdefault(title, _meaningful(title)) for title in titles]
        self._body = Postings.build(in_body, grams, weights)
        self._title = Postings.build(in_title, grams, weights)
        both = [[*b, *t] for b, t in zip(in_body, in_title, strict=True)]
        self.terms = Postings.build(both, _stems, weights)
        self.spelling = Spelling(both)
        # Hindi writes one name in many ways, and some of them in Latin letters.
        self._sound = (
            Postings.build(both, sounds, replace(weights, b=weights.sound_b)) if any(map(is_indic, bodies)) else None
        )

    def __len__(self) -> int:
        return len(self.vectors)

    def rank(self, query: str, vector: Floats | None, k: int, among: NDArray[np.int64] | None = None) -> list[Ranked]:
        """The best `k` chunks, by their letters only where there is no vector.

        Args:
            among: indices of the only chunks to consider.
        """
        chosen = slice(None) if among is None else among
        asked = _meaningful(query)
        by_sound = self._sound is not None and is_indic(query)
        by_letters = self._by_letters(asked, by_sound=by_sound)[chosen]
        if not len(by_letters):
            return []
        fused = _scaled(by_letters, self.weights.depth)
        dense = np.zeros(len(by_letters), np.float32)
        if vector is not None:
            dense = (self.vectors @ vector)[chosen]
            fused = self.weights.lexical * fused + self.weights.dense * _scaled(dense, self.weights.depth)
        best = _top(fused, max(k, self.weights.depth))
        coverage = self._coverage(asked, by_sound=by_sound)[chosen][best]
        told = self.terms.scores(telling(query))[chosen][best]
        final = fused[best] * (1 + self.weights.sought * told / max(told.max(), 1e-9))
        final += coverage * (self.weights.sound_coverage if by_sound else self.weights.coverage)
        return [
            Ranked(
                int(best[i] if among is None else among[best[i]]),
                float(final[i]),
                float(dense[best[i]]),
                float(coverage[i]),
            )
            for i in np.argsort(-final, kind="stable")[:k]
            if fused[best[i]] > 0
        ]

    def _by_letters(self, asked: Sequence[str], *, by_sound: bool) -> Floats:
        keys = [gram for word in asked for gram in grams(word)]
        scores = self._body.scores(keys) + self.weights.title * self._title.scores(keys)
        if by_sound and self._sound is not None:
            scores += self.weights.sound * self._sound.scores(sound for word in asked for sound in sounds(word))
        return scores

    def _coverage(self, asked: Sequence[str], *, by_sound: bool) -> Floats:
        share, total = np.zeros(len(self), np.float32), 0.0
        held = self._sound if by_sound and self._sound is not None else self.terms
        for term in {key for word in asked for key in (sounds(word)[-1:] if by_sound else [stem(word)])}:
            holders = held.holders(term)
            rarity = math.log(1 + len(self) / (0.5 + len(holders)))
            share[holders] += rarity
            total += rarity
        return share / max(total, 1e-9)


def fits_dense(query: str, *, multilingual: bool) -> bool:
    """Whether the embedder's vector for a query means anything (MiniLM on Hindi: nDCG .09 against .53 by letters)."""
    return multilingual or is_mostly_latin(query)


def _meaningful(text: str) -> list[str]:
    return [word for word in words(text) if word not in STOP_WORDS]


def _stems(word: str) -> list[str]:
    return [stem(word)]


def _top(scores: Floats, count: int) -> NDArray[np.int64]:
    """Indices of the best, best first."""
    count = min(count, len(scores))
    best = np.flatnonzero(scores >= _place(scores, count))
    return best[np.argsort(-scores[best], kind="stable")][:count]


def _place(scores: Floats, place: int) -> Any:
    """The score of the `place`-th best. Partial sorting is slow with many equal values, as the zeros of most are."""
    positive = scores[scores > 0]
    if len(positive) < place:
        return np.sort(scores)[-place]
    return np.partition(positive, len(positive) - place)[len(positive) - place]


def _scaled(scores: Floats, depth: int) -> Floats:
    """Scores so that the best is 1 and the `depth`-th is 0; what is below stays 0. Few chunks are measured from 0."""
    high, low = scores.max(), _place(scores, depth) if len(scores) > depth else 0.0
    scaled: Floats = np.maximum((scores - low) / (high - low + 1e-9), 0)
    return scaled
