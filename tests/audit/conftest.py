"""One running web process for what the audit writes and shows over HTTP."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from auricle.db.sealed import Keyring
from auricle.db.session import Database
from auricle.settings import Settings
from tests.conftest import Template
from tests.running_service import Service, served, settings_for


@pytest.fixture(scope="package")
def audited_settings(template: Template, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    yield settings_for(template.copy(), tmp_path_factory.mktemp("audit"))


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def service(audited_settings: Settings) -> AsyncIterator[Service]:
    assert audited_settings.database_url is not None
    database = Database(audited_settings.database_url.get_secret_value())
    with served(audited_settings):
        yield Service(audited_settings, database, Keyring(bytes(range(32))))
        await database.close()
