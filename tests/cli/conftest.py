"""A database with the sample clinic's kind of entries in it, for commands that look at a running installation."""

from pathlib import Path

import pytest

from auricle.db.prepare import Urls


@pytest.fixture
def environment(urls: Urls, tmp_path: Path) -> dict[str, str]:
    """What a command needs to know of this test file's database."""
    return {
        "AURICLE_DATABASE_URL": urls.app,
        "AURICLE_WORKER_URL": urls.worker,
        "AURICLE_OWNER_URL": urls.owner,
        "AURICLE_DATA_DIR": str(tmp_path),
    }
