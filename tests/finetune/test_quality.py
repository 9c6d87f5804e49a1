"""How good drafts are over time: what the judge said, and what clinicians changed before they signed."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from auricle.finetune.quality import Quality, quality
from auricle.notes.approve import approve, overrule
from tests.notes.conftest import Clinic, kept


async def told(clinic: Clinic, weeks: int = 12) -> list[Quality]:
    async with clinic.transaction() as db:
        return list(await quality(db, weeks=weeks))


async def sign(clinic: Clinic, note_id, version=1, seen=()):
    async with clinic.transaction() as db:
        await approve(db, clinic.means.keyring, note_id, version=version, seen=seen)


async def test_a_draft_that_was_signed_as_it_was_counts_as_unchanged(clinic: Clinic):
    assert await told(clinic) == []
    await sign(clinic, await clinic.drafted())
    [week] = await told(clinic)
    today = datetime.now(UTC).date()
    assert week.week == today - timedelta(days=today.weekday())
    assert (week.method, week.model) == ("extractive draft", None)
    assert (week.drafts, week.approved, week.approved_unchanged, week.changes, week.edited) == (1, 1, 1, 0, 0)
    assert week.statements == week.supported + week.inferred + week.contradicted + week.unsupported > 0
    assert week.completeness is not None and 0 <= week.completeness <= 1


async def test_what_a_clinician_had_to_do_is_seen(clinic: Clinic):
    note_id = await clinic.drafted()
    note = await clinic.read(note_id)
    await clinic.edit(note_id, 1, kept(note, metformin_says="Takes metformin 500 mg twice a day, every day."))
    note = await clinic.read(note_id)
    async with clinic.transaction() as db:
        for one in note.statements:
            if one.verdict == "contradicted":
                await overrule(db, clinic.means.keyring, note_id, one.id, "So it was meant.", version=note.version)
    note = await clinic.read(note_id)
    await sign(clinic, note_id, note.version, [s.id for s in note.statements if s.verdict == "unsupported"])
    [week] = await told(clinic)
    assert (week.approved, week.approved_unchanged, week.changes, week.edited) == (1, 0, 1, 1)
    assert week.overruled == sum(s.verdict == "contradicted" for s in note.statements)


async def test_models_and_weeks_are_told_apart_and_old_ones_left_out(clinic: Clinic):
    first = await clinic.drafted()
    await sign(clinic, first)
    second = await clinic.drafted()
    model = "update soap_note set model = 'ft:ours', method = 'draft by a language model' where id = :id"
    age = "update soap_note set created_at = now() - interval '70 days' where id = :id"
    async with clinic.transaction() as db:
        await db.execute(text(model), {"id": second})
        await db.execute(text(age), {"id": first})
    rows = await told(clinic)
    assert [(row.model, row.drafts, row.approved) for row in rows] == [("ft:ours", 1, 0), (None, 1, 1)]
    assert rows[0].week > rows[1].week
    assert [row.model for row in await told(clinic, weeks=2)] == ["ft:ours"]


async def test_another_clinics_drafts_are_not_counted(make_clinic):
    one, other = await make_clinic(), await make_clinic()
    await one.drafted()
    assert await told(other) == []
