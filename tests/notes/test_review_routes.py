"""The review over HTTP: from the queue to the addendum, bad requests, and who may do what."""

from dataclasses import replace
from uuid import uuid4

from auricle.audit.explore import Wanted, list_entries
from auricle.patients.models import Patient
from tests.builders import make_member, make_organization, make_patient
from tests.notes.serving import NOTES, client_of

OWN = "/api/v1/me/notes"
QUEUE = "/api/v1/soap/queue"


async def test_a_draft_from_the_queue_to_an_addendum(clinic, client):
    note = await clinic.with_unsupported()
    place, me = f"{NOTES}/{note.id}", str(clinic.clinician.member_id)
    waiting = (await client.get(QUEUE)).json()
    assert [one["id"] for one in waiting["items"]] == [str(note.id)] and waiting["next"] is None
    assert (waiting["items"][0]["turn"], waiting["items"][0]["unseen"]) == ("mine", 1)
    assert (await client.put(f"{place}/assignee", json={"member_id": me})).json()["assigned_to"] == me
    assert (await client.get(f"{QUEUE}/counts")).json()["drafts"] == {"mine": 1, "unassigned": 0, "others": 0}
    objected = next(s for s in note.statements if s.verdict == "unsupported")
    seen = await client.post(f"{place}/statements/{objected.id}/seen", json={}, headers={"if-match": '"2"'})
    assert seen.status_code == 200 and seen.json()["seen_by"] == me
    again = await client.post(f"{place}/sections/plan/regenerate", json={"version": 2})
    assert again.status_code == 200 and again.headers["etag"] == '"2"'
    signed = await client.post("/api/v1/soap/approve", json={"note_id": str(note.id), "version": 2})
    assert signed.status_code == 200, signed.text
    assert (await client.get(QUEUE)).json()["items"] == []
    body = {"version": 3, "statements": [{"section": "plan", "text": "Asha Rao was called."}]}
    added = await client.post(f"{place}/addenda", json=body)
    assert (added.status_code, added.headers["etag"]) == (201, '"4"')
    assert added.json()["addenda"][0]["statements"][0]["text"] == "[PERSON_1] was called."
    assert (await client.post(f"{place}/addenda", json=body)).status_code == 409
    changed = (await client.get(f"{place}/versions/draft/diff/latest")).json()
    assert [one["fate"] for one in changed["statements"]][-2:] == ["added", "added"]
    assert (changed["was"]["number"], changed["now"]["reason"]) == (1, "addendum")
    assert (await client.get(f"{place}/versions/3/diff/signed")).json()["statements"][-1]["fate"] == "unchanged"


async def test_the_same_request_twice_marks_and_adds_once(clinic, client):
    note = await clinic.with_unsupported()
    place = f"{NOTES}/{note.id}"
    seen = f"{place}/statements/{note.statements[-1].id}/seen"
    first, second = [(await client.post(seen, json={"version": 2})).json() for _ in range(2)]
    assert first == second
    await client.post("/api/v1/soap/approve", json={"note_id": str(note.id), "version": 2})
    body = {"version": 3, "statements": [{"section": "plan", "text": "Rest."}]}
    key = {"idempotency-key": f"addendum-{note.id}"}
    answers = [await client.post(f"{place}/addenda", json=body, headers=key) for _ in range(2)]
    assert [a.status_code for a in answers] == [201, 201] and answers[0].json() == answers[1].json()
    assert len((await clinic.read(note.id)).addenda) == 1


async def test_bad_requests_of_the_review_are_refused_by_name_and_change_nothing(clinic, client):
    note = await clinic.read(await clinic.drafted())
    place, statement = f"{NOTES}/{note.id}", note.statements[0].id
    more = {"section": "plan", "text": "Rest."}
    for request, status in (
        (client.get(f"{QUEUE}?state=approved"), 422),
        (client.get(f"{QUEUE}?whose=everyones"), 422),
        (client.get(f"{QUEUE}?cursor=!!"), 422),
        (client.get(f"{QUEUE}?limit=0"), 422),
        (client.put(f"{place}/assignee", json={}), 422),
        (client.put(f"{place}/assignee", json={"member_id": "me"}), 422),
        (client.put(f"{place}/assignee", json={"member_id": str(uuid4())}), 404),
        (client.put(f"{NOTES}/{uuid4()}/assignee", json={"member_id": None}), 404),
        (client.post(f"{place}/statements/{statement}/seen", json={}), 428),
        (client.post(f"{place}/statements/{statement}/seen", json={"version": 1, "by": "me"}), 422),
        (client.post(f"{place}/statements/{statement}/seen", json={"version": 2}), 409),
        (client.post(f"{place}/statements/{uuid4()}/seen", json={"version": 1}), 404),
        (client.post(f"{place}/sections/plan/regenerate", json={}), 428),
        (client.post(f"{place}/sections/plan/regenerate", json={"version": 9}), 409),
        (client.post(f"{place}/sections/poem/regenerate", json={"version": 1}), 404),
        (client.post(f"{place}/sections/Plan!/regenerate", json={"version": 1}), 422),
        (client.post(f"{place}/sections/plan/regenerate", json={"version": 1, "wish": "x" * 501}), 422),
        (client.post(f"{NOTES}/{uuid4()}/sections/plan/regenerate", json={"version": 1}), 404),
        (client.post(f"{place}/addenda", json={"version": 1, "statements": [more]}), 409),
        (client.post(f"{place}/addenda", json={"version": 1, "statements": []}), 422),
        (client.post(f"{place}/addenda", json={"version": 1, "statements": [more] * 51}), 422),
        (client.post(f"{place}/addenda", json={"version": 1, "statements": [{**more, "text": "a\x00"}]}), 422),
        (client.post(f"{place}/addenda", json={"version": 1, "statements": [{**more, "id": str(statement)}]}), 422),
        (client.post(f"{place}/addenda", json={"statements": [more]}), 428),
        (client.get(f"{place}/versions/0/diff/1"), 422),
        (client.get(f"{place}/versions/first/diff/1"), 422),
        (client.get(f"{place}/versions/1/diff/signed"), 404),
        (client.get(f"{place}/versions/1/diff/7"), 404),
    ):
        assert (answer := await request).status_code == status, (answer.request.url, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"
    after = await clinic.read(note.id)
    assert (after.version, after.assigned_to, after.statements) == (1, None, note.statements)


async def routes(client, note_id, statement_id, member_id):
    """Each operation of the review on one note, once."""
    place = f"{NOTES}/{note_id}"
    yield await client.put(f"{place}/assignee", json={"member_id": str(member_id)})
    yield await client.post(f"{place}/statements/{statement_id}/seen", json={"version": 1})
    yield await client.post(f"{place}/sections/plan/regenerate", json={"version": 1})
    yield await client.post(
        f"{place}/addenda", json={"version": 1, "statements": [{"section": "plan", "text": "Rest."}]}
    )
    yield await client.get(f"{place}/versions/1/diff/1")


async def test_another_organization_and_roles_without_the_permission_reach_nothing(clinic, database):
    note = await clinic.read(await clinic.drafted())
    ids = (note.id, note.statements[0].id, clinic.clinician.member_id)
    stranger = await make_member(database, await make_organization(database), "org_admin")
    async with client_of(clinic, stranger) as client:
        assert {a.status_code async for a in routes(client, *ids)} == {404}
        assert (await client.get(QUEUE)).json() == {"items": [], "next": None}
    for role in ("staff", "patient"):
        member = await make_member(database, clinic.clinician.organization_id, role)
        async with client_of(clinic, member) as client:
            answers = [a async for a in routes(client, *ids)]
            answers += [await client.get(path) for path in (QUEUE, f"{QUEUE}/counts")]
            assert {a.status_code for a in answers} == {403}, role
    assert (await clinic.read(note.id)).version == 1


async def patient_of(clinic, database):
    """The clinic's patient, signed in."""
    member = await make_member(database, clinic.clinician.organization_id, "patient")
    async with clinic.transaction() as db:
        (await db.get_one(Patient, clinic.patient_id)).account_id = member.account_id
    return replace(member, patient_id=clinic.patient_id)


async def test_a_patient_reads_their_own_signed_note_in_clear_and_that_is_on_record(clinic, client, database):
    note_id = await clinic.drafted()
    async with client_of(clinic, await patient_of(clinic, database)) as theirs:
        assert (await theirs.get(OWN)).json()["items"] == []
        assert (await theirs.get(f"{OWN}/{note_id}")).status_code == 404, "a draft is not for them"
        await client.post("/api/v1/soap/approve", json={"note_id": str(note_id), "version": 1})
        body = {"version": 2, "statements": [{"section": "plan", "text": "Asha Rao was called."}]}
        await client.post(f"{NOTES}/{note_id}/addenda", json=body)
        (row,) = (await theirs.get(OWN)).json()["items"]
        assert row["id"] == str(note_id) and row["amended_at"]
        read = (await theirs.get(f"{OWN}/{note_id}")).json()
    assert read["signed_by"] == "Meera Iyer" and read["sections"][0]["heading"] == "Subjective"
    assert read["addenda"][0]["sections"][0]["statements"][0]["text"] == "Asha Rao was called."
    assert "[PERSON_1]" not in str(read) and "metformin" in str(read)
    async with clinic.transaction() as db:
        looked = await list_entries(db, Wanted(patient_id=clinic.patient_id, action="reveal"), limit=9)
    assert [(one.entity_id, one.new["own"]) for one in looked] == [(note_id, True)]


async def test_a_patient_reads_nobody_elses_note_and_staff_have_no_notes_of_their_own(clinic, client, database):
    note_id = await clinic.drafted()
    await client.post("/api/v1/soap/approve", json={"note_id": str(note_id), "version": 1})
    organization_id = clinic.clinician.organization_id
    member = await make_member(database, organization_id, "patient")
    await make_patient(
        database, clinic.means.keyring, clinic.clinician, given_name="Ravi", account_id=member.account_id
    )
    elsewhere = await make_member(database, await make_organization(database), "patient")
    for other in (member, elsewhere):
        async with client_of(clinic, other) as theirs:
            assert (await theirs.get(OWN)).json()["items"] == []
            assert (await theirs.get(f"{OWN}/{note_id}")).status_code == 404
    assert (await client.get(OWN)).status_code == 403


async def test_a_reveal_stands_in_the_list_of_who_looked_at_a_patient(clinic, client):
    note_id = await clinic.drafted()
    await client.get(f"{NOTES}/{note_id}")
    await client.get(f"{NOTES}/{note_id}?reveal=true")
    async with clinic.transaction() as db:
        looked = await list_entries(db, Wanted(patient_id=clinic.patient_id, entity="soap_note"), limit=50)
    told = [(one.action, one.actor_id) for one in looked if one.action in ("read", "reveal")]
    assert told == [("reveal", clinic.clinician.account_id), ("read", clinic.clinician.account_id)]
