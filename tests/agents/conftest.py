"""A clinic whose agent is an emulated model that does what a test scripts, over the whole product below the web."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx2
import orjson
import pytest
import pytest_asyncio
import uvicorn
from pydantic import SecretStr
from sqlalchemy import select

from auricle.actor import Actor
from auricle.agents.config import AgentConfig
from auricle.agents.tools.models import ToolCallRow
from auricle.agents.versions import Serving, create_agent
from auricle.assemble import assembled
from auricle.assembly import Assembly
from auricle.consultations.answer import Talk, answer
from auricle.consultations.lifecycle import Opening, open_consultation
from auricle.consultations.models import ConsultationType
from auricle.patients.appointments.models import Appointment, AppointmentStatus
from auricle.patients.models import Patient
from auricle.patients.professionals.schemas import OpeningIn
from auricle.patients.professionals.week import set_week
from auricle.providers.ports import ChatMessage, TextDelta
from auricle.settings import Provider, Timeouts
from auricle.voice.ports import EndCall, HandOver
from tests import builders
from tests.conftest import Template
from tests.emulators.openai_chat import OpenAIEmulator, Scripted
from tests.running_service import HASH, Service, free_port, served, settings_for, worked

SHORT = Timeouts(connect_s=1.0, first_s=2.0, gap_s=2.0, total_s=8.0)
PORTS = tuple(free_port() for _ in range(3))  # of servers that tools may reach, listed by the operator
names = itertools.count(1)


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def emulated() -> AsyncIterator[OpenAIEmulator]:
    async with OpenAIEmulator() as server:
        yield server


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def assembly(
    template: Template, tmp_path_factory: pytest.TempPathFactory, emulated: OpenAIEmulator
) -> AsyncIterator[Assembly]:
    settings = settings_for(
        template.copy(),
        tmp_path_factory.mktemp("agents"),
        providers={"emulated": Provider(url=emulated.url, key=SecretStr(emulated.key), llm="some-model")},
        timeouts=SHORT,
        tools_allow_hosts=tuple(f"127.0.0.1:{port}" for port in PORTS),
    )
    async with assembled(settings) as whole:
        yield whole


@dataclass
class Said:
    """What came of one turn."""

    text: str = ""
    pieces: list[Any] = field(default_factory=list)

    @property
    def ending(self) -> EndCall | HandOver | None:
        return next((p for p in self.pieces if isinstance(p, EndCall | HandOver)), None)


@dataclass
class Room:
    """A patient in a consultation with an agent. `says` is one turn; what was said is remembered as heard."""

    assembly: Assembly
    talk: Talk
    history: list[ChatMessage] = field(default_factory=list)

    async def says(self, text: str, *, fresh: bool = False, **how: Any) -> Said:
        """One turn. `fresh`: as by another request, with nothing carried over in memory."""
        talk = replace(self.talk, carried=type(self.talk.carried)()) if fresh else self.talk
        said = Said()
        turn_id = how.pop("turn_id", None) or uuid4()
        pieces = answer(self.assembly, talk, text, talk.language, tuple(self.history), turn_id=turn_id, **how)
        async with aclosing(pieces):
            async for piece in pieces:
                said.pieces.append(piece)
                if isinstance(piece, TextDelta):
                    said.text += piece.text
        said.text = said.text.strip()
        self.history += [ChatMessage("user", text), ChatMessage("assistant", said.text)]
        return said

    async def calls(self) -> list[tuple[str, str]]:
        """Name and status of every call on record, in their order."""
        async with self.assembly.database.transaction(Actor.system(self.talk.actor.organization_id)) as db:
            rows = await db.scalars(
                select(ToolCallRow)
                .where(ToolCallRow.consultation_id == self.talk.consultation_id)
                .order_by(ToolCallRow.id)
            )
            return [(row.name, row.status) for row in rows]


@dataclass
class Clinic:
    assembly: Assembly
    organization_id: UUID
    admin: Actor
    doctor: Actor
    patient: Patient
    person: Actor
    other: Patient

    @property
    def system(self) -> Actor:
        return Actor.system(self.organization_id)

    async def agent(self, *tools: Any, **given: Any) -> Serving:
        config = {
            "name": f"Agent {next(names)}",
            "tools": tools,
            "providers": {"llm": [{"provider": "emulated"}]},
            **given,
        }
        async with self.assembly.database.transaction(self.admin) as db:
            return await create_agent(db, AgentConfig.model_validate(config))

    async def room(self, *tools: Any, actor: Actor | None = None, language: str = "en", **given: Any) -> Room:
        serving = await self.agent(*tools, **given)
        async with self.assembly.database.transaction(actor or self.person) as db:
            wanted = Opening(self.patient.id, ConsultationType.TEXT, serving.agent_id, language=language)
            consultation, session = await open_consultation(db, self.assembly.keyring, wanted)
        talk = Talk(actor or self.person, consultation.id, self.patient.id, session.id, serving, language)
        return Room(self.assembly, talk)

    async def appointments(self, patient: Patient | None = None) -> list[AppointmentStatus]:
        async with self.assembly.database.transaction(self.system) as db:
            rows = await db.scalars(select(Appointment).where(Appointment.patient_id == (patient or self.patient).id))
            return [row.status for row in rows]


@pytest_asyncio.fixture(loop_scope="session")
async def clinic(assembly: Assembly, emulated: OpenAIEmulator) -> Clinic:
    """A clinic of its own for each test, whose doctor works around the clock."""
    emulated.forget()
    database, keyring = assembly.database, assembly.keyring
    organization_id = await builders.make_organization(database)
    admin = await builders.make_member(database, organization_id, "org_admin")
    doctor = await builders.make_member(database, organization_id, "clinician")
    person = await builders.make_member(database, organization_id, "patient", password_hash=HASH)
    patient = await builders.make_patient(database, keyring, admin, account_id=person.account_id)
    other = await builders.make_patient(database, keyring, admin, given_name="Zebra", family_name="Fisch")
    week = [OpeningIn(weekday=day, opens=time(0, 0), closes=time(23, 55)) for day in range(7)]
    async with database.transaction(doctor) as db:
        assert doctor.member_id is not None
        await set_week(db, doctor.member_id, week)
    return Clinic(assembly, organization_id, admin, doctor, patient, replace(person, patient_id=patient.id), other)


def tomorrow(hour: int = 10) -> str:
    at = (datetime.now(UTC) + timedelta(days=1)).replace(hour=hour, minute=30, second=0, microsecond=0)
    return at.isoformat()


def results_in(body: dict[str, Any]) -> list[str]:
    """What tools have told the model in this answer."""
    return [m["content"] for m in body["messages"] if m["role"] == "tool"]


def scripted(*steps: Scripted) -> Callable[[dict[str, Any]], Scripted]:
    """Each request takes the next step; the last one stays."""
    left = list(steps)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


def asks(name: str, arguments: Any = None, text: str = "") -> Scripted:
    return Scripted(text, [(name, {} if arguments is None else arguments)])


def told(result: str) -> Any:
    """The JSON inside a wrapped result."""
    return orjson.loads(result.split("\n", 1)[1].rsplit("\n", 1)[0])


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def service(assembly: Assembly) -> AsyncIterator[Service]:
    """The web process over the same database, and a worker for what is queued."""
    with served(assembly.settings), worked(assembly.settings):
        yield Service(assembly.settings, assembly.database, assembly.keyring)


@pytest_asyncio.fixture(loop_scope="session")
async def admin(service: Service, clinic: Clinic) -> AsyncIterator[httpx2.AsyncClient]:
    """An administrator's client."""
    _, headers = await service.member(clinic.organization_id, "org_admin")
    async with service.client(headers) as http:
        yield http


@contextlib.asynccontextmanager
async def listening(app: Any, port: int) -> AsyncIterator[str]:
    """An ASGI application on one of the listed ports."""
    server = uvicorn.Server(
        uvicorn.Config(app, port=port, log_level="critical", timeout_graceful_shutdown=1, lifespan="auto")
    )
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = server.force_exit = True
        await task
