"""An installation whose language model is emulated, a clinic in it, and a key of the clinic's program."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import openai
import pytest
import pytest_asyncio
from pydantic import SecretStr
from sqlalchemy import func, select

from auricle.actor import Actor
from auricle.agents.config import AgentConfig
from auricle.agents.versions import Serving
from auricle.audit.models import AuditEntry
from auricle.billing.models import UsageRow
from auricle.consultations.models import Message
from auricle.db.sealed import Keyring
from auricle.db.session import Database
from auricle.providers.connections import shared_ssl_context
from auricle.settings import Provider, Settings, Timeouts
from tests import builders
from tests.conftest import Template
from tests.contract.spec import judge, nullable
from tests.emulators.openai_chat import WORDS, OpenAIEmulator
from tests.running_service import Service, served, settings_for, worked

SHORT = Timeouts(connect_s=2.0, first_s=5.0, gap_s=5.0, total_s=20.0)


@dataclass
class Clinic:
    """An organization with two agents, its administrator, and what a program of it needs."""

    service: Service
    organization_id: UUID
    admin: dict[str, str]
    agent: Serving
    key: str = ""

    async def new_key(self, *scopes: str) -> str:
        async with self.service.client(self.admin) as http:
            wanted = {"name": "Program", "scopes": list(scopes)}
            made = await http.post("/api/v1/api-keys", json=wanted)
        return str(made.raise_for_status().json()["key"])

    def client(self, key: str | None = None, **how: Any) -> openai.AsyncOpenAI:
        http = openai.DefaultAsyncHttpxClient(verify=shared_ssl_context())
        key, url = key or self.key, f"{self.service.url}/v1"
        return openai.AsyncOpenAI(api_key=key, base_url=url, max_retries=0, http_client=http, **how)

    def http(self) -> Any:
        return self.service.client({"authorization": f"Bearer {self.key}"})

    @property
    def system(self) -> Actor:
        return Actor.system(self.organization_id)

    async def usage(self, capability: str = "llm") -> list[UsageRow]:
        async with self.service.database.transaction(self.system) as db:
            rows = select(UsageRow).where(UsageRow.capability == capability).order_by(UsageRow.at)
            return list(await db.scalars(rows))

    async def audit(self, action: str = "answer") -> list[AuditEntry]:
        async with self.service.database.transaction(self.system) as db:
            rows = select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.id)
            return list(await db.scalars(rows))

    async def messages_stored(self) -> int:
        async with self.service.database.transaction(self.system) as db:
            return await db.scalar(select(func.count()).select_from(Message)) or 0


def complaints(schema: str, value: object) -> list[str]:
    """What OpenAI's own specification has against it."""
    return judge("openai/openapi.yaml", f"/components/schemas/{schema}", nullable).complaints(value)


@asynccontextmanager
async def clinic_at(service: Service, name: str = "Front desk") -> AsyncIterator[Clinic]:
    organization_id = await builders.make_organization(service.database)
    _, admin = await service.member(organization_id, "org_admin")
    config = {
        "name": name,
        "languages": ["en", "hi"],
        "providers": {"llm": [{"provider": "emulated"}]},
        "tools": ["end_call"],
    }
    agent = await builders.make_agent(
        service.database, Actor.system(organization_id), AgentConfig.model_validate(config)
    )
    clinic = Clinic(service, organization_id, admin, agent)
    clinic.key = await clinic.new_key("openai:use")
    yield clinic


def settings_with(template: Template, folder: Path, emulator: OpenAIEmulator, **given: Any) -> Settings:
    provider = Provider(url=emulator.url, key=SecretStr(emulator.key), llm="some-model", trusted=False)
    return settings_for(template.copy(), folder, providers={"emulated": provider}, timeouts=SHORT, **given)


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def emulated() -> AsyncIterator[OpenAIEmulator]:
    async with OpenAIEmulator() as server:
        yield server


@pytest.fixture(autouse=True)
def fresh(emulated: OpenAIEmulator) -> None:
    emulated.forget()
    emulated.words = list(WORDS)


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Service]:
    assert settings.database_url is not None
    database = Database(settings.database_url.get_secret_value())
    with served(settings), worked(settings):
        yield Service(settings, database, Keyring(bytes(range(32))))
        await database.close()


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def service(
    template: Template, tmp_path_factory: pytest.TempPathFactory, emulated: OpenAIEmulator
) -> AsyncIterator[Service]:
    async with running(settings_with(template, tmp_path_factory.mktemp("openai"), emulated)) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def clinic(service: Service) -> AsyncIterator[Clinic]:
    async with clinic_at(service) as made:
        yield made
