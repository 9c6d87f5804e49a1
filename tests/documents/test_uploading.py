"""Files of patients over HTTP: taken in, sealed, read, found again, and refused where they should be."""

import asyncio
from uuid import uuid4

import httpx2
import pytest
from sqlalchemy import text

from auricle.actor import Actor
from auricle.documents import receive as receiving
from tests import builders
from tests.bucket import stored
from tests.documents.conftest import LETTER
from tests.uploads.hostile import flat_bomb
from tests.uploads.office import docx_of, h, p
from tests.uploads.papers import blank_pdf

SECRET = "Wolkenkuckucksheim"


async def test_an_upload_is_answered_at_once_and_read_in_the_background(desk, asha):
    sent = await desk.send(asha.id)
    told = sent.json()
    assert (sent.status_code, told["status"], told["known_already"]) == (202, "pending", False)
    assert sent.headers["location"] == told["status_url"] == f"/api/v1/documents/{told['id']}"
    document = await desk.read(told["id"])
    assert (document["status"], document["text_extracted"], document["page_count"]) == ("done", True, 2)
    assert document["processed_at"] and document["failure_code"] is None
    assert (document["name"], document["kind"], document["byte_size"]) == ("letter.pdf", "pdf", len(LETTER))
    assert document["uploaded_by"] == str(desk.people["clinician"].member_id)


async def test_the_text_comes_back_by_paragraph_with_its_pages_and_reading_it_is_audited(desk, asha):
    document = await desk.kept(asha.id)
    told = (await desk.get(f"/{document['id']}/text")).json()
    assert [(one["page"], one["text"]) for one in told["paragraphs"]] == [
        (1, "Referral letter. The patient takes metformin 500 mg twice a day."),
        (2, "She is allergic to penicillin."),
    ]
    assert told["next"] is None
    assert ("read", {"part": "text"}) in await desk.audited(document["id"])
    first = (await desk.get(f"/{document['id']}/text", limit=1)).json()
    rest = (await desk.get(f"/{document['id']}/text", limit=1, after=first["next"])).json()
    assert first["paragraphs"] + rest["paragraphs"] == told["paragraphs"]


@pytest.mark.parametrize(
    ("name", "data", "says", "under"),
    [
        ("report.docx", docx_of(h("Result") + p("Tympanogram type B.")), "Tympanogram type B.", "Result"),
        ("labs.csv", b"Test,Value\nHbA1c,7.1\n", "Test: HbA1c; Value: 7.1", ""),
        ("plan.html", b"<nav>menu</nav><h1>Plan</h1><p>Refer to audiology.</p>", "Refer to audiology.", "Plan"),
        ("note.md", b"# Note\n\nNo known allergies.\n", "No known allergies.", "Note"),
        ("note.txt", "कान में दर्द है।".encode(), "कान में दर्द है।", ""),
    ],
)
async def test_every_kind_of_file_is_read(desk, asha, name, data, says, under):
    document = await desk.kept(asha.id, name, data)
    assert document["status"] == "done", document
    paragraphs = (await desk.get(f"/{document['id']}/text")).json()["paragraphs"]
    assert says in [one["text"] for one in paragraphs]
    assert {one["section"] for one in paragraphs if one["text"] == says} == {under}


async def test_the_same_file_for_the_same_patient_is_one_document_and_for_another_a_second(desk, asha):
    answers = await asyncio.gather(*(desk.send(asha.id, "twice.txt", b"Sent by both hands.") for _ in range(4)))
    assert {one.status_code for one in answers} == {202}
    assert len({one.json()["id"] for one in answers}) == 1
    assert sorted(one.json()["known_already"] for one in answers) == [False, True, True, True]
    document_id = answers[0].json()["id"]
    again = (await desk.send(asha.id, "renamed.txt", b"Sent by both hands.")).json()
    assert (again["id"], again["known_already"], again["name"]) == (document_id, True, "twice.txt")
    other = await desk.send((await desk.patient()).id, "twice.txt", b"Sent by both hands.")
    assert other.json()["known_already"] is False and other.json()["id"] != document_id
    assert len([1 for line in stored(desk.service.settings.objects).split("<Key>") if document_id in line]) == 1


async def test_neither_name_nor_text_nor_file_can_be_read_where_they_lie(desk, asha):
    document = await desk.kept(asha.id, f"{SECRET}.txt", f"She lives in {SECRET}.".encode())
    assert SECRET.encode() not in await desk.stored(document["id"])
    async with desk.service.database.transaction(Actor.system(desk.organization_id)) as db:
        row = await db.scalar(text("select d::text from document d where id = :id"), {"id": document["id"]})
        trail = await db.scalars(
            text("select e::text from audit_entry e where entity_id = :id"), {"id": document["id"]}
        )
        jobs = list(trail)
    assert not any(SECRET in one or SECRET.encode().hex() in one for one in [row, *jobs])


@pytest.mark.parametrize(
    ("name", "data", "status", "code"),
    [
        ("run.exe", b"MZ", 415, "upload.unknown_kind"),
        ("letter.pdf", b"plain words", 415, "upload.kind_mismatch"),
        ("voice.mp3", b"RIFF and nothing of it", 415, "upload.kind_mismatch"),
        ("empty.txt", b"", 422, "upload.empty"),
        ("bomb.docx", flat_bomb(), 413, "upload.archive_too_large"),
        ("both.pdf", b"%PDF-1.7\n" + docx_of(p("x")), 415, "upload.two_kinds"),
    ],
)
async def test_a_file_is_refused_in_the_answer_and_leaves_nothing(desk, asha, name, data, status, code):
    refused = await desk.send(asha.id, name, data)
    assert (refused.status_code, refused.json()["error_code"]) == (status, code)
    assert (await desk.get("", patient_id=asha.id)).json()["items"] == []


async def test_a_file_larger_than_a_request_may_be_is_refused(desk, asha):
    refused = await desk.send(asha.id, "large.txt", b"word " * (desk.service.settings.max_body_bytes // 5 + 1))
    assert (refused.status_code, refused.json()["error_code"]) == (413, "request.too_large")


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("scan.pdf", blank_pdf(2), "upload.scanned"),
        ("nothing.md", b"\n \n*\n", "upload.empty"),
        ("noise.wav", b"RIFF\x04\x00\x00\x00WAVEfmt ", "audio.damaged"),
    ],
)
async def test_a_file_without_text_says_why_and_may_be_tried_again(desk, asha, name, data, code):
    document = await desk.kept(asha.id, name, data)
    assert (document["status"], document["failure_code"], document["text_extracted"]) == ("failed", code, False)
    refused = await desk.get(f"/{document['id']}/text")
    assert (refused.status_code, refused.json()["error_code"]) == (409, "document.not_extracted")
    assert refused.json()["context"]["failure_code"] == code
    async with desk.client() as http:
        again = await http.post(f"/api/v1/documents/{document['id']}/process")
    assert (again.status_code, again.json()["status"]) == (202, "pending")
    assert (await desk.read(document["id"]))["failure_code"] == code


async def test_asking_to_read_again_what_was_read_changes_nothing(desk, asha):
    document = await desk.kept(asha.id)
    async with desk.client() as http:
        again = await http.post(f"/api/v1/documents/{document['id']}/process")
    assert (again.status_code, again.json()) == (202, document)


async def test_a_file_is_somebodys(desk, other_desk, asha):
    mine, theirs = await desk.patient(), await other_desk.patient()
    consultation, _ = await builders.make_consultation(
        desk.service.database, desk.service.keyring, desk.people["clinician"], mine.id
    )
    for whose, form, status, code in (
        (None, {}, 422, "document.whose"),
        (theirs.id, {}, 404, "not_found"),
        (uuid4(), {}, 404, "not_found"),
        (asha.id, {"consultation_id": str(uuid4())}, 404, "not_found"),
        (asha.id, {"consultation_id": str(consultation.id)}, 422, "document.whose"),
        (asha.id, {"consultation_id": "x"}, 422, "document.bad_field"),
        (asha.id, {"language": "HINDI"}, 422, "upload.bad_form"),
        (asha.id, {"language": "h1"}, 422, "document.bad_field"),
    ):
        refused = await desk.send(whose, "a.txt", b"Somebody's words.", **form)
        assert (refused.status_code, refused.json()["error_code"]) == (status, code), (form, refused.text)
    by_consultation = await desk.send(None, "a.txt", b"Somebody's words.", consultation_id=str(consultation.id))
    assert by_consultation.json()["patient_id"] == str(mine.id)
    listed = (await desk.get("", consultation_id=consultation.id)).json()["items"]
    assert [one["id"] for one in listed] == [by_consultation.json()["id"]]


async def test_documents_are_listed_newest_first_by_patient_and_status(desk):
    patient = await desk.patient()
    done = [(await desk.kept(patient.id, f"{n}.txt", f"Words {n}.".encode()))["id"] for n in range(3)]
    failed = (await desk.kept(patient.id, "scan.pdf", blank_pdf(1)))["id"]
    first = (await desk.get("", patient_id=patient.id, limit=2)).json()
    second = (await desk.get("", patient_id=patient.id, limit=2, cursor=first["next"])).json()
    assert [one["id"] for one in first["items"] + second["items"]] == [failed, *reversed(done)]
    assert second["next"] is None
    assert [one["name"] for one in second["items"]] == ["1.txt", "0.txt"]
    only = (await desk.get("", patient_id=patient.id, status="failed")).json()["items"]
    assert [one["id"] for one in only] == [failed]


async def test_who_may_do_what(desk, other_desk, asha):
    document = await desk.kept(asha.id)
    there = f"/api/v1/documents/{document['id']}"
    for who, status in ((desk.headers["patient"], 403), (other_desk.headers["clinician"], 404), ({}, 401)):
        async with desk.service.client(who) as http:
            for answer in (
                await http.get(there),
                await http.get(f"{there}/text"),
                await http.post(f"{there}/process"),
                await http.post(f"{there}/link"),
                await http.delete(there),
            ):
                assert answer.status_code == status, answer.url
    assert (await desk.send(asha.id, "b.txt", b"By the desk.", role="staff")).status_code == 202
    assert (await desk.send(asha.id, role="patient")).status_code == 403
    assert (await other_desk.get("", patient_id=asha.id)).json()["items"] == []


async def test_a_patient_has_only_so_many_documents(desk, monkeypatch):
    patient = await desk.patient()
    await desk.send(patient.id, "a.txt", b"The first one.")
    monkeypatch.setattr(receiving, "MOST_DOCUMENTS", 1)
    refused = await desk.send(patient.id, "b.txt", b"One too many.")
    assert (refused.status_code, refused.json()["error_code"]) == (409, "document.too_many")
    assert (await desk.send(patient.id, "a.txt", b"The first one.")).json()["known_already"]


async def test_watchers_are_told_how_far_a_document_is(desk, asha):
    document = await desk.kept(asha.id)
    async with desk.service.database.transaction(Actor.system(desk.organization_id)) as db:
        told = await db.scalars(
            text(
                "select subject ->> 'status' from live_event where kind = 'document.changed' "
                "and subject ->> 'document_id' = :id order by id"
            ),
            {"id": document["id"]},
        )
        assert list(told) == ["pending", "processing", "done"]


async def test_an_upload_repeated_under_its_key_is_one(desk, asha):
    async def sent() -> httpx2.Response:
        async with desk.client() as http:
            return await http.post(
                "/api/v1/documents/upload",
                files={"file": ("key.txt", b"Words of the key.")},
                data={"patient_id": str(asha.id)},
                headers={"idempotency-key": "document-1"},
            )

    first, again = await sent(), await sent()
    assert (first.status_code, again.json()) == (202, first.json())


async def test_a_file_for_an_erased_patient_is_not_taken_in(desk):
    patient = await desk.patient()
    async with desk.client("org_admin") as http:
        body = {"reason": "mistake", "confirm_patient_id": str(patient.id)}
        assert (await http.post(f"/api/v1/patients/{patient.id}/erasure", json=body)).status_code == 202
    refused = await desk.send(patient.id)
    assert refused.status_code in (404, 410)
