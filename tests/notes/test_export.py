"""Taking a note out: in every form, recorded as a disclosure, in clear only for those who may see it so."""

from dataclasses import replace
from uuid import uuid4

import pytest
from sqlalchemy import select

from auricle.audit.models import AuditEntry
from auricle.errors import Forbidden, NotFound
from auricle.notes.export.document import MOST_CHARACTERS, NoteTooLarge, check_fits, take_out
from auricle.notes.export.forms import FORMS, Desk, ExportsBusy, FormName
from auricle.patients.merge import merge_patients
from tests.builders import make_member, make_organization, make_patient
from tests.notes.taking_out import signed, taken
from tests.notes.test_routes import NOTES, client_of

BEGINS = {"markdown": b"# SOAP", "fhir": b"{", "fhir-abdm": b"{", "docx": b"PK\x03\x04", "pdf": b"%PDF-1.7"}


async def disclosures(clinic) -> list[dict]:
    async with clinic.transaction(clinic.system) as db:
        told = select(AuditEntry.new).where(AuditEntry.entity == "soap_note", AuditEntry.action == "export")
        return list((await db.scalars(told.order_by(AuditEntry.id))).all())


async def test_every_form_is_served_by_its_own_name_and_recorded_as_a_disclosure(clinic):
    note_id = await signed(clinic)
    async with client_of(clinic) as client:
        for name, form in FORMS.items():
            answer = await client.get(f"{NOTES}/{note_id}/export?format={name}&reveal=true")
            assert answer.status_code == 200 and answer.content.startswith(BEGINS[name])
            assert answer.headers["content-type"] == form.media_type
            assert answer.headers["content-disposition"].endswith(f'note-{note_id}-v3.{form.suffix}"')
    told = await disclosures(clinic)
    assert told == [{"form": name, "version": 3, "revealed": True} for name in FORMS]


async def test_without_the_permission_to_reveal_nothing_leaves_in_clear(clinic):
    note_id = await clinic.drafted()
    own = await make_member(clinic.means.database, clinic.clinician.organization_id)
    reader = replace(own, permissions=frozenset({"notes:read"}))
    async with clinic.transaction(reader) as db:
        document = await take_out(db, clinic.means.keyring, note_id, form="pdf", reveal=False)
    assert document.patient is None and not document.note.revealed
    async with clinic.transaction(reader) as db:
        with pytest.raises(Forbidden):
            await take_out(db, clinic.means.keyring, note_id, form="pdf", reveal=True)
    async with client_of(clinic) as client:
        named = await client.get(f"{NOTES}/{note_id}/export?format=fhir-abdm")
        assert (named.status_code, named.json()["error_code"]) == (422, "note.reveal_needed")
    assert len(await disclosures(clinic)) == 1


async def test_another_organization_takes_nothing_out(clinic, database):
    note_id = await clinic.drafted()
    stranger = await make_member(database, await make_organization(database), "org_admin")
    for one in (note_id, uuid4()):
        async with database.transaction(stranger) as db:
            with pytest.raises(NotFound):
                await take_out(db, clinic.means.keyring, one, form="pdf", reveal=False)
    assert await disclosures(clinic) == []


async def test_a_note_that_no_document_can_hold_is_refused(clinic):
    document = await taken(clinic, await clinic.drafted())
    check_fits(document.note)
    first = document.note.statements[0]
    half = first.model_copy(update={"text": "a" * (MOST_CHARACTERS // 2)})
    with pytest.raises(NoteTooLarge):
        check_fits(document.note.model_copy(update={"statements": [half, half, first]}))


async def test_a_duplicate_s_note_names_the_record_that_was_kept(clinic, database, keyring):
    note_id = await clinic.drafted()
    kept = await make_patient(database, keyring, clinic.clinician, given_name="Aasha")
    async with clinic.transaction() as db:
        await merge_patients(db, kept.id, clinic.patient_id)
    document = await taken(clinic, note_id)
    assert (document.patient_id, document.patient.given_name) == (kept.id, "Aasha")


async def test_more_documents_than_there_is_room_for_are_refused_before_they_are_taken_out():
    desk = Desk(at_once=1, waiting=1)
    async with desk.place(), desk.place():
        with pytest.raises(ExportsBusy):
            async with desk.place():
                pass
    async with desk.place():
        pass


def test_every_form_has_a_name_and_a_suffix_of_its_own():
    assert set(FORMS) == set(FormName) and len({form.suffix for form in FORMS.values()}) == len(FORMS)
