"""One installation with a worker, and patients who may agree to being recorded."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest_asyncio

from auricle.actor import Actor
from auricle.agents.config import AgentConfig
from auricle.consent.models import Kind
from auricle.db.sealed import Keyring
from auricle.db.session import Database
from tests import builders
from tests.channels.conftest import Clinic
from tests.conftest import Template
from tests.running_service import Service, served, settings_for, worked

OFFLINE = {"default": [{"provider": "offline"}]}


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def service(template: Template, tmp_path_factory: Any) -> AsyncIterator[Service]:
    settings = settings_for(template.copy(), tmp_path_factory.mktemp("recording"))
    assert settings.database_url is not None
    database = Database(settings.database_url.get_secret_value())
    with served(settings), worked(settings):
        yield Service(settings, database, Keyring(bytes(range(32))))
        await database.close()


@dataclass
class Ward:
    """A clinic whose patients come with the consents that a test wants."""

    clinic: Clinic
    admin: Actor

    async def patient(self, agrees_to: Sequence[Kind]) -> tuple[Clinic, Any]:
        """The clinic as a new patient of it sees it, and their record."""
        person, headers = await self.clinic.service.member(self.clinic.organization_id, "patient")
        record = await builders.make_patient(
            self.clinic.service.database,
            self.clinic.service.keyring,
            self.admin,
            account_id=person.account_id,
            agrees_to=agrees_to,
        )
        theirs = Clinic(
            self.clinic.service, self.clinic.organization_id, headers, self.clinic.staff, dict(self.clinic.agents)
        )
        return theirs, record


@pytest_asyncio.fixture(loop_scope="session")
async def ward(service: Service) -> Ward:
    organization_id = await builders.make_organization(service.database)
    admin, staff = await service.member(organization_id, "org_admin")
    clinic = Clinic(service, organization_id, {}, staff)
    config = AgentConfig.model_validate({"name": "Asha", "greeting": {}, "providers": {"stt": OFFLINE, "tts": OFFLINE}})
    clinic.agents["default"] = (await builders.make_agent(service.database, admin, config)).agent_id
    return Ward(clinic, admin)
