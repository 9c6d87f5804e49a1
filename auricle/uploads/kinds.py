"""Which kind a file is: its extension and its first bytes must agree. What a client claims is not asked."""

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Literal

from auricle.uploads.refused import EmptyDocument, KindMismatch, UnknownKind

Kind = Literal["txt", "md", "pdf", "docx", "html", "csv", "wav", "mp3", "m4a", "ogg", "webm", "flac"]

EXTENSIONS: Mapping[str, Kind] = {
    ".txt": "txt", ".text": "txt", ".md": "md", ".markdown": "md", ".pdf": "pdf", ".docx": "docx",
    ".html": "html", ".htm": "html", ".csv": "csv", ".tsv": "csv",
}  # fmt: skip
# Not text: `jail.read` has no reader for them, and no route takes them that does not ask for them.
SOUNDS: Mapping[str, Kind] = {
    ".wav": "wav", ".mp3": "mp3", ".m4a": "m4a", ".ogg": "ogg", ".oga": "ogg", ".opus": "ogg", ".webm": "webm",
    ".flac": "flac",
}  # fmt: skip
MEDIA_TYPES: Mapping[Kind, str] = {
    "txt": "text/plain",
    "md": "text/markdown",
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "html": "text/html",
    "csv": "text/csv",
    "wav": "audio/wav",
    "mp3": "audio/mpeg",
    "m4a": "audio/mp4",
    "ogg": "audio/ogg",
    "webm": "audio/webm",
    "flac": "audio/flac",
}

HEAD_BYTES = 1_024  # as much of a file as `kind_of` looks at
PDF, ZIP, OLE = b"%PDF-", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MAGIC: Mapping[Kind, tuple[bytes, ...]] = {
    "pdf": (PDF,),
    "docx": (ZIP, OLE),  # a protected DOCX is wrapped in OLE; `inspect` tells it from an old DOC
    "wav": (b"WAVE",),
    "mp3": (b"ID3", b"\xff\xfb", b"\xff\xfa", b"\xff\xf3", b"\xff\xf2"),
    "m4a": (b"ftyp",),
    "ogg": (b"OggS",),
    "webm": (b"\x1aE\xdf\xa3",),
    "flac": (b"fLaC",),
}
STANDS_AT: Mapping[Kind, int] = {"wav": 8, "m4a": 4}  # where that is not at the beginning
BINARY_MAGIC = (
    PDF, ZIP, b"PK\x05\x06", OLE, b"\x7fELF", b"\x89PNG", b"GIF8", b"\xff\xd8\xff", b"\x1f\x8b", b"RIFF", b"{\\rtf",
    b"7z\xbc\xaf\x27\x1c", b"Rar!", b"OggS", b"fLaC", b"BZh", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd", b"\x00asm",
)  # fmt: skip


def kind_of(file_name: str, head: bytes, kinds: Mapping[str, Kind] = EXTENSIONS) -> Kind:
    """What a file is, by its name and its first `HEAD_BYTES`; `kinds` are the extensions that are taken.

    Raises:
        UnknownKind, EmptyDocument, KindMismatch
    """
    kind = kinds.get(PurePosixPath(file_name.lower()).suffix)
    if kind is None:
        raise UnknownKind(None if kinds is EXTENSIONS else f"Only {', '.join(kinds)} files can be read here.")
    if not head:
        raise EmptyDocument
    magic = MAGIC.get(kind)
    begins = head[STANDS_AT.get(kind, 0) :]
    agrees = begins.startswith(magic) if magic else not head.startswith(BINARY_MAGIC) and b"\n%PDF-1." not in head
    if not agrees:
        raise KindMismatch
    return kind
