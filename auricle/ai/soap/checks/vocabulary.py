"""What the judge takes for the same, the opposite, or somebody else: `words.yaml`, indexed once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import yaml

from auricle.ai.tokens import Token, phrase_at, words

_ENDINGS = ("ings", "ing", "edly", "ed", "es", "s", "ly")
_MIN_STEM = 3

Phrase = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """A phrase of a list in a stream of words: its name there, and its tokens."""

    name: str
    first: int
    last: int


class Phrases:
    """Phrases under names; one phrase may have several."""

    def __init__(self, named: Mapping[str, Sequence[str]]) -> None:
        self._by_first: dict[str, list[tuple[Phrase, str]]] = {}
        for name, phrases in named.items():
            for phrase in {tuple(words(p)) for p in phrases} - {()}:
                self._by_first.setdefault(phrase[0], []).append((phrase, name))

    def at(self, stream: Sequence[Token], index: int) -> Iterator[Hit]:
        for phrase, name in self._by_first.get(stream[index].word, ()):
            if phrase_at(stream, index, phrase):
                yield Hit(name, index, index + len(phrase) - 1)

    def hits(self, stream: Sequence[Token]) -> list[Hit]:
        """In order; of two that begin at one word the longer, none overlapping."""
        found: list[Hit] = []
        at = 0
        while at < len(stream):
            here = list(self.at(stream, at))
            longest = max((h.last for h in here), default=-1)
            found += [h for h in here if h.last == longest]
            at = max(at, longest) + 1
        return found


@cache
def listed() -> Mapping[str, Any]:
    data: Mapping[str, Any] = yaml.safe_load(resources.files(__package__).joinpath("words.yaml").read_text("utf-8"))
    return data


@cache
def template_words() -> frozenset[str]:
    """Words of a note's own language: they need no source."""
    return frozenset(words(listed()["template"]))


@cache
def same() -> Phrases:
    return Phrases(listed()["same"])


@cache
def relatives() -> Phrases:
    return Phrases(listed()["relatives"])


@cache
def opposites() -> Mapping[str, Phrases]:
    """For each thing that has poles, the phrases of each pole."""
    return {thing: Phrases(poles) for thing, poles in listed()["opposites"].items()}


@cache
def times() -> Phrases:
    return Phrases({when: listed()["times"][when] for when in listed()["times"]})


@cache
def examined() -> Phrases:
    """Words that only an examination or a measurement brings into a note."""
    return Phrases({"examination": listed()["examined"]})


@cache
def single_words(name: str) -> frozenset[str]:
    return frozenset(word for phrase in listed()[name] for word in words(phrase))


def denied_by_itself(word: str) -> str | None:
    """ "afebrile" denies fever."""
    found = listed()["denying"].get(word)
    return str(found) if found else None


_IRREGULAR = {
    one: base
    for base, forms in {
        "feel": "felt", "take": "took taken", "go": "went gone goes", "get": "got gotten", "come": "came",
        "see": "saw seen",
        "fall": "fell fallen", "break": "broke broken", "begin": "began begun", "run": "ran", "eat": "ate eaten",
        "drink": "drank drunk", "sleep": "slept", "lose": "lost", "tell": "told", "say": "said", "think": "thought",
        "keep": "kept", "wake": "woke woken", "know": "knew known", "give": "gave given", "bleed": "bled",
        "swell": "swollen swelled", "child": "children", "foot": "feet", "tooth": "teeth", "catch": "caught",
        "bring": "brought", "find": "found", "hear": "heard", "do": "did done does", "make": "made",
        "wear": "wore worn",
        "throw": "threw thrown", "stand": "stood", "sit": "sat", "lie": "lying lay", "grow": "grew grown",
    }.items()
    for one in forms.split()
}  # fmt: skip


def stem(word: str) -> str:
    """A crude stem that makes "tries", "trying" and "tried" mostly meet."""
    word = word.removesuffix("'s")
    if not word.isascii():
        return word
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word.endswith(("ies", "ied")) and len(word) > 4:
        return word[:-3] + "i"
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _MIN_STEM:
            word = word[: -len(ending)]
            if len(word) > _MIN_STEM and word[-1] == word[-2] and word[-1] in "bdgmnprt":
                word = word[:-1]
            break
    if len(word) > _MIN_STEM - 1 and word.endswith("y"):
        return word[:-1] + "i"
    return word.rstrip("e") if len(word) > _MIN_STEM else word
