"""Data goes when its time is over, no sooner, and never while somebody must keep it."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from auricle.actor import Actor
from auricle.consent.holds import place_hold
from auricle.consent.retention import KeptForEver, TooShort, UnknownClass, due, erase_due, rules, set_rule
from auricle.consultations.lifecycle import end_consultation
from auricle.consultations.transcript import read
from tests.builders import make_consultation, make_member, make_organization, make_patient

LATER = datetime.now(UTC) + timedelta(days=40)


@pytest.fixture
async def admin(database):
    return await make_member(database, await make_organization(database), "org_admin")


async def ended(database, keyring, admin, patient_id):
    consultation, _ = await make_consultation(database, keyring, admin, patient_id)
    async with database.transaction(admin) as db:
        return await end_consultation(db, consultation.id)


async def said(database, keyring, actor, consultation):
    async with database.transaction(actor) as db:
        return [one.text for one in await read(db, keyring, consultation)]


async def rule(database, admin, name, days):
    async with database.transaction(admin) as db:
        await set_rule(db, name, days)


def system(admin):
    return Actor.system(admin.organization_id)


async def test_transcripts_go_after_their_days_and_only_of_ended_consultations(database, keyring, admin):
    patient = await make_patient(database, keyring, admin)
    old = await ended(database, keyring, admin, patient.id)
    under_way, _ = await make_consultation(database, keyring, admin, patient.id)
    await rule(database, admin, "transcripts", 30)
    assert await erase_due(database, system(admin), now=datetime.now(UTC)) == {}
    assert await erase_due(database, system(admin), now=LATER, batch=1) == {"transcripts": 2}
    assert await said(database, keyring, admin, old) == []
    assert len(await said(database, keyring, admin, under_way)) == 2
    assert await erase_due(database, system(admin), now=LATER) == {}


async def test_what_is_erased_is_in_no_audit_entry_either(database, keyring, admin):
    patient = await make_patient(database, keyring, admin)
    await ended(database, keyring, admin, patient.id)
    async with database.transaction(admin) as db:
        (sealed,) = await db.scalars(text("select encode(text, 'hex') from message order by id limit 1"))
    await rule(database, admin, "transcripts", 30)
    await erase_due(database, system(admin), now=LATER)
    async with database.transaction(admin) as db:
        entries = list(
            await db.scalars(text("select coalesce(old::text, '') || coalesce(new::text, '') from audit_entry"))
        )
    assert not any(sealed in entry for entry in entries)
    assert any("sha256:" in entry for entry in entries)


async def test_a_hold_and_a_rule_for_ever_keep_everything(database, keyring, admin):
    held, free = await make_patient(database, keyring, admin), await make_patient(database, keyring, admin)
    kept, gone = [await ended(database, keyring, admin, p.id) for p in (held, free)]
    async with database.transaction(admin) as db:
        await place_hold(db, keyring, held.id, "An inquest")
    await rule(database, admin, "transcripts", None)
    assert await erase_due(database, system(admin), now=LATER + timedelta(days=9999)) == {}
    await rule(database, admin, "transcripts", 1)
    assert await erase_due(database, system(admin), now=LATER) == {"transcripts": 2}
    assert len(await said(database, keyring, admin, kept)) == 2
    assert await said(database, keyring, admin, gone) == []


async def test_a_stopped_run_goes_on_where_it_was_and_the_dry_run_says_what_is_left(database, keyring, admin):
    patient = await make_patient(database, keyring, admin)
    for _ in range(3):
        await ended(database, keyring, admin, patient.id)
    await rule(database, admin, "transcripts", 30)
    assert await erase_due(database, system(admin), now=LATER, batch=2, batches=1) == {"transcripts": 2}
    async with database.transaction(admin) as db:
        transcripts = next(kept for kept in await rules(db) if kept.data_class.name == "transcripts")
        assert len(await due(db, transcripts, now=LATER, limit=100)) == 4
    assert await erase_due(database, system(admin), now=LATER) == {"transcripts": 4}


async def test_another_organizations_rule_erases_nothing_here(database, keyring, admin):
    patient = await make_patient(database, keyring, admin)
    mine = await ended(database, keyring, admin, patient.id)
    other = await make_member(database, await make_organization(database), "org_admin")
    await rule(database, other, "transcripts", 1)
    assert await erase_due(database, system(other), now=LATER) == {}
    assert len(await said(database, keyring, admin, mine)) == 2


@pytest.mark.parametrize(
    ("name", "days", "error"),
    [
        ("notes", 30, TooShort),
        ("audit", 30, KeptForEver),
        ("everything", 30, UnknownClass),
        ("consents", 1, KeptForEver),
    ],
)
async def test_a_rule_that_would_lose_what_must_be_kept_is_refused(database, admin, name, days, error):
    with pytest.raises(error):
        await rule(database, admin, name, days)
