"""Why a file is not taken in, each reason a type with a stable code. The jail's child names them by code.

A message says what is wrong with the file and what to do; it never quotes the file or its name.
"""

from collections.abc import Mapping
from typing import Any

from auricle.errors import AuricleError, Invalid, TooLarge, Unsupported


class UnknownKind(Unsupported):
    """Only .pdf, .docx, .txt, .md, .html, .csv and .tsv files can be read."""

    code = "upload.unknown_kind"


class KindMismatch(Unsupported):
    """The content of the file is not what its name says."""

    code = "upload.kind_mismatch"


class TwoKinds(Unsupported):
    """The file is of two kinds at once; save it anew from the program that made it."""

    code = "upload.two_kinds"


class MacrosInside(Unsupported):
    """The file holds macros; save it without them."""

    code = "upload.macros"


class EncryptedDocument(Invalid):
    """The file is protected by a password; save it without one."""

    code = "upload.encrypted"


class BrokenArchive(Invalid):
    """The parts of the file overlap, are named against the rules, or are not what the file says of them."""

    code = "upload.broken_archive"


class NestedArchive(Invalid):
    """The file holds another archive."""

    code = "upload.nested_archive"


class ArchiveTooLarge(TooLarge):
    """Unpacked, the file is larger than allowed."""

    code = "upload.archive_too_large"


class EntitiesInside(Invalid):
    """The file declares a document type or entities of its own."""

    code = "upload.xml_entities"


class TooDeep(Invalid):
    """The parts of the file are nested too deeply."""

    code = "upload.too_deep"


class TooWide(Invalid):
    """The table has too many columns."""

    code = "upload.too_wide"


class EmptyDocument(Invalid):
    """The file holds no text."""

    code = "upload.empty"


class ScannedDocument(Invalid):
    """The PDF holds pictures of text, not text; it needs text recognition first."""

    code = "upload.scanned"


class OnlyHiddenText(Invalid):
    """All text of the file is invisible to a reader, as in a scan with a recognized layer; nothing vouches for it."""

    code = "upload.only_hidden_text"


class GarbledDocument(Invalid):
    """The content can't be read as text."""

    code = "upload.garbled"


class ExhaustingDocument(Invalid):
    """Reading the file takes more time or memory than is allowed, or broke what read it."""

    code = "upload.exhausting"


class OversizeDocument(TooLarge):
    """The file is larger than allowed."""

    code = "upload.too_large"


REFUSALS: Mapping[str, type[AuricleError]] = {
    refusal.code: refusal
    for refusal in (
        UnknownKind, KindMismatch, TwoKinds, MacrosInside, EncryptedDocument, BrokenArchive, NestedArchive,
        ArchiveTooLarge, EntitiesInside, TooDeep, TooWide, EmptyDocument, ScannedDocument, OnlyHiddenText,
        GarbledDocument, ExhaustingDocument, OversizeDocument,
    )
}  # fmt: skip


def refusal_of(code: str, context: Mapping[str, Any]) -> AuricleError:
    """The refusal that a child told by its code. One it made up is no text."""
    return REFUSALS.get(code, GarbledDocument)(**context)
