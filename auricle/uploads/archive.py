"""ZIP archives, measured before anything of them is unpacked, and never unpacked beyond what they said.

Our own reader, because the usual one believes the archive: it takes any number of entries, parts that share their
bytes, and sizes that are not true. Here a file has to be one plain archive, whole, each part in a place of its own.
"""

import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO

from auricle.uploads.refused import ArchiveTooLarge, BrokenArchive, EncryptedDocument, NestedArchive

MAX_ENTRIES = 2_000
MAX_TOTAL_BYTES = 200_000_000
MAX_RATIO = 100
RATIO_COUNTS_FROM = 10_000_000  # a page of repeated markup packs a hundredfold, and is no harm
MAX_DIRECTORY_BYTES = 1_000_000
MAX_COMMENT = 1_024

END = struct.Struct("<4s4H2LH")
CENTRAL = struct.Struct("<4s6H3L5H2L")
LOCAL = struct.Struct("<4s5H3L2H")
STORED, DEFLATED = 0, 8
ENCRYPTED = 0x1 | 0x40 | 0x2000
LINK, TYPE = 0o120000, 0o170000

ARCHIVES = (b"PK\x03\x04", b"PK\x05\x06", b"7z\xbc\xaf", b"Rar!", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")
# The sheet behind a chart. It is measured with the rest and never opened.
EMBEDDED, OFFICE = "word/embeddings/", (".xlsx", ".docx", ".pptx")


@dataclass(frozen=True, slots=True)
class Entry:
    """One part: where its packed bytes are, and what it says it becomes."""

    name: str
    method: int
    crc: int
    packed: int
    size: int
    offset: int  # of its header
    start: int = 0  # of its bytes


def measured(file: BinaryIO) -> Mapping[str, Entry]:
    """The parts of an archive by name.

    Raises:
        ArchiveTooLarge, BrokenArchive, EncryptedDocument, NestedArchive
    """
    count, directory, begins = _end(file)
    entries = _entries(directory, count)
    if sum(entry.size for entry in entries) > MAX_TOTAL_BYTES:
        raise ArchiveTooLarge(rule="total", limit_bytes=MAX_TOTAL_BYTES)
    if any(entry.size > max(RATIO_COUNTS_FROM, MAX_RATIO * entry.packed) for entry in entries):
        raise ArchiveTooLarge(rule="ratio", limit=MAX_RATIO)
    placed = _placed(file, entries, begins)
    for entry in placed.values():
        chart = entry.name.startswith(EMBEDDED) and entry.name.lower().endswith(OFFICE)
        if not chart and _first_bytes(file, entry).startswith(ARCHIVES):
            raise NestedArchive
    return placed


def content(file: BinaryIO, entry: Entry, most: int) -> bytes:
    """A part, unpacked; exactly as long as it said.

    Raises:
        ArchiveTooLarge: longer than `most`.
        BrokenArchive
    """
    if entry.size > most:
        raise ArchiveTooLarge(rule="part", limit_bytes=most)
    file.seek(entry.start)
    packed = file.read(entry.packed)
    whole = packed if entry.method == STORED else _inflated(packed, entry.size + 1)
    if len(whole) != entry.size or zlib.crc32(whole) != entry.crc:
        raise BrokenArchive
    return whole


def ends_as_archive(file: BinaryIO) -> bool:
    """Whether a reader of archives, which looks at the end first, would take this file for one, whatever its start."""
    return _last_record(file) is not None


def _last_record(file: BinaryIO) -> tuple[tuple[int, ...], int] | None:
    """The record that ends an archive, and where it stands; its comment must end with the file."""
    size = file.seek(0, 2)
    file.seek(max(0, size - END.size - MAX_COMMENT))
    tail = file.read()
    place = tail.rfind(b"PK\x05\x06")
    if place < 0 or len(tail) - place < END.size:
        return None
    _, *fields = END.unpack_from(tail, place)
    ends = place + END.size + fields[-1] == len(tail)
    return (tuple(fields), size - len(tail) + place) if ends else None


def _end(file: BinaryIO) -> tuple[int, bytes, int]:
    """The number of entries, the directory's bytes, and where it begins."""
    record = _last_record(file)
    if record is None:
        raise BrokenArchive
    (disk, first_disk, here, count, length, begins, _), at = record
    if disk or first_disk or here != count or begins + length != at:
        raise BrokenArchive
    if count > MAX_ENTRIES or length > MAX_DIRECTORY_BYTES:
        raise ArchiveTooLarge(rule="entries", limit=MAX_ENTRIES)
    file.seek(begins)
    return count, file.read(length), begins


def _entries(directory: bytes, count: int) -> list[Entry]:
    entries: list[Entry] = []
    place = 0
    while place < len(directory):
        if len(directory) - place < CENTRAL.size or len(entries) == count:
            raise BrokenArchive
        (magic, made_by, _, flags, method, _, _, crc, packed, size, name_length, extra, comment, disk, _, attributes,
         offset) = CENTRAL.unpack_from(directory, place)  # fmt: skip
        name = directory[place + CENTRAL.size :][:name_length]
        place += CENTRAL.size + name_length + extra + comment
        if flags & ENCRYPTED:
            raise EncryptedDocument
        linked = made_by >> 8 == 3 and (attributes >> 16) & TYPE == LINK
        if magic != b"PK\x01\x02" or disk or linked or method not in (STORED, DEFLATED):
            raise BrokenArchive
        entries.append(Entry(_named(name), method, crc, packed, size, offset))
    if place != len(directory) or len(entries) != count or len({entry.name for entry in entries}) != count:
        raise BrokenArchive
    return entries


def _named(name: bytes) -> str:
    try:
        text = name.decode()
    except UnicodeDecodeError:
        text = name.decode("cp437")
    if not text or text.startswith("/") or "\\" in text or ":" in text or "\0" in text or ".." in text.split("/"):
        raise BrokenArchive
    return text


def _placed(file: BinaryIO, entries: list[Entry], directory: int) -> dict[str, Entry]:
    """The entries with the place of their bytes; none may share any with another, nor with the directory."""
    placed: dict[str, Entry] = {}
    free = 0
    for entry in sorted(entries, key=lambda one: one.offset):
        file.seek(entry.offset)
        header = file.read(LOCAL.size)
        if entry.offset < free or len(header) < LOCAL.size:
            raise BrokenArchive
        magic, _, flags, method, _, _, _, _, _, name_length, extra = LOCAL.unpack(header)
        name = file.read(name_length)
        if flags & ENCRYPTED:
            raise EncryptedDocument
        if magic != b"PK\x03\x04" or method != entry.method or _named(name) != entry.name:
            raise BrokenArchive
        start = entry.offset + LOCAL.size + name_length + extra
        free = start + entry.packed
        placed[entry.name] = Entry(entry.name, entry.method, entry.crc, entry.packed, entry.size, entry.offset, start)
    if free > directory or not entries or min(entry.offset for entry in entries) != 0:
        raise BrokenArchive
    return placed


def _first_bytes(file: BinaryIO, entry: Entry) -> bytes:
    file.seek(entry.start)
    packed = file.read(min(entry.packed, 1_024))
    return packed[:8] if entry.method == STORED else _inflated(packed, 8)


def _inflated(packed: bytes, most: int) -> bytes:
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, most)
    except zlib.error as error:
        raise BrokenArchive from error
