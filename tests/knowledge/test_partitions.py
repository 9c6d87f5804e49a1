"""A large organization's own partition: who makes it, who sees into it, and that nothing is lost by it."""

import numpy as np
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from auricle.actor import Actor
from auricle.knowledge.pgvector import PgVector
from auricle.knowledge.store import INSTALLED
from tests.builders import make_organization
from tests.knowledge.contract.conftest import Shelf

LARGE = 300


@pytest.fixture
async def shelves(database):
    store = PgVector(own_partition=LARGE)
    return [Shelf(database, store, Actor.system(await make_organization(database), "test")) for _ in range(2)]


def partition(shelf):
    return f"knowledge_chunk_{shelf.actor.organization_id.hex}"


async def filled(shelf, count, seed):
    vectors = np.random.default_rng(seed).normal(size=(count, 384)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    document_id = await shelf.document()
    await shelf.put(document_id, [f"Text number {n}." for n in range(count)], list(vectors))
    await shelf.go_live(document_id, count)
    return vectors


async def arrange(shelf):
    async with shelf.transaction() as db:
        return await shelf.store.arrange(db, INSTALLED)


async def nearest(shelf, vector, depth=10):
    async with shelf.transaction() as db:
        loaded = await shelf.store.candidates(db, INSTALLED, "", vector, depth)
    return [int(chunk.text.split()[-1].rstrip(".")) for chunk in loaded.chunks]


async def test_a_large_organization_gets_a_partition_and_finds_the_same_as_before(shelves):
    large, small = shelves
    vectors, few = await filled(large, LARGE, 1), await filled(small, 20, 2)
    before = [await nearest(large, vector) for vector in vectors[:20]]
    assert await arrange(large)
    assert not await arrange(large)  # once is enough
    assert not await arrange(small)
    assert [await nearest(large, vector) for vector in vectors[:20]] == before
    assert [(await nearest(small, vector))[0] for vector in few] == list(range(20))
    async with large.transaction() as db:
        assert await db.scalar(text(f"select count(*) from {partition(large)}")) == LARGE
        assert await db.scalar(text("select count(*) from knowledge_chunk_rest")) == 0


async def test_the_index_is_what_answers_in_a_partition(shelves):
    large, _ = shelves
    vectors = await filled(large, LARGE, 1)
    await arrange(large)
    async with large.transaction() as db:
        await large.store.candidates(db, INSTALLED, "", vectors[0], 10)
        scans = "select pg_stat_get_xact_numscans(to_regclass(knowledge_index_name(:name)))"
        assert await db.scalar(text(scans), {"name": INSTALLED.name}) == 1


async def test_a_partition_is_closed_to_every_other_organization_also_by_its_own_name(shelves):
    large, small = shelves
    await filled(large, LARGE, 1)
    await arrange(large)
    for actor in (small.actor, Actor.nobody()):
        async with small.database.transaction(actor) as db:
            assert await db.scalar(text(f"select count(*) from {partition(large)}")) == 0
            changed = await db.execute(text(f"update {partition(large)} set text = 'x' returning 1"))
            assert changed.all() == []
    for statement in (
        f"truncate {partition(large)}",
        f"alter table {partition(large)} disable row level security",
        f"drop table {partition(large)}",
    ):
        with pytest.raises(DBAPIError):
            async with small.transaction() as db:
                await db.execute(text(statement))


async def test_without_an_organization_no_partition_is_made(shelves):
    _, small = shelves
    with pytest.raises(DBAPIError):
        async with small.database.transaction(Actor.nobody()) as db:
            await db.execute(text("select knowledge_partition()"))


async def test_what_comes_later_goes_into_the_partition_and_is_found_and_deleted_there(shelves):
    large, _ = shelves
    await filled(large, LARGE, 1)
    await arrange(large)
    later = await large.document()
    await large.put(later, ["Text number 7777."], [np.eye(1, 384, 5, dtype=np.float32)[0]])
    await large.go_live(later, 1)
    assert (await nearest(large, np.eye(1, 384, 5, dtype=np.float32)[0]))[0] == 7777
    async with large.transaction() as db:
        assert await db.scalar(text(f"select count(*) from {partition(large)}")) == LARGE + 1
        assert await large.store.delete(db, later) == 1
    async with large.transaction() as db:
        assert await large.store.delete_all_by(db, INSTALLED) == LARGE
        assert await db.scalar(text("select to_regclass(knowledge_index_name(:name))"), {"name": "x"}) is None


async def test_an_index_that_finds_too_few_is_not_believed(shelves):
    large, _ = shelves
    vectors = await filled(large, LARGE, 1)
    await arrange(large)
    assert len(await nearest(large, vectors[0], depth=LARGE)) == LARGE
