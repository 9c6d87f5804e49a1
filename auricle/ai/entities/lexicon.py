"""The vocabulary: YAML lists written by us, compiled once into a word trie, longest match first."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any, Literal, get_args

import yaml

from auricle.ai.tokens import Token, words
from auricle.errors import Misconfigured

LexiconKind = Literal["problem", "symptom", "drug", "procedure", "anatomy", "lab", "vital", "device", "hearing"]
FILES: Mapping[str, LexiconKind] = {
    # A phrase in two files belongs to the later one.
    "anatomy": "anatomy",
    "labs": "lab",
    "vitals": "vital",
    "procedures": "procedure",
    "symptoms": "symptom",
    "problems": "problem",
    "devices": "device",
    "hearing": "hearing",
    "drugs": "drug",
}
assert set(FILES.values()) == set(get_args(LexiconKind))


@dataclass(frozen=True, slots=True)
class Term:
    kind: LexiconKind
    name: str


@dataclass(frozen=True, slots=True)
class Mention:
    term: Term
    first: int  # index of the first and last token
    last: int


@dataclass(slots=True)
class _Node:
    next: dict[str, "_Node"] = field(default_factory=dict)
    term: Term | None = None


class Lexicon:
    """Finds known terms in a stream of words."""

    def __init__(self, terms: Mapping[tuple[str, ...], Term]) -> None:
        self._root = _Node()
        self.size = len(terms)
        self._terms = frozenset(terms.values())
        self.vocabulary = frozenset(word for phrase in terms for word in phrase)
        for phrase, term in terms.items():
            node = self._root
            for word in phrase:
                node = node.next.setdefault(word, _Node())
            node.term = term

    def terms(self) -> frozenset[Term]:
        return self._terms

    def mentions(self, stream: Sequence[Token]) -> Iterator[Mention]:
        """Terms in their order, the longest at each place, none overlapping."""
        at = 0
        while at < len(stream):
            found = self._longest(stream, at)
            if found is None:
                at += 1
                continue
            yield found
            at = found.last + 1

    def _longest(self, stream: Sequence[Token], at: int) -> Mention | None:
        node, best = self._root, None
        for index in range(at, len(stream)):
            word = stream[index].word
            step = node.next.get(word) or node.next.get(word.removesuffix("'s"))
            if step is None:
                break
            node = step
            if node.term is not None:
                best = Mention(node.term, at, index)
        return best


@cache
def lexicon() -> Lexicon:
    """The shipped vocabulary, read at the first call and kept."""
    terms: dict[tuple[str, ...], Term] = {}
    for phrase, term in curated():
        key = tuple(words(phrase))
        terms[key] = term
        if key[-1].isascii() and not key[-1].endswith("s"):
            terms.setdefault((*key[:-1], key[-1] + "s"), term)
    for phrase, term in gathered_drugs():
        terms.setdefault((phrase,), term)
    return Lexicon(terms)


def curated() -> Iterator[tuple[str, Term]]:
    """Our own lists, phrase by phrase."""
    for name, kind in FILES.items():
        for normal, spoken in load_words(name).items():
            term = Term(kind, str(normal))
            for phrase in [str(normal), *map(str, spoken or ())]:
                yield phrase, term


def gathered_drugs() -> Iterator[tuple[str, Term]]:
    """Generic and brand names of the FDA's list, one word each (`lists/drugs.py` says how they were chosen)."""
    for line in _lines("lists/drugs.txt"):
        generic, _, brands = line.partition(":")
        term = Term("drug", generic)
        for name in (generic, *brands.split()):
            yield name, term


def _lines(path: str) -> list[str]:
    text = resources.files(__package__).joinpath(path).read_text("utf-8")
    return [line for line in text.splitlines() if not line.startswith("#")]


@cache
def load_words(name: str) -> Mapping[str, Any]:
    text = resources.files(__package__).joinpath(f"words/{name}.yaml").read_text("utf-8")
    data = yaml.safe_load(text)
    if not isinstance(data, dict):
        raise Misconfigured("A word list is damaged.", stage=name)
    return data


@cache
def cue_phrases(*path: str) -> tuple[tuple[str, ...], ...]:
    """One list of `words/cues.yaml` as word tuples, longest first."""
    data: Any = load_words("cues")
    for key in path:
        data = data[key]
    return tuple(sorted({tuple(words(str(p))) for p in data} - {()}, key=len, reverse=True))


@cache
def cue_index(*path: str) -> Mapping[str, tuple[tuple[str, ...], ...]]:
    """The same list by its first word."""
    index: dict[str, list[tuple[str, ...]]] = {}
    for phrase in cue_phrases(*path):
        index.setdefault(phrase[0], []).append(phrase)
    return {first: tuple(phrases) for first, phrases in index.items()}
