"""Where files are kept: a small port, and the local folder that is the embedded default.

Keys are relative to an organization, and the organization is an argument of its own: no key can reach another's files.
"""

import asyncio
import os
import re
import shutil
import tempfile
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Protocol
from uuid import UUID

from auricle.errors import Invalid, NotFound

KEY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}(?:/[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}){0,5}")
PIECE_BYTES = 1 << 20


class BadObjectKey(Invalid):
    """An object's key is made of plain words divided by slashes."""

    code = "object.bad_key"


class ObjectMissing(NotFound):
    """The stored file is gone."""

    code = "object.missing"


class Objects(Protocol):
    """Whole files by organization and key. A file is seen whole or not at all; writing a key again replaces it."""

    async def put(self, organization_id: UUID, key: str, data: bytes) -> None: ...

    async def get(self, organization_id: UUID, key: str) -> bytes:
        """The file's bytes. Raises `ObjectMissing`."""
        ...

    async def put_file(self, organization_id: UUID, key: str, file: BinaryIO) -> None:
        """The same as `put` for an open file, from its beginning, without taking it into memory."""
        ...

    async def fetch(self, organization_id: UUID, key: str, into: BinaryIO) -> None:
        """Write the file's bytes into an open file. Raises `ObjectMissing`."""
        ...

    async def delete(self, organization_id: UUID, key: str) -> None:
        """Remove a file; removing one that is not there is no error."""
        ...


class LocalObjects:
    """Objects in a folder of this machine, one folder an organization, readable by the owner only."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, organization_id: UUID, key: str, data: bytes) -> None:
        await asyncio.to_thread(_write, self._path(organization_id, key), BytesIO(data))

    async def get(self, organization_id: UUID, key: str) -> bytes:
        try:
            return await asyncio.to_thread(self._path(organization_id, key).read_bytes)
        except FileNotFoundError as error:
            raise ObjectMissing from error

    async def put_file(self, organization_id: UUID, key: str, file: BinaryIO) -> None:
        file.seek(0)
        await asyncio.to_thread(_write, self._path(organization_id, key), file)

    async def fetch(self, organization_id: UUID, key: str, into: BinaryIO) -> None:
        await asyncio.to_thread(_copy, self._path(organization_id, key), into)

    async def delete(self, organization_id: UUID, key: str) -> None:
        await asyncio.to_thread(self._path(organization_id, key).unlink, missing_ok=True)

    def _path(self, organization_id: UUID, key: str) -> Path:
        if not KEY.fullmatch(key):
            raise BadObjectKey
        return self._folder / str(organization_id) / key


def _copy(path: Path, into: BinaryIO) -> None:
    try:
        with path.open("rb") as stored:
            shutil.copyfileobj(stored, into, PIECE_BYTES)
    except FileNotFoundError as error:
        raise ObjectMissing from error


def _write(path: Path, data: BinaryIO) -> None:
    """Write beside the place and rename, so that a crash leaves the old file or the new one, never half of one."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".writing-")  # created with mode 0600
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            shutil.copyfileobj(data, file, PIECE_BYTES)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Make the rename itself durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
