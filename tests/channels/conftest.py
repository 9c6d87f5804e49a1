"""Installations whose first language model is an emulator that can misbehave, with the offline one behind it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import pytest
import pytest_asyncio
from pydantic import SecretStr
from sqlalchemy import select

from auricle.actor import Actor
from auricle.agents.config import AgentConfig
from auricle.billing.models import UsageRow
from auricle.consultations.models import Alert
from auricle.db.prepare import Urls
from auricle.db.sealed import Keyring
from auricle.db.session import Database
from auricle.settings import Provider, Settings, Timeouts, Voice
from tests import builders
from tests.conftest import Template
from tests.emulators.elevenlabs import ElevenLabsEmulator
from tests.emulators.openai_chat import WORDS, OpenAIEmulator
from tests.running_service import Service, served, settings_for

SHORT = Timeouts(connect_s=2.0, first_s=1.0, gap_s=1.0, total_s=6.0)


@dataclass
class Clinic:
    """An organization with a patient who is signed in, and those who look after them."""

    service: Service
    organization_id: UUID
    patient: dict[str, str]
    staff: dict[str, str]
    agents: dict[str, UUID] = field(default_factory=dict)

    @property
    def system(self) -> Actor:
        return Actor.system(self.organization_id)

    def client(self) -> httpx2.AsyncClient:
        return self.service.client(self.patient)

    async def opened(self, agent: str = "default", type: str = "text") -> dict[str, str]:
        """A new consultation of the patient with an agent."""
        wanted = {"type": type, "agent_id": str(self.agents[agent])}
        async with self.client() as http:
            made = await http.post("/api/v1/consultation/create", json=wanted)
        return made.raise_for_status().json()  # type: ignore[no-any-return]

    async def transcript(self, consultation_id: str) -> list[dict[str, Any]]:
        async with self.client() as http:
            kept = await http.get(f"/api/v1/consultations/{consultation_id}/transcript")
        return kept.raise_for_status().json()["messages"]  # type: ignore[no-any-return]

    async def usage(self, consultation_id: str, capability: str = "llm") -> list[tuple[str, str, int]]:
        """Provider, status and number of each attempt for a consultation."""
        async with self.service.database.transaction(self.system) as db:
            rows = await db.scalars(
                select(UsageRow)
                .where(UsageRow.consultation_id == UUID(consultation_id), UsageRow.capability == capability)
                .order_by(UsageRow.at, UsageRow.attempt)
            )
            return [(row.provider, row.status, row.attempt) for row in rows]

    async def alerts(self, consultation_id: str) -> list[str]:
        async with self.service.database.transaction(self.system) as db:
            rows = await db.scalars(select(Alert).where(Alert.consultation_id == UUID(consultation_id)))
            return [row.category for row in rows]


@asynccontextmanager
async def clinic_at(service: Service) -> AsyncIterator[Clinic]:
    organization_id = await builders.make_organization(service.database)
    admin = Actor.system(organization_id)
    _, staff = await service.member(organization_id, "org_admin")
    person, patient = await service.member(organization_id, "patient")
    await builders.make_patient(service.database, service.keyring, admin, account_id=person.account_id)
    clinic = Clinic(service, organization_id, patient, staff)
    offline = {"default": [{"provider": "offline"}]}
    lists: dict[str, Any] = {
        "default": {"stt": offline},
        "alone": {"stt": offline, "llm": [{"provider": "emulated"}]},
        "good ears": {"stt": {"default": [{"provider": "emulated"}]}},
        "helped": {"stt": offline},
    }
    for name, providers in lists.items():
        tools = ["hand_over", "end_call"] if name == "helped" else []
        config = AgentConfig.model_validate({"name": name, "greeting": {}, "providers": providers, "tools": tools})
        clinic.agents[name] = (await builders.make_agent(service.database, admin, config)).agent_id
    yield clinic


def settings_with(urls: Urls, folder: Path, emulator: OpenAIEmulator, voices: ElevenLabsEmulator) -> Settings:
    key = SecretStr(emulator.key)
    providers = {"emulated": Provider(url=emulator.url, key=key, llm="some-model", stt="some-ears")}
    for name in ("hoarse", "clear"):  # spoken with where an agent names them
        providers[name] = Provider(url=emulator.account(name), key=key, tts="some-voice")
    for wire in ("http", "socket"):  # a voice that tells when each letter sounds
        providers[f"timed-{wire}"] = Provider(
            vendor="elevenlabs", url=voices.url, key=SecretStr(voices.key), options={"tts_wire": wire}
        )
    # How busy the test machine is shall refuse no call.
    voice = Voice(reply_deadline_s=2.0, max_lag_s=5.0, resume_s=3.0)
    order = {"tts": {"default": ("offline",)}}
    return settings_for(urls, folder, providers=providers, providers_order=order, timeouts=SHORT, voice=voice)


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def emulated() -> AsyncIterator[OpenAIEmulator]:
    async with OpenAIEmulator() as server:
        yield server


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def voices() -> AsyncIterator[ElevenLabsEmulator]:
    async with ElevenLabsEmulator() as server:
        yield server


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def service(
    template: Template, tmp_path_factory: pytest.TempPathFactory, emulated: OpenAIEmulator, voices: ElevenLabsEmulator
) -> AsyncIterator[Service]:
    urls = template.copy()
    settings = settings_with(urls, tmp_path_factory.mktemp("channels"), emulated, voices)
    database = Database(urls.app)
    with served(settings):
        yield Service(settings, database, Keyring(bytes(range(32))))
        await database.close()


@pytest_asyncio.fixture(loop_scope="session")
async def clinic(service: Service, emulated: OpenAIEmulator) -> AsyncIterator[Clinic]:
    """A clinic of its own for each test: circuit breakers are an organization's own."""
    emulated.forget()
    emulated.words = list(WORDS)
    async with clinic_at(service) as one:
        yield one
