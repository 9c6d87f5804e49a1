"""What can be told of a file without reading it: an upload is refused for it at once, before anything is stored."""

from collections.abc import Mapping
from typing import BinaryIO

from auricle.uploads.archive import Entry, ends_as_archive, measured
from auricle.uploads.kinds import OLE, Kind
from auricle.uploads.refused import EncryptedDocument, KindMismatch, MacrosInside, TwoKinds

MACROS = ("vbaproject.bin", "vbadata.xml")
PROTECTED = "EncryptedPackage".encode("utf-16-le")  # the stream within an OLE file that holds a protected DOCX
PIECE = 1 << 20


def inspect(kind: Kind, file: BinaryIO) -> None:
    """Look at a file of a kind that `kind_of` has found.

    Raises:
        TwoKinds, KindMismatch, EncryptedDocument, MacrosInside, BrokenArchive, NestedArchive, ArchiveTooLarge
    """
    if kind == "docx":
        file.seek(0)
        if file.read(len(OLE)) == OLE:
            raise EncryptedDocument if _holds(file, PROTECTED) else KindMismatch
        refuse_macros(measured(file))
    elif ends_as_archive(file):
        raise TwoKinds


def refuse_macros(parts: Mapping[str, Entry]) -> None:
    if any(name.lower().endswith(MACROS) for name in parts):
        raise MacrosInside


def _holds(file: BinaryIO, wanted: bytes) -> bool:
    file.seek(0)
    last = b""
    while piece := file.read(PIECE):
        if wanted in last + piece:
            return True
        last = piece[-len(wanted) :]
    return False
