"""Which passages an answer rests on, and the very words of each: verbatim spans, in the order of their use.

A marker `[2]` names the second passage offered. A sentence without a marker is matched by its words, so that a model
which forgets its markers is cited all the same; one that nothing supports gets no citation.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from auricle.knowledge.sentences import sentences
from auricle.knowledge.words import terms
from auricle.providers.ports import Passage

MARKER = re.compile(r"\s?\[(\d{1,2})\]")
UNFINISHED = re.compile(r"\s?(?:\[\d{0,2})?$")  # what may yet become a marker
SUPPORTS = 0.6  # share of a sentence's terms that a passage's sentence must hold to be cited without a marker
MIN_TERMS = 3


@dataclass(frozen=True, slots=True)
class Citation:
    """A verbatim piece of a document: `quote == document.text[start:end]`."""

    number: int
    chunk_id: str
    document_id: str
    title: str
    quote: str
    page: int | None
    start: int
    end: int


def cited(answer: str, passages: Sequence[Passage]) -> list[Citation]:
    """The citations of a finished answer, numbered in order of use; each passage once, with what supports it best."""
    used: dict[int, tuple[int, int]] = {}  # passage → span within it
    for claim, numbers in _claims(answer):
        for number in numbers:
            if 0 <= number < len(passages) and number not in used:
                used[number] = best_span(claim, passages[number].text)[1]
    for claim, numbers in _claims(answer):
        wanted = set(terms(claim))
        if numbers or len(wanted) < MIN_TERMS:
            continue
        scored = [(*best_span(claim, passage.text), number) for number, passage in enumerate(passages)]
        support, span, number = max(scored, key=lambda one: one[0], default=(0.0, (0, 0), 0))
        if support >= SUPPORTS and number not in used:
            used[number] = span
    return [_citation(order, passages[number], span) for order, (number, span) in enumerate(used.items(), 1)]


def best_span(claim: str, text: str) -> tuple[float, tuple[int, int]]:
    """The sentence of a text that holds most of a claim's terms, and their share."""
    wanted = set(terms(claim))
    best = (0.0, (0, len(text)))
    for start, end in sentences(text):
        share = len(wanted & set(terms(text[start:end]))) / max(1, len(wanted))
        if share > best[0]:
            best = (share, (start, end))
    return best


def _claims(answer: str) -> Iterator[tuple[str, list[int]]]:
    """Each sentence without its markers, and the passages they name. A marker after the full stop belongs to it."""
    pending: tuple[str, list[int]] | None = None
    for start, end in sentences(answer):
        sentence = answer[start:end]
        while pending and (leading := MARKER.match(sentence)):
            pending[1].append(int(leading.group(1)) - 1)
            sentence = sentence[leading.end() :].lstrip()
        if not sentence:
            continue
        if pending:
            yield pending
        pending = MARKER.sub("", sentence), [int(number) - 1 for number in MARKER.findall(sentence)]
    if pending:
        yield pending


def _citation(number: int, passage: Passage, span: tuple[int, int]) -> Citation:
    start, end = span
    return Citation(
        number,
        passage.chunk_id,
        passage.document_id,
        passage.title,
        passage.text[start:end],
        passage.page,
        passage.start + start,
        passage.start + end,
    )


def unmarked(text: str) -> str:
    """An answer as it is spoken."""
    return MARKER.sub("", text)


class Renumbering:
    """Rewrites markers in a stream to the order of their use, and drops those that name no passage."""

    def __init__(self, passages: int) -> None:
        self._passages = passages
        self._order: dict[int, int] = {}
        self._held = ""

    def feed(self, delta: str) -> str:
        """The part of the text that is sure by now; what may be the beginning of a marker is held back."""
        text = self._held + delta
        unfinished = UNFINISHED.search(text)
        cut = unfinished.start() if unfinished else len(text)
        self._held = text[cut:]
        return MARKER.sub(self._renumbered, text[:cut])

    def rest(self) -> str:
        held, self._held = self._held, ""
        return MARKER.sub(self._renumbered, held)

    def _renumbered(self, marker: re.Match[str]) -> str:
        number = int(marker.group(1))
        if not 1 <= number <= self._passages:
            return ""
        order = self._order.setdefault(number, len(self._order) + 1)
        return f"{marker.group()[: marker.group().index('[')]}[{order}]"
