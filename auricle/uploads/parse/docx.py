"""DOCX to plain text: headings, paragraphs, tables, notes; what Word would not show is left out and counted.

Of the package only the parts named here are unpacked. Headers and footers are furniture of the page and not read.
"""

from collections.abc import Mapping
from io import BytesIO

from auricle.uploads.archive import Entry, content, measured
from auricle.uploads.inspect import refuse_macros
from auricle.uploads.parse.blocks import Blocks
from auricle.uploads.parse.docx_body import Body
from auricle.uploads.parse.docx_styles import Styles, read_styles
from auricle.uploads.parse.parsed import COMMENT, Parsed
from auricle.uploads.parse.xml import Attributes, walk
from auricle.uploads.refused import KindMismatch, MacrosInside

MAX_PART_BYTES = 64_000_000
MAX_SMALL_PART_BYTES = 4_000_000

TYPES = "[Content_Types].xml"
MAIN = "wordprocessingml.document.main+xml"
MACROS = ("macroenabled", "vbaproject", "vnd.ms-word.vbadata", "activex")


class Package:
    """The parts of a DOCX."""

    def __init__(self, data: bytes) -> None:
        self._file = BytesIO(data)
        self._parts: Mapping[str, Entry] = measured(self._file)
        refuse_macros(self._parts)

    def part(self, name: str, most: int = MAX_PART_BYTES) -> bytes | None:
        entry = self._parts.get(name)
        return None if entry is None else content(self._file, entry, most)


def docx(data: bytes) -> Parsed:
    """Read a DOCX.

    Raises:
        KindMismatch: another kind of Office file. MacrosInside, EntitiesInside, TooDeep, GarbledDocument,
        OversizeDocument, and what `archive.measured` raises.
    """
    package = Package(data)
    main = _main_part(package)
    folder, _, name = main.rpartition("/")
    document = package.part(main)
    if document is None:
        raise KindMismatch
    styles = package.part(f"{folder}/styles.xml", MAX_SMALL_PART_BYTES)
    known = read_styles(styles) if styles else Styles({})
    blocks = Blocks()
    _read(document, blocks, known)
    for notes in ("footnotes.xml", "endnotes.xml"):
        if part := package.part(f"{folder}/{notes}"):
            blocks.apart()
            _read(part, blocks, known)
    if comments := package.part(f"{folder}/comments.xml"):
        blocks.hidden[COMMENT] += _letters(comments)
    return blocks.parsed()


def _read(part: bytes, blocks: Blocks, styles: Styles) -> None:
    body = Body(blocks, styles)
    walk(part, body.start, body.end, body.text)


def _main_part(package: Package) -> str:
    """The name of the part that is the document, by the package's own list of types."""
    types = package.part(TYPES, MAX_SMALL_PART_BYTES)
    if types is None:
        raise KindMismatch
    found: list[str] = []

    def start(name: str, attributes: Attributes) -> None:
        kind = attributes.get("ContentType", "")
        if any(word in kind.lower() for word in MACROS):
            raise MacrosInside
        if name == "ct:Override" and kind.endswith(MAIN):
            found.append(attributes.get("PartName", "").lstrip("/"))

    walk(types, start, lambda _: None, lambda _: None)
    if len(found) != 1:
        raise KindMismatch
    return found[0]


def _letters(part: bytes) -> int:
    count = 0

    def text(data: str) -> None:
        nonlocal count
        count += len(data)

    walk(part, lambda *_: None, lambda _: None, text)
    return count
