"""One embedded PostgreSQL for the whole run of tests."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from auricle.db.embedded import Server, role_passwords, running
from auricle.db.prepare import Urls, prepare

# A crash of the test server loses nothing that anybody wants.
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "200"}


@dataclass(frozen=True)
class Postgres:
    """The test server. `urls` is its first database, empty but prepared."""

    server: Server
    urls: Urls

    @property
    def admin_url(self) -> str:
        """The superuser's URL, to the database `postgres`."""
        return self.server.admin_url

    def fresh_database(self, name: str, template: str = "template0") -> Urls:
        """A new prepared database, optionally a copy of another to which nobody is connected."""
        return prepare(
            self.admin_url, passwords=role_passwords(self.server.passwords), database=name, template=template
        )


@pytest.fixture(scope="session")
def traversable_folder() -> Iterator[Path]:
    """A temporary folder that the server's account can enter (pytest's own are closed to others)."""
    folder = Path(tempfile.mkdtemp(prefix="auricle-"))
    if os.geteuid() == 0:
        folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres(traversable_folder: Path) -> Iterator[Postgres]:
    with running(traversable_folder / "session", options=FAST) as server:
        yield Postgres(server, server.urls)
