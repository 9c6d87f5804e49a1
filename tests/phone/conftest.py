"""An installation, the emulators of three carriers, and clinics with lines at each of them."""

import wave
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import numpy as np
import pytest
import pytest_asyncio
import soxr
from pydantic import SecretStr
from sqlalchemy import select

import auricle.demo
from auricle.actor import Actor
from auricle.agents.config import AgentConfig
from auricle.consent.models import Consent
from auricle.db.sealed import Keyring
from auricle.db.session import Database
from auricle.patients.models import Patient
from auricle.phone.models import PhoneCall
from auricle.settings import Phone, Provider, Timeouts, Voice
from auricle.voice.codec import mulaw_from_pcm16
from tests import builders
from tests.conftest import Template
from tests.emulators.carriers.exchange import Call, Exchange
from tests.emulators.carriers.exotel import Exotel
from tests.emulators.carriers.plivo import Plivo
from tests.emulators.carriers.twilio import Twilio
from tests.emulators.openai_chat import OpenAIEmulator, Scripted
from tests.running_service import Service, served, settings_for

SHORT = Timeouts(connect_s=1.0, first_s=2.0, gap_s=2.0, total_s=6.0)
NOTICE = "This is a machine, and it writes down what you say."
HANDOVER = "+918047189999"
KINDS = ("twilio", "exotel", "plivo")
ALWAYS = {"first_hour": 0, "last_hour": 24}


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def emulated() -> AsyncIterator[OpenAIEmulator]:
    async with OpenAIEmulator() as server:
        yield server


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def exchanges() -> AsyncIterator[dict[str, Exchange]]:
    exotel = Exotel("clinic1", "exotel-token", key="exotel-key", user="hook", password="a-password", fast=True)
    async with Twilio("AC1", "twilio-token", fast=True) as t, Plivo("MA1", "plivo-token", fast=True) as p, exotel as e:
        yield {"twilio": t, "exotel": e, "plivo": p}


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def service(
    template: Template,
    tmp_path_factory: pytest.TempPathFactory,
    emulated: OpenAIEmulator,
    exchanges: dict[str, Exchange],
) -> AsyncIterator[Service]:
    urls = template.copy()
    settings = settings_for(
        urls,
        tmp_path_factory.mktemp("phone"),
        providers={
            "emulated": Provider(url=emulated.url, key=SecretStr(emulated.key), llm="some-model", stt="some-ears")
        },
        timeouts=SHORT,
        voice=Voice(reply_deadline_s=2.0, max_lag_s=5.0, max_calls=6),
        phone=Phone(**ALWAYS, rest_hosts=tuple(one.host for one in exchanges.values()), calls_per_minute=8),
    )
    database = Database(urls.app)
    with served(settings):
        yield Service(settings, database, Keyring(bytes(range(32))))
        await database.close()


@dataclass
class Clinic:
    """An organization with a line at each carrier, and its administrator."""

    service: Service
    organization_id: UUID
    admin: dict[str, str]
    agent_id: UUID
    exchanges: dict[str, Exchange]
    lines: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def system(self) -> Actor:
        return Actor.system(self.organization_id)

    def client(self) -> httpx2.AsyncClient:
        return self.service.client(self.admin)

    async def post(self, path: str, body: dict[str, Any], status: int = 201, **headers: str) -> dict[str, Any]:
        async with self.client() as http:
            answer = await http.post(f"/api/v1/phone/{path}", json=body, headers=headers)
        assert answer.status_code == status, answer.text
        told: dict[str, Any] = answer.json()
        return told

    async def patch(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        async with self.client() as http:
            answer = await http.patch(f"/api/v1/phone/{path}", json=body)
        told: dict[str, Any] = answer.raise_for_status().json()
        return told

    async def agent(self, name: str, **providers: Any) -> UUID:
        serving = await builders.make_agent(self.service.database, self.system, agent_named(name, **providers))
        return serving.agent_id

    def call_in(self, kind: str, caller: str = "+919845012345") -> Call:
        line = self.lines[kind]
        return self.exchanges[kind].call_in(line["addresses"]["voice"], caller, line["number"])

    async def patient(self, phone: str, *, agrees: bool = True) -> Patient:
        from auricle.consent.models import Kind

        made = await builders.make_patient(
            self.service.database, self.service.keyring, self.system, agrees_to=(Kind.AI_USE,) if agrees else ()
        )
        return await self.renumbered(made.id, phone)

    async def renumbered(self, patient_id: UUID, phone: str) -> Patient:
        from auricle.patients.create import change_patient, find_patient, identity_of
        from auricle.patients.schemas import PatientIn

        async with self.service.database.transaction(self.system) as db:
            identity = await identity_of(db, self.service.keyring, await find_patient(db, patient_id))
            wanted = PatientIn(**{**identity.model_dump(), "phone": phone})
            await change_patient(db, self.service.keyring, patient_id, wanted)
            return await find_patient(db, patient_id)

    async def call(self, call: Call) -> PhoneCall | None:
        """What we have on record of a call."""
        async with self.service.database.transaction(self.system) as db:
            return await db.scalar(select(PhoneCall).where(PhoneCall.carrier_call_id == call.id))

    async def consents(self, patient_id: UUID) -> list[Consent]:
        async with self.service.database.transaction(self.system) as db:
            rows = await db.scalars(select(Consent).where(Consent.patient_id == patient_id).order_by(Consent.position))
            return list(rows)

    async def transcript(self, consultation_id: UUID | None) -> list[dict[str, Any]]:
        async with self.client() as http:
            kept = await http.get(f"/api/v1/consultations/{consultation_id}/transcript")
        messages: list[dict[str, Any]] = kept.raise_for_status().json()["messages"]
        return messages


CARRIERS: dict[str, dict[str, Any]] = {
    "twilio": {"account_id": "AC1", "token": "twilio-token"},
    "exotel": {
        "account_id": "clinic1",
        "token": "exotel-token",
        "key": "exotel-key",
        "webhook_user": "hook",
        "webhook_password": "a-password",
    },
    "plivo": {"account_id": "MA1", "token": "plivo-token"},
}


def agent_named(name: str, **providers: Any) -> AgentConfig:
    return AgentConfig.model_validate(
        {
            "name": name,
            "greeting": {"en": "How can I help you?"},
            "providers": {
                "llm": [{"provider": "emulated"}],
                "stt": {"default": [{"provider": "offline"}]},
                **providers,
            },
            "tools": ["hand_over", "end_call"],
        }
    )


async def clinic_at(service: Service, exchanges: dict[str, Exchange]) -> Clinic:
    organization_id = await builders.make_organization(service.database)
    _, admin = await service.member(organization_id, "org_admin")
    serving = await builders.make_agent(service.database, Actor.system(organization_id), agent_named("Desk"))
    clinic = Clinic(service, organization_id, admin, serving.agent_id, exchanges)
    for number, kind in enumerate(KINDS):
        url = exchanges[kind].url
        carrier = await clinic.post("carriers", {"kind": kind, "name": kind.title(), "url": url, **CARRIERS[kind]})
        clinic.lines[kind] = await clinic.post(
            "lines",
            {
                "name": f"{kind} line",
                "carrier_id": carrier["id"],
                "agent_id": str(serving.agent_id),
                "number": f"+91 80 4718 000{number}",
                "handover_number": HANDOVER,
                "notice": {"en": NOTICE},
            },
        )
    return clinic


@pytest_asyncio.fixture(loop_scope="session")
async def clinic(service: Service, exchanges: dict[str, Exchange], emulated: OpenAIEmulator) -> AsyncIterator[Clinic]:
    emulated.forget()
    for exchange in exchanges.values():
        exchange.status, exchange.stall_s, exchange.signed = 0, 0.0, True
        exchange.requests.clear()
    one = await clinic_at(service, exchanges)
    yield one
    for exchange in exchanges.values():
        for call in list(exchange.calls.values()):
            if call.handset and not call.handset.over.is_set():
                await call.handset.hang_up()


def spoken(kind: str, recording: str = "04-question.wav") -> bytes:
    """A recording of the demonstration's in a carrier's encoding."""
    with wave.open(str(Path(auricle.demo.__file__).parent / "audio" / recording)) as file:
        assert (file.getframerate(), file.getnchannels()) == (16_000, 1)
        wide = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    pcm = soxr.resample(wide, 16_000, 8_000).astype("<i2").tobytes()
    return pcm if kind == "exotel" else mulaw_from_pcm16(pcm)


def saying(text: str) -> Any:
    return lambda body: Scripted(text)
