"""The language that phrases are written in, and its translation to regular expressions over plain words.

    word                a word; `word*` any ending; `*ing` any beginning; `*` any word
    (a|b c|d)           one of several, each of one or more words; may hold others
    ~                   up to four words between, in the same clause
    a & b               both within reach, in either order (`a ~ b` and `b ~ a`)
    <year>, <number>    in figures

A phrase begins with a word, a stem of at least three letters (`stem*`), or alternatives of these: so it is found.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from auricle.safety.words import BREAK

STEM_LETTERS = 3
GAP_WORDS = 4
_WORD = rf"[^ {BREAK}]"
_FIGURES = {"<year>": r"(?:19|20)\d\d(?= )", "<number>": r"\d+(?= )"}


@dataclass(frozen=True)
class Spelling:
    """How one language spells, and what a denial inside one of its phrases looks like."""

    plain: Callable[[str], str]
    gap_stops: Sequence[str] = ()  # words that a gap does not pass over: "my chest does not hurt"
    negative_endings: Sequence[str] = ()  # a stem with one of these is denied: வலி* is not வலிக்கல

    def word(self, written: str) -> str:
        return self.plain(written).strip()

    @cached_property
    def gap(self) -> str:
        stops = f"(?! {any_of(self.gap_stops, self)})" if self.gap_stops else ""
        return rf"(?:{stops} {_WORD}+){{0,{GAP_WORDS}}}?"

    @cached_property
    def not_negative(self) -> str:
        endings = "|".join(re.escape(self.word(ending)) for ending in self.negative_endings)
        return rf"(?!{_WORD}*(?:{endings}) )" if endings else ""


@dataclass(frozen=True)
class Phrase:
    """One phrase, compiled when its first word is first met: most never are."""

    language: str
    category: str
    source: str = field(repr=False)
    needs: frozenset[str] = field(repr=False)  # one of these must begin a word of the text, if there are any

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(self.source)


def orders(phrase: str) -> list[str]:
    """The phrase, or both orders of one with `&`."""
    parts = [part.strip() for part in phrase.split(" & ")]
    if len(parts) > 2:
        raise ValueError(f"a phrase has at most one &: {phrase}")
    return [" ~ ".join(parts), " ~ ".join(reversed(parts))][: len(parts)]


@dataclass(frozen=True)
class _AnyOf:
    options: list[list["str | _AnyOf"]]


def regex_of(phrase: str, spelling: Spelling) -> str:
    """The phrase as a regular expression over plain words, without its outer spaces."""
    return _joined(_parsed(phrase), spelling)


def _parsed(phrase: str) -> list[str | _AnyOf]:
    tokens = re.findall(r"[()|]|[^\s()|]+", phrase)[::-1]
    parts = _sequence(tokens)
    if tokens or not parts or parts[-1] == "~" or phrase.count("(") != phrase.count(")"):
        raise ValueError(f"not a phrase: {phrase}")
    return parts


def _sequence(tokens: list[str]) -> list[str | _AnyOf]:
    parts: list[str | _AnyOf] = []
    while tokens and tokens[-1] not in ")|":
        piece = tokens.pop()
        parts.append(_alternatives(tokens) if piece == "(" else piece)
    return parts


def _alternatives(tokens: list[str]) -> _AnyOf:
    options = [_sequence(tokens)]
    while tokens and tokens.pop() == "|":
        options.append(_sequence(tokens))
    if not all(options):
        raise ValueError("a phrase has an empty alternative")
    return _AnyOf(options)


def _joined(parts: list[str | _AnyOf], spelling: Spelling) -> str:
    out = ""
    for number, part in enumerate(parts):
        if part == "~":
            out += spelling.gap
            continue
        out += " " if number else ""
        if isinstance(part, _AnyOf):
            options = sorted((_joined(option, spelling) for option in part.options), key=len, reverse=True)
            out += f"(?:{'|'.join(options)})"
        else:
            out += _one_word(part, spelling)
    return out


def _one_word(part: str, spelling: Spelling) -> str:
    if part in _FIGURES:
        return _FIGURES[part]
    if part == "*":
        return f"{_WORD}+"
    letters = re.escape(spelling.word(part.strip("*")))
    if not letters:
        raise ValueError(f"no letters in a phrase: {part}")
    beginning = f"{_WORD}*" if part.startswith("*") else ""
    ending = rf"{spelling.not_negative}{_WORD}*" if part.endswith("*") else ""
    return f"{beginning}{letters}{ending}(?= )"


def any_of(phrases: Iterable[str], spelling: Spelling) -> str:
    return "(?:" + "|".join(regex_of(phrase, spelling) for phrase in phrases) + ")" if phrases else "(?!)"


def first_words(phrase: str, spelling: Spelling) -> tuple[set[str], set[str]]:
    """The whole words and the stems with which a phrase can begin."""
    words, stems = set[str](), set[str]()
    for begins in _beginnings(_parsed(phrase)):
        letters = spelling.word(begins.rstrip("*")).split()
        if begins.startswith(("*", "~", "<")) or not letters:
            raise ValueError(f"a phrase must begin with a whole word or a stem: {phrase}")
        if not begins.endswith("*"):
            words.add(letters[0])
        elif len(letters) == 1 and len(letters[0]) >= STEM_LETTERS:
            stems.add(letters[0])
        else:
            raise ValueError(f"a stem at the beginning of a phrase needs {STEM_LETTERS} letters: {phrase}")
    return words, stems


def needed(phrase: str, spelling: Spelling) -> frozenset[str]:
    """The first letters of the words that the last part of a phrase can begin with: a cheap look before the pattern."""
    parts = _parsed(phrase)
    letters = set[str]()
    for begins in _beginnings(parts[-1:]) if len(parts) > 1 else ():
        word = spelling.word(begins.rstrip("*")).split()
        if begins.startswith(("*", "<")) or (begins.endswith("*") and len(word) == 1 and len(word[0]) < STEM_LETTERS):
            return frozenset()
        letters.add(word[0][:STEM_LETTERS])
    return frozenset(letters)


def _beginnings(parts: list[str | _AnyOf]) -> list[str]:
    first = parts[0]
    if isinstance(first, str):
        return [first]
    return [begins for option in first.options for begins in _beginnings(option)]


class Index:
    """Phrases by the words and stems they begin with."""

    def __init__(self) -> None:
        self._by_word: dict[str, list[Phrase]] = {}
        self._by_stem: dict[str, list[tuple[str, Phrase]]] = {}  # by the first letters of the stem
        self._words, self._beginnings = frozenset[str](), frozenset[str]()  # the keys, for intersections

    def add(self, phrase: Phrase, words: set[str], stems: set[str]) -> None:
        for word in words:
            self._by_word.setdefault(word, []).append(phrase)
        for stem in stems:
            self._by_stem.setdefault(stem[:STEM_LETTERS], []).append((stem, phrase))

    def close(self) -> None:
        self._words, self._beginnings = frozenset(self._by_word), frozenset(self._by_stem)

    def candidates(self, words: Sequence[str]) -> list[tuple[int, Phrase]]:
        """Which phrases may begin at which word. Most words begin none: this is what every sentence costs."""
        beginnings = [word[:STEM_LETTERS] for word in words]
        there = frozenset(beginnings)
        whole, stems = self._words.intersection(words), self._beginnings & there
        found: list[tuple[int, Phrase]] = []
        if not whole and not stems:
            return found
        for number, word in enumerate(words):
            if word in whole:
                for phrase in self._by_word[word]:
                    if not phrase.needs or not there.isdisjoint(phrase.needs):
                        found.append((number, phrase))
            if beginnings[number] in stems:
                for stem, phrase in self._by_stem[beginnings[number]]:
                    if word.startswith(stem) and (not phrase.needs or not there.isdisjoint(phrase.needs)):
                        found.append((number, phrase))
        return found

    def phrases(self) -> set[Phrase]:
        with_stems = {phrase for found in self._by_stem.values() for _, phrase in found}
        return with_stems.union(*self._by_word.values())
