"""What a recognizer found, and how overlapping finds become disjoint ones."""

from collections.abc import Iterable
from dataclasses import dataclass

BY_WORDS = 5  # the rank from which a find rests on words, not on a shape


@dataclass(frozen=True, slots=True)
class Span:
    start: int
    end: int
    kind: str
    rank: int = (
        5  # lower wins where two overlap: 0 known identity, 1 checked number, 3 pattern, 5 cue, 6 list or tagger
    )


def disjoint(spans: Iterable[Span]) -> list[Span]:
    """Cover every found character without overlap: the better find keeps its place, others keep their rest."""
    kept: list[Span] = []
    whole = _without_contained(set(spans))
    for span in sorted(whole, key=lambda s: (s.rank, s.start - s.end, s.start, s.kind)):
        pieces = [(span.start, span.end)]
        for other in kept:
            pieces = [rest for piece in pieces for rest in _outside(piece, other)]
        kept += [Span(start, end, span.kind, span.rank) for start, end in pieces if start < end]
    return sorted(kept, key=lambda s: s.start)


def joined(spans: Iterable[Span]) -> list[Span]:
    """What a cue, a list and the tagger found of one name becomes one find; finds by shape stay as they are."""
    kept: list[Span] = []
    last: dict[str, int] = {}  # where in `kept` the last find of each kind by words is
    for span in sorted(spans, key=lambda s: (s.start, -s.end)):
        if span.rank < BY_WORDS:
            kept.append(span)
        elif (at := last.get(span.kind)) is None or kept[at].end <= span.start:
            last[span.kind] = len(kept)
            kept.append(span)
        else:
            before = kept[at]
            kept[at] = Span(before.start, max(before.end, span.end), span.kind, min(before.rank, span.rank))
    return kept


def _without_contained(spans: set[Span]) -> list[Span]:
    """A name inside an e-mail address is part of the address: the larger find stands."""
    kept: list[Span] = []
    for span in sorted(spans, key=lambda s: (s.start, -s.end, s.rank, s.kind)):
        if not kept or span.end > kept[-1].end:
            kept.append(span)
    return kept


def _outside(piece: tuple[int, int], other: Span) -> list[tuple[int, int]]:
    start, end = piece
    if other.end <= start or end <= other.start:
        return [piece]
    return [(start, other.start)] * (start < other.start) + [(other.end, end)] * (other.end < end)
