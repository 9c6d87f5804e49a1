"""Who is refused something clinical leaves a trace, and can't flood the audit with it."""

import pytest
from sqlalchemy import text

from auricle.actor import Actor
from auricle.audit.refusals import Bound
from auricle.db.base import new_id
from tests import builders

REFUSED = text("select action, entity, entity_id, reason, new from audit_entry where outcome = 'refused' order by id")


@pytest.fixture
async def clinic(service):
    organization_id = await builders.make_organization(service.database)
    people = {role: await service.member(organization_id, role) for role in ("org_admin", "staff", "patient")}
    return organization_id, people


async def refused(service, organization_id):
    async with service.database.transaction(Actor.system(organization_id)) as db:
        return (await db.execute(REFUSED)).all()


async def test_a_missing_permission_and_anothers_record_are_recorded_with_who_and_what(service, clinic):
    organization_id, people = clinic
    admin, staff = people["org_admin"], people["staff"]
    patient = await builders.make_patient(service.database, service.keyring, admin[0])
    elsewhere = await builders.make_organization(service.database)
    foreign = await builders.make_patient(
        service.database, service.keyring, await builders.make_member(service.database, elsewhere, "org_admin")
    )
    note_id = new_id()
    async with service.client(staff[1]) as http:
        assert (await http.get(f"/api/v1/soap/notes/{note_id}")).status_code == 403
        assert (await http.get(f"/api/v1/patients/{foreign.id}")).status_code == 404
        assert (await http.get(f"/api/v1/patients/{patient.id}")).status_code == 200
    async with service.client(people["patient"][1]) as http:
        body = {"kind": "ai_use", "decision": "granted"}
        assert (await http.post(f"/api/v1/patients/{patient.id}/consents", json=body)).status_code == 404
    rows = await refused(service, organization_id)
    assert [(r.action, r.entity, r.entity_id, r.reason) for r in rows] == [
        ("read", "soap_note", note_id, "authorization.forbidden"),
        ("read", "patient", foreign.id, "not_found"),
        ("change", "patient", patient.id, "not_found"),
    ]
    assert rows[0].new == {"route": "GET /api/v1/soap/notes/{note_id}"}
    assert await refused(service, elsewhere) == []
    async with service.client(admin[1]) as http:
        shown = await http.get(
            "/api/v1/audit/entries", params={"outcome": "refused", "actor": str(staff[0].account_id)}
        )
    assert [e["entity_id"] for e in shown.json()["items"]] == [str(foreign.id), str(note_id)]


async def test_asking_again_and_again_writes_a_bounded_number_of_entries(service, clinic):
    organization_id, people = clinic
    async with service.client(people["patient"][1]) as http:
        for _ in range(45):
            assert (await http.get(f"/api/v1/patients/{new_id()}")).status_code == 404
    assert len(await refused(service, organization_id)) == 30


async def test_strangers_and_unclinical_routes_write_nothing(service, clinic):
    organization_id, people = clinic
    async with service.client() as http:
        assert (await http.get(f"/api/v1/patients/{new_id()}")).status_code == 401
    async with service.client(people["patient"][1]) as http:
        assert (await http.get("/api/v1/providers")).status_code == 403
        assert (await http.get("/api/v1/nowhere")).status_code == 404
    assert await refused(service, organization_id) == []


def test_the_bound_counts_each_caller_and_all_and_says_what_it_left_out():
    bound = Bound(each=2, all=3, size=3)
    assert [bound.admit("a", 0.0), bound.admit("a", 1.0), bound.admit("a", 2.0)] == [0, 0, None]
    assert [bound.admit("b", 3.0), bound.admit("c", 3.0)] == [0, None]
    assert bound.admit("a", 61.0) == 1
    assert bound.admit("c", 62.0) == 1
    for number in range(100):
        bound.admit(number, 63.0)
    assert len(bound._callers) <= 3
