"""Notes written from a document: what they cite and wait for, and that everything else of a note holds as well."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest

from auricle.actor import Actor
from auricle.ai.limits import TextTooLarge
from auricle.consent.decide import ConsentNeeded, Deciding, decide
from auricle.consent.models import Decision, Kind
from auricle.db.sealed import Keyring
from auricle.db.session import Database
from auricle.documents.extract import extract_document
from auricle.documents.models import Document
from auricle.documents.read import NotExtracted
from auricle.documents.receive import About, receive
from auricle.documents.remove import delete_document
from auricle.errors import IntegrityBroken, NotFound
from auricle.notes.approve import approve
from auricle.notes.edit import Span, Wanted
from auricle.notes.export.fhir.bundle import bundle
from auricle.notes.export.markdown import markdown
from auricle.notes.generate import generate, request_note, request_note_from
from auricle.notes.models import Note, NoteStatus
from auricle.notes.read import list_notes
from auricle.notes.source import NotSound, StillRead
from auricle.storage.objects import LocalObjects, Objects
from auricle.uploads.receive import held
from tests.builders import make_member, make_organization
from tests.notes.conftest import Clinic, kept
from tests.notes.r4 import definitions
from tests.notes.serving import client_of
from tests.notes.taking_out import taken
from tests.uploads.papers import blank_pdf, pdf_of

LETTER = pdf_of(
    [
        "Referral of Asha Rao. Chief complaint: ringing in the left ear for two weeks.",
        "Medications: metformin 500 mg twice a day. Allergies: penicillin.",
    ]
)


@dataclass(frozen=True)
class Files:
    """What documents need of an assembly."""

    database: Database
    keyring: Keyring
    objects: Objects
    router: Any = None


@pytest.fixture
def files(database, keyring, tmp_path) -> Files:
    return Files(database, keyring, LocalObjects(tmp_path))


async def sent(clinic: Clinic, files: Files, data: bytes = LETTER, *, name: str = "letter.pdf", **about: UUID) -> UUID:
    with held(name, data) as incoming:
        whose = About(**about) if about else About(clinic.patient_id)
        return (await receive(files, clinic.clinician, incoming, whose)).document.id


async def read(clinic: Clinic, files: Files, document_id: UUID) -> None:
    await extract_document(files, clinic.system, document_id)


async def asked(clinic: Clinic, document_id: UUID, **how: Any) -> UUID:
    async with clinic.transaction() as db:
        return (await request_note_from(db, document_id, **how)).id


@pytest.fixture
async def letter(clinic, files) -> UUID:
    document_id = await sent(clinic, files)
    await read(clinic, files, document_id)
    return document_id


@pytest.fixture
async def note(clinic, letter):
    note_id = await asked(clinic, letter)
    await generate(clinic.means, clinic.system, note_id)
    return await clinic.read(note_id)


async def test_every_statement_cites_the_page_it_stands_on_word_for_word(clinic, files, letter, note):
    assert (note.status, note.document_id, note.consultation_id) == (NoteStatus.DRAFT, letter, None)
    shown = await clinic.read(note.id, reveal=True)
    pages = {1: "Referral of Asha Rao. Chief complaint: ringing in the left ear for two weeks.",
             2: "Medications: metformin 500 mg twice a day. Allergies: penicillin."}  # fmt: skip
    cited = [evidence for statement in shown.statements for evidence in statement.evidence]
    assert {evidence.source for evidence in cited} == {"document"}
    assert all(pages[e.page][e.original_start : e.original_end] == e.quote for e in cited)
    metformin = next(s for s in note.statements if "metformin" in s.text)
    assert (metformin.verdict, metformin.evidence[0].page) == ("supported", 2)


async def test_the_patient_is_masked_in_what_a_document_says_of_them(clinic, note):
    told = note.model_dump_json()
    assert "Asha" not in told and "Rao" not in told
    assert "Asha" in (await clinic.read(note.id, reveal=True)).model_dump_json() or "PERSON" not in told


async def test_asking_again_gives_the_same_note(clinic, letter, note):
    assert await asked(clinic, letter) == note.id
    async with clinic.transaction() as db:
        assert (await request_note(db, clinic.consultation.id)).id != note.id


async def test_a_note_waits_for_its_document_and_is_written_when_it_is_read(clinic, files):
    document_id = await sent(clinic, files)
    note_id = await asked(clinic, document_id)
    with pytest.raises(StillRead):  # so that a job which comes too early comes again
        await generate(clinic.means, clinic.system, note_id)
    await read(clinic, files, document_id)
    await generate(clinic.means, clinic.system, note_id)
    note = await clinic.read(note_id)
    assert (note.status, note.failure_code) == (NoteStatus.DRAFT, None)


async def test_a_note_of_a_document_without_text_says_what_the_document_says(clinic, files):
    document_id = await sent(clinic, files, blank_pdf(1))
    note_id = await asked(clinic, document_id)
    await read(clinic, files, document_id)
    await generate(clinic.means, clinic.system, note_id)
    note = await clinic.read(note_id)
    assert (note.status, note.failure_code) == (NoteStatus.FAILED, "upload.scanned")
    with pytest.raises(NotExtracted) as refused:
        await asked(clinic, document_id)
    assert refused.value.context["failure_code"] == "upload.scanned"


async def test_a_document_that_is_deleted_before_its_note_is_written_fails_the_note(clinic, files, letter):
    note_id = await asked(clinic, letter)
    async with clinic.transaction() as db:
        await delete_document(db, letter)
    await generate(clinic.means, clinic.system, note_id)
    assert (await clinic.read(note_id)).failure_code == "document.deleted"


async def test_a_note_outlives_its_document_with_all_it_cites(clinic, letter, note):
    async with clinic.transaction() as db:
        await delete_document(db, letter)
    assert await clinic.read(note.id) == note
    with pytest.raises(NotFound):
        await asked(clinic, letter)


async def test_a_text_is_no_sound_and_one_too_long_for_a_note_is_refused_at_once(clinic, files, letter):
    with pytest.raises(NotSound):
        await asked(clinic, letter, must_be_sound=True)
    async with clinic.transaction() as db:
        (await db.get_one(Document, letter)).character_count = 10_000_000
    with pytest.raises(TextTooLarge):
        await asked(clinic, letter)


async def test_without_consent_nothing_is_written_from_a_document(clinic, letter):
    note_id = await asked(clinic, letter)
    async with clinic.transaction() as db:
        await decide(db, clinic.patient_id, Deciding(Kind.AI_USE, Decision.WITHDRAWN, how="paper"))
    with pytest.raises(ConsentNeeded):
        await generate(clinic.means, clinic.system, note_id)
    with pytest.raises(ConsentNeeded):
        await asked(clinic, letter)


async def test_nobody_writes_from_another_clinics_document(clinic, files, letter, database):
    stranger = await make_member(database, await make_organization(database))
    for actor, document_id in ((stranger, letter), (clinic.clinician, uuid4())):
        async with clinic.transaction(actor) as db:
            with pytest.raises(NotFound):
                await request_note_from(db, document_id)


async def test_it_is_edited_with_evidence_from_the_document_and_signed(clinic, note):
    allergies = next(one for statement in note.statements for one in statement.evidence if one.page == 2)
    whole = (await clinic.read(note.id)).statements
    await clinic.edit(
        note.id,
        1,
        [*kept(note), Wanted("plan", "Refer to audiology.", "plan", evidence=[Span(allergies.message_id, 0, 11)])],
    )
    edited = await clinic.read(note.id)
    assert len(edited.statements) == len(whole) + 1
    added = edited.statements[-1]
    assert (added.evidence[0].quote, added.evidence[0].page, added.evidence[0].source) == ("Medications", 2, "document")
    async with clinic.transaction() as db:
        flagged = {s.id for s in edited.statements if s.verdict == "unsupported"}
        signed = await approve(db, clinic.means.keyring, note.id, version=2, seen=flagged)
    assert signed.status is NoteStatus.APPROVED


async def test_it_is_taken_out_in_every_form_without_a_consultation(clinic, note):
    document = await taken(clinic, note.id)
    assert ", page 2: “" in markdown(document.note)
    async with client_of(clinic) as http:
        place = f"/api/v1/soap/notes/{note.id}/export"
        for form in ("markdown", "pdf", "docx", "fhir"):
            assert (await http.get(place, params={"format": form, "reveal": True})).status_code == 200
        refused = await http.get(place, params={"format": "fhir-abdm", "reveal": True})
    assert (refused.status_code, refused.json()["error_code"]) == (409, "note.encounter_needed")


async def test_in_fhir_its_source_is_named_and_no_encounter_made_up(clinic, note):
    told = bundle(await taken(clinic, note.id))
    resources = [entry["resource"] for entry in told["entry"]]
    assert "Encounter" not in [one["resourceType"] for one in resources] and "encounter" not in resources[0]
    source = next(one for one in resources if one["resourceType"] == "Provenance")["entity"][0]
    assert source["what"]["identifier"]["value"] == f"urn:uuid:{note.document_id}"
    assert definitions().faults(told) == []


async def test_a_document_of_a_consultation_belongs_to_it_and_so_does_its_note(clinic, files):
    document_id = await sent(clinic, files, consultation_id=clinic.consultation.id)
    await read(clinic, files, document_id)
    note_id = await asked(clinic, document_id)
    await generate(clinic.means, clinic.system, note_id)
    note = await clinic.read(note_id)
    assert (note.consultation_id, note.document_id) == (clinic.consultation.id, document_id)
    assert (await taken(clinic, note_id)).consultation.id == clinic.consultation.id
    async with clinic.transaction() as db:
        assert (await request_note(db, clinic.consultation.id)).id != note_id
        listed = await list_notes(db, consultation_id=clinic.consultation.id)
        of_document = await list_notes(db, document_id=document_id)
    assert note_id in [row.id for row in listed] and len(listed) == 2
    assert [row.id for row in of_document] == [note_id]


async def test_the_database_keeps_a_note_to_a_source(clinic):
    with pytest.raises(IntegrityBroken):
        async with clinic.transaction(Actor.system(clinic.clinician.organization_id)) as db:
            db.add(Note(patient_id=clinic.patient_id))
