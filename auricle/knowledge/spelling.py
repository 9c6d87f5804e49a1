"""What a misspelt or misheard word of a question was probably meant to be, by the words that the knowledge holds.

A word is only replaced where no chunk holds it in any form, and by one that looks much like it. That finds the
passages; whether they hold what was asked is judged by the question's own words (`known.py`), so that a disease which
is not in the base stays unknown however much its name looks like another's. The figures are in `bench/knowledge`.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from auricle.knowledge.words import STOP_WORDS, grams, is_indic, stem, words

SHORTEST = 5  # letters of a word that is looked up: shorter ones look like too many others
ALIKE = 0.6  # Dice over character pairs
LONGER = 2  # letters that the meant word may have more or fewer


class Spelling:
    """The words of some texts, to be found by their looks. Immutable."""

    def __init__(self, texts: Sequence[Sequence[str]]) -> None:
        """`texts` as lists of words in normal form."""
        held = Counter(word for text in texts for word in set(text))
        self._stems = {stem(word) for word in held}
        self._words = [word for word in held if len(word) >= SHORTEST - LONGER]
        self._times = np.array([held[word] for word in self._words], np.int32)
        self._lengths = np.array([len(word) for word in self._words], np.int32)
        pairs = [sorted(set(grams(word, 2))) for word in self._words]
        self._pairs = np.array([len(found) for found in pairs], np.int32)
        self._holders: dict[str, NDArray[np.int32]] = _holders(pairs)

    def meant(self, question: str) -> str:
        """The question with each unknown word replaced by the known one that looks most like it, where one does.

        The very same text where nothing is replaced.
        """
        found = words(question)
        meant = [self._closest(word) if self._is_unknown(word) else word for word in found]
        return question if meant == found else " ".join(meant)

    def _is_unknown(self, word: str) -> bool:
        if is_indic(word):  # those are found by how they sound (`rank.py`)
            return False
        return len(word) >= SHORTEST and word not in STOP_WORDS and stem(word) not in self._stems

    def _closest(self, word: str) -> str:
        pairs = set(grams(word, 2))
        holders = [self._holders[pair] for pair in pairs if pair in self._holders]
        if not holders:
            return word
        shared = np.bincount(np.concatenate(holders), minlength=len(self._words))
        alike = 2 * shared / (len(pairs) + self._pairs)
        alike[np.abs(self._lengths - len(word)) > LONGER] = 0
        best = np.flatnonzero(alike >= max(ALIKE, float(alike.max(initial=0))))
        return self._words[best[np.argmax(self._times[best])]] if len(best) else word


def _holders(pairs: Sequence[Sequence[str]]) -> dict[str, NDArray[np.int32]]:
    """For each pair of characters the numbers of the words that hold it."""
    found: dict[str, list[int]] = {}
    for number, held in enumerate(pairs):
        for pair in held:
            found.setdefault(pair, []).append(number)
    return {pair: np.array(numbers, np.int32) for pair, numbers in found.items()}
