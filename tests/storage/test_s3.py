"""A bucket that is away, silent, shut or broken: told by type, within bounds, and without a word of what it said."""

import asyncio
import io
import logging
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest

from auricle.assemble import objects_of
from auricle.errors import Misconfigured
from auricle.settings import ObjectStore, Settings
from auricle.storage.objects import LocalObjects, ObjectMissing, ObjectsRefused, ObjectsUnavailable
from auricle.storage.s3 import PART_BYTES, PIECE_BYTES, S3Objects
from tests.bucket import ACCESS_KEY, SECRET_KEY, at, stored, unfinished

ONE = uuid4()


@asynccontextmanager
async def answering(answer: Callable[[int], bytes | None]) -> AsyncIterator[str]:
    """A server that gives the same answer to whatever is asked; the number of the request is told. None: silence."""
    asked = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        try:
            await reader.readuntil(b"\r\n\r\n")
            asked += 1
            said = answer(asked)
            if said is None:
                await asyncio.sleep(60)
            else:
                writer.write(said)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        host, port = server.sockets[0].getsockname()
        yield f"http://{host}:{port}"


def http(status: str, body: bytes = b"") -> bytes:
    return b"HTTP/1.1 %s\r\nconnection: close\r\ncontent-length: %d\r\n" % (status.encode(), len(body)) + (
        b'etag: "e"\r\nlast-modified: Sat, 28 Nov 2026 10:00:00 GMT\r\n\r\n' + body
    )


async def tried(settings: ObjectStore) -> set[type[BaseException]]:
    """What the five calls raise, without what the library had to say."""
    objects = S3Objects(settings)
    async with asyncio.timeout(60):
        raised = await asyncio.gather(
            objects.put(ONE, "a", b"words of a patient"),
            objects.put_file(ONE, "a", io.BytesIO(b"more words")),
            objects.get(ONE, "a"),
            objects.fetch(ONE, "a", io.BytesIO()),
            objects.delete(ONE, "a"),
            return_exceptions=True,
        )
    assert all(isinstance(one, Exception) and one.__cause__ is None and one.__suppress_context__ for one in raised)
    return {type(one) for one in raised}


async def test_a_server_that_is_away_is_told_by_type(free_port: int):
    assert await tried(at(f"http://127.0.0.1:{free_port}")) == {ObjectsUnavailable}


async def test_a_server_that_says_nothing_is_given_up():
    async with answering(lambda _: None) as endpoint:
        assert await tried(at(endpoint, timeout_s=0.5)) == {ObjectsUnavailable}


async def test_a_server_in_trouble_is_asked_again_and_then_given_up():
    asked = 0

    def broken(number: int) -> bytes:
        nonlocal asked
        asked = number
        return http("503 Service Unavailable", b"<Error><Code>SlowDown</Code></Error>")

    async with answering(broken) as endpoint:
        assert await tried(at(endpoint)) == {ObjectsUnavailable}
    assert asked == 15, "each of the five calls is tried three times"


async def test_a_trouble_that_passes_is_not_seen():
    async with answering(
        lambda n: http("500 Internal Server Error") if n < 3 else http("200 OK", b"there")
    ) as endpoint:
        assert await S3Objects(at(endpoint)).get(ONE, "a") == b"there"


async def test_a_key_that_is_not_let_in_is_told_apart_from_an_outage():
    for status in ("403 Forbidden", "401 Unauthorized"):
        async with answering(lambda _, status=status: http(status, b"<Error/>")) as endpoint:
            assert await tried(at(endpoint)) == {ObjectsRefused}


async def test_a_bucket_that_is_not_there_is_no_missing_file(bucket):
    objects = S3Objects(bucket.model_copy(update={"bucket": "nobodys"}))
    for call in (objects.put(ONE, "a", b""), objects.get(ONE, "a"), objects.delete(ONE, "a")):
        with pytest.raises(ObjectsRefused):
            await call
    with pytest.raises(ObjectMissing):
        await S3Objects(bucket).get(ONE, "never-there")


async def test_no_log_and_no_error_holds_the_key_or_what_the_server_said(caplog):
    caplog.set_level(logging.DEBUG)
    said = f"<Error><Message>{ACCESS_KEY} of patient Asha</Message></Error>".encode()
    for status in ("403 Forbidden", "500 Internal Server Error", "400 Bad Request"):
        async with answering(lambda _, status=status: http(status, said)) as endpoint:
            settings = at(endpoint)
            await tried(settings)
    shown = caplog.text + repr(S3Objects(settings)) + repr(settings)
    shown += "".join(str(record.__dict__) for record in caplog.records if record.name.startswith("auricle"))
    assert not any(word in shown for word in (ACCESS_KEY, SECRET_KEY, "Asha", str(ONE)))


class Counted(io.BytesIO):
    """A file that tells the largest piece that was taken of it, and may break on the way."""

    largest, breaks_at = 0, 1 << 60

    def read(self, size: int | None = -1, /) -> bytes:
        piece = super().read(size)
        self.largest = max(self.largest, len(piece))
        if self.tell() > self.breaks_at:
            raise OSError(5, "Input/output error")
        return piece


async def test_a_large_file_is_sent_in_parts_and_never_taken_into_memory_whole(bucket):
    file = Counted(b"x" * (2 * PART_BYTES + 5))
    await S3Objects(bucket).put_file(ONE, "large", file)
    assert file.largest == PIECE_BYTES
    assert f"auricle/{ONE}/large" in stored(bucket)


async def test_a_file_that_breaks_on_the_way_is_not_stored_in_part(bucket):
    objects, file = S3Objects(bucket), Counted(b"x" * (3 * PART_BYTES))
    file.breaks_at = 2 * PART_BYTES + 1
    with pytest.raises((ObjectsUnavailable, OSError)):
        await objects.put_file(ONE, "broken", file)
    with pytest.raises(ObjectMissing):
        await objects.get(ONE, "broken")
    assert "broken" not in unfinished(bucket)


async def test_the_settings_say_where_files_are(tmp_path, bucket):
    assert isinstance(objects_of(Settings(data_dir=tmp_path)), LocalObjects)
    assert isinstance(objects_of(Settings(data_dir=tmp_path, objects=bucket)), S3Objects)
    with pytest.raises(Misconfigured):
        objects_of(Settings(data_dir=tmp_path, objects=bucket.model_copy(update={"secret_key": None})))


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
