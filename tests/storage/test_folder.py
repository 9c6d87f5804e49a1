import os
from uuid import uuid4

import pytest

from auricle.storage.objects import LocalObjects, ObjectsUnavailable

ONE = uuid4()


@pytest.fixture
def objects(tmp_path):
    return LocalObjects(tmp_path / "objects")


async def test_a_failed_write_leaves_the_old_file_and_no_rest(objects, tmp_path, monkeypatch):
    await objects.put(ONE, "a", b"old")

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ObjectsUnavailable):
        await objects.put(ONE, "a", b"new")
    assert await objects.get(ONE, "a") == b"old"
    assert [p.name for p in (tmp_path / "objects" / str(ONE)).iterdir()] == ["a"]


async def test_files_are_for_the_owner_only(objects, tmp_path):
    await objects.put(ONE, "a", b"private")
    assert (tmp_path / "objects" / str(ONE) / "a").stat().st_mode & 0o077 == 0
