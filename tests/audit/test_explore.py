"""The audit explorer: filters, pages and the chain's state, within one organization."""

import asyncio
from base64 import b64encode
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from auricle.actor import Actor
from auricle.audit.explore import Wanted, chain_state, list_entries, names_of
from auricle.audit.reads import record
from auricle.audit.report import heads_of, report
from auricle.audit.seal import Sealer, seal
from auricle.db.base import new_id
from auricle.db.sealed import Keyring
from auricle.settings import Settings
from tests.builders import make_member, make_organization

ABOUT = new_id()


@pytest.fixture(scope="module")
async def admin(database):
    actor = await make_member(database, await make_organization(database), "org_admin")
    for action, entity, row in (("read", "patient", ABOUT), ("read", "patient", new_id()), ("export", "note", ABOUT)):
        async with database.transaction(actor) as db:
            await record(db, action, entity, row, outcome="refused" if action == "export" else "allowed")
    return actor


async def listed(database, actor, **wanted):
    async with database.transaction(actor) as db:
        return await list_entries(db, Wanted(**wanted), limit=100)


async def test_entries_are_filtered_by_each_field_and_all_together(database, admin):
    now = datetime.now(UTC)
    for wanted, count in (
        ({"entity": "patient"}, 2),
        ({"entity_id": ABOUT}, 2),
        ({"action": "export"}, 1),
        ({"actor_id": admin.account_id}, 3),
        ({"actor_id": new_id()}, 0),
        ({"entity": "patient", "entity_id": ABOUT, "action": "read"}, 1),
        ({"since": now + timedelta(hours=1)}, 0),
        ({"until": now - timedelta(hours=1)}, 0),
        ({"since": now - timedelta(hours=1), "until": now + timedelta(hours=1), "entity": "note"}, 1),
        ({"entity": "patient' or 1=1 --"}, 0),
    ):
        assert len(await listed(database, admin, **wanted)) == count, wanted


async def test_whoever_acted_is_named_as_they_are_called_now(database, admin):
    async with database.transaction(admin) as db:
        found = await list_entries(db, Wanted(entity="note"), limit=1)
        assert await names_of(db, found) == {admin.member_id: "Meera Iyer"}


async def test_pages_join_without_a_gap_and_a_made_up_place_is_harmless(database, admin):
    everything = [e.id for e in await listed(database, admin)]
    assert everything == sorted(everything, reverse=True)
    assert [e.id for e in await listed(database, admin, after=everything[1])] == everything[2:]
    assert len(await listed(database, admin, after=2**127)) == len(everything)


async def test_another_organization_sees_nothing_of_it(database, admin):
    stranger = await make_member(database, await make_organization(database), "org_admin")
    assert await listed(database, stranger, entity_id=ABOUT) == []
    assert await listed(database, stranger, actor_id=admin.account_id) == []


async def test_the_chains_state_follows_the_sealing(database):
    actor = Actor.system(await make_organization(database))
    async with database.transaction(actor) as db:
        before = await chain_state(db)
    assert (before.entries, before.sealed, before.head, before.age_s) == (1, 0, None, None)
    async with database.transaction(actor) as db:
        assert (await seal(db)).count == 1
    await asyncio.sleep(0.01)
    async with database.transaction(actor) as db:
        after = await chain_state(db)
    assert (after.entries, after.sealed) == (1, 1)
    assert after.head is not None and len(after.head) == 64
    assert after.age_s is not None and after.age_s > 0


async def test_the_command_says_whole_or_names_the_fault_with_exit_code_1(urls, database, tmp_path):
    settings = Settings(data_dir=tmp_path, database_url=urls.app, master_key=b64encode(bytes(range(32))).decode())
    organization_id = await make_organization(database)
    sealer = Sealer(database, heads_of(settings, Keyring(bytes(range(32)))))
    await sealer.round()
    await sealer.sign(everything=True)
    said: list[str] = []
    assert await report(settings, said.append) == 0
    with psycopg.connect(urls.owner) as owner:
        owner.execute("select set_config('auricle.organization', %s, false)", (str(organization_id),))
        ((entry,),) = owner.execute("update audit_entry set action = 'nothing' returning id").fetchall()
    said.clear()
    assert await report(settings, said.append) == 1
    assert f"organization {organization_id}: BAD: entry altered at link 1 (entry {entry})" in said
