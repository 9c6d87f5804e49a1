"""Chunks in PostgreSQL with pgvector, bounded by row-level security.

A small organization's vectors are scanned, exactly. From `OWN_PARTITION` chunks on it has a partition of its own, with
an HNSW index over its own vectors alone; see docs/decisions/0011.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import LargeBinary, Select, cast, delete, func, literal, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.actor import Actor
from auricle.db.base import new_id
from auricle.db.session import Database, actor_of
from auricle.knowledge.chunk import Chunk
from auricle.knowledge.models import (
    DIMENSION,
    DocumentStatus,
    HalfVector,
    KnowledgeChunk,
    KnowledgeDocument,
    KnowledgeRemoval,
    Vector,
)
from auricle.knowledge.only import ALL, Only
from auricle.knowledge.store import Embedder, Floats, Loaded, StoredChunk
from auricle.knowledge.words import terms

ROWS_PER_INSERT = 64
MAX_TERMS = 24
OWN_PARTITION = 5_000  # chunks from which on an exact scan is slower than an index
LONGEST_INDEXED = 4_000  # dimensions that pgvector can index as half-precision numbers
ARRANGING_S = 3_000.0
SEARCHED, MOST_SEARCHED = 400, 1_000  # candidates that the index weighs (`hnsw.ef_search`), and may at most

INDEXED = text("select to_regclass(knowledge_index_name(:embedder)) is not null")
# Without sorting: the planner takes so few live documents for granted that it would rather compute every distance.
CAREFULLY = text(
    "select set_config('hnsw.ef_search', :searched, true), set_config('hnsw.iterative_scan', 'strict_order', true),"
    " set_config('enable_sort', 'off', true)"
)
AS_USUAL = text("select set_config('enable_sort', 'on', true)")

C, D = KnowledgeChunk, KnowledgeDocument
COLUMNS = (
    C.id,
    C.document_id,
    C.title,
    C.text,
    C.page,
    C.section,
    C.start_offset,
    C.end_offset,
    D.collection,
    D.language,
    D.specialty,
    D.live_at,
)


class PgVector:
    """The `ChunkStore` on the application's own database."""

    def __init__(self, own_partition: int = OWN_PARTITION) -> None:
        self._own_partition = own_partition

    async def put(
        self,
        db: AsyncSession,
        document_id: UUID,
        title: str,
        chunks: Sequence[Chunk],
        vectors: Floats,
        embedder: Embedder,
    ) -> None:
        await insert_rows(db, document_id, title, chunks, list(vectors), embedder)

    async def chunks(self, db: AsyncSession, document_id: UUID, embedder: Embedder) -> list[Chunk]:
        rows = await db.execute(
            select(C.position, C.text, C.start_offset, C.end_offset, C.page, C.section)
            .where(C.document_id == document_id, C.embedder == embedder.name)
            .order_by(C.position)
        )
        return [Chunk(*row) for row in rows]

    async def counts(self, db: AsyncSession, embedder: Embedder) -> dict[UUID, int]:
        counted = select(C.document_id, func.count()).where(C.embedder == embedder.name).group_by(C.document_id)
        return {row[0]: row[1] for row in await db.execute(counted)}

    async def delete(self, db: AsyncSession, document_id: UUID) -> int:
        return await delete_rows(db, "document_id", document_id)

    async def delete_all_by(self, db: AsyncSession, embedder: Embedder) -> int:
        await db.execute(select(func.knowledge_drop_index(embedder.name)))
        return await delete_rows(db, "embedder", embedder.name)

    async def stamp(self, db: AsyncSession, embedder: Embedder) -> tuple[int, str]:
        return await stamp(db, embedder)

    async def load(self, db: AsyncSession, embedder: Embedder, limit: int) -> Loaded:
        return await loaded(db, live(embedder).order_by(C.document_id, C.position).limit(limit), embedder)

    async def fetch(self, actor: Actor, embedder: Embedder, loaded: Loaded) -> Loaded:
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
        near = Loaded((), np.zeros((0, embedder.dimension), np.float32))
        if vector is not None and only == ALL and await db.scalar(INDEXED, {"embedder": embedder.name}):
            near = await _nearest_by_index(db, embedder, vector, depth)
        if vector is not None and len(near.chunks) < depth:  # an index that found too few is no judge of what there is
            near = await nearest_by_scan(db, embedder, vector, depth, only)
        return merged(near, await by_words(db, embedder, query, depth, only))

    async def arrange(self, db: AsyncSession, embedder: Embedder) -> bool:
        if (await stamp(db, embedder))[0] < self._own_partition or embedder.dimension > LONGEST_INDEXED:
            return False
        if await db.scalar(INDEXED, {"embedder": embedder.name}):
            return False
        connection = (await (await db.connection()).get_raw_connection()).driver_connection
        assert connection is not None
        await connection.execute("select knowledge_partition()", timeout=ARRANGING_S)
        await connection.fetch(
            "select knowledge_vector_index($1, $2)", embedder.name, embedder.dimension, timeout=ARRANGING_S
        )
        return True

    async def settle(self, database: Database, actor: Actor) -> None:
        return None

    async def state(self) -> str:
        return "ok"


async def insert_rows(
    db: AsyncSession,
    document_id: UUID,
    title: str,
    chunks: Sequence[Chunk],
    vectors: Sequence[Floats | None],
    embedder: Embedder,
) -> dict[int, UUID]:
    """Store chunks, with their vectors or without; the ids of those that were not there, by position."""
    stored: dict[int, UUID] = {}
    for begin in range(0, len(chunks), ROWS_PER_INSERT):
        rows = [
            {
                "id": new_id(),
                "document_id": document_id,
                "position": chunk.position,
                "title": title,
                "text": chunk.text,
                "page": chunk.page,
                "section": chunk.section,
                "start_offset": chunk.start,
                "end_offset": chunk.end,
                "embedder": embedder.name,
                "embedding": vector,
            }
            for chunk, vector in zip(
                chunks[begin : begin + ROWS_PER_INSERT], vectors[begin : begin + ROWS_PER_INSERT], strict=True
            )
        ]
        again = insert(C).values(rows).on_conflict_do_nothing(constraint="uq_knowledge_chunk_position")
        for row in await db.execute(again.returning(C.position, C.id)):
            stored[row[0]] = row[1]
    return stored


async def delete_rows(db: AsyncSession, column: str, value: object) -> int:
    """Delete chunks; how many there were. Of those whose vector lies elsewhere it is written down that it has to go."""
    gone = delete(C).where(getattr(C, column) == value).returning(C.id, C.document_id, C.embedder, C.embedding)
    rows = gone.cte("gone")
    elsewhere = select(rows.c.id, rows.c.document_id, rows.c.embedder).where(rows.c.embedding.is_(None))
    noted = insert(KnowledgeRemoval).from_select(["id", "document_id", "embedder"], elsewhere).cte("noted")
    counted = await db.scalar(select(func.count()).select_from(rows).add_cte(noted))
    return int(counted or 0)


async def stamp(db: AsyncSession, embedder: Embedder) -> tuple[int, str]:
    """`ChunkStore.stamp` of any store whose documents are recorded here."""
    mark = func.bit_xor(func.hashtextextended(func.concat(D.id, D.live_at), 0))
    counted = select(func.coalesce(func.sum(D.chunk_count), 0), mark).where(D.status == DocumentStatus.LIVE)
    size, fingerprint = (await db.execute(counted)).one()
    return int(size), f"{embedder.name}:{size}:{fingerprint}"


async def _nearest_by_index(db: AsyncSession, embedder: Embedder, vector: Floats, depth: int) -> Loaded:
    """The nearest live chunks by the organization's own index: its partition and the index's condition as constants,
    without which the planner sees neither. It orders by half precision; the last order is by the whole vectors."""
    await db.execute(CAREFULLY, {"searched": str(min(max(SEARCHED, 4 * depth), MOST_SEARCHED))})
    half = HalfVector(embedder.dimension)
    distance = cast(C.embedding, half).op("<=>")(literal(vector, half))
    mine = literal(actor_of(db).organization_id, C.organization_id.type, literal_execute=True)
    name = literal(embedder.name, C.embedder.type, literal_execute=True)
    nearest = live(None).where(C.organization_id == mine, C.embedder == name).order_by(distance).limit(2 * depth)
    found = await loaded(db, nearest, embedder)
    await db.execute(AS_USUAL)
    order = np.argsort(-(found.vectors @ vector), kind="stable")[:depth]
    return Loaded([found.chunks[number] for number in order], found.vectors[order])


async def nearest_by_scan(db: AsyncSession, embedder: Embedder, vector: Floats, depth: int, only: Only) -> Loaded:
    """The nearest live chunks among those whose vectors lie here, by comparing all."""
    distance = C.embedding.op("<=>")(literal(vector, Vector()))
    here = live(embedder).where(*only.conditions(), C.embedding.is_not(None))
    return await loaded(db, here.order_by(distance, C.id).limit(depth), embedder)


async def by_words(db: AsyncSession, embedder: Embedder, query: str, depth: int, only: Only) -> Loaded:
    """The best live chunks with every term of a question; only when there is none, those with any."""
    for joint in (" & ", " | "):
        wanted = _tsquery(query, joint)
        if wanted is not None:
            rank = func.ts_rank(C.words, wanted)
            matching = live(embedder).where(*only.conditions(), C.words.op("@@")(wanted))
            found = await loaded(db, matching.order_by(rank.desc(), C.id).limit(depth), embedder)
            if found.chunks:
                return found
    return Loaded((), np.zeros((0, embedder.dimension), np.float32))


def live(embedder: Embedder | None) -> Select[*tuple[Any, ...]]:
    """Chunks of live documents; those of an embedder, unless its name is added as a constant."""
    chosen: Select[*tuple[Any, ...]] = (
        select(*COLUMNS, func.vector_send(C.embedding, type_=LargeBinary))
        .join(D, D.id == C.document_id)
        .where(D.status == DocumentStatus.LIVE)
    )
    return chosen if embedder is None else chosen.where(C.embedder == embedder.name)


async def loaded(db: AsyncSession, statement: Select[*tuple[Any, ...]], embedder: Embedder) -> Loaded:
    """What `live` finds. Vectors that lie elsewhere are zeros, and then that is `degraded`."""
    rows = (await db.execute(statement)).all()
    chunks, sent = [StoredChunk(*row[:-1]) for row in rows], [row[-1] for row in rows]
    here = [number for number, one in enumerate(sent) if one is not None]
    vectors = np.zeros((len(sent), embedder.dimension), np.float32)
    if here:
        vectors[here] = matrix([sent[number] for number in here])
    return Loaded(chunks, vectors, degraded=len(here) < len(sent))


def matrix(rows: Sequence[bytes]) -> Floats:
    """Rows of one dimension, each in pgvector's binary form: dimension, an unused number, then big-endian floats."""
    width = len(rows[0]) if rows else 4 + 4 * DIMENSION
    block = np.frombuffer(b"".join(rows), np.uint8).reshape(-1, width)[:, 4:]
    return np.ascontiguousarray(block).view(">f4").astype(np.float32)


def _tsquery(query: str, joint: str) -> Any:
    """The terms of a question as prefixes. Terms are letters and digits only, so there is nothing to quote."""
    wanted = list(dict.fromkeys(terms(query)))[:MAX_TERMS]
    return func.to_tsquery("simple", joint.join(f"{term}:*" for term in wanted)) if wanted else None


def merged(*found: Loaded) -> Loaded:
    """Lists put together, each chunk once."""
    chunks = [chunk for one in found for chunk in one.chunks]
    vectors = np.concatenate([one.vectors for one in found if one.chunks] or [found[0].vectors])
    first = {chunk.id: number for number, chunk in reversed(list(enumerate(chunks)))}
    keep = sorted(first.values())
    return Loaded([chunks[number] for number in keep], vectors[keep], any(one.degraded for one in found))
