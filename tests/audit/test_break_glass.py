"""Emergency access: one patient, a reason, an end, and a loud trail."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from auricle.actor import Actor
from tests import builders

REASON = "Unconscious in the emergency room"


@pytest.fixture
async def hospital(service):
    """Staff without the right to read notes, an administrator, and two patients with a consultation each."""
    organization_id = await builders.make_organization(service.database)
    people = {role: await service.member(organization_id, role) for role in ("org_admin", "staff", "patient")}
    patients = []
    for _ in range(2):
        patient = await builders.make_patient(service.database, service.keyring, people["org_admin"][0])
        consultation, _ = await builders.make_consultation(
            service.database, service.keyring, people["org_admin"][0], patient.id
        )
        patients.append((patient.id, consultation.id))
    return organization_id, people, patients


async def opened(http, patient_id, **more):
    whose = {} if patient_id is None else {"patient_id": str(patient_id)}
    answer = await http.post("/api/v1/break-glass", json={**whose, "reason": REASON, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_every_look_under_an_access_is_in_the_audit_and_told_to_those_who_watch(service, hospital):
    organization_id, people, ((patient_id, consultation_id), _) = hospital
    async with service.client(people["staff"][1]) as http:
        access = await opened(http, patient_id, minutes=30)
        place = f"/api/v1/break-glass/{access['id']}"
        (listed,) = (await http.get(f"{place}/patient")).json()["consultations"]
        assert (listed["id"], listed["type"], listed["status"]) == (str(consultation_id), "voice", "active")
        said = (await http.get(f"{place}/consultations/{consultation_id}/transcript")).raise_for_status().json()
        assert len(said["messages"]) == 2
    async with service.database.transaction(Actor.system(organization_id)) as db:
        reads = (await db.execute(text("select entity, entity_id from audit_entry where reason = :why order by id"),
                                  {"why": f"break_glass:{access['id']}"})).all()  # fmt: skip
        told = list(await db.scalars(text("select kind from live_event where kind like 'break_glass.%' order by id")))
    assert [tuple(r) for r in reads] == [("patient", patient_id), ("consultation", consultation_id)]
    assert told == ["break_glass.opened", "break_glass.read", "break_glass.read"]
    async with service.client(people["org_admin"][1]) as http:
        (shown,) = (await http.get("/api/v1/break-glass")).json()["items"]
    assert (shown["reason"], shown["reads"]) == (REASON, 2)


async def test_the_number_on_a_wristband_opens_that_patient_alone_to_who_cannot_search(service, hospital):
    _, people, _ = hospital
    number = f"Wrist-{uuid4().hex[:8]}"
    patient = await builders.make_patient(
        service.database, service.keyring, people["org_admin"][0], record_number=number
    )
    async with service.client(people["staff"][1]) as http:
        access = await opened(http, None, record_number=number.upper())
        assert access["patient_id"] == str(patient.id)
        for given, status in (({"record_number": number[:-1]}, 404), ({}, 422),
                              ({"record_number": number, "patient_id": str(patient.id)}, 422)):  # fmt: skip
            answer = await http.post("/api/v1/break-glass", json={**given, "reason": REASON})
            assert answer.status_code == status, answer.text


async def test_an_access_opens_one_patient_and_nothing_else(service, hospital):
    _, people, ((patient_id, _), (other_id, other_consultation)) = hospital
    async with service.client(people["staff"][1]) as http:
        access = await opened(http, patient_id)
        place = f"/api/v1/break-glass/{access['id']}"
        assert (await http.get(f"{place}/consultations/{other_consultation}/transcript")).status_code == 404
        assert (await http.get("/api/v1/soap/notes")).status_code == 403  # nothing outside the access
        assert (await http.get(f"{place}/notes/{other_id}")).status_code == 404
    colleague, headers = await service.member(people["staff"][0].organization_id, "staff")
    async with service.client(headers) as http:
        assert (await http.get(f"{place}/patient")).status_code == 404  # it is another's


async def test_a_revoked_access_opens_nothing_from_that_moment(service, hospital):
    _, people, ((patient_id, _), _) = hospital
    async with service.client(people["staff"][1]) as http, service.client(people["org_admin"][1]) as admin:
        access = await opened(http, patient_id)
        place = f"/api/v1/break-glass/{access['id']}"
        assert (await admin.post(f"{place}/revoke")).json()["revoked_by"] == str(people["org_admin"][0].member_id)
        answer = await http.get(f"{place}/patient")
        assert (answer.status_code, answer.json()["error_code"]) == (403, "break_glass.over")


async def test_an_access_expires_and_never_lasts_more_than_four_hours(service, hospital):
    organization_id, people, ((patient_id, _), _) = hospital
    async with service.client(people["staff"][1]) as http:
        for minutes in (241, 0, -5):
            body = {"patient_id": str(patient_id), "reason": REASON, "minutes": minutes}
            assert (await http.post("/api/v1/break-glass", json=body)).status_code == 422
        access = await opened(http, patient_id, minutes=240)
        left = datetime.fromisoformat(access["expires_at"]) - datetime.now(UTC)
        assert left <= timedelta(hours=4)
        async with service.database.transaction(Actor.system(organization_id)) as db:
            await db.execute(text("update break_glass set expires_at = now() - interval '1 second'"))
        answer = await http.get(f"/api/v1/break-glass/{access['id']}/patient")
        assert answer.json()["error_code"] == "break_glass.over"


async def test_it_needs_a_reason_a_need_and_a_right(service, hospital):
    _, people, ((patient_id, _), _) = hospital
    body = {"patient_id": str(patient_id), "reason": REASON}
    async with service.client(people["staff"][1]) as http:
        assert (await http.post("/api/v1/break-glass", json={**body, "reason": "  why  "})).status_code == 422
        for _ in range(3):
            await opened(http, patient_id)
        assert (await http.post("/api/v1/break-glass", json=body)).json()["error_code"] == "break_glass.too_many"
    async with service.client(people["patient"][1]) as http:
        assert (await http.post("/api/v1/break-glass", json=body)).status_code == 403
    async with service.client(people["org_admin"][1]) as http:
        assert (await http.post("/api/v1/break-glass", json=body)).json()["error_code"] == "break_glass.not_needed"


async def test_another_organizations_patient_is_not_to_be_had(service, hospital):
    _, _, ((patient_id, _), _) = hospital
    _, headers = await service.member(await builders.make_organization(service.database), "staff")
    async with service.client(headers) as http:
        answer = await http.post("/api/v1/break-glass", json={"patient_id": str(patient_id), "reason": REASON})
        assert answer.status_code == 404
