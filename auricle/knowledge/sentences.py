"""Where sentences begin and end in stored text: exact offsets, Latin and Indic end marks."""

import re
from bisect import bisect_left
from collections.abc import Iterator

# An end mark with closing quotes or brackets, then white space; or a line end, which in stored text ends a paragraph.
BOUNDARY = re.compile(r"(?<=[.!?।॥؟])[\"'”’)\]]*\s+|\s*\n\s*")
ABBREVIATION = re.compile(
    r"(?:\b(?:dr|mr|mrs|ms|prof|st|vs|etc|approx|no|nos|fig|tel|ext|dept|min|max|e\.g|i\.e|a\.m|p\.m)|\b[A-Z]|(?:^|\n)\d{1,2})\.$",
    re.IGNORECASE,
)


def sentences(text: str, start: int = 0, end: int | None = None) -> Iterator[tuple[int, int]]:
    """Spans of the sentences within `text[start:end]`, without surrounding white space."""
    end = len(text) if end is None else end
    begin = start
    for mark in BOUNDARY.finditer(text, start, end):
        closed = mark.start() + len(mark.group().rstrip())  # closing quotes belong to the sentence
        if "\n" not in mark.group() and ABBREVIATION.search(text, max(begin, closed - 12), closed):
            continue
        yield from _trimmed(text, begin, closed)
        begin = mark.end()
    yield from _trimmed(text, begin, end)


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if end > start:
        yield start, end


def sentence_around(spans: list[tuple[int, int]], offset: int) -> tuple[int, int]:
    """The span that holds an offset, or the next one."""
    ends = [end for _, end in spans]
    return spans[min(bisect_left(ends, offset + 1), len(spans) - 1)]
