"""Find what a model quotes in what was said. What comes out is always a verbatim span of the source, or nothing."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from auricle.ai.port import Evidence, Utterance
from auricle.ai.tokens import tokens

LONGEST_QUOTE = 600
LEAST_ELSEWHERE = 3  # words of a quote that may be found in another utterance than the one that was named
ALIKE = 0.75  # share of a quote's words that must stand in its place, in order
MOST_COMPARED = 400  # words of an utterance that an inexact quote is looked for in
_LEFT_OUT = re.compile(r"\s*(?:\.{3,}|…|\[\.\.\.\])\s*")
_SAME = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "\u00a0": " ", "‹": "<", "›": ">"})


@dataclass(frozen=True, slots=True)
class Folded:
    """A text without case and with single spaces, and where each of its characters stands in the original."""

    text: str
    places: Sequence[int]


@dataclass(slots=True)
class Said:
    """What a model was given, by the id that it knows it by. Each text is folded once."""

    utterances: Mapping[str, Utterance]
    _folded: dict[str, Folded] = field(default_factory=dict)

    def evidence(self, quote: str, named: str) -> list[Evidence]:
        """The verbatim spans that a quote stands for: several where it leaves words out, none where it is not here.

        `named` is the utterance that the model says it is from. Elsewhere a quote counts only if it is exact, and in
        one place alone.
        """
        pieces = [piece for piece in _LEFT_OUT.split(quote[:LONGEST_QUOTE].strip()) if tokens(piece)]
        found = [one for piece in pieces if (one := self._one(piece, named)) is not None]
        return found if len(found) == len(pieces) else []

    def _one(self, quote: str, named: str) -> Evidence | None:
        wanted = folded(quote).text.strip(" .,;:!?।-\"'")
        own = self.utterances.get(named)
        if own is not None and (found := self._exact(wanted, named) or nearly(quote, own)):
            return found
        if len(tokens(quote)) < LEAST_ELSEWHERE:
            return None
        elsewhere = [found for key in self.utterances if key != named and (found := self._exact(wanted, key))]
        return elsewhere[0] if len(elsewhere) == 1 else None

    def _exact(self, wanted: str, key: str) -> Evidence | None:
        """The quote as whole words, whatever its case, spaces and marks at its ends."""
        utterance = self.utterances[key]
        if key not in self._folded:
            self._folded[key] = folded(utterance.text)
        source = self._folded[key]
        for at in _found(wanted, source.text):
            end = at + len(wanted)
            if _whole_words(source.text, at, end):
                return span(utterance, source.places[at], source.places[end - 1] + 1)
        return None


def nearly(quote: str, utterance: Utterance) -> Evidence | None:
    """The stretch of the utterance that has most of the quote's words in their order: a model mends what was said."""
    wanted = [t.word for t in tokens(quote)]
    stream = tokens(utterance.text)[:MOST_COMPARED]
    if len(wanted) < LEAST_ELSEWHERE or not stream:
        return None
    matcher = SequenceMatcher(None, wanted, [t.word for t in stream], autojunk=False)
    blocks = [b for b in matcher.get_matching_blocks() if b.size]
    if sum(b.size for b in blocks) < ALIKE * len(wanted):
        return None
    first, last = blocks[0].b, blocks[-1].b + blocks[-1].size - 1
    if last - first + 1 > 2 * len(wanted):
        return None  # words scattered over a long turn are no quote
    return span(utterance, stream[first].start, stream[last].end)


def span(utterance: Utterance, start: int, end: int) -> Evidence:
    return Evidence(utterance_id=utterance.id, start=start, end=end, quote=utterance.text[start:end])


def folded(text: str) -> Folded:
    kept, places = list[str](), list[int]()
    for place, character in enumerate(text):
        for one in character.translate(_SAME).casefold():
            if one.isspace():
                if kept and kept[-1] == " ":
                    continue
                one = " "
            kept.append(one)
            places.append(place)
    return Folded("".join(kept), places)


def _found(wanted: str, text: str) -> Iterator[int]:
    at = text.find(wanted) if wanted else -1
    while at >= 0:
        yield at
        at = text.find(wanted, at + 1)


def _whole_words(text: str, start: int, end: int) -> bool:
    before = start > 0 and text[start - 1].isalnum() and text[start].isalnum()
    after = end < len(text) and text[end].isalnum() and text[end - 1].isalnum()
    return not before and not after
