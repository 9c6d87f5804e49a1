"""The list of patients goes past the session, and is bound by everything that a session is bound by."""

import asyncio

import psycopg
import pytest
from sqlalchemy import func, select

from auricle.actor import Actor
from auricle.audit.models import AuditEntry
from auricle.db.keyset import Order
from auricle.db.sealed import Keyring
from auricle.db.session import Database
from auricle.errors import DatabaseUnavailable
from auricle.patients.create import create_patient
from auricle.patients.merge import merge_patients
from auricle.patients.page import list_patients
from auricle.patients.schemas import PatientIn
from auricle.web.paging import after
from tests.builders import make_member, make_organization


@pytest.fixture
async def desk(database: Database) -> Actor:
    return await make_member(database, await make_organization(database), "staff")


async def add(database: Database, keyring: Keyring, actor: Actor, given: str, language: str = "en"):
    async with database.transaction(actor) as db:
        wanted = PatientIn(given_name=given, family_name="Rao", language=language, email="a@example.org")
        return await create_patient(db, keyring, wanted)


async def test_paging_neither_skips_nor_repeats_while_others_are_added(database, keyring, desk) -> None:
    there = [await add(database, keyring, desk, f"Patient {n}") for n in range(25)]
    seen, cursor = [], None
    while True:
        page = await list_patients(database, keyring, desk, order=Order(after=after(cursor)), limit=4)
        seen += [one.id for one in page.items]
        await add(database, keyring, desk, "Newcomer")
        if (cursor := page.next) is None:
            break
    assert seen == [one.id for one in reversed(there)]


async def test_the_list_is_the_organizations_own_even_with_a_stolen_cursor(database, keyring, desk, stranger) -> None:
    ours = await add(database, keyring, desk, "Ours")
    theirs = await add(database, keyring, stranger, "Theirs")
    page = await list_patients(database, keyring, desk, order=Order(after=theirs.id))
    assert {one.id for one in page.items} == {ours.id}
    assert (await list_patients(database, keyring, Actor.nobody())).items == []


async def test_row_security_binds_the_function_too(desk, stranger, database, keyring, urls) -> None:
    """Were its filter wrong, the policy would still hide what is not the announced organization's."""
    await add(database, keyring, desk, "Ours")
    with psycopg.connect(urls.owner) as owner:
        definer = owner.execute("select prosecdef from pg_proc where proname = 'patient_page'").fetchone()
    assert definer == (False,)
    page = await list_patients(database, keyring, stranger)
    assert all(one.given_name != "Ours" for one in page.items)


async def test_a_page_leaves_one_entry_that_says_who_read_and_from_where(database, keyring, desk) -> None:
    await add(database, keyring, desk, "Ours")
    await list_patients(database, keyring, desk)
    async with database.transaction(desk) as db:
        entry = (await db.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1))).one()
    assert (entry.action, entry.entity, entry.new) == ("read", "patient", {"listed": 1})
    assert (entry.actor_id, entry.member_id) == (desk.account_id, desk.member_id)
    assert (entry.address, entry.user_agent) == (desk.address, desk.user_agent)


async def test_no_announcement_stays_on_a_connection(database, keyring, desk) -> None:
    await add(database, keyring, desk, "Ours")
    await asyncio.gather(*(list_patients(database, keyring, desk) for _ in range(10)))
    for _ in range(10):
        rows = await database.direct.fetch(
            "select current_setting('auricle.organization', true) as told, (select count(*) from patient) as seen"
        )
        assert (rows[0]["told"] or "", rows[0]["seen"]) == ("", 0)


async def test_states_and_languages_are_told_apart(database, keyring, desk) -> None:
    kept, hindi, twin = [await add(database, keyring, desk, name, lang)
                         for name, lang in (("Kept", "en"), ("Hindi", "hi"), ("Twin", "en"))]  # fmt: skip
    async with database.transaction(desk) as db:
        await merge_patients(db, kept.id, twin.id)
    listed = {
        name: [one.id for one in (await list_patients(database, keyring, desk, **wanted)).items]
        for name, wanted in {"active": {}, "hi": {"language": "hi"}, "merged": {"status": "merged"}}.items()
    }
    assert listed == {"active": [hindi.id, kept.id], "hi": [hindi.id], "merged": [twin.id]}


async def test_without_a_database_the_list_says_so(keyring, desk) -> None:
    nowhere = Database("postgresql://auricle_app:x@127.0.0.1:9/none")
    with pytest.raises(DatabaseUnavailable):
        await list_patients(nowhere, keyring, desk)
    await nowhere.close()


async def test_listing_writes_as_many_entries_as_pages_were_read(database, keyring, desk) -> None:
    await add(database, keyring, desk, "Ours")
    count = select(func.count(AuditEntry.id)).where(AuditEntry.action == "read")
    async with database.transaction(desk) as db:
        before = await db.scalar(count) or 0
    await asyncio.gather(*(list_patients(database, keyring, desk) for _ in range(7)))
    async with database.transaction(desk) as db:
        assert await db.scalar(count) == before + 7
