"""Reads bytes as an upload is read: in the jail."""

import tempfile

from auricle.uploads.inspect import inspect
from auricle.uploads.jail import Limits, read
from auricle.uploads.kinds import HEAD_BYTES, Kind, kind_of
from auricle.uploads.parse.parsed import Parsed


async def read_as(kind: Kind, data: bytes, limits: Limits = Limits()) -> Parsed:
    with tempfile.TemporaryFile() as file:
        file.write(data)
        return await read(kind, file, limits)


async def taken_and_read(file_name: str, data: bytes) -> Parsed:
    """All that stands between a file and its text: name and first bytes, the look from outside, the jail."""
    with tempfile.TemporaryFile() as file:
        file.write(data)
        kind = kind_of(file_name, data[:HEAD_BYTES])
        inspect(kind, file)
        return await read(kind, file)
