"""Takes a file in as it comes: into a nameless temporary file, counted and hashed on the way.

The file is gone when its block ends, however it ends; whoever wants to keep it stores it within.
"""

import asyncio
import hashlib
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from fastapi import Request
from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.datastructures import UploadFile

from auricle.errors import AuricleError, Invalid, Unavailable
from auricle.uploads.inspect import inspect
from auricle.uploads.kinds import EXTENSIONS, HEAD_BYTES, Kind, kind_of
from auricle.uploads.names import plain_file_name
from auricle.uploads.refused import OversizeDocument

WRITE_BYTES = 1 << 20  # so much is gathered before a thread writes it
MAX_PARTS = 20
MAX_BYTES = 50_000_000  # of a file that does not come by HTTP; there `max_body_bytes` is the limit


class BadForm(Invalid):
    """An upload is a form (multipart/form-data) with one file named `file`, and short fields."""

    code = "upload.bad_form"


class NoRoom(Unavailable):
    """There is no room to take files in now."""

    code = "upload.no_room"


@dataclass(frozen=True, slots=True)
class Incoming:
    """A file that was taken in and looked at. `file` lives as long as the block that gave it."""

    file_name: str
    kind: Kind
    size: int
    content_hash: str  # SHA-256
    file: BinaryIO
    fields: Mapping[str, str]  # what else the form held


@asynccontextmanager
async def incoming(
    request: Request, *, fields: Mapping[str, int], limit_bytes: int, kinds: Mapping[str, Kind] = EXTENSIONS
) -> AsyncIterator[Incoming]:
    """The file of a form, of one of the `kinds`, and its fields by name, each of at most so many characters.

    Raises:
        BadForm, NoRoom, and what `kind_of` and `inspect` raise.
    """
    with tempfile.TemporaryFile() as file:
        sink = Sink(file, fields, limit_bytes, kinds)
        if request.headers.get("idempotency-key"):  # read already, for comparison
            await _from_form(request, sink)
        else:
            await _from_body(request, sink)
        yield await asyncio.to_thread(sink.whole)


@contextmanager
def held(file_name: str, data: bytes, limit_bytes: int = MAX_BYTES) -> Iterator[Incoming]:
    """The same for a file that is in memory."""
    with tempfile.TemporaryFile() as file:
        sink = Sink(file, {}, limit_bytes)
        sink.begin(file_name)
        sink.take(data)
        sink.write()
        yield sink.whole()


class Sink:
    """Where the parts of a form go. A refusal waits until the form has come whole, or the client would not hear it."""

    def __init__(
        self, file: BinaryIO, fields: Mapping[str, int], limit_bytes: int, kinds: Mapping[str, Kind] = EXTENSIONS
    ) -> None:
        self._file, self._limits, self._limit_bytes, self._kinds = file, fields, limit_bytes, kinds
        self._name: str | None = None
        self._kind: Kind | None = None
        self._size = 0
        self._hash = hashlib.sha256()
        self._waiting = bytearray()
        self._refused: AuricleError | None = None
        self.fields: dict[str, str] = {}

    @property
    def full(self) -> bool:
        """Whether it is time to `write`."""
        return len(self._waiting) >= WRITE_BYTES

    def begin(self, file_name: str) -> None:
        if self._name is not None:
            self.refuse(BadForm())
        self._name = plain_file_name(file_name)

    def field(self, name: str, value: str) -> None:
        if name in self._limits:
            if len(value) > self._limits[name] or name in self.fields:
                self.refuse(BadForm(field=name))
            self.fields[name] = value

    def room_for(self, name: str) -> int:
        """Bytes that a field may take."""
        return 4 * self._limits.get(name, 0) + 4

    def take(self, piece: bytes) -> None:
        if self._refused is not None:
            return
        self._size += len(piece)
        if self._size > self._limit_bytes:
            self.refuse(OversizeDocument(limit_bytes=self._limit_bytes))
            return
        self._waiting += piece
        if self._kind is None and self._size >= HEAD_BYTES:
            self._look()

    def refuse(self, reason: AuricleError) -> None:
        self._refused = self._refused or reason
        self._waiting.clear()

    def write(self) -> None:
        """Write what waits; blocking."""
        if self._kind is None and self._refused is None:
            self._look()
        self._hash.update(self._waiting)
        try:
            self._file.write(self._waiting)
        except OSError:
            self.refuse(NoRoom())
        self._waiting.clear()

    def whole(self) -> Incoming:
        """The file, after a closer look; blocking."""
        if self._name is None:
            self.refuse(BadForm())
        self.write()
        if self._refused is not None:
            raise self._refused
        assert self._name is not None and self._kind is not None
        self._file.flush()
        inspect(self._kind, self._file)
        self._file.seek(0)
        return Incoming(self._name, self._kind, self._size, self._hash.hexdigest(), self._file, self.fields)

    def _look(self) -> None:
        try:
            self._kind = kind_of(self._name or "", bytes(self._waiting[:HEAD_BYTES]), self._kinds)
        except AuricleError as error:
            self.refuse(error)


async def _from_form(request: Request, sink: Sink) -> None:
    for name, value in (await request.form()).multi_items():
        if not isinstance(value, UploadFile):
            sink.field(name, value)
        elif name == "file":
            sink.begin(value.filename or "")
            while piece := await value.read(WRITE_BYTES):
                sink.take(piece)
                await asyncio.to_thread(sink.write)
        else:
            sink.refuse(BadForm())


async def _from_body(request: Request, sink: Sink) -> None:
    media_type, options = parse_options_header(request.headers.get("content-type"))
    boundary = options.get(b"boundary", b"")
    if media_type != b"multipart/form-data" or not boundary:
        raise BadForm
    form = Form(sink)
    parser = MultipartParser(boundary, form.callbacks())  # type: ignore[arg-type]  # a TypedDict of the same keys
    try:
        async for piece in request.stream():
            parser.write(piece)
            if sink.full:
                await asyncio.to_thread(sink.write)
        parser.finalize()
    except MultipartParseError as error:
        raise BadForm from error
    if not form.ended:
        raise BadForm


class Form:
    """What the parser calls: puts a part's header together, then hands its data on."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self.ended = False
        self._parts = 0
        self._header, self._value = b"", b""
        self._headers: dict[bytes, bytes] = {}
        self._name = ""
        self._is_file = False
        self._field = bytearray()

    def callbacks(self) -> dict[str, object]:
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._header_field,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_finished,
            "on_part_data": self._data,
            "on_part_end": self._end,
            "on_end": self._ended,
        }

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise BadForm
        self._headers, self._field, self._is_file, self._name = {}, bytearray(), False, ""

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        self._headers[self._header.lower()] = self._value
        self._header, self._value = b"", b""

    def _headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition"))
        self._name = options.get(b"name", b"").decode("utf-8", "replace")
        self._is_file = b"filename" in options
        if self._is_file and self._name == "file":
            self._sink.begin(options[b"filename"].decode("utf-8", "replace"))
        elif self._is_file:
            self._sink.refuse(BadForm())

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._is_file:
            if self._name == "file":
                self._sink.take(data[start:end])
        elif len(self._field) <= self._sink.room_for(self._name):
            self._field += data[start:end]

    def _end(self) -> None:
        if not self._is_file:
            self._sink.field(self._name, self._field.decode("utf-8", "replace"))

    def _ended(self) -> None:
        self.ended = True
