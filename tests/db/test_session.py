"""One transaction, one actor; nothing of it reaches the next user of the connection."""

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, InvalidRequestError

from auricle.actor import Actor
from auricle.audit.reads import record
from auricle.db.base import new_id
from auricle.db.session import Database, actor_of
from auricle.errors import DatabaseUnavailable, IntegrityBroken
from auricle.identity.models import Organization
from tests.builders import make_member, make_organization

ANNOUNCED = text("select coalesce(current_setting('auricle.organization', true), '')")


@pytest.fixture
async def one_connection(urls):
    """A pool with a single connection, so that everybody follows everybody on it."""
    database = Database(urls.app, pool_size=1)
    yield database
    await database.close()


async def test_the_next_user_of_a_connection_inherits_no_organization(one_connection):
    organization_id = await make_organization(one_connection)
    async with one_connection.transaction(Actor.system(organization_id)) as db:
        process = await db.scalar(text("select pg_backend_pid()"))
        assert await db.scalar(ANNOUNCED) == str(organization_id)
    async with one_connection.transaction(Actor.nobody()) as db:
        assert await db.scalar(text("select pg_backend_pid()")) == process
        assert await db.scalar(ANNOUNCED) == ""
    async with one_connection.engine.connect() as bare:
        assert await bare.scalar(text("select pg_backend_pid()")) == process
        assert await bare.scalar(ANNOUNCED) == ""


async def test_the_next_user_inherits_nothing_after_an_error_or_a_cancellation(one_connection):
    organization_id = await make_organization(one_connection)
    with pytest.raises(DBAPIError):
        async with one_connection.transaction(Actor.system(organization_id)) as db:
            await db.execute(text("select no_such_column"))

    async def hang() -> None:
        async with one_connection.transaction(Actor.system(organization_id)) as db:
            await db.execute(text("select pg_sleep(30)"))

    task = asyncio.create_task(hang())
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with one_connection.transaction(Actor.nobody()) as db:
        assert await db.scalar(ANNOUNCED) == ""
        assert await db.scalar(text("select count(*) from member")) == 0


async def test_a_savepoint_keeps_the_organization(database):
    actor = await make_member(database, await make_organization(database))
    async with database.transaction(actor) as db:
        with pytest.raises(DBAPIError):
            async with db.begin_nested():
                await db.execute(text("select no_such_column"))
        assert await db.scalar(ANNOUNCED) == str(actor.organization_id)
        assert actor_of(db) is actor


async def test_many_at_once_each_see_their_own_organization(database):
    actors = [await make_member(database, await make_organization(database)) for _ in range(8)]

    async def look(actor: Actor) -> set[object]:
        async with database.transaction(actor) as db:
            await db.execute(text("select pg_sleep(0.002)"))
            return set(await db.scalars(text("select organization_id from member")))

    turns = actors * 15
    found = await asyncio.gather(*(look(actor) for actor in turns))
    assert found == [{actor.organization_id} for actor in turns]


async def test_an_error_rolls_everything_back(database):
    with pytest.raises(RuntimeError):
        async with database.transaction(Actor.nobody()) as db:
            db.add(Organization(id=new_id(), name="Rolled back", slug="rolled-back", email="x@example.org"))
            await db.flush()
            raise RuntimeError
    async with database.transaction(Actor.nobody()) as db:
        assert await db.scalar(text("select count(*) from organization where slug = 'rolled-back'")) == 0


async def test_an_ended_session_is_not_reopened_silently(database):
    async with database.transaction(Actor.nobody()) as db:
        await db.scalar(text("select 1"))
    with pytest.raises(InvalidRequestError):
        await db.scalar(text("select 1"))


async def test_a_broken_constraint_is_named_without_its_values(database):
    await make_organization(database, "taken-name")
    with pytest.raises(IntegrityBroken) as broken:
        await make_organization(database, "taken-name")
    assert broken.value.context["constraint"] in ("uq_organization_slug", "uq_organization_name")
    assert "taken-name" not in str(broken.value)


async def test_a_database_that_is_away_is_said_to_be_so():
    nowhere = Database("postgresql://app:secret@127.0.0.1:9/auricle")
    with pytest.raises(DatabaseUnavailable) as away:
        async with nowhere.transaction(Actor.nobody()) as db:
            await db.execute(text("select 1"))
    assert "secret" not in str(away.value)
    await nowhere.close()


async def test_writes_are_audited_with_who_and_from_where_and_only_what_changed(database):
    actor = await make_member(database, await make_organization(database), "org_admin")
    async with database.transaction(actor) as db:
        await db.execute(text("insert into agent (id, name, slug) values (:id, 'One', 'one')"), {"id": new_id()})
    async with database.transaction(actor) as db:
        await db.execute(text("update agent set name = 'Two'"))
        await db.execute(text("update agent set name = 'Two'"))
    async with database.transaction(actor) as db:
        entries = (
            await db.execute(
                text(
                    "select action, actor_id, member_id, address, user_agent, old, new "
                    "from audit_entry where entity = 'agent' order by id"
                )
            )
        ).all()
    assert [e.action for e in entries] == ["insert", "update"]
    assert (entries[1].old, entries[1].new) == ({"name": "One"}, {"name": "Two"})
    assert {(e.actor_id, e.member_id, e.address, e.user_agent) for e in entries} == {
        (actor.account_id, actor.member_id, "192.0.2.7", "tests")
    }


async def test_a_new_organization_is_audited_in_itself(database):
    organization_id = await make_organization(database)
    async with database.transaction(Actor.system(organization_id)) as db:
        found = (await db.execute(text("select action, entity, entity_id from audit_entry"))).all()
    assert found == [("insert", "organization", organization_id)]


async def test_the_application_can_neither_change_nor_backdate_nor_sign_an_entry_for_another(database):
    actor = await make_member(database, await make_organization(database))
    async with database.transaction(actor) as db:
        await record(db, "read", "patient", new_id())
    for statement in (
        "update audit_entry set action = 'nothing'",
        "delete from audit_entry",
        "update audit_link set hash = ''",
        "delete from audit_link",
        "insert into audit_entry (action, entity, at) values ('read', 'patient', now() - interval '1 day')",
        "insert into audit_entry (action, entity, actor_id) values ('read', 'patient', gen_random_uuid())",
        "insert into audit_entry (action, entity, xid) values ('read', 'patient', '1')",
    ):
        with pytest.raises(DBAPIError, match="permission denied"):
            async with database.transaction(actor) as db:
                await db.execute(text(statement))


async def test_who_finds_no_free_connection_in_time_is_told_to_come_again(urls):
    narrow = Database(urls.app, pool_size=1, beyond=0, wait_s=0.05)
    try:
        async with narrow.transaction(Actor.nobody()) as held:
            await held.execute(text("select 1"))
            with pytest.raises(DatabaseUnavailable):
                async with narrow.transaction(Actor.nobody()) as db:
                    await db.execute(text("select 1"))
    finally:
        await narrow.close()
