"""Documents end: by a person's will, by time, with their patient; and a patient takes them along."""

import io
import zipfile
from datetime import UTC, datetime, timedelta

import orjson
from sqlalchemy import text

from auricle.actor import Actor
from auricle.consent.models import Kind
from auricle.consent.retention import erase_due
from auricle.storage.s3 import S3Objects
from tests.bucket import stored
from tests.channels.talking import eventually
from tests.documents.conftest import LETTER, Desk


async def gone_from_bucket(desk: Desk, document_id: str) -> bool:
    async def listed() -> str:
        return stored(desk.service.settings.objects)

    return document_id not in await eventually(listed, lambda names: document_id not in names)


async def row_of(desk: Desk, document_id: str):
    async with desk.service.database.transaction(Actor.system(desk.organization_id)) as db:
        what = text("select status, name, text, content_hash, deleted_by from document where id = :id")
        return (await db.execute(what, {"id": document_id})).one()


async def test_a_deleted_document_leaves_no_name_no_text_and_no_file(desk, asha):
    document = await desk.kept(asha.id)
    assert document["id"] in stored(desk.service.settings.objects)
    async with desk.client() as http:
        there = f"/api/v1/documents/{document['id']}"
        deleted = await http.delete(there)
        assert (deleted.status_code, deleted.json()) == (200, {"id": document["id"], "notes": []})
        assert {(await http.get(there)).status_code, (await http.delete(there)).status_code} == {404}
    assert await gone_from_bucket(desk, document["id"])
    who = desk.people["clinician"].member_id
    assert tuple(await row_of(desk, document["id"])) == ("deleted", None, None, None, who)
    sent_again = (await desk.send(asha.id)).json()
    assert sent_again["known_already"] is False and sent_again["id"] != document["id"]


async def test_a_hold_keeps_a_document(desk):
    patient = await desk.patient()
    document = await desk.kept(patient.id)
    async with desk.client("org_admin") as http:
        await http.post(f"/api/v1/patients/{patient.id}/holds", json={"reason": "Inquest"})
        refused = await http.delete(f"/api/v1/documents/{document['id']}")
    assert (refused.status_code, refused.json()["error_code"]) == (409, "patient.on_hold")
    assert (await desk.get(f"/{document['id']}/text")).status_code == 200


async def test_an_erased_patient_leaves_no_document(desk):
    patient = await desk.patient(Kind.AI_USE)
    document = await desk.kept(patient.id)
    async with desk.client("org_admin") as http:
        body = {"reason": "patient_request", "confirm_patient_id": str(patient.id)}
        erasure = (await http.post(f"/api/v1/patients/{patient.id}/erasure", json=body)).raise_for_status().json()
    assert erasure["counts"]["documents"] == 1
    assert (await desk.get(f"/{document['id']}")).status_code == 404
    assert await gone_from_bucket(desk, document["id"])
    assert (await row_of(desk, document["id"])).text is None


async def test_documents_are_kept_for_their_time_and_no_longer(desk):
    system = Actor.system(desk.organization_id)
    held, free = await desk.patient(), await desk.patient()
    kept, due = (await desk.kept(held.id))["id"], (await desk.kept(free.id))["id"]
    async with desk.client("org_admin") as http:
        await http.post(f"/api/v1/patients/{held.id}/holds", json={"reason": "Inquest"})
    now = datetime.now(UTC)
    async with desk.service.database.transaction(system) as db:
        for document_id in (kept, due):
            await db.execute(
                text("update document set created_at = :then where id = :id"),
                {"then": now - timedelta(days=3_651), "id": document_id},
            )
    erased = await erase_due(desk.service.database, system, now=now)
    assert erased["documents"] == 1
    assert [(await row_of(desk, one)).status for one in (kept, due)] == ["done", "deleted"]


async def test_a_patients_export_holds_their_documents_and_the_files(desk, asha):
    document = await desk.kept(asha.id)
    lost = await desk.kept(asha.id, "lost.txt", b"Its file will be gone.")
    objects = S3Objects(desk.service.settings.objects)
    await objects.delete(desk.organization_id, f"documents/{lost['id']}")
    async with desk.client("org_admin") as http:
        place = f"/api/v1/exports/{(await http.post(f'/api/v1/patients/{asha.id}/exports')).json()['id']}"

        async def state() -> str:
            return str((await http.get(place)).json()["status"])

        assert await eventually(state, lambda status: status != "queued") == "ready"
        archive = zipfile.ZipFile(io.BytesIO((await http.post(f"{place}/download")).raise_for_status().content))
    told = [orjson.loads(line) for line in archive.read("documents.ndjson").splitlines()]
    assert [(one["name"], one["status"]) for one in told] == [("letter.pdf", "done"), ("lost.txt", "done")]
    assert "metformin 500 mg" in told[0]["text"]
    assert archive.read(told[0]["file"]) == LETTER
    assert orjson.loads(archive.read("manifest.json"))["missing"] == [f"documents/{lost['id']}.txt"]
    assert document["id"] in told[0]["file"]
