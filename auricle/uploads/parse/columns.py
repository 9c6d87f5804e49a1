"""Reading order of a page: pieces of text with their places, put together column by column. Pure geometry.

A page is divided where a gutter runs down it with prose on both sides. What reaches across the gutter (a title, a wide
figure's caption) divides the page into bands, each read on its own. Tables have gutters too, but short cells.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

MIN_LINES = 4  # a column has at least so many
MIN_LETTERS = 14  # of a usual line of a column; cells of tables are shorter
MIN_SHARED_HEIGHT = 0.5  # how much of the shorter column has the other beside it
GUTTER = 0.8  # of a line's height
MAX_DEPTH = 6  # columns within columns


@dataclass(frozen=True, slots=True)
class Piece:
    """Text on one line. Coordinates grow to the right and upwards; `start` and `end` are places in the page's text."""

    left: float
    bottom: float
    right: float
    top: float
    start: int
    end: int

    @property
    def height(self) -> float:
        return self.top - self.bottom

    @property
    def middle(self) -> float:
        return (self.top + self.bottom) / 2


def lines(pieces: Sequence[Piece]) -> list[Piece]:
    """Pieces that follow one another on a line without a gap, as one."""
    joined: list[Piece] = []
    for piece in pieces:
        if joined and _continues(joined[-1], piece):
            before = joined.pop()
            piece = Piece(
                min(before.left, piece.left),
                min(before.bottom, piece.bottom),
                max(before.right, piece.right),
                max(before.top, piece.top),
                before.start,
                piece.end,
            )
        joined.append(piece)
    return joined


def _continues(before: Piece, piece: Piece) -> bool:
    shared = min(before.top, piece.top) - max(before.bottom, piece.bottom)
    size = max(before.height, piece.height, 1.0)
    return shared > 0.5 * min(before.height, piece.height) and -size < piece.left - before.right < GUTTER * size


def ordered(page: Sequence[Piece], depth: int = 0) -> list[list[Piece]]:
    """The blocks of a page as they are read. Where there are no columns, one block in the order that was given."""
    gutter = _gutter(page) if depth < MAX_DEPTH else None
    if gutter is None:
        return [list(page)] if page else []
    left_edge, right_edge = gutter
    blocks: list[list[Piece]] = []
    band: list[Piece] = []
    for piece in sorted(page, key=lambda one: -one.middle):
        if piece.left < left_edge and piece.right > right_edge:
            blocks += _columns(band, left_edge, depth)
            blocks.append([piece])
            band = []
        else:
            band.append(piece)
    return blocks + _columns(band, left_edge, depth)


def _columns(band: Sequence[Piece], edge: float, depth: int) -> list[list[Piece]]:
    left = [piece for piece in band if piece.right <= edge]
    right = [piece for piece in band if piece.right > edge]
    return ordered(left, depth + 1) + ordered(right, depth + 1)


def _gutter(page: Sequence[Piece]) -> tuple[float, float] | None:
    """The widest gap that parts prose from prose: its left and right edge."""
    if len(page) < 2 * MIN_LINES:
        return None
    width = max(piece.right for piece in page) - min(piece.left for piece in page)
    narrow = sorted((p for p in page if p.right - p.left < 0.6 * width), key=lambda one: one.left)
    least = GUTTER * median(piece.height for piece in page)
    gaps: list[tuple[float, float, float]] = []
    reach = narrow[0].right if narrow else 0.0
    for piece in narrow:
        if piece.left - reach >= least:
            gaps.append((piece.left - reach, reach, piece.left))
        reach = max(reach, piece.right)
    for _, left_edge, right_edge in sorted(gaps, reverse=True):
        left = [piece for piece in narrow if piece.right <= left_edge]
        right = [piece for piece in narrow if piece.left >= right_edge]
        if _is_prose(left) and _is_prose(right) and _beside(left, right):
            return left_edge, right_edge
    return None


def _is_prose(column: Sequence[Piece]) -> bool:
    return len(column) >= MIN_LINES and median(piece.end - piece.start for piece in column) >= MIN_LETTERS


def _beside(left: Sequence[Piece], right: Sequence[Piece]) -> bool:
    tops, bottoms = (
        [max(p.top for p in side) for side in (left, right)],
        [min(p.bottom for p in side) for side in (left, right)],
    )
    shared = min(tops) - max(bottoms)
    return shared >= MIN_SHARED_HEIGHT * min(tops[0] - bottoms[0], tops[1] - bottoms[1])
