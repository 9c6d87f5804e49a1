"""A change made by one process is in the memory of another before anybody asks: PostgreSQL tells it."""

import asyncio

import pytest

from auricle.assemble import background
from auricle.knowledge.models import KnowledgeDocument
from auricle.knowledge.search import Knowledge, search
from auricle.knowledge.snapshot import CHANNEL, OUTDATED, Snapshots
from auricle.live.fanout import Fanout

PARKING = "# Parking\n\nThe parking garage is behind the house."


@pytest.fixture
def told():
    """The organizations that the other process was told of, in their order."""
    return []


@pytest.fixture
async def elsewhere(clinic, told):
    """Another process's knowledge of the clinic, that listens."""
    snapshots = Snapshots(clinic.database, clinic.knowledge.store)

    def hear(payload):
        snapshots.heard(payload)
        told.append(payload)

    async with background(snapshots.run), Fanout(clinic.database.url, also={CHANNEL: hear}) as fanout:
        async with asyncio.timeout(30):
            while not fanout.connected:
                await asyncio.sleep(0.01)
        yield Knowledge(clinic.database, clinic.knowledge.store, snapshots, clinic.knowledge.embed)


async def titles(knowledge, actor):
    """As a live call asks: by what is in memory, however old."""
    found = await search(knowledge, actor, "parking garage batteries", 50, stale_s=3600)
    return {hit.chunk.title for hit in found.hits}


async def until(knowledge, actor, wanted):
    async with asyncio.timeout(30):
        while await titles(knowledge, actor) != wanted:
            await asyncio.sleep(0.02)


async def test_what_is_taught_and_deleted_elsewhere_is_known_without_asking_the_database(clinic, elsewhere):
    await clinic.teach("batteries.md", "# Batteries\n\nBatteries last one week.")
    assert await titles(elsewhere, clinic.actor) == {"Batteries"}
    document_id = await clinic.teach("parking.md", PARKING)
    await until(elsewhere, clinic.actor, {"Batteries", "Parking"})
    async with clinic.database.transaction(clinic.actor) as db:
        await clinic.knowledge.store.delete(db, document_id)
        await db.delete(await db.get_one(KnowledgeDocument, document_id))
    await until(elsewhere, clinic.actor, {"Batteries"})


async def test_another_organization_s_change_touches_nothing_that_is_held(clinic, other, elsewhere, told):
    await clinic.teach("batteries.md", "# Batteries\n\nBatteries last one week.")
    await titles(elsewhere, clinic.actor)
    await heard(told, clinic.actor)
    held = await elsewhere.snapshots.of(clinic.actor, stale_s=3600)
    async with asyncio.timeout(30):
        while held.fitted_at == OUTDATED:
            await asyncio.sleep(0.02)
    fitted_at = held.fitted_at
    await other.teach("parking.md", PARKING)
    await heard(told, other.actor)
    assert await elsewhere.snapshots.of(clinic.actor, stale_s=3600) is held
    assert held.fitted_at == fitted_at


async def heard(told, actor):
    async with asyncio.timeout(30):
        while str(actor.organization_id) not in told:
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("payload", ["", "not-a-uuid", "0" * 9_000, "\x00", "{}"])
async def test_a_word_that_is_not_ours_is_ignored(clinic, payload):
    await clinic.teach("batteries.md", "# Batteries\n\nBatteries last one week.")
    snapshots = Snapshots(clinic.database, clinic.knowledge.store)
    held = await snapshots.of(clinic.actor)
    fitted_at = held.fitted_at
    snapshots.heard(payload)
    assert held.fitted_at == fitted_at
    assert await snapshots.of(clinic.actor, stale_s=3600) is held
