"""Old live events go, those of the last day stay, in every organization; and no one may clear more than that."""

from types import SimpleNamespace
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from auricle.actor import Actor
from auricle.live.events import publish
from auricle.live.retention import forget_events
from tests.builders import make_organization


async def test_events_older_than_a_day_are_forgotten_in_every_organization(database, urls, postgres):
    clinics = [await make_organization(database, f"clinic-{uuid4().hex[:8]}") for _ in range(2)]
    old = []
    for clinic in clinics:
        async with database.transaction(Actor.system(clinic)) as db:
            old.append(await publish(db, "test.old"))
            await publish(db, "test.new")
    superuser = make_conninfo(postgres.admin_url, dbname=urls.owner.rsplit("/", 1)[1])
    with psycopg.connect(superuser) as admin:
        admin.execute("update live_event set at = now() - interval '25 hours' where id = any(%s)", (old,))
    await forget_events(SimpleNamespace(database=database), Actor.system(None))
    for clinic in clinics:
        async with database.transaction(Actor.system(clinic)) as db:
            assert list(await db.scalars(text("select kind from live_event"))) == ["test.new"]


async def test_fresh_events_can_not_be_cleared(database):
    for statement in ("select forget_live_events(interval '0')", "delete from live_event", "truncate live_event"):
        with pytest.raises(DBAPIError):
            async with database.transaction(Actor.system(None)) as db:
                await db.execute(text(statement))


async def test_the_announced_organization_is_the_same_afterwards(database):
    clinic = await make_organization(database, f"clinic-{uuid4().hex[:8]}")
    async with database.transaction(Actor.system(clinic)) as db:
        await db.execute(text("select forget_live_events(interval '1 day')"))
        assert await db.scalar(text("select current_setting('auricle.organization')")) == str(clinic)
