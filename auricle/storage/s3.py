"""Objects in a bucket that speaks S3: Amazon's, or a server of one's own (MinIO, Ceph, Garage).

Requests are repeated and files cut into parts by `obstore`. What it says of a failure names keys and addresses, so only
our own errors leave here.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, BinaryIO
from uuid import UUID

import obstore
from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import S3Store

from auricle.errors import Misconfigured
from auricle.log import event
from auricle.settings import ObjectStore
from auricle.storage.objects import (
    PIECE_BYTES,
    ObjectMissing,
    ObjectsRefused,
    ObjectsUnavailable,
    checked,
)

if TYPE_CHECKING:
    from obstore.store import S3Config

log = logging.getLogger(__name__)

PART_BYTES = 8 << 20  # S3 takes parts from 5 MB on
PARTS_AT_ONCE = 3  # so a file of any size takes 24 MB of memory
LONGEST_REQUEST_S = 120
TRIES = 3


class S3Objects:
    """Objects by `<prefix>/<organization>/<key>` in one bucket. A file of several parts is seen when all have come."""

    def __init__(self, settings: ObjectStore) -> None:
        """Opens nothing yet.

        Raises:
            Misconfigured: the settings contradict themselves.
        """
        assert settings.bucket is not None
        wait = timedelta(seconds=settings.timeout_s)
        self._store = S3Store(
            settings.bucket,
            prefix=settings.prefix or None,
            config=_config(settings),
            client_options={
                "allow_http": (settings.endpoint or "").startswith("http://"),
                "connect_timeout": wait,
                "read_timeout": wait,
                "timeout": timedelta(seconds=LONGEST_REQUEST_S),
            },
            retry_config={"max_retries": TRIES - 1, "retry_timeout": 2 * wait},
        )

    async def put(self, organization_id: UUID, key: str, data: bytes) -> None:
        path = _path(organization_id, key)
        with _translated("put"):
            await obstore.put_async(self._store, path, data, chunk_size=PART_BYTES, max_concurrency=PARTS_AT_ONCE)

    async def get(self, organization_id: UUID, key: str) -> bytes:
        path = _path(organization_id, key)
        with _translated("get"):
            return bytes(await (await obstore.get_async(self._store, path)).bytes_async())

    async def put_file(self, organization_id: UUID, key: str, file: BinaryIO) -> None:
        path, size = _path(organization_id, key), await asyncio.to_thread(file.seek, 0, 2)
        if size <= PART_BYTES:
            await asyncio.to_thread(file.seek, 0)
            await self.put(organization_id, key, await asyncio.to_thread(file.read))
            return
        with _translated("put"):
            await obstore.put_async(
                self._store,
                path,
                _pieces(file),
                use_multipart=True,
                chunk_size=PART_BYTES,
                max_concurrency=PARTS_AT_ONCE,
            )

    async def fetch(self, organization_id: UUID, key: str, into: BinaryIO) -> None:
        path = _path(organization_id, key)
        with _translated("get"):
            found = await obstore.get_async(self._store, path)
            async for piece in found.stream(PIECE_BYTES):
                await asyncio.to_thread(into.write, piece)

    async def delete(self, organization_id: UUID, key: str) -> None:
        path = _path(organization_id, key)
        with _translated("delete"):
            await obstore.delete_async(self._store, path)


def _config(settings: ObjectStore) -> "S3Config":
    key, secret = settings.access_key, settings.secret_key
    if (key is None) != (secret is None):
        raise Misconfigured("AURICLE_OBJECTS__ACCESS_KEY and AURICLE_OBJECTS__SECRET_KEY go together.")
    # Not every server knows how to delete several at once, and we delete one at a time.
    config: S3Config = {"region": settings.region, "disable_bulk_delete": True}
    if settings.endpoint is not None:
        config["endpoint"] = settings.endpoint
    if key is not None and secret is not None:
        config["access_key_id"], config["secret_access_key"] = key.get_secret_value(), secret.get_secret_value()
    return config


def _path(organization_id: UUID, key: str) -> str:
    return f"{organization_id}/{checked(key)}"


async def _pieces(file: BinaryIO) -> AsyncIterator[bytes]:
    await asyncio.to_thread(file.seek, 0)
    while piece := await asyncio.to_thread(file.read, PIECE_BYTES):
        yield piece


@contextmanager
def _translated(doing: str) -> Iterator[None]:
    """What went wrong in our own words. A bucket that is not there is told as a missing object by the library."""
    try:
        yield
    except FileNotFoundError as error:
        if doing == "get" and "NoSuchBucket" not in str(error):
            raise ObjectMissing from None
        raise _away(doing, ObjectsRefused("The object store has no such bucket.")) from None
    except (PermissionDeniedError, UnauthenticatedError):
        raise _away(doing, ObjectsRefused()) from None
    except (BaseError, OSError):
        raise _away(doing, ObjectsUnavailable()) from None


def _away(doing: str, error: ObjectsUnavailable) -> ObjectsUnavailable:
    event(log, "the object store failed", logging.WARNING, stage=doing, error_code=error.code)
    return error
