"""Two records of one person become one without moving or re-sealing anything, and two again if that was wrong."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from auricle.actor import Actor
from auricle.audit.models import AuditEntry
from auricle.consultations.known import known_identity
from auricle.consultations.lifecycle import find_consultation, list_consultations
from auricle.consultations.transcript import read
from auricle.db.keyset import NEWEST
from auricle.db.sealed import Keyring
from auricle.db.session import Database
from auricle.errors import NotFound
from auricle.identity.roles import permissions_of
from auricle.patients.create import create_patient, find_patient, read_patient
from auricle.patients.merge import (
    BothSignIn,
    NotMergeable,
    NotUndoable,
    duplicates_of,
    likely_duplicates,
    merge_patients,
    merges_of,
    undo_merge,
)
from auricle.patients.models import Patient
from auricle.patients.schemas import PatientIn
from auricle.patients.search import search_patients
from tests.builders import make_consultation, make_member, make_organization


async def add(database: Database, keyring: Keyring, actor: Actor, given: str, family: str, **more: object) -> Patient:
    wanted = PatientIn.model_validate({"given_name": given, "family_name": family, **more})
    async with database.transaction(actor) as db:
        return await create_patient(db, keyring, wanted)


@pytest.fixture
async def desk(database: Database) -> Actor:
    """A hospital of its own for each test, so that pairs are this test's."""
    return await make_member(database, await make_organization(database), "org_admin")


@pytest.fixture
async def pair(database, keyring, desk) -> tuple[Patient, Patient]:
    kept = await add(database, keyring, desk, "Lakshmi", "Rao", birth_date="1958-03-14", phone="+91 98450 11111")
    twin = await add(database, keyring, desk, "Laxmi", "Rav", birth_date="1958-03-14", phone="098450 11111")
    return kept, twin


async def merged(database: Database, actor: Actor, kept: Patient, twin: Patient):
    async with database.transaction(actor) as db:
        return await merge_patients(db, kept.id, twin.id)


async def test_records_that_share_birth_date_and_phone_are_suggested(database, keyring, desk, pair) -> None:
    kept, twin = pair
    await add(database, keyring, desk, "Lakshmi", "Rao", birth_date="1990-01-01")  # a namesake
    await add(database, keyring, desk, "Vikram", "Rao", phone="+91 98450 11111")  # her husband
    async with database.transaction(desk) as db:
        (found,) = await duplicates_of(db, keyring, kept.id)
        (likely,) = await likely_duplicates(db, keyring, limit=20)
    assert (found.patient.id, found.other.id) == (kept.id, twin.id)
    assert set(found.same) >= {"name", "birth_date", "phone"}
    assert {likely.patient.id, likely.other.id} == {kept.id, twin.id}


async def test_what_was_sealed_for_the_duplicate_stays_readable_under_the_kept_record(database, keyring, desk, pair):
    kept, twin = pair
    consultation, _ = await make_consultation(database, keyring, desk, twin.id)
    await merged(database, desk, kept, twin)
    async with database.transaction(desk) as db:
        (listed,) = await list_consultations(db, NEWEST, patient_id=kept.id, status=None, limit=10)
        assert listed.id == consultation.id
        said = await read(db, keyring, await find_consultation(db, consultation.id))
    assert "ringing" in said[1].text


async def test_the_old_id_and_the_old_name_lead_to_the_kept_record(database, keyring, desk, pair) -> None:
    kept, twin = pair
    await merged(database, desk, kept, twin)
    async with database.transaction(desk) as db:
        assert (await read_patient(db, keyring, twin.id)).id == kept.id
        found = await search_patients(db, keyring, "Laxmi Rav", limit=5)
    assert [one.patient.id for one in found] == [kept.id]


async def test_both_ways_a_name_was_written_are_masked_in_a_note_of_a_merged_record(database, keyring, desk, pair):
    kept, twin = pair
    consultation, _ = await make_consultation(database, keyring, desk, twin.id)
    await merged(database, desk, kept, twin)
    async with database.transaction(desk) as db:
        known = await known_identity(db, keyring, consultation)
    assert {"Lakshmi Rao", "Laxmi Rav"} <= set(known.names)
    assert set(known.phones) == {"+91 98450 11111", "098450 11111"}


async def test_a_patient_sees_what_was_merged_into_their_record_and_nothing_else(database, keyring, desk, pair):
    kept, twin = pair
    stranger = await add(database, keyring, desk, "Ravi", "Menon")
    mine, _ = await make_consultation(database, keyring, desk, twin.id)
    other, _ = await make_consultation(database, keyring, desk, stranger.id)
    await merged(database, desk, kept, twin)
    patient = Actor(
        "user", desk.organization_id, role="patient", permissions=permissions_of("patient"), patient_id=kept.id
    )
    async with database.transaction(patient) as db:
        assert (await find_consultation(db, mine.id)).id == mine.id
        assert [c.id for c in await list_consultations(db, NEWEST, patient_id=None, status=None, limit=9)] == [mine.id]
        assert (await find_patient(db, twin.id)).id == kept.id
        with pytest.raises(NotFound):
            await find_consultation(db, other.id)
        with pytest.raises(NotFound):
            await find_patient(db, stranger.id)


async def test_a_merge_is_undone_as_if_it_had_not_been(database, keyring, desk, pair) -> None:
    kept, twin = pair
    merge = await merged(database, desk, kept, twin)
    async with database.transaction(desk) as db:
        await undo_merge(db, merge.id)
    async with database.transaction(desk) as db:
        assert (await read_patient(db, keyring, twin.id)).given_name == "Laxmi"
        (told,) = await merges_of(db, kept.id)
        assert told.undone_by == desk.member_id
        with pytest.raises(NotUndoable):
            await undo_merge(db, merge.id)


async def test_merging_the_kept_record_further_carries_along_and_brings_back(database, keyring, desk, pair) -> None:
    kept, twin = pair
    last = await add(database, keyring, desk, "Lakshmi", "Narayan Rao")
    first = await merged(database, desk, kept, twin)
    second = await merged(database, desk, last, kept)
    async with database.transaction(desk) as db:
        assert (await find_patient(db, twin.id)).id == last.id
        with pytest.raises(NotUndoable):
            await undo_merge(db, first.id)
    async with database.transaction(desk) as db:
        await undo_merge(db, second.id)
        assert (await find_patient(db, twin.id)).id == kept.id
        await undo_merge(db, first.id)
        assert (await find_patient(db, twin.id)).id == twin.id


async def test_a_merge_is_not_undone_after_its_time(database, keyring, desk, pair, urls) -> None:
    import psycopg

    kept, twin = pair
    merge = await merged(database, desk, kept, twin)
    with psycopg.connect(urls.owner) as owner:
        owner.execute("select set_config('auricle.organization', %s, false)", (str(desk.organization_id),))
        owner.execute(
            "update patient_merge set created_at = created_at - %s where id = %s", (timedelta(days=31), merge.id)
        )
    with pytest.raises(NotUndoable):
        async with database.transaction(desk) as db:
            await undo_merge(db, merge.id)


async def test_what_cannot_be_merged_is_refused(database, keyring, desk, stranger, pair) -> None:
    kept, twin = pair
    foreign = await add(database, keyring, stranger, "Lakshmi", "Rao")
    for one, other, error in ((kept, kept, NotMergeable), (kept, foreign, NotFound), (foreign, kept, NotFound)):
        with pytest.raises(error):
            await merged(database, desk, one, other)
    await merged(database, desk, kept, twin)
    for one, other in ((kept, twin), (twin, kept)):
        with pytest.raises(NotMergeable):
            await merged(database, desk, one, other)


async def test_two_people_who_both_sign_in_are_not_made_one(database, keyring, desk) -> None:
    people = []
    for given in ("Lakshmi", "Laxmi"):
        member = await make_member(database, desk.organization_id, "patient")
        async with database.transaction(desk) as db:
            wanted = PatientIn(given_name=given, family_name="Rao")
            people.append(await create_patient(db, keyring, wanted, account_id=member.account_id))
    with pytest.raises(BothSignIn):
        await merged(database, desk, *people)


async def test_merge_and_undo_stand_in_the_audit(database, keyring, desk, pair) -> None:
    kept, twin = pair
    merge = await merged(database, desk, kept, twin)
    async with database.transaction(desk) as db:
        await undo_merge(db, merge.id)
        rows = await db.execute(
            select(AuditEntry.action, AuditEntry.entity, AuditEntry.member_id)
            .where(AuditEntry.entity_id.in_([merge.id, twin.id]), AuditEntry.entity.in_(["patient_merge", "patient"]))
            .order_by(AuditEntry.id)
        )
        entries = [tuple(row) for row in rows]
        assert await db.scalar(text("select count(*) from patient where status = 'merged'")) == 0
    assert [(a, e) for a, e, _ in entries] == [
        ("insert", "patient"), ("update", "patient"), ("insert", "patient_merge"), ("update", "patient"),
        ("update", "patient_merge"),
    ]  # fmt: skip
    assert {who for *_, who in entries} == {desk.member_id}
