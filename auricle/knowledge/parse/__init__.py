"""Files to plain text with exact offsets: which kind a file is, and the reader for each kind."""

import asyncio
from pathlib import PurePosixPath
from typing import Literal

from auricle.knowledge.parse.clean import decode, visible
from auricle.knowledge.parse.lines import reflow
from auricle.knowledge.parse.markdown import markdown
from auricle.knowledge.parse.parsed import (
    MAX_BYTES,
    MAX_CHARACTERS,
    EmptyDocument,
    KindMismatch,
    OversizeDocument,
    Parsed,
    Section,
    UnknownKind,
)
from auricle.knowledge.parse.pdf import pdf

__all__ = ["MEDIA_TYPES", "Kind", "Parsed", "Section", "kind_of", "read"]

Kind = Literal["txt", "md", "pdf"]
EXTENSIONS: dict[str, Kind] = {".txt": "txt", ".text": "txt", ".md": "md", ".markdown": "md", ".pdf": "pdf"}
MEDIA_TYPES: dict[Kind, str] = {"txt": "text/plain", "md": "text/markdown", "pdf": "application/pdf"}

PDF_MAGIC = b"%PDF-"
BINARY_MAGIC = (
    PDF_MAGIC,
    b"PK\x03\x04",
    b"\x7fELF",
    b"\x89PNG",
    b"GIF8",
    b"\xff\xd8\xff",
    b"\xd0\xcf\x11\xe0",
    b"\x1f\x8b",
    b"RIFF",
    b"{\\rtf",
    b"7z\xbc\xaf",
    b"Rar!",
    b"OggS",
    b"fLaC",
)


def kind_of(file_name: str, data: bytes) -> Kind:
    """What a file is. Its extension and its first bytes must agree; the media type a client claims is not asked.

    Raises:
        UnknownKind, KindMismatch, EmptyDocument, OversizeDocument
    """
    kind = EXTENSIONS.get(PurePosixPath(file_name.lower()).suffix)
    if kind is None:
        raise UnknownKind
    if not data:
        raise EmptyDocument("The file is empty.")
    if len(data) > MAX_BYTES:
        raise OversizeDocument(limit_bytes=MAX_BYTES)
    agrees = data.startswith(PDF_MAGIC) if kind == "pdf" else not data.startswith(BINARY_MAGIC)
    if not agrees:
        raise KindMismatch
    return kind


async def read(kind: Kind, data: bytes) -> Parsed:
    """The text of a file; a PDF is read by a child process with limits on time and memory.

    Raises:
        EmptyDocument, ScannedDocument, EncryptedDocument, GarbledDocument, ExhaustingDocument, OversizeDocument
    """
    if kind == "pdf":
        parsed = await pdf(data)
    elif kind == "md":
        parsed = await asyncio.to_thread(lambda: markdown(decode(data)))
    else:
        parsed = await asyncio.to_thread(plain, data)
    if not any(ch.isalnum() for ch in parsed.text):
        raise EmptyDocument
    if len(parsed.text) > MAX_CHARACTERS:
        raise OversizeDocument(limit_characters=MAX_CHARACTERS)
    return parsed


def plain(data: bytes) -> Parsed:
    text, hidden = visible(decode(data))
    return Parsed(reflow(text), hidden=hidden)
