"""Pages as a PDF file: each font with just the glyphs that are used, and the words behind them for search and copy."""

import struct
import zlib
from collections.abc import Iterable, Mapping, Sequence

import uharfbuzz as hb

from auricle.notes.export.pdf.layout import PAGE_HEIGHT, PAGE_WIDTH, PageOut, Placed
from auricle.notes.export.pdf.shape import Piece, face

UNSHOWN_TABLES = ("GSUB", "GPOS", "GDEF", "name", "post", "OS/2", "cmap")  # the glyphs are chosen already


class File:
    """Numbered objects, written in the order of their numbers; number 1 is the catalog."""

    def __init__(self) -> None:
        self.objects: list[bytes] = []

    def add(self, body: bytes) -> int:
        self.objects.append(body)
        return len(self.objects)

    def stream(self, data: bytes, about: str = "") -> int:
        packed = zlib.compress(data, 6)
        head = f"<</Filter/FlateDecode/Length {len(packed)}{about}>>stream\n".encode()
        return self.add(head + packed + b"\nendstream")

    def bytes(self, info: int) -> bytes:
        out = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
        places = []
        for number, body in enumerate(self.objects, start=1):
            places.append(len(out))
            out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
        start = len(out)
        out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1)
        out += b"".join(b"%010d 00000 n \n" % place for place in places)
        out += b"trailer<</Size %d/Root 1 0 R/Info %d 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(places) + 1, info, start)
        return bytes(out)


def pdf_file(pages: Sequence[PageOut], *, title: str) -> bytes:
    file = File()
    catalog, tree = file.add(b""), file.add(b"")
    used = glyphs_used(pages)
    fonts = {name: file_font(file, name, glyphs) for name, glyphs in sorted(used.items())}
    named = {name: f"F{n}" for n, name in enumerate(fonts)}
    resources = "".join(f"/{named[name]} {number} 0 R" for name, number in fonts.items())
    kids = []
    for page in pages:
        content = file.stream(drawn(page.placed, named).encode())
        box = f"[0 0 {PAGE_WIDTH} {PAGE_HEIGHT}]"
        told = (
            f"<</Type/Page/Parent {tree} 0 R/MediaBox{box}/Resources<</Font<<{resources}>>>>/Contents {content} 0 R>>"
        )
        kids.append(file.add(told.encode()))
    listed = " ".join(f"{kid} 0 R" for kid in kids)
    file.objects[tree - 1] = f"<</Type/Pages/Count {len(kids)}/Kids[{listed}]>>".encode()
    file.objects[catalog - 1] = (
        f"<</Type/Catalog/Pages {tree} 0 R/ViewerPreferences<</DisplayDocTitle true>>>>".encode()
    )
    return file.bytes(file.add(f"<</Title{text_string(title)}/Producer(Auricle)>>".encode()))


def glyphs_used(pages: Iterable[PageOut]) -> dict[str, dict[int, str]]:
    """Of each font its glyphs, each with the letters it stands for where it stands for some by itself."""
    used: dict[str, dict[int, str]] = {}
    for page in pages:
        for placed in page.placed:
            glyphs = used.setdefault(placed.piece.font, {})
            plain = is_plain(placed.piece)
            for n, glyph in enumerate(placed.piece.glyphs):
                if plain or glyph.id not in glyphs:
                    glyphs[glyph.id] = placed.piece.text[n] if plain else ""
    return used


def is_plain(piece: Piece) -> bool:
    """One known glyph a letter, in the order of the letters: its text can be told glyph by glyph."""
    known = all(glyph.id for glyph in piece.glyphs)
    return known and not piece.complex and len(piece.glyphs) == len(piece.text)


def drawn(placed: Iterable[Placed], named: Mapping[str, str]) -> str:
    return "BT\n" + "\n".join(one_piece(one, named[one.piece.font]) for one in placed) + "\nET"


def one_piece(one: Placed, font: str) -> str:
    """Glyph by glyph, each where the shaper put it; the text stands beside them, whatever their order."""
    piece, size = one.piece, one.size
    color = " ".join(f"{part:g}" for part in one.color)
    look = f"{color} rg {color} RG " + (f"2 Tr {size * 0.03:.3f} w" if piece.inked else "0 Tr")
    glyphs = " ".join(
        f"1 0 0 1 {one.x + g.x * size:.2f} {one.y + g.y * size:.2f} Tm<{g.id:04x}>Tj" for g in piece.glyphs
    )
    shown = f"/{font} {size:g} Tf {look} {glyphs}"
    return shown if is_plain(piece) else f"/Span<</ActualText{text_string(piece.text)}>>BDC {shown} EMC"


def file_font(file: File, name: str, glyphs: Mapping[int, str]) -> int:
    own = face(name)
    wanted = hb.SubsetInput()
    wanted.glyph_set.update({0, *glyphs})
    wanted.flags = hb.SubsetFlags.RETAIN_GIDS | hb.SubsetFlags.NO_HINTING
    wanted.drop_table_tag_set.update(hb_tag(tag) for tag in UNSHOWN_TABLES)
    data = bytes(hb.subset(own.face, wanted).blob.data)
    program = file.stream(data, f"/Length1 {len(data)}")
    tag = "AURICL+" + name  # six letters before a plus: a font of some of its glyphs
    em = 1000 / own.per_em
    box = struct.unpack_from(">4h", own.face.reference_table("head").data, 36)
    extents = own.font.get_font_extents("ltr")
    descriptor = file.add(
        (
            f"<</Type/FontDescriptor/FontName/{tag}/Flags 4/FontBBox[{' '.join(f'{b * em:.0f}' for b in box)}]"
            f"/ItalicAngle 0/Ascent {extents.ascender * em:.0f}/Descent {extents.descender * em:.0f}"
            f"/CapHeight 714/StemV 80/FontFile2 {program} 0 R>>"
        ).encode()
    )
    widths = " ".join(f"{g}[{own.font.get_glyph_h_advance(g) * em:.0f}]" for g in sorted(glyphs))
    descendant = file.add(
        (
            f"<</Type/Font/Subtype/CIDFontType2/BaseFont/{tag}/CIDToGIDMap/Identity/FontDescriptor {descriptor} 0 R"
            f"/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/DW 0/W[{widths}]>>"
        ).encode()
    )
    letters = file.stream(to_unicode(glyphs).encode())
    return file.add(
        (
            f"<</Type/Font/Subtype/Type0/BaseFont/{tag}/Encoding/Identity-H"
            f"/DescendantFonts[{descendant} 0 R]/ToUnicode {letters} 0 R>>"
        ).encode()
    )


def to_unicode(glyphs: Mapping[int, str]) -> str:
    known = [(glyph, text) for glyph, text in sorted(glyphs.items()) if text]
    parts = (known[n : n + 100] for n in range(0, len(known), 100))  # the most that one list may hold
    listed = "\n".join(
        f"{len(part)} beginbfchar\n" + "\n".join(f"<{g:04x}><{utf16(t)}>" for g, t in part) + "\nendbfchar"
        for part in parts
    )
    return (
        "/CIDInit/ProcSet findresource begin 12 dict begin begincmap/CMapName/Letters def/CMapType 2 def\n"
        f"1 begincodespacerange\n<0000><ffff>\nendcodespacerange\n{listed}\nendcmap end end"
    )


def text_string(text: str) -> str:
    return f"<feff{utf16(text)}>"


def utf16(text: str) -> str:
    return text.encode("utf-16-be").hex()


def hb_tag(tag: str) -> int:
    return int.from_bytes(tag.ljust(4).encode(), "big")
