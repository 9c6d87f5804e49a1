"""Cuts stored text into chunks that are exact slices of it, whole sentences where that is possible.

400 to 600 characters with about a tenth of overlap: retrieval hardly depends on the size between 400 and 1,200, and
short chunks make short spoken quotations.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from auricle.errors import TooLarge
from auricle.knowledge.sentences import sentences
from auricle.uploads.parse.parsed import Parsed

TARGET = 400
LONGEST = 600
OVERLAP = 60
MAX_CHUNKS = 30_000

VIRAMAS = "\u094d\u09cd\u0a4d\u0acd\u0b4d\u0bcd\u0c4d\u0ccd\u0d4d"


class TooManyChunks(TooLarge):
    """The document is too long; divide it."""

    code = "knowledge.too_many_chunks"


@dataclass(frozen=True, slots=True)
class Chunk:
    """A slice of the stored text: `text == parsed.text[start:end]`."""

    position: int
    text: str
    start: int
    end: int
    page: int | None
    section: str


def split(parsed: Parsed) -> list[Chunk]:
    """All chunks of a document in order. A chunk never reaches into another section, and holds no heading."""
    chunks: list[Chunk] = []
    for start, end, section in _parts(parsed):
        for first, last in _packed(parsed.text, start, end):
            if len(chunks) == MAX_CHUNKS:
                raise TooManyChunks(limit=MAX_CHUNKS)
            chunks.append(Chunk(len(chunks), parsed.text[first:last], first, last, parsed.page_at(first), section))
    return chunks


def _parts(parsed: Parsed) -> Iterator[tuple[int, int, str]]:
    """Stretches between headings."""
    begin, title = 0, ""
    for section in parsed.sections:
        yield begin, section.start, title
        begin, title = section.body, section.title
    yield begin, len(parsed.text), title


def _packed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Spans of `TARGET` to `LONGEST` characters where sentences allow; each begins with the end of the last."""
    held: list[tuple[int, int]] = []
    for piece in _pieces(text, start, end):
        if held and (held[-1][1] - held[0][0] >= TARGET or piece[1] - held[0][0] > LONGEST):
            yield held[0][0], held[-1][1]
            held = _carried(held, piece)
        held.append(piece)
    if held:
        yield held[0][0], held[-1][1]


def _carried(held: list[tuple[int, int]], piece: tuple[int, int]) -> list[tuple[int, int]]:
    """The last sentences of a full chunk that fit into the overlap, and leave room for the next piece."""
    kept: list[tuple[int, int]] = []
    for sentence in reversed(held[1:]):
        if held[-1][1] - sentence[0] > OVERLAP or piece[1] - sentence[0] > LONGEST:
            break
        kept.insert(0, sentence)
    return kept


def _pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Sentences, an over-long one cut between words (or, in a text without spaces, between letters)."""
    for first, last in sentences(text, start, end):
        while last - first > LONGEST:
            cut = text.rfind(" ", first + TARGET, first + LONGEST)
            cut = cut if cut > 0 else _between_letters(text, first + LONGEST)
            yield first, cut
            first = cut + (text[cut] == " ")
        yield first, last


def _between_letters(text: str, offset: int) -> int:
    """The nearest place before an offset where no letter is parted from its signs."""
    for place in range(offset, offset - 16, -1):
        joined = unicodedata.category(text[place]).startswith("M") or text[place] in "\u200c\u200d"
        if not joined and text[place - 1] not in VIRAMAS and text[place - 1] != "\u200d":
            return place
    return offset
