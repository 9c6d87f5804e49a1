"""The two judgements of a clause that were learned: how much it is worth, and which section it belongs to."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import get_args

from auricle.ai.port import Section, Utterance
from auricle.ai.soap.learned.linear import Linear, shipped, softmax

_LATIN_SHARE = 0.6  # of the letters: what was learned is English


@dataclass(frozen=True, slots=True)
class Weights:
    section: Linear
    salience: Linear | None = None

    def worth(self, clues: Sequence[str]) -> float | None:
        """How much of the clause a clinician's note would carry, 0 to 1."""
        if self.salience is None:
            return None
        return softmax({**self.salience.scores(clues), "": 0.0})["kept"]

    def placed(self, clues: Sequence[str]) -> dict[Section, float]:
        chances = softmax(self.section.scores(clues))
        return {section: chances[section] for section in get_args(Section)}


@cache
def shipped_weights() -> Weights:
    return Weights(shipped("section"), shipped("salience"))


def is_english(utterances: Sequence[Utterance]) -> bool:
    letters = [c for u in utterances for c in u.text if c.isalpha()]
    return sum(c.isascii() for c in letters) > _LATIN_SHARE * len(letters)
