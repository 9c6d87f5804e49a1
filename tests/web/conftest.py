"""One running installation for the tests of the web: the service, its worker, and two hospitals in it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid5

import pytest
import pytest_asyncio

from auricle.actor import Actor
from auricle.consultations.alerts import HAND_OVER, ask_for_person
from auricle.db.sealed import Keyring
from auricle.db.session import Database
from auricle.identity.roles import built_in_id
from auricle.phone.models import Direction, PhoneCall
from tests import builders
from tests.conftest import Template
from tests.running_service import Service, served, settings_for, worked

CANARY = "Zebrafisch"  # a family name, a sentence and a document that nobody else may ever see


@pytest.fixture(scope="package")
def web_settings(template: Template, tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    yield settings_for(template.copy(), tmp_path_factory.mktemp("installation"))


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def service(web_settings: object) -> AsyncIterator[Service]:
    from auricle.settings import Settings

    assert isinstance(web_settings, Settings) and web_settings.database_url is not None
    database = Database(web_settings.database_url.get_secret_value())
    with served(web_settings), worked(web_settings):
        yield Service(web_settings, database, Keyring(bytes(range(32))))
        await database.close()


@dataclass
class Hospital:
    """An organization with something of everything in it."""

    organization_id: UUID
    people: dict[str, Actor]
    headers: dict[str, dict[str, str]]
    ids: dict[str, str]  # by the names that paths, bodies and filters use


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def hospitals(service: Service) -> tuple[Hospital, Hospital]:
    return await build(service, CANARY), await build(service, "Other")


async def build(service: Service, family_name: str) -> Hospital:
    organization_id = await builders.make_organization(service.database)
    people: dict[str, Actor] = {}
    headers: dict[str, dict[str, str]] = {}
    for role in ("org_admin", "clinician", "staff", "patient"):
        people[role], headers[role] = await service.member(organization_id, role)
    clinician = people["clinician"]
    patient = await builders.make_patient(
        service.database,
        service.keyring,
        people["org_admin"],
        family_name=family_name,
        account_id=people["patient"].account_id,
    )
    said = (
        ("assistant", "What brings you here?"),
        ("patient", f"I take ibuprofen four hundred milligrams, says {family_name}"),
    )
    consultation, session = await builders.make_consultation(
        service.database, service.keyring, clinician, patient.id, said
    )
    async with service.client(headers["org_admin"]) as http:
        uploaded = await http.post(
            "/api/v1/rag/ingest-upload",
            files={
                "file": (
                    "hours.md",
                    f"# Hours of {family_name}\n\nThe {family_name} desk opens at nine on Mondays.".encode(),
                )
            },
        )
        document_id = uploaded.raise_for_status().json()["id"]
    async with service.client(headers["clinician"]) as http:
        note = (
            (
                await http.post(
                    "/api/v1/soap/generate", params={"wait": 30}, json={"consultation_id": str(consultation.id)}
                )
            )
            .raise_for_status()
            .json()
        )
        assert note["note"] is not None, note
        agents = (await http.get("/api/v1/agents")).raise_for_status().json()["items"]
    await live(service, headers["org_admin"], document_id)
    asked = await evaluation_of(service, headers["org_admin"], family_name)
    await add_template(service, headers["org_admin"], family_name)
    statement = note["note"]["statements"][0]
    ids = {
        "patient_id": str(patient.id),
        "consultation_id": str(consultation.id),
        "session_id": str(session.id),
        "note_id": note["id"],
        "statement_id": statement["id"],
        "document_id": document_id,
        **asked,
        "agent_id": agents[0]["id"],
        "model": agents[0]["id"],
        "clinician_id": str(clinician.member_id),
        "entity_id": str(patient.id),
        "actor_id": str(clinician.account_id),
        "message_id": statement["evidence"][0]["message_id"],
        "alert_id": await alert_of(service, clinician, consultation.id, patient.id, session.id),
        **await people_of(service, headers["org_admin"], organization_id),
    }
    gone = await builders.make_patient(service.database, service.keyring, people["org_admin"], family_name=family_name)
    ids |= await rights_of(service, headers, ids["patient_id"], str(gone.id))
    ids["patient_document_id"] = await filed(service, headers["clinician"], family_name, ids["patient_id"])
    ids |= await tools_of(service, headers["org_admin"], ids["agent_id"])
    ids |= await phone_of(service, people["org_admin"], headers["org_admin"], ids["agent_id"])
    ids |= await money_of(service, headers["org_admin"])
    ids |= await care_of(service, headers["org_admin"], ids["clinician_id"], ids["patient_id"])
    return Hospital(organization_id, people, headers, ids)


async def alert_of(service: Service, actor: Actor, consultation_id: UUID, patient_id: UUID, session_id: UUID) -> str:
    async with service.database.transaction(actor) as db:
        await ask_for_person(db, consultation_id=consultation_id, patient_id=patient_id, session_id=session_id)
    return str(uuid5(session_id, HAND_OVER))


async def people_of(service: Service, headers: dict[str, str], organization_id: UUID) -> dict[str, str]:
    """A custom role, an invitation, a department and a specialty, and the ids of them all."""
    there, staff = f"/api/v1/admin/hospitals/{organization_id}", str(built_in_id("staff"))
    made = {"hospital_id": str(organization_id)}
    async with service.client(headers) as http:
        for name, path, body in (
            ("role_id", f"{there}/roles", {"name": "Desk", "parent_id": staff, "permissions": ["patients:read"]}),
            (
                "invitation_id",
                f"{there}/invitations",
                {
                    "email": f"new@{organization_id}.example",
                    "role_id": staff,
                    "given_name": "Nita",
                    "family_name": "Bose",
                },
            ),
            ("department_id", "/api/v1/departments", {"name": "Audiology"}),
            ("specialty_id", "/api/v1/specialties", {"name": "Audiology"}),
        ):
            made[name] = (await http.post(path, json=body)).raise_for_status().json()["id"]
        newest = (await http.get(f"{there}/members", params={"limit": 1})).raise_for_status().json()["items"][0]
    return {**made, "member_id": newest["id"], "parent_id": made["role_id"]}


async def rights_of(service: Service, headers: dict[str, dict[str, str]], patient_id: str, gone: str) -> dict[str, str]:
    """An export, an emergency access and an erasure, and their ids."""
    made = {}
    for name, role, path, body in (
        ("export_id", "org_admin", f"/api/v1/patients/{patient_id}/exports", None),
        ("break_glass_id", "staff", "/api/v1/break-glass", {"patient_id": patient_id, "reason": "Found unconscious"}),
        (
            "erasure_id",
            "org_admin",
            f"/api/v1/patients/{gone}/erasure",
            {"reason": "mistake", "confirm_patient_id": gone},
        ),
    ):
        async with service.client(headers[role]) as http:
            made[name] = (await http.post(path, json=body)).raise_for_status().json()["id"]
    return made


async def care_of(service: Service, headers: dict[str, str], professional_id: str, patient_id: str) -> dict[str, str]:
    """An appointment, a day off and a merged duplicate, and the ids of them all."""
    professional = f"/api/v1/users/professionals/{professional_id}"
    person: dict[str, object] = {"given_name": "Twin", "family_name": "Bose"}
    in_a_week = (datetime.now(UTC) + timedelta(days=7)).replace(minute=0, second=0, microsecond=0).isoformat()
    async with service.client(headers) as http:

        async def made(path: str, body: dict[str, object]) -> str:
            return str((await http.post(path, json=body)).raise_for_status().json()["id"])

        booking = {
            "patient_id": patient_id,
            "professional_id": professional_id,
            "starts_at": in_a_week,
            "outside_hours": True,
        }
        kept, duplicate = [await made("/api/v1/patients", person) for _ in range(2)]
        return {
            "professional_id": professional_id,
            "appointment_id": await made("/api/v1/appointments", booking),
            "exception_id": await made(f"{professional}/exceptions", {"day": "2030-01-26", "kind": "off"}),
            "merge_id": await made(f"/api/v1/patients/{kept}/merges", {"duplicate_id": duplicate}),
            "duplicate_id": duplicate,
        }


async def filed(service: Service, headers: dict[str, str], family_name: str, patient_id: str) -> str:
    """A document of the patient, read; its id."""
    letter = {"file": (f"{family_name}.txt", f"A letter about {family_name}.".encode())}
    async with service.client(headers) as http:
        sent = await http.post("/api/v1/documents/upload", files=letter, data={"patient_id": patient_id})
        document_id = str(sent.raise_for_status().json()["id"])
        for _ in range(300):
            if (await http.get(f"/api/v1/documents/{document_id}")).json()["status"] == "done":
                return document_id
            await asyncio.sleep(0.1)
    raise AssertionError("the letter was not read")


async def tools_of(service: Service, headers: dict[str, str], agent_id: str) -> dict[str, str]:
    """A tool, a test scenario of an agent and a run of it that is over, and the ids of them all."""
    tool = {"name": "lab_ready", "description": "Is it ready?", "url": "https://lab.example.org/ready"}
    there = f"/api/v1/agents/{agent_id}/scenarios"
    scenario = {"name": "Greets", "turns": [{"patient": "Hello"}]}
    async with service.client(headers) as http:
        tool_id = (await http.post("/api/v1/tools", json=tool)).raise_for_status().json()["id"]
        scenario_id = (await http.post(there, json=scenario)).raise_for_status().json()["id"]
        run_id = (await http.post(f"{there}/run", json={})).raise_for_status().json()["id"]
        for _ in range(300):
            if (await http.get(f"{there}/runs/{run_id}")).raise_for_status().json()["finished_at"]:
                break
            await asyncio.sleep(0.1)
    return {"tool_id": tool_id, "scenario_id": scenario_id, "run_id": run_id}


async def money_of(service: Service, headers: dict[str, str]) -> dict[str, str]:
    """A provider account that nobody is asked about, a rate, a budget and a recomputation, and the ids of them."""
    account = {"name": "own", "vendor": "anthropic", "key": "sk-own"}
    rate = {"provider": "own", "capability": "llm", "unit": "1m_tokens", "price": "1", "since": "2026-01-01"}
    period = {"since": "2026-01-01T00:00:00Z", "until": "2026-02-01T00:00:00Z"}
    async with service.client(headers) as http:
        made = await http.post("/api/v1/provider-accounts", params={"untested": True}, json=account)
        set_to = await http.post("/api/v1/rates", json={**rate, "source": "contract"})
        again = await http.post("/api/v1/usage/recomputations", json=period)
        budget = await http.put("/api/v1/budgets", json={"amount": "1000000.00", "currency": "INR"})
    return {
        "provider_account_id": made.raise_for_status().json()["id"],
        "rate_id": set_to.raise_for_status().json()["id"],
        "recomputation_id": again.raise_for_status().json()["id"],
        "budget_id": budget.raise_for_status().json()["budgets"][0]["id"],
    }


async def phone_of(service: Service, admin: Actor, headers: dict[str, str], agent_id: str) -> dict[str, str]:
    """A carrier account, a line that is switched off (nobody shall be called here) and a call, and the ids of them."""
    account = {"kind": "twilio", "name": "Twilio", "account_id": "AC1", "token": "a-token"}
    async with service.client(headers) as http:
        carrier = (await http.post("/api/v1/phone/carriers", json=account)).raise_for_status().json()["id"]
        line = {"name": "Desk", "carrier_id": carrier, "agent_id": agent_id, "number": "+918047180000", "active": False}
        line_id = (await http.post("/api/v1/phone/lines", json=line)).raise_for_status().json()["id"]
    async with service.database.transaction(admin) as db:
        call = PhoneCall(line_id=UUID(line_id), direction=Direction.INBOUND)
        db.add(call)
    return {
        "phone_carrier_id": carrier,
        "carrier_id": carrier,
        "phone_line_id": line_id,
        "line_id": line_id,
        "phone_call_id": str(call.id),
    }


async def evaluation_of(service: Service, headers: dict[str, str], family_name: str) -> dict[str, str]:
    """A set of questions and a run of it that is over, and the ids of both."""
    question = f"question,document\nWhen does the {family_name} desk open?,hours.md\n".encode()
    async with service.client(headers) as http:
        form = {"name": f"desk of {family_name}"}
        made = await http.post("/api/v1/rag/evaluations", files={"file": ("desk.csv", question)}, data=form)
        evaluation_id = made.raise_for_status().json()["id"]
        there = f"/api/v1/rag/evaluations/{evaluation_id}/runs"
        run_id = (await http.post(there, json={})).raise_for_status().json()["id"]
        for _ in range(300):
            if (run := (await http.get(f"{there}/{run_id}")).raise_for_status().json())["finished_at"]:
                assert run["totals"]["success_at_1"] == 1.0, run
                break
            await asyncio.sleep(0.1)
    return {"evaluation_id": evaluation_id, "evaluation_run_id": run_id}


async def add_template(service: Service, headers: dict[str, str], family_name: str) -> None:
    """A note template of the hospital's own, with a key that the other hospital's does not have."""
    part = {"key": "all", "heading": {"en": family_name}, "section": "subjective"}
    house = {"key": f"of_{family_name.lower()}", "name": {"en": f"Note of {family_name}"}, "parts": [part]}
    async with service.client(headers) as http:
        (await http.post("/api/v1/soap/templates", json=house)).raise_for_status()


async def live(service: Service, headers: dict[str, str], document_id: str) -> None:
    async with service.client(headers) as http:
        for _ in range(300):
            document = (await http.get(f"/api/v1/rag/documents/{document_id}")).raise_for_status().json()
            if document["status"] in ("live", "failed"):
                assert document["status"] == "live", document
                return
            await asyncio.sleep(0.1)
    raise AssertionError("the document did not go live")


@pytest.fixture
def repository() -> Path:
    return Path(__file__).parents[2]
