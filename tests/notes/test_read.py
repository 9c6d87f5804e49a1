"""Who reads a note is recorded, what they read stays masked, and nothing clinical leaks beside it."""

from dataclasses import replace

import pytest
from sqlalchemy import select, text

from auricle.audit.models import AuditEntry
from auricle.db.keyset import Order
from auricle.errors import AuricleError, Forbidden, NotFound
from auricle.notes.approve import approve, overrule
from auricle.notes.edit import Wanted
from auricle.notes.export.markdown import markdown, plain
from auricle.notes.models import NoteStatus
from auricle.notes.read import list_notes, read_note
from tests.builders import make_member, make_organization
from tests.notes.conftest import kept

CANARIES = ("metformin", "ringing", "Asha", "Rao", "850 mg", "Canary reason", "98450", "comes again")


async def entries(clinic, action: str) -> list[AuditEntry]:
    async with clinic.transaction(clinic.system) as db:
        statement = select(AuditEntry).where(AuditEntry.entity == "soap_note", AuditEntry.action == action)
        return list((await db.scalars(statement)).all())


async def test_identifiers_stay_masked_until_they_are_revealed(clinic):
    note_id = await clinic.drafted()
    await clinic.edit(note_id, 1, [*kept(await clinic.read(note_id)), Wanted("plan", "Asha Rao comes again.", "plan")])
    masked, revealed = await clinic.read(note_id), await clinic.read(note_id, reveal=True)
    assert masked.statements[-1].text == "[PERSON_1] comes again." and not masked.revealed
    assert "Asha" not in masked.model_dump_json()
    assert revealed.statements[-1].text == "Asha Rao comes again." and revealed.revealed
    assert "[PERSON_1]" not in revealed.model_dump_json()


async def test_revealing_needs_its_permission_and_is_audited(clinic):
    note_id = await clinic.drafted()
    reader = replace(clinic.clinician, permissions=frozenset({"notes:read"}))
    async with clinic.transaction(reader) as db:
        with pytest.raises(Forbidden):
            await read_note(db, clinic.means.keyring, note_id, reveal=True)
    assert await entries(clinic, "reveal") == []
    await clinic.read(note_id, reveal=True)
    (entry,) = await entries(clinic, "reveal")
    assert (entry.entity_id, entry.member_id) == (note_id, clinic.clinician.member_id)


async def test_every_read_and_every_list_is_audited(clinic):
    note_id = await clinic.drafted()
    await clinic.read(note_id)
    async with clinic.transaction() as db:
        await list_notes(db)
    assert [(e.entity_id, e.new) for e in await entries(clinic, "read")] == [
        (note_id, {"version": 1}),
        (None, {"listed": 1}),
    ]


async def test_lists_are_filtered_and_page_by_cursor(clinic):
    note_id = await clinic.drafted()
    async with clinic.transaction() as db:
        await approve(db, clinic.means.keyring, note_id, version=1)
    second = await clinic.drafted()
    async with clinic.transaction() as db:
        assert [row.id for row in await list_notes(db)] == [second, note_id]
        assert [row.id for row in await list_notes(db, status=NoteStatus.APPROVED)] == [note_id]
        assert [row.id for row in await list_notes(db, order=Order(after=second))] == [note_id]
        assert [row.id for row in await list_notes(db, limit=1)] == [second]
        assert await list_notes(db, status=NoteStatus.DELETED) == []
        assert len(await list_notes(db, patient_id=clinic.patient_id)) == 2
        assert await list_notes(db, consultation_id=note_id) == []


async def test_another_organization_reads_and_lists_nothing(clinic, database):
    note_id = await clinic.drafted()
    stranger = await make_member(database, await make_organization(database), "org_admin")
    async with database.transaction(stranger) as db:
        assert await list_notes(db) == []
        for reveal in (False, True):
            with pytest.raises(NotFound):
                await read_note(db, clinic.means.keyring, note_id, reveal=reveal)


async def test_nothing_clinical_is_readable_in_the_database_or_in_an_error(clinic):
    note = await clinic.with_contradiction()
    refusals: list[AuricleError] = []
    async with clinic.transaction() as db:
        try:
            await approve(db, clinic.means.keyring, note.id, version=2)
        except AuricleError as error:
            refusals.append(error)
    contradicted = next(s for s in note.statements if s.verdict == "contradicted")
    async with clinic.transaction() as db:
        await overrule(db, clinic.means.keyring, note.id, contradicted.id, "Canary reason.", version=note.version)
        await approve(db, clinic.means.keyring, note.id, version=2)
    assert refusals
    async with clinic.transaction(clinic.system) as db:
        dumped = [str(error.message) + str(error.context) for error in refusals]
        for table in ("audit_entry", "soap_note", "note_statement", "note_version", "live_event"):
            rows = await db.execute(text(f"select to_jsonb(t)::text from {table} t"))
            dumped += rows.scalars().all()
    assert len(dumped) > 20
    for canary in CANARIES:
        hexed = canary.encode().hex()
        assert not any(canary.lower() in row.lower() or hexed in row for row in dumped), canary


async def test_the_markdown_carries_each_statement_with_its_quotes_as_footnotes(clinic):
    note = await clinic.with_contradiction()
    text_out = markdown(note)
    assert "**Unsigned draft.**" in text_out and "Identifiers are masked." in text_out
    assert "Takes metformin 850 mg twice a day." in text_out and "contradicted by the conversation; edited" in text_out
    assert "metformin 500 mg twice a day" in text_out.split("[^1]: ")[1]
    references = sum(len(s.evidence) for s in note.statements)
    assert f"[^{references}]: " in text_out and f"[^{references + 1}]" not in text_out
    assert text_out.index("## Subjective") < text_out.index("## Plan")


def test_what_was_said_has_no_meaning_to_markdown():
    assert plain("# a\n<b>[x](http://e)</b> *y*") == r"\# a \<b\>\[x\](http://e)\</b\> \*y\*"
