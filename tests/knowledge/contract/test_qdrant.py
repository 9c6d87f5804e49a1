"""What is Qdrant's own: outages, what is settled after a transaction, shards, and what is asked of a server."""

import asyncio
from dataclasses import dataclass

import numpy as np
import psycopg
import pytest
from sqlalchemy import func, select

from auricle.actor import Actor
from auricle.db.base import new_id
from auricle.knowledge import settle as jobs
from auricle.knowledge.chunk import Chunk
from auricle.knowledge.embedder import change
from auricle.knowledge.models import KnowledgeChunk, KnowledgeDocument, KnowledgeRemoval
from auricle.knowledge.only import Only
from auricle.knowledge.pgvector import PgVector
from auricle.knowledge.qdrant import link as links
from auricle.knowledge.qdrant.collections import OtherCollection
from auricle.knowledge.qdrant.link import VectorsAway, VectorsRefused, connected
from auricle.knowledge.qdrant.points import NoOrganization, Points
from auricle.knowledge.qdrant.store import QdrantStore
from auricle.knowledge.search import Knowledge, search
from auricle.knowledge.snapshot import Snapshots
from auricle.knowledge.store import INSTALLED
from auricle.knowledge.stores import opened
from auricle.settings import Qdrant
from tests.builders import make_organization
from tests.knowledge.conftest import BagOfWords
from tests.knowledge.contract.conftest import OTHER, Shelf, direction, emulated
from tests.knowledge.contract.qdrant_emulator import Emulator

TEXTS = ("Zinc air batteries last one week.", "Ringing is worse in silence.", "No cotton in the ear canal.")


@dataclass
class Served(Shelf):
    """One organization before a store whose server we hold in our hands."""

    emulator: Emulator

    async def found(self, query="", vector=None, depth=10, only=None):
        async with self.transaction() as db:
            return await self.store.candidates(db, INSTALLED, query, vector, depth, only)

    async def delete(self, document_id):
        async with self.transaction() as db:
            await self.store.delete(db, document_id)
            await db.delete(await db.get(KnowledgeDocument, document_id))

    async def settle(self):
        await self.store.settle(self.database, self.actor)

    async def points(self, embedder=INSTALLED):
        """How many points the organization has, whatever PostgreSQL knows of."""
        ids = await self.store._points.nearest(
            self.actor.organization_id, embedder, direction(0, 1, 2, dimension=embedder.dimension), 1_000
        )
        return len(ids)

    async def noted(self):
        async with self.transaction() as db:
            return await db.scalar(select(func.count()).select_from(KnowledgeRemoval))

    def knowledge(self, **bounds):
        snapshots = Snapshots(self.database, self.store, **bounds)
        return Knowledge(self.database, self.store, snapshots, BagOfWords())


@pytest.fixture(params=["shared", "organization"])
async def served(request, database, monkeypatch):
    monkeypatch.setattr(links, "LOOK_AGAIN_S", 0.0)
    emulator = Emulator()
    async with emulated(emulator, Qdrant(sharding=request.param, shards=2, replicas=3)) as store:
        yield Served(database, store, Actor.system(await make_organization(database), "test"), emulator)


async def neighbour(served):
    return Served(
        served.database, served.store, Actor.system(await make_organization(served.database), "test"), served.emulator
    )


async def test_what_can_not_be_stored_there_is_stored_nowhere(served):
    document_id = await served.document()
    served.emulator.is_away = True
    with pytest.raises(VectorsAway):
        await served.put(document_id, TEXTS, [direction(n) for n in range(3)])
    served.emulator.is_away = False
    async with served.transaction() as db:
        assert await served.store.chunks(db, document_id, INSTALLED) == []
    await served.put(document_id, TEXTS, [direction(n) for n in range(3)])
    await served.go_live(document_id, 3)
    assert len((await served.found(vector=direction(0))).chunks) == 3


async def test_while_it_is_away_words_are_searched_and_that_is_said(served):
    await served.shelve(*TEXTS)
    for trouble in ("is_away", "fails_with"):
        setattr(served.emulator, trouble, 500)
        near = await served.found("ringing", direction(2))
        assert [one.text for one in near.chunks] == [TEXTS[1]] and near.degraded
        setattr(served.emulator, trouble, None)
    near = await served.found("ringing", direction(2))
    assert {one.text for one in near.chunks} == set(TEXTS) and not near.degraded


@pytest.mark.parametrize("max_chunks", [100, 0], ids=["in a snapshot", "in the store"])
async def test_a_search_goes_on_by_words_and_by_meaning_again_when_it_is_back(served, max_chunks, monkeypatch):
    monkeypatch.setattr("auricle.knowledge.snapshot.RETRY_S", 0.0)
    knowledge = served.knowledge(max_chunks=max_chunks)
    document_id = await served.document()
    vectors = await knowledge.embed(TEXTS, task="document", organization_id=None)
    await served.put(document_id, TEXTS, list(vectors))
    await served.go_live(document_id, 3)
    served.emulator.is_away = True
    for _ in range(2):
        found = await search(knowledge, served.actor, "zinc batteries week")
        assert found.degraded and found.hits[0].chunk.text == TEXTS[0] and found.hits[0].dense == 0
        assert found.verdict.level == "answer"
    served.emulator.is_away = False
    found = await search(knowledge, served.actor, "zinc batteries week")
    assert not found.degraded and found.hits[0].dense > 0.5


async def test_a_document_deleted_while_it_is_away_takes_its_points_with_it_later(served):
    gone, kept = await served.shelve(*TEXTS), await served.shelve("Kept.")
    served.emulator.is_away = True
    await served.delete(gone)
    assert await served.noted() == 3
    with pytest.raises(VectorsAway):
        await served.settle()
    assert await served.noted() == 3
    served.emulator.is_away = False
    assert await served.points() == 4
    assert [one.document_id for one in (await served.found(vector=direction(1))).chunks] == [kept]
    await served.settle()
    assert (await served.points(), await served.noted()) == (1, 0)


async def test_who_deletes_queues_the_job_and_who_fails_does_not(served, urls):
    def queued():
        with psycopg.connect(urls.owner) as connection:
            sql = "select count(*) from jobs.procrastinate_jobs where task_name = 'knowledge.settle'"
            organization = str(served.actor.organization_id)
            return connection.execute(f"{sql} and args ->> 'organization' = %s", (organization,)).fetchone()[0]

    document_id = await served.shelve(*TEXTS)
    with pytest.raises(RuntimeError):
        async with served.transaction() as db:
            await served.store.delete(db, document_id)
            raise RuntimeError
    assert (await served.noted(), queued()) == (0, 0)
    await served.delete(document_id)
    assert (await served.noted(), queued()) == (3, 1)


async def test_what_is_put_again_before_the_old_is_removed_stays(served):
    document_id = await served.shelve(*TEXTS)
    async with served.transaction() as db:
        assert await served.store.delete(db, document_id) == 3
    await served.put(document_id, TEXTS[:2], [direction(0), direction(1)])
    assert await served.points() == 5
    await served.settle()
    assert await served.points() == 2
    loaded = await served.loaded()
    assert [one.text for one in loaded.chunks] == list(TEXTS[:2]) and not loaded.degraded
    assert np.allclose(loaded.vectors, np.stack([direction(0), direction(1)]), atol=1e-6)


async def test_points_of_a_transaction_that_failed_are_never_shown_and_go_with_their_document(served):
    document_id = await served.shelve(TEXTS[0])
    with pytest.raises(RuntimeError):
        async with served.transaction() as db:
            chunk = Chunk(7, TEXTS[1], 0, len(TEXTS[1]), 1, "Section")
            await served.store.put(db, document_id, "Ears", [chunk], np.stack([direction(1)]), INSTALLED)
            raise RuntimeError
    assert await served.points() == 2
    assert [one.text for one in (await served.found(vector=direction(1))).chunks] == [TEXTS[0]]
    await served.delete(document_id)
    await served.settle()
    assert await served.points() == 0


async def test_what_is_not_live_crowds_nothing_out(served):
    await served.shelve(TEXTS[0])
    pending = await served.document()
    await served.put(pending, [f"Draft {n}." for n in range(20)], [direction(0)] * 20)
    assert [one.text for one in (await served.found(vector=direction(0), depth=1)).chunks] == [TEXTS[0]]


async def test_a_search_within_some_documents_is_kept_to_them_there_too(served):
    await served.shelve(*["Batteries for all."] * 3)
    await served.shelve("Batteries for the staff.", collection="staff")
    near = await served.found(vector=direction(0), depth=2, only=Only(collection="staff"))
    assert [one.text for one in near.chunks] == ["Batteries for the staff."]
    assert list((await served.found(vector=direction(0), only=Only(collection="none"))).chunks) == []


async def test_vectors_that_postgresql_held_move_there_and_are_found_all_the_while(served):
    before = Shelf(served.database, PgVector(), served.actor)
    old = await before.shelve(*TEXTS)
    await before.put(old, TEXTS[:1], [direction(3, dimension=8)], OTHER)  # of an embedder that nobody remembers
    new = await served.shelve("New.")
    near = await served.found(vector=direction(1))
    assert near.chunks[0].text == TEXTS[1] and {one.document_id for one in near.chunks} == {old, new}
    assert await served.points() == 1
    await served.settle()
    assert await served.points() == 4
    async with served.transaction() as db:
        held = await db.scalar(select(func.count()).where(KnowledgeChunk.embedding.is_not(None)))
    loaded = await served.loaded()
    assert held == 1 and len(loaded.chunks) == 4 and loaded.vectors.any(axis=1).all()
    again = await served.found(vector=direction(1))
    assert [one.text for one in again.chunks][:1] == [TEXTS[1]] and len(again.chunks) == 4


async def test_without_qdrant_what_lies_there_is_found_by_words_and_its_removal_is_not_forgotten(served):
    document_id = await served.shelve(*TEXTS)
    after = Shelf(served.database, PgVector(), served.actor)
    async with after.transaction() as db:
        near = await after.store.candidates(db, INSTALLED, "ringing", direction(0), 10)
        assert [one.text for one in near.chunks] == [TEXTS[1]] and near.degraded
        assert (await after.store.load(db, INSTALLED, 10)).degraded
        assert await after.store.delete(db, document_id) == 3
    assert await served.noted() == 3
    await served.settle()
    assert await served.points() == 0


async def test_a_server_that_lost_its_data_is_searched_by_words(served):
    await served.shelve(*TEXTS)
    served.emulator.lose()
    served.emulator.fails_with = 404
    with pytest.raises(VectorsAway):
        await served.points()  # what was known to be there is forgotten with the first failure
    served.emulator.fails_with = None
    near = await served.found("ringing", direction(0))
    assert [one.text for one in near.chunks] == [TEXTS[1]] and near.degraded
    assert (await served.loaded()).degraded


async def test_removing_an_embedder_removes_its_points_and_no_others(served):
    document_id = await served.shelve(*TEXTS)
    async with served.transaction() as db:
        await change(db, OTHER)
    await served.put(document_id, TEXTS[:2], [direction(n, dimension=8) for n in range(2)], OTHER)
    assert len(served.emulator.made) == 2
    async with served.transaction() as db:
        assert await served.store.delete_all_by(db, OTHER) == 2
    await served.settle()
    assert (await served.points(), await served.points(OTHER)) == (3, 0)


async def test_a_neighbours_points_are_out_of_reach_of_every_call(served):
    theirs = await neighbour(served)
    own, strange = await served.shelve(*TEXTS), await theirs.shelve(*TEXTS)
    points, me = served.store._points, served.actor.organization_id
    ids = [one.id for one in (await theirs.loaded()).chunks]
    assert await points.vectors(me, INSTALLED, ids) == {}
    assert await points.nearest(me, INSTALLED, direction(0), 10, [strange]) == []
    assert len(await points.nearest(me, INSTALLED, direction(0), 10, [own, strange])) == 3
    await points.remove(me, INSTALLED, ids)
    await points.remove_of(me, INSTALLED, [strange])
    assert (await served.points(), await theirs.points()) == (3, 3)
    for call in (points.nearest(None, INSTALLED, direction(0), 10), points.vectors(None, INSTALLED, ids)):
        with pytest.raises(NoOrganization):
            await call


async def test_a_collection_is_made_once_strict_with_its_shards_and_indexes(served):
    theirs = await neighbour(served)
    assert await served.points() == 0 and not served.emulator.made  # looking makes nothing
    await asyncio.gather(served.shelve(*TEXTS), theirs.shelve(*TEXTS))
    [(name, made)] = served.emulator.made.items()
    assert name.startswith("auricle-all-MiniLM-L6-v2-int8-384-")
    assert (made.shard_number, made.replication_factor, made.vectors.distance) == (2, 3, "Cosine")
    strict = made.strict_mode_config
    assert strict.enabled and strict.unindexed_filtering_retrieve is False is strict.unindexed_filtering_update
    indexes, shards = served.emulator.indexes[name], served.emulator.shards[name]
    is_shared = made.sharding_method == "auto"
    assert indexes["organization_id"] == {"type": "keyword", "is_tenant": is_shared}
    assert indexes["document_id"] == {"type": "keyword"}
    owners = {str(one.actor.organization_id) for one in (served, theirs)}
    assert {one.shard_key for one in shards} == (set() if is_shared else owners)
    assert all((one.shards_number, one.replication_factor) == (2, 3) for one in shards)
    assert (made.hnsw_config.m, made.hnsw_config.payload_m) == (0, 16) if is_shared else made.hnsw_config is None


async def test_a_point_holds_no_text(served):
    await served.shelve(*TEXTS)
    sent = str([body for _, _, body in served.emulator.seen])
    assert not any(word in sent for word in ("Zinc", "batteries", "Ears", "Section"))


async def test_a_collection_of_other_settings_is_a_configuration_error(served):
    gone = await served.shelve(*TEXTS)
    other = "shared" if any(served.emulator.shards.values()) else "organization"
    async with emulated(served.emulator, Qdrant(sharding=other)) as store:
        crossed = Served(served.database, store, served.actor, served.emulator)
        with pytest.raises(OtherCollection):
            await crossed.shelve("More.")
        await crossed.delete(gone)

        class Assembled:
            database, knowledge = crossed.database, crossed.knowledge()

        await jobs.settle_all(Assembled, Actor.system(None, "jobs"))  # told in the log; other organizations go on
        assert await crossed.noted() == 3
    await served.settle()
    assert (await served.points(), await served.noted()) == (0, 0)


async def test_a_refused_key_is_told_from_an_outage_without_the_others_prose(served):
    document_id = await served.document()
    served.emulator.key = "another"
    with pytest.raises(VectorsRefused) as caught:
        await served.put(document_id, TEXTS, [direction(n) for n in range(3)])
    assert caught.value.retryable is False and "private" not in f"{caught.value!r} {caught.value.context}"
    assert caught.value.__cause__ is None and caught.value.__suppress_context__
    assert await served.store.state() == "knowledge.vectors_refused"


async def test_a_write_that_takes_too_long_is_an_outage_too(database):
    emulator = Emulator()
    async with emulated(emulator, Qdrant(), writing_s=0.2) as store:
        slow = Served(database, store, Actor.system(await make_organization(database), "test"), emulator)
        document_id = await slow.document()
        emulator.hangs = True
        with pytest.raises(VectorsAway):
            await slow.put(document_id, TEXTS[:1], [direction(0)])


async def test_nobody_waits_for_it_again_at_once(served, monkeypatch):
    monkeypatch.setattr(links, "LOOK_AGAIN_S", 600.0)
    await served.shelve(*TEXTS)
    assert await served.store.state() == "ok"
    served.emulator.is_away = True
    assert (await served.found("ringing", direction(0))).degraded
    asked = len(served.emulator.seen)
    assert (await served.found("ringing", direction(0))).degraded
    assert await served.store.state() == "knowledge.vectors_away"
    assert len(served.emulator.seen) == asked
    served.emulator.is_away = False
    await served.put(await served.document(), ["More."], [direction(4)])  # a write tries, and tells the rest
    assert await served.store.state() == "ok"
    assert not (await served.found("ringing", direction(0))).degraded


async def test_the_jobs_settle_what_is_left_of_every_organization(served):
    class Assembled:
        database, knowledge = served.database, served.knowledge()

    theirs = await neighbour(served)
    for one in (served, theirs):
        await one.delete(await one.shelve(*TEXTS))
    await jobs.settle(Assembled, served.actor)
    assert (await served.points(), await theirs.points()) == (0, 3)
    await jobs.settle_all(Assembled, Actor.system(None, "jobs"))
    assert await theirs.points() == 0


async def test_a_port_where_nobody_listens_and_one_that_never_answers_are_away():
    async def silent(reader, writer):
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    for number in (port, 1):
        points = Points(connected(Qdrant(url=f"http://127.0.0.1:{number}", timeout_s=0.3)), Qdrant())
        with pytest.raises(VectorsAway):
            await points.nearest(new_id(), INSTALLED, direction(0), 1)
        assert await points.state() == "knowledge.vectors_away"
        await points.aclose()
    server.close()


async def test_the_settings_say_which_store_it_is():
    async with opened(Qdrant()) as store:
        assert isinstance(store, PgVector) and await store.state() == "ok"
    async with opened(Qdrant(url="http://127.0.0.1:1", timeout_s=0.5)) as store:
        assert isinstance(store, QdrantStore) and await store.state() == "knowledge.vectors_away"
