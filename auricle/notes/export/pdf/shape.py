"""Text as the glyphs that show it, in its script's own order and joined forms (HarfBuzz). Lengths are in ems."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import uharfbuzz as hb

from auricle.notes.export.scripts import LATIN, Script, runs


@dataclass(frozen=True, slots=True)
class Glyph:
    """`x`, `y`: where it stands, from the start of its piece."""

    id: int
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch in one font. `text` is what a reader copies; `complex`: as its script is."""

    text: str
    font: str
    bold: bool
    complex: bool
    glyphs: Sequence[Glyph]
    width: float

    @property
    def inked(self) -> bool:
        """Bold in a font that has none: its lines are thickened."""
        return self.bold and not self.font.endswith("Bold")


@dataclass(frozen=True, slots=True)
class Face:
    face: hb.Face
    font: hb.Font
    per_em: int


@cache
def face(name: str) -> Face:
    data = files("auricle.notes.export").joinpath("fonts", f"{name}.ttf").read_bytes()
    loaded = hb.Face(data)
    return Face(loaded, hb.Font(loaded), loaded.upem)


def font_of(script: Script, *, bold: bool) -> str:
    return f"{script.font}-{'Bold' if bold and script is LATIN else 'Regular'}"


def shaped(text: str, *, bold: bool) -> list[Piece]:
    """A word, or a space, piece by piece."""
    return [piece(stretch, script, bold=bold) for script, stretch in runs(text)]


def piece(text: str, script: Script, *, bold: bool) -> Piece:
    name = font_of(script, bold=bold)
    own = face(name)
    buffer = hb.Buffer()
    buffer.add_str(text)
    buffer.direction, buffer.script, buffer.language = "ltr", script.tag, script.language
    # Latin reads well without joined letters, and is found again by readers that know nothing of them.
    hb.shape(own.font, buffer, {} if script.complex else {"liga": False})
    glyphs, pen = [], 0
    for info, position in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
        x, y = (pen + position.x_offset) / own.per_em, position.y_offset / own.per_em
        glyphs.append(Glyph(info.codepoint, x, y))
        pen += position.x_advance
    return Piece(text, name, bold, script.complex, glyphs, pen / own.per_em)
