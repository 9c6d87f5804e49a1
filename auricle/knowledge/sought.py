"""What a question asks for of its matter, and by which words a passage is known that tells it.

"How many people have it?" shares no word with "one in 40,000 newborns". Similarity and letters find the matter; of the
passages on one matter they hardly tell which one says what is wanted. The kinds and their words are in `sought.yaml`.
"""

import importlib.resources
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import yaml

from auricle.knowledge.words import stem, words


@dataclass(frozen=True, slots=True)
class Kind:
    """One thing that can be asked for."""

    asked: frozenset[str]  # stems
    phrases: tuple[tuple[str, ...], ...]
    told: tuple[str, ...]  # stems

    def is_asked(self, question: Sequence[str], stems: frozenset[str]) -> bool:
        return not self.asked.isdisjoint(stems) or any(
            phrase == tuple(question[at : at + len(phrase)])
            for phrase in self.phrases
            for at in range(len(question) - len(phrase) + 1)
        )


@cache
def kinds() -> tuple[Kind, ...]:
    text = (importlib.resources.files("auricle.knowledge") / "sought.yaml").read_text("utf-8")
    return tuple(
        Kind(
            frozenset(map(stem, words(told.get("asked", "")))),
            tuple(tuple(words(phrase)) for phrase in told.get("phrases", ())),
            tuple(sorted({stem(word) for word in words(told["told"])})),
        )
        for told in yaml.safe_load(text).values()
    )


def telling(question: str) -> list[str]:
    """Stems of the words in which what a question asks for is told; none where it asks for none of the kinds."""
    found = words(question)
    stems = frozenset(map(stem, found))
    return sorted({word for kind in kinds() if kind.is_asked(found, stems) for word in kind.told})
