"""Chunks with their text in PostgreSQL and their vectors in Qdrant.

PostgreSQL is the record of what there is: a point without its row is never shown. Words are searched there as well, so
that a search while Qdrant is away still finds by them, and says that it is `degraded`.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

import numpy as np
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.actor import Actor
from auricle.db.session import Database, actor_of
from auricle.jobs.queue import enqueue
from auricle.knowledge.chunk import Chunk
from auricle.knowledge.models import DocumentStatus, KnowledgeChunk, KnowledgeDocument
from auricle.knowledge.only import ALL, Only
from auricle.knowledge.pgvector import PgVector, by_words, insert_rows, live, loaded, merged, nearest_by_scan, stamp
from auricle.knowledge.qdrant.link import VectorsAway
from auricle.knowledge.qdrant.points import Point, Points
from auricle.knowledge.qdrant.settling import remove_gone, take_over
from auricle.knowledge.store import Embedder, Floats, Loaded
from auricle.log import event

log = logging.getLogger(__name__)

MOST_DOCUMENTS = 10_000  # that a search can be kept to; the newest of more
WIDER, TIMES = 4, 3  # how often to ask for more, where what was found is not live


class QdrantStore:
    """The `ChunkStore` with vectors in Qdrant."""

    def __init__(self, points: Points) -> None:
        self._points = points
        self._rows = PgVector()

    async def put(
        self,
        db: AsyncSession,
        document_id: UUID,
        title: str,
        chunks: Sequence[Chunk],
        vectors: Floats,
        embedder: Embedder,
    ) -> None:
        """As the port says. Points of a transaction that is not committed after all stay until their document goes."""
        stored = await insert_rows(db, document_id, title, chunks, [None] * len(chunks), embedder)
        points = [
            Point(stored[chunk.position], document_id, vector)
            for chunk, vector in zip(chunks, vectors, strict=True)
            if chunk.position in stored
        ]
        if points:
            await self._points.put(actor_of(db).organization_id, embedder, points)

    async def chunks(self, db: AsyncSession, document_id: UUID, embedder: Embedder) -> list[Chunk]:
        return await self._rows.chunks(db, document_id, embedder)

    async def counts(self, db: AsyncSession, embedder: Embedder) -> dict[UUID, int]:
        return await self._rows.counts(db, embedder)

    async def delete(self, db: AsyncSession, document_id: UUID) -> int:
        return await self._settled_later(db, await self._rows.delete(db, document_id))

    async def delete_all_by(self, db: AsyncSession, embedder: Embedder) -> int:
        return await self._settled_later(db, await self._rows.delete_all_by(db, embedder))

    async def stamp(self, db: AsyncSession, embedder: Embedder) -> tuple[int, str]:
        return await stamp(db, embedder)

    async def load(self, db: AsyncSession, embedder: Embedder, limit: int) -> Loaded:
        return await self._rows.load(db, embedder, limit)

    async def fetch(self, actor: Actor, embedder: Embedder, loaded: Loaded) -> Loaded:
        try:
            return await self._whole(actor.organization_id, embedder, loaded)
        except VectorsAway:
            return loaded

    async def candidates(
        self,
        db: AsyncSession,
        embedder: Embedder,
        query: str,
        vector: Floats | None,
        depth: int,
        only: Only | None = None,
    ) -> Loaded:
        only = only or ALL
        found = await by_words(db, embedder, query, depth, only)
        if vector is not None:  # some may lie in PostgreSQL still, from before there was Qdrant
            found = merged(await nearest_by_scan(db, embedder, vector, depth, only), found)
        try:
            if vector is not None:
                found = merged(found, await self._nearest(db, embedder, vector, depth, only))
            return await self._whole(actor_of(db).organization_id, embedder, found)
        except VectorsAway:
            return replace(found, degraded=True)

    async def arrange(self, db: AsyncSession, embedder: Embedder) -> bool:
        return False  # Qdrant has a graph for each organization from the beginning

    async def settle(self, database: Database, actor: Actor) -> None:
        await remove_gone(self._points, database, actor)
        await take_over(self._points, database, actor)

    async def state(self) -> str:
        return await self._points.state()

    async def _settled_later(self, db: AsyncSession, deleted: int) -> int:
        """Have the points of deleted rows removed by a job: Qdrant may be away, and the transaction may yet fail."""
        if deleted:
            await enqueue(db, "knowledge.settle", queueing_lock="knowledge.settle")
        return deleted

    async def _nearest(self, db: AsyncSession, embedder: Embedder, vector: Floats, depth: int, only: Only) -> Loaded:
        """The nearest live chunks by Qdrant, without their vectors. It knows of no document whether it is live."""
        documents = None if only == ALL else await _documents(db, only)
        limit = 2 * depth
        for _ in range(TIMES):
            ids = await self._points.nearest(actor_of(db).organization_id, embedder, vector, limit, documents)
            found = await loaded(db, live(embedder).where(KnowledgeChunk.id.in_(ids)), embedder)
            if len(found.chunks) >= depth or len(ids) < limit:
                break
            limit *= WIDER
        place = {one: number for number, one in enumerate(ids)}
        order = sorted(range(len(found.chunks)), key=lambda number: place[found.chunks[number].id])[:depth]
        return Loaded([found.chunks[number] for number in order], found.vectors[order], found.degraded)

    async def _whole(self, organization_id: UUID | None, embedder: Embedder, found: Loaded) -> Loaded:
        """The same with the vectors that lie in Qdrant. One that is not there leaves its chunk to be found by words."""
        away: list[int] = np.flatnonzero(~found.vectors.any(axis=1)).tolist()
        if not away:
            return replace(found, degraded=False)
        ids = [found.chunks[number].id for number in away]
        fetched = await self._points.vectors(organization_id, embedder, ids)
        vectors = found.vectors.copy()
        for number, one in zip(away, ids, strict=True):
            if (vector := fetched.get(one)) is not None:
                vectors[number] = vector
        if lacking := len(ids) - len(fetched):
            event(
                log,
                "chunks have no vector",
                logging.WARNING,
                organization_id=organization_id,
                count=lacking,
            )
        return Loaded(found.chunks, vectors, degraded=not fetched)


async def _documents(db: AsyncSession, only: Only) -> list[UUID]:
    D = KnowledgeDocument
    wanted = select(D.id).where(D.status == DocumentStatus.LIVE, *only.conditions())
    return list(await db.scalars(wanted.order_by(D.live_at.desc()).limit(MOST_DOCUMENTS)))
