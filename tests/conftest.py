"""One embedded PostgreSQL for the whole run of tests."""

import gc
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from xdist.scheduler import LoadScopeScheduling

from auricle.db.embedded import Server, role_passwords, running
from auricle.db.migrate import migrate
from auricle.db.prepare import Urls, prepare
from auricle.db.sealed import Keyring
from auricle.db.session import Database
from auricle.settings import ObjectStore, Settings

Settings.model_config["env_file"] = None  # how the installation of this folder is set up is no matter of tests

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


@dataclass
class Template:
    """A migrated database that others are copied from, in a fraction of the time that migrating takes."""

    postgres: Postgres
    name: str
    copies: int = 0

    def copy(self) -> Urls:
        self.copies += 1
        return self.postgres.fresh_database(f"copy_{self.copies}", self.name)


@pytest.fixture(scope="session")
def template(postgres: Postgres) -> Template:
    migrate(postgres.fresh_database("auricle_template").owner)
    return Template(postgres, "auricle_template")


@pytest.fixture(scope="module")
def urls(template: Template) -> Urls:
    """The three roles' URLs of a fresh migrated database, one for each test file."""
    return template.copy()


@pytest_asyncio.fixture(scope="module")
async def database(urls: Urls) -> AsyncIterator[Database]:
    """The application's own database of this test file. Tests share it and keep to organizations of their own."""
    database = Database(urls.app)
    yield database
    await database.close()


@pytest.fixture(scope="session")
def keyring() -> Keyring:
    return Keyring(bytes(range(32)))


@pytest.fixture(scope="session")
def bucket() -> Iterator[ObjectStore]:
    """An empty bucket of moto's S3 server, on a real socket."""
    from tests.bucket import served_bucket

    with served_bucket() as settings:
        yield settings


# Folders that take long begin first, the longest group of them all foremost, so that none is left for the end.
LONG_FOLDERS = (
    "channels",
    "e2e",
    "recording",
    "cli",
    "web",
    "phone",
    "knowledge",
    "agents",
    "fuzz",
    "providers",
    "documents",
    "openai_api",
    "identity",
    "notes",
    "uploads",
    "listening",
    "contract",
    "voice",
)
# Their files share an installation that is started once.
SHARING = frozenset(
    (
        "agents",
        "audit",
        "channels",
        "consent",
        "documents",
        "e2e",
        "knowledge",
        "listening",
        "live",
        "openai_api",
        "phone",
    )
    + ("recording", "web")
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    rank = {folder: number for number, folder in enumerate(LONG_FOLDERS)}
    if os.environ.get("PYTEST_XDIST_WORKER"):
        items.sort(key=lambda item: rank.get(folder_of(item.path), len(rank)))


def pytest_collection() -> None:
    gc.disable()  # what collecting makes stays to the end: to search it for garbage takes a tenth of all the time


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


class InGroups(LoadScopeScheduling):
    """Tests of one group share what they start: they stay in one process, and groups begin in the order of the tests.

    xdist's own `loadgroup` (3.8.0) writes the group into the id of a test, where pytest 9.2 no longer reads it.
    """

    def _split_scope(self, nodeid: str) -> str:
        return group_of(self.config.rootpath / nodeid.partition("::")[0])


@pytest.hookimpl(optionalhook=True)  # there is none without xdist
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> InGroups | None:
    if config.getvalue("dist") != "loadgroup":
        return None
    config.option.loadscopereorder = False
    return InGroups(config, log)


def folder_of(path: Path) -> str:
    return path.relative_to(Path(__file__).parent).parts[0]


def group_of(path: Path) -> str:
    """What stays in one process: a folder that shares, also one within another; else a file."""
    folder = folder_of(path)
    if folder in SHARING:
        return folder
    return str(path if path.parent.name in (folder, "contract") else path.parent)
