import asyncio
import os
from uuid import uuid4

import pytest

from auricle.storage.objects import BadObjectKey, LocalObjects, ObjectMissing

ONE, OTHER = uuid4(), uuid4()


@pytest.fixture
def objects(tmp_path):
    return LocalObjects(tmp_path / "objects")


async def test_what_was_put_is_got_and_gone_when_deleted(objects):
    await objects.put(ONE, "knowledge/a", b"\x00bytes")
    assert await objects.get(ONE, "knowledge/a") == b"\x00bytes"
    await objects.delete(ONE, "knowledge/a")
    with pytest.raises(ObjectMissing):
        await objects.get(ONE, "knowledge/a")


async def test_deleting_what_is_not_there_is_no_error(objects):
    await objects.delete(ONE, "nothing")


async def test_one_organization_s_key_is_nothing_to_another(objects):
    await objects.put(ONE, "a", b"ours")
    with pytest.raises(ObjectMissing):
        await objects.get(OTHER, "a")


async def test_putting_again_replaces_the_whole_file(objects):
    await objects.put(ONE, "a", b"a longer first version")
    await objects.put(ONE, "a", b"short")
    assert await objects.get(ONE, "a") == b"short"


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
    for call in (objects.put(ONE, key, b""), objects.get(ONE, key), objects.delete(ONE, key)):
        with pytest.raises(BadObjectKey):
            await call


async def test_writers_of_one_key_never_mix_their_bytes(objects):
    versions = [bytes([65 + i]) * 100_000 for i in range(8)]
    await asyncio.gather(*(objects.put(ONE, "a", v) for v in versions))
    assert await objects.get(ONE, "a") in versions


async def test_a_failed_write_leaves_the_old_file_and_no_rest(objects, tmp_path, monkeypatch):
    await objects.put(ONE, "a", b"old")

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError):
        await objects.put(ONE, "a", b"new")
    assert await objects.get(ONE, "a") == b"old"
    assert [p.name for p in (tmp_path / "objects" / str(ONE)).iterdir()] == ["a"]


async def test_files_are_for_the_owner_only(objects, tmp_path):
    await objects.put(ONE, "a", b"private")
    assert (tmp_path / "objects" / str(ONE) / "a").stat().st_mode & 0o077 == 0
