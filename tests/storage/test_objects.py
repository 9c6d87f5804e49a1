"""What every store of files promises: the folder of this machine, and a bucket at moto's server over a real socket."""

import asyncio
import io
import tempfile
from uuid import uuid4

import pytest

from auricle.storage.objects import BadObjectKey, LocalObjects, ObjectMissing
from auricle.storage.s3 import S3Objects

ONE, OTHER = uuid4(), uuid4()


@pytest.fixture(params=["folder", "s3"])
def objects(request, tmp_path):
    if request.param == "folder":
        return LocalObjects(tmp_path / "objects")
    return S3Objects(request.getfixturevalue("bucket").model_copy(update={"prefix": f"auricle/{uuid4()}"}))


async def test_what_was_put_is_got_and_gone_when_deleted(objects):
    await objects.put(ONE, "knowledge/a", b"\x00bytes")
    assert await objects.get(ONE, "knowledge/a") == b"\x00bytes"
    await objects.delete(ONE, "knowledge/a")
    with pytest.raises(ObjectMissing):
        await objects.get(ONE, "knowledge/a")


async def test_an_empty_file_is_a_file(objects):
    await objects.put(ONE, "empty", b"")
    assert await objects.get(ONE, "empty") == b""


async def test_deleting_what_is_not_there_is_no_error(objects):
    await objects.put(ONE, "something", b"bytes")
    await objects.delete(ONE, "nothing")
    assert await objects.get(ONE, "something") == b"bytes"


async def test_one_organization_s_key_is_nothing_to_another(objects):
    await objects.put(ONE, "a", b"ours")
    with pytest.raises(ObjectMissing):
        await objects.get(OTHER, "a")
    await objects.delete(OTHER, "a")
    assert await objects.get(ONE, "a") == b"ours"


async def test_putting_again_replaces_the_whole_file(objects):
    await objects.put(ONE, "a", b"a longer first version")
    await objects.put(ONE, "a", b"short")
    assert await objects.get(ONE, "a") == b"short"


@pytest.mark.parametrize("size", [0, 1_000, 20_000_000])
async def test_an_open_file_is_stored_from_its_beginning_and_fetched_into_another(objects, size):
    data = bytes(range(250)) * (size // 250)
    with tempfile.TemporaryFile() as file, tempfile.TemporaryFile() as into:
        file.write(data)
        await objects.put_file(ONE, "large", file)
        await objects.fetch(ONE, "large", into)
        into.seek(0)
        assert into.read() == data


async def test_fetching_what_is_not_there_writes_nothing(objects):
    into = io.BytesIO()
    with pytest.raises(ObjectMissing):
        await objects.fetch(ONE, "nothing", into)
    assert into.getvalue() == b""


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/etc/passwd",
        "../other",
        "a/../../b",
        "a//b",
        "a/./b",
        ".hidden",
        "a\x00b",
        "a\nb",
        "a/",
        "ключ",
        "a b",
        "x" * 129,
        "/".join("a" * 8),
    ],
)
async def test_a_key_that_is_not_plain_words_is_refused(objects, key):
    file = io.BytesIO(b"x")
    for call in (
        objects.put(ONE, key, b""),
        objects.get(ONE, key),
        objects.delete(ONE, key),
        objects.put_file(ONE, key, file),
        objects.fetch(ONE, key, file),
    ):
        with pytest.raises(BadObjectKey):
            await call


async def test_writers_of_one_key_never_mix_their_bytes(objects):
    versions = [bytes([65 + i]) * 100_000 for i in range(8)]
    await asyncio.gather(*(objects.put(ONE, "a", v) for v in versions))
    assert await objects.get(ONE, "a") in versions
