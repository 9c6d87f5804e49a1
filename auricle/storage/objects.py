"""Where files are kept: a small port, and the local folder that is the embedded default (`s3.py` is the other one).

Keys are relative to an organization, and the organization is an argument of its own: no key can reach another's files.
"""

import asyncio
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Protocol
from uuid import UUID

from auricle.errors import AuricleError, Invalid, NotFound, Unavailable

KEY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}(?:/[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}){0,5}")
PIECE_BYTES = 1 << 20


class BadObjectKey(Invalid):
    """An object's key is made of plain words divided by slashes."""

    code = "object.bad_key"


class ObjectMissing(NotFound):
    """The stored file is gone."""

    code = "object.missing"


class ObjectsUnavailable(Unavailable):
    """The store of files can't be reached, or has no room; nothing was changed."""

    code = "object.unavailable"


class ObjectsRefused(ObjectsUnavailable):
    """The store of files does not let this installation in; its operator has to look at the settings."""

    code = "object.refused"


class Objects(Protocol):
    """Whole files by organization and key. A file is seen whole or not at all; writing a key again replaces it.

    Everything raises `BadObjectKey`, and `ObjectsUnavailable` where the store fails.
    """

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
        return await asyncio.to_thread(_read, self._path(organization_id, key))

    async def put_file(self, organization_id: UUID, key: str, file: BinaryIO) -> None:
        file.seek(0)
        await asyncio.to_thread(_write, self._path(organization_id, key), file)

    async def fetch(self, organization_id: UUID, key: str, into: BinaryIO) -> None:
        await asyncio.to_thread(_copy, self._path(organization_id, key), into)

    async def delete(self, organization_id: UUID, key: str) -> None:
        await asyncio.to_thread(_remove, self._path(organization_id, key))

    def _path(self, organization_id: UUID, key: str) -> Path:
        return self._folder / str(organization_id) / checked(key)


def checked(key: str) -> str:
    """The key, if it is one. Raises `BadObjectKey`."""
    if not KEY.fullmatch(key):
        raise BadObjectKey
    return key


@contextmanager
def _translated(missing: type[AuricleError] = ObjectsUnavailable) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise missing from error
    except OSError as error:
        raise ObjectsUnavailable from error


@_translated(missing=ObjectMissing)
def _read(path: Path) -> bytes:
    return path.read_bytes()


@_translated(missing=ObjectMissing)
def _copy(path: Path, into: BinaryIO) -> None:
    with path.open("rb") as stored:
        shutil.copyfileobj(stored, into, PIECE_BYTES)


@_translated()
def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


@_translated()
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
