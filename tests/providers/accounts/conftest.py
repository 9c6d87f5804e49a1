"""Two processes of one installation, whose organizations have accounts of their own at an emulated vendor."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import httpx2
import pytest
import pytest_asyncio
from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from auricle.actor import Actor
from auricle.db.sealed import Keyring
from auricle.db.session import Database
from auricle.settings import Provider, Timeouts
from tests import builders
from tests.conftest import Template
from tests.emulators.openai_chat import OpenAIEmulator
from tests.emulators.server import HttpAnswer
from tests.running_service import MASTER, Service, free_port, served, settings_for

PATIENT = Timeouts(connect_s=5.0, first_s=20.0, gap_s=20.0, total_s=60.0)
ACCOUNTS = "/api/v1/provider-accounts"
OWN_KEY = "sk-own-and-right"


class Listing(OpenAIEmulator):
    """Lists its models, and says when they end."""

    def __init__(self, key: str = OWN_KEY) -> None:
        super().__init__(key)
        self.models: dict[str, date | None] = {}

    def routes(self) -> Sequence[tuple[str, HttpAnswer]]:
        return [*super().routes(), ("/models", self._models)]

    def forget(self) -> None:
        super().forget()
        self.models = {}

    async def _models(self, request: Request) -> Response:
        rows = [
            {"id": name, "object": "model", "shutdown_date": day and day.isoformat()}
            for name, day in self.models.items()
        ]
        return JSONResponse({"object": "list", "data": rows})


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def vendor() -> AsyncIterator[Listing]:
    """Where organizations have their own accounts."""
    async with Listing() as server:
        yield server


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def platform() -> AsyncIterator[OpenAIEmulator]:
    """Where the installation has its own."""
    async with OpenAIEmulator("sk-platform") as server:
        yield server


@pytest.fixture(autouse=True)
def forgotten(vendor: Listing, platform: OpenAIEmulator) -> None:
    vendor.key = OWN_KEY
    vendor.forget()
    platform.forget()


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def services(
    template: Template, tmp_path_factory: pytest.TempPathFactory, vendor: Listing, platform: OpenAIEmulator
) -> AsyncIterator[tuple[Service, Service]]:
    urls = template.copy()
    settings = settings_for(
        urls,
        tmp_path_factory.mktemp("accounts"),
        timeouts=PATIENT,
        providers={
            "house": Provider(url=platform.url, key=SecretStr("sk-platform"), llm="house-model"),
            "kept": Provider(url=platform.url, key=SecretStr("sk-platform"), llm="kept-model"),
        },
        providers_shared=("house",),
        providers_allow_hosts=(vendor.url.split("/")[2],),
    )
    other = settings.model_copy(update={"port": free_port()})
    database = Database(urls.app)
    with served(settings), served(other):
        yield Service(settings, database, Keyring(MASTER)), Service(other, database, Keyring(MASTER))
    await database.close()


@dataclass
class Clinic:
    """An organization with an administrator and a patient who writes to its agent."""

    services: tuple[Service, Service]
    organization_id: UUID
    admin: dict[str, str]
    patient: dict[str, str]
    vendor: Listing

    @property
    def system(self) -> Actor:
        return Actor.system(self.organization_id)

    async def ask(
        self, method: str, path: str, who: dict[str, str] | None = None, process: int = 0, **given: Any
    ) -> httpx2.Response:
        async with self.services[process].client(self.admin if who is None else who) as http:
            return await http.request(method, path, **given)

    def account(self, **given: Any) -> dict[str, Any]:
        """What an administrator sends for an account at the emulated vendor."""
        usual = {
            "name": "mine",
            "vendor": "openai_compatible",
            "url": self.vendor.url,
            "key": OWN_KEY,
            "models": {"llm": "own-model"},
        }
        return {name: value for name, value in {**usual, **given}.items() if value is not ...}

    async def added(self, **given: Any) -> dict[str, Any]:
        answer = await self.ask("POST", ACCOUNTS, json=self.account(**given))
        assert answer.status_code == 201, answer.text
        return answer.json()  # type: ignore[no-any-return]

    async def answered(self, providers: dict[str, Any] | None = None, process: int = 0, language: str = "en") -> str:
        """What an agent with this provider list answers to a patient in this process."""
        config = {
            "name": f"Agent {next(builders.number)}",
            "greeting": {},
            "languages": [language],
            "providers": providers or {},
        }
        agent = await self.ask("POST", "/api/v1/agents", json=config)
        assert agent.status_code == 201, agent.text
        wanted = {"type": "text", "agent_id": agent.json()["id"], "language": language}
        opened = (await self.ask("POST", "/api/v1/consultation/create", self.patient, process, json=wanted)).json()
        said = {"consultation_id": opened["consultation_id"], "text": "Where do I sit while I wait?"}
        answer = await self.ask("POST", "/api/v1/conversation/message", self.patient, process, json=said)
        return str(answer.raise_for_status().json()["text"])


@pytest_asyncio.fixture(loop_scope="session")
async def clinic(services: tuple[Service, Service], vendor: Listing) -> Clinic:
    return await new_clinic(services, vendor)


async def new_clinic(services: tuple[Service, Service], vendor: Listing) -> Clinic:
    service = services[0]
    organization_id = await builders.make_organization(service.database)
    _, admin = await service.member(organization_id, "org_admin")
    person, patient = await service.member(organization_id, "patient")
    await builders.make_patient(
        service.database, service.keyring, Actor.system(organization_id), account_id=person.account_id
    )
    return Clinic(services, organization_id, admin, patient, vendor)


async def eventually(seen: Callable[[], Any], *, within_s: float = 15.0) -> None:
    """Wait until what is told to every process has arrived."""
    for _ in range(int(within_s / 0.05)):
        if await seen():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it did not come about")


def models_asked(server: OpenAIEmulator) -> list[str]:
    return [one["body"]["model"] for one in server.requests if one["path"].endswith("/chat/completions")]
