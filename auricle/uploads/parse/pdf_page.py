"""One page of a PDF: runs of letters with their places, those left out that a reader does not see."""

import ctypes
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Self

from pypdfium2 import raw

from auricle.uploads.parse.columns import Piece, lines, ordered
from auricle.uploads.parse.parsed import COVERED, INVISIBLE, OFF_PAGE, TINY, WHITE
from auricle.uploads.refused import GarbledDocument, OversizeDocument

TINY_POINTS = 2.5
FAINT = 0xE0  # from this lightness on, what lies behind a text is looked at
CONTRAST = 24  # of 255: less is not seen
LOOK_PIXELS = 700  # the longer side of a page that is drawn
MAX_RUNS = 50_000  # of a page
MAX_SHAPES = 300  # of a page; beyond, all its text is looked at

INVISIBLE_MODES = (raw.FPDF_TEXTRENDERMODE_INVISIBLE, raw.FPDF_TEXTRENDERMODE_CLIP)
SHAPES = (raw.FPDF_PAGEOBJ_PATH, raw.FPDF_PAGEOBJ_IMAGE, raw.FPDF_PAGEOBJ_SHADING, raw.FPDF_PAGEOBJ_FORM)


@dataclass(frozen=True, slots=True)
class PageText:
    text: str
    hidden: dict[str, int] = field(default_factory=dict)  # reason → characters


@dataclass(frozen=True, slots=True)
class Box:
    left: float
    bottom: float
    right: float
    top: float

    def holds(self, x: float, y: float) -> bool:
        return self.left <= x <= self.right and self.bottom <= y <= self.top


class Page:
    """A page while it is open."""

    def __init__(self, document: Any, number: int, *, may_look: bool) -> None:
        self._document, self._number, self._may_look = document, number, may_look
        self._drawn: Drawn | None = None

    def __enter__(self) -> Self:
        self._page = raw.FPDF_LoadPage(self._document, self._number)
        self._text = raw.FPDFText_LoadPage(self._page) if self._page else None
        if not self._text:
            raise GarbledDocument
        return self

    def __exit__(self, *_: object) -> None:
        raw.FPDFText_ClosePage(self._text)
        raw.FPDF_ClosePage(self._page)

    @property
    def looked(self) -> bool:
        """Whether it had to be drawn."""
        return self._drawn is not None

    def read(self, most: int) -> PageText:
        count = raw.FPDFText_CountChars(self._text)
        if count > most:
            raise OversizeDocument
        hidden: Counter[str] = Counter()
        shown: list[Piece] = []
        bounds, shapes = self._bounds(), self._shapes()
        for start, end, following, text_object in self._runs(count):
            piece = self._piece(start, end, following)
            why = self._why_hidden(start, piece, text_object, bounds, shapes)
            if why:
                hidden[why] += end - start
            else:
                shown.append(piece)
        return PageText(self._told(shown), dict(hidden))

    def _runs(self, count: int) -> Iterator[tuple[int, int, int, int]]:
        """Letters of one text object: start, end, start of the next run, and the object's address.

        Spaces and line ends that pdfium puts between belong to no object, and go with the run before them.
        """
        get = raw.FPDFText_GetTextObject
        get.restype = ctypes.c_void_p  # an address to compare, not a pointer to follow
        start, end, current, runs = 0, 0, None, 0
        for place in range(count):
            found = get(self._text, place)
            if found == current:
                end = place + 1
            elif found is not None:
                if current is not None:
                    yield start, end, place, current
                start, end, current = place, place + 1, found
                runs += 1
                if runs > MAX_RUNS:
                    raise OversizeDocument
        if current is not None:
            yield start, end, count, current

    def _piece(self, start: int, end: int, following: int) -> Piece:
        first, last = self._box(start), self._box(end - 1)
        return Piece(
            min(first.left, last.left),
            min(first.bottom, last.bottom),
            max(first.right, last.right),
            max(first.top, last.top),
            start,
            following,
        )

    def _box(self, place: int) -> Box:
        box = raw.FS_RECTF()
        raw.FPDFText_GetLooseCharBox(self._text, place, box)
        return Box(box.left, box.bottom, box.right, box.top)

    def _bounds(self) -> Box:
        box = raw.FS_RECTF()
        raw.FPDF_GetPageBoundingBox(self._page, box)
        return Box(box.left, box.bottom, box.right, box.top)

    def _why_hidden(
        self, start: int, piece: Piece, text_object: int, bounds: Box, shapes: list[tuple[int, Box]] | None
    ) -> str | None:
        x, y = (piece.left + piece.right) / 2, piece.middle
        if not bounds.holds(x, y):
            return OFF_PAGE
        if piece.height < TINY_POINTS and piece.right - piece.left < TINY_POINTS * (piece.end - piece.start):
            return TINY
        mode = raw.FPDFTextObj_GetTextRenderMode(ctypes.cast(text_object, raw.FPDF_PAGEOBJECT))
        if mode in INVISIBLE_MODES:
            return INVISIBLE
        outlined = mode == raw.FPDF_TEXTRENDERMODE_STROKE
        color = self._color(start, raw.FPDFText_GetStrokeColor if outlined else raw.FPDFText_GetFillColor)
        if color is not None and color[3] < 0x10:
            return INVISIBLE
        faint = color is not None and min(color[:3]) >= FAINT
        if not faint and shapes is not None and not any(box.holds(x, y) for _, box in shapes):
            return None
        if self._drawn is None and self._may_look:
            self._drawn = Drawn(self._page)
        if self._drawn is None:  # looked at enough pages: what is faint is not trusted
            return WHITE if faint else None
        return None if self._drawn.shows(piece) else (WHITE if faint else COVERED)

    def _color(self, place: int, get: Any) -> tuple[int, int, int, int] | None:
        parts = [ctypes.c_uint() for _ in range(4)]
        if not get(self._text, place, *parts):
            return None
        red, green, blue, alpha = (part.value for part in parts)
        return red, green, blue, alpha

    def _shapes(self) -> list[tuple[int, Box]] | None:
        """What could cover a text, or be of its color; None when that is too much to keep."""
        shapes: list[tuple[int, Box]] = []
        for number in range(raw.FPDFPage_CountObjects(self._page)):
            one = raw.FPDFPage_GetObject(self._page, number)
            kind = raw.FPDFPageObj_GetType(one)
            if kind not in SHAPES or (kind == raw.FPDF_PAGEOBJ_PATH and not _is_filled(one)):
                continue
            sides = [ctypes.c_float() for _ in range(4)]
            if raw.FPDFPageObj_GetBounds(one, *sides):
                left, bottom, right, top = (side.value for side in sides)
                if right - left > TINY_POINTS and top - bottom > 2 * TINY_POINTS:  # not a rule or an underline
                    shapes.append((number, Box(left, bottom, right, top)))
            if len(shapes) > MAX_SHAPES:
                return None
        return shapes

    def _told(self, shown: list[Piece]) -> str:
        blocks = ordered(lines(shown))
        return "\n".join(self._joined(block) for block in blocks)

    def _joined(self, block: list[Piece]) -> str:
        """The text of a block: neighbours as pdfium has them, others on lines of their own."""
        spans: list[list[int]] = []
        for piece in block:
            if spans and spans[-1][1] == piece.start:
                spans[-1][1] = piece.end
            else:
                spans.append([piece.start, piece.end])
        return "\n".join(self._letters(start, end).strip("\r\n") for start, end in spans)

    def _letters(self, start: int, end: int) -> str:
        buffer = (ctypes.c_ushort * (2 * (end - start) + 2))()
        written = raw.FPDFText_GetText(self._text, start, end - start, buffer)
        return bytes(buffer)[: 2 * max(0, written - 1)].decode("utf-16-le", "replace")


def _is_filled(path: Any) -> bool:
    fill, stroke = ctypes.c_int(), ctypes.c_int()
    return bool(raw.FPDFPath_GetDrawMode(path, fill, stroke)) and fill.value != raw.FPDF_FILLMODE_NONE


class Drawn:
    """The page as it looks, small and once: whether there is anything to see where a text should be."""

    def __init__(self, page: Any) -> None:
        self._page = page
        width, height = max(1.0, raw.FPDF_GetPageWidthF(page)), max(1.0, raw.FPDF_GetPageHeightF(page))
        scale = LOOK_PIXELS / max(width, height)
        self._width, self._height = max(1, int(width * scale)), max(1, int(height * scale))
        bitmap = raw.FPDFBitmap_Create(self._width, self._height, 0)
        raw.FPDFBitmap_FillRect(bitmap, 0, 0, self._width, self._height, 0xFFFFFFFF)
        raw.FPDF_RenderPageBitmap(bitmap, page, 0, 0, self._width, self._height, 0, raw.FPDF_ANNOT)
        self._stride = raw.FPDFBitmap_GetStride(bitmap)
        self._pixels = ctypes.string_at(raw.FPDFBitmap_GetBuffer(bitmap), self._stride * self._height)
        raw.FPDFBitmap_Destroy(bitmap)

    def shows(self, piece: Piece) -> bool:
        """Whether the pixels of a piece differ from one another."""
        (x1, y1), (x2, y2) = self._pixel(piece.left, piece.bottom), self._pixel(piece.right, piece.top)
        left, right = max(0, min(x1, x2)), min(self._width, max(x1, x2) + 1)
        top, bottom = max(0, min(y1, y2)), min(self._height, max(y1, y2) + 1)
        rows = [self._pixels[y * self._stride + 4 * left : y * self._stride + 4 * right] for y in range(top, bottom)]
        area = b"".join(rows)
        return any(max(area[i::4]) - min(area[i::4]) >= CONTRAST for i in range(3)) if area else False

    def _pixel(self, x: float, y: float) -> tuple[int, int]:
        across, down = ctypes.c_int(), ctypes.c_int()
        raw.FPDF_PageToDevice(self._page, 0, 0, self._width, self._height, 0, x, y, across, down)
        return across.value, down.value
