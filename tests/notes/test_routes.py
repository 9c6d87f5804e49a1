"""The notes over HTTP: status codes, permissions, and other organizations' ids."""

import asyncio
from uuid import uuid4

from auricle.jobs.worker import run_worker
from tests.builders import make_member, make_organization
from tests.notes.serving import NOTES, client_of


async def test_a_note_from_request_to_signature(clinic, client):
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(run_worker(clinic.means, stop, grace_s=1))
        body = {"consultation_id": str(clinic.consultation.id)}
        answer = await client.post("/api/v1/soap/generate?wait=20", json=body)
        stop.set()
    assert answer.status_code == 200 and answer.json()["note"]["statements"]
    place = answer.headers["location"]
    read = await client.get(place)
    assert (read.status_code, read.headers["etag"]) == (200, '"1"')
    statements = [{k: s[k] for k in ("id", "section", "kind", "text")} for s in read.json()["statements"]]
    added = {"section": "objective", "text": "Heart sounds are normal."}
    edited = await client.put(place, json={"statements": [*statements, added]}, headers={"if-match": '"1"'})
    assert edited.status_code == 200 and edited.json()["version"] == 2
    signing = {"note_id": answer.json()["id"], "version": 2}
    refused = await client.post("/api/v1/soap/approve", json=signing)
    assert (refused.status_code, refused.json()["error_code"]) == (409, "note.unseen_statements")
    unseen = refused.json()["context"]["statements"].split(",")
    signed = await client.post("/api/v1/soap/approve", json={**signing, "seen": unseen})
    assert signed.status_code == 200 and signed.json()["notes"][0]["user_approved"]
    versions = (await client.get(f"{place}/versions")).json()
    assert versions["intact"] and len(versions["versions"]) == 3
    assert (await client.get(f"{place}/versions/1")).json()["reason"] == "generated"
    assert (await client.delete(place)).status_code == 409
    exported = await client.get(f"{place}/export?format=markdown&reveal=true")
    assert exported.headers["content-type"].startswith("text/markdown") and "Signed " in exported.text


async def test_without_waiting_the_answer_is_202_with_a_place_to_look(clinic, client):
    answer = await client.post("/api/v1/soap/generate", json={"consultation_id": str(clinic.consultation.id)})
    assert (answer.status_code, answer.json()["status"], answer.json()["note"]) == (202, "queued", None)
    assert (await client.get(answer.json()["status_url"])).json()["status"] == "queued"
    assert (await client.get(f"{answer.json()['status_url']}/export")).status_code == 409


async def test_bad_requests_are_refused_by_name(clinic, client):
    note_id = await clinic.drafted()
    place = f"{NOTES}/{note_id}"
    too_many = [{"section": "plan", "text": "x"}] * 301
    for request, status in (
        (client.post("/api/v1/soap/generate?wait=31", json={"consultation_id": str(uuid4())}), 422),
        (client.post("/api/v1/soap/generate", json={"consultation_id": str(uuid4()), "template": "../etc"}), 422),
        (client.post("/api/v1/soap/generate", json={"consultation_id": str(uuid4())}), 404),
        (client.put(place, json={"statements": []}), 428),
        (client.post(f"{place}/statements/{uuid4()}/overrule", json={"reason": "No reason."}), 428),
        (client.put(place, json={"statements": [], "version": 1}, headers={"if-match": '"2"'}), 428),
        (client.put(place, json={"statements": []}, headers={"if-match": "tomorrow"}), 422),
        (client.put(place, json={"version": 1, "statements": too_many}), 422),
        (client.put(place, json={"version": 1, "statements": [{"section": "plan", "text": " "}]}), 422),
        (client.put(place, json={"version": 1, "statements": [{"section": "plan", "text": "a\x00b"}]}), 422),
        (client.post("/api/v1/soap/approve", json={"note_id": str(note_id)}), 422),
        (client.post("/api/v1/soap/approve", json={"notes": []}), 422),
        (client.get(f"{NOTES}?status=lost"), 422),
        (client.get(f"{NOTES}?cursor=!!"), 422),
        (client.get(f"{place}/versions/99999999999999999999"), 422),
        (client.get(f"{place}/export?format=exe"), 422),
    ):
        assert (answer := await request).status_code == status, (answer.request.url, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"


async def routes(client, consultation_id, note_id, statement_id):
    """Each operation once, with these ids."""
    place = f"{NOTES}/{note_id}"
    yield await client.post("/api/v1/soap/generate", json={"consultation_id": str(consultation_id)})
    for path in ("", "?reveal=true", "/versions", "/versions/1", "/export", "/export?reveal=true"):
        yield await client.get(f"{place}{path}")
    yield await client.put(place, json={"version": 1, "statements": []})
    yield await client.post("/api/v1/soap/approve", json={"note_id": str(note_id), "version": 1})
    yield await client.post(f"{place}/statements/{statement_id}/overrule", json={"version": 1, "reason": "No reason."})
    yield await client.delete(place)


async def test_another_organization_finds_nothing_by_any_route(clinic, database):
    note = await clinic.read(await clinic.drafted())
    stranger = await make_member(database, await make_organization(database), "org_admin")
    async with client_of(clinic, stranger) as client:
        answers = [a async for a in routes(client, clinic.consultation.id, note.id, note.statements[0].id)]
        assert {a.status_code for a in answers} == {404} and len(answers) == 11
        assert (await client.get(NOTES)).json() == {"items": [], "next": None}
    assert (await clinic.read(note.id)).version == 1


async def test_roles_without_the_permission_are_refused_by_every_route(clinic, database):
    note = await clinic.read(await clinic.drafted())
    for role in ("staff", "patient"):
        member = await make_member(database, clinic.clinician.organization_id, role)
        async with client_of(clinic, member) as client:
            answers = [a async for a in routes(client, clinic.consultation.id, note.id, note.statements[0].id)]
            answers.append(await client.get(NOTES))
            assert {a.status_code for a in answers} == {403}, role
    async with client_of(clinic) as client:
        client.headers.pop("authorization")
        assert (await client.get(NOTES)).status_code == 401
