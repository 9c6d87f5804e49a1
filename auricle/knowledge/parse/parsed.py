"""What parsing yields, and how it fails. Offsets are Python string offsets into `Parsed.text`, the stored text."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from auricle.errors import Invalid, TooLarge, Unsupported

MAX_BYTES = 20_000_000
MAX_PAGES = 1_000
MAX_CHARACTERS = 3_000_000


class UnknownKind(Unsupported):
    """Only .txt, .md and .pdf files can be read here."""

    code = "knowledge.unknown_kind"


class KindMismatch(Unsupported):
    """The content of the file is not what its name says."""

    code = "knowledge.kind_mismatch"


class EmptyDocument(Invalid):
    """The document holds no text."""

    code = "knowledge.empty"


class ScannedDocument(Invalid):
    """The PDF holds pictures of text, not text; it needs text recognition first."""

    code = "knowledge.scanned"


class EncryptedDocument(Invalid):
    """The PDF is protected by a password."""

    code = "knowledge.encrypted"


class GarbledDocument(Invalid):
    """The content can't be read as text."""

    code = "knowledge.garbled"


class ExhaustingDocument(Invalid):
    """Reading the document takes more time or memory than is allowed."""

    code = "knowledge.exhausting"


class OversizeDocument(TooLarge):
    """The document is larger than allowed."""

    code = "knowledge.too_large"


@dataclass(frozen=True, slots=True)
class Section:
    """A headed part: its heading starts at `start`, what it says at `body`."""

    title: str
    start: int
    body: int


@dataclass(frozen=True, slots=True)
class Parsed:
    """The plain text of a document and where its parts lie in it."""

    text: str
    title: str = ""  # as the document names itself; empty when it does not
    pages: Sequence[int] = ()  # offset at which each page starts; empty for a document without pages
    sections: Sequence[Section] = ()
    hidden: int = 0  # characters that a reader would not have seen, and that were left out

    def page_at(self, offset: int) -> int | None:
        """The page, counted from 1, that holds an offset."""
        return bisect_right(self.pages, offset) if self.pages else None
