"""Chunks in PostgreSQL with pgvector: exact scans within one organization, whose bound is row-level security."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import LargeBinary, Select, delete, func, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.db.base import new_id
from auricle.knowledge.chunk import Chunk
from auricle.knowledge.models import DIMENSION, DocumentStatus, KnowledgeChunk, KnowledgeDocument, Vector
from auricle.knowledge.only import ALL, Only
from auricle.knowledge.store import Floats, Loaded, StoredChunk
from auricle.knowledge.words import terms

ROWS_PER_INSERT = 64
MAX_TERMS = 24

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
NONE = Loaded((), np.zeros((0, DIMENSION), np.float32))


class PgVector:
    """The `ChunkStore` on the application's own database."""

    async def put(
        self, db: AsyncSession, document_id: UUID, title: str, chunks: Sequence[Chunk], vectors: Floats, embedder: str
    ) -> None:
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
                    "embedder": embedder,
                    "embedding": vector,
                }
                for chunk, vector in zip(
                    chunks[begin : begin + ROWS_PER_INSERT], vectors[begin : begin + ROWS_PER_INSERT], strict=True
                )
            ]
            again = insert(C).values(rows).on_conflict_do_nothing(constraint="uq_knowledge_chunk_position")
            await db.execute(again)

    async def positions(self, db: AsyncSession, document_id: UUID, embedder: str) -> dict[int, tuple[int, int]]:
        rows = await db.execute(
            select(C.position, C.start_offset, C.end_offset).where(C.document_id == document_id, C.embedder == embedder)
        )
        return {position: (start, end) for position, start, end in rows}

    async def delete(self, db: AsyncSession, document_id: UUID) -> int:
        gone = await db.execute(delete(C).where(C.document_id == document_id).returning(C.id))
        return len(gone.all())

    async def stamp(self, db: AsyncSession) -> tuple[int, str]:
        mark = func.bit_xor(func.hashtextextended(func.concat(D.id, D.live_at), 0))
        counted = select(func.coalesce(func.sum(D.chunk_count), 0), mark).where(D.status == DocumentStatus.LIVE)
        size, fingerprint = (await db.execute(counted)).one()
        return int(size), f"{size}:{fingerprint}"

    async def load(self, db: AsyncSession, limit: int) -> Loaded:
        return await _loaded(db, _live().order_by(C.document_id, C.position).limit(limit))

    async def candidates(
        self, db: AsyncSession, query: str, vector: Floats | None, depth: int, only: Only | None = None
    ) -> Loaded:
        live = _live().where(*(only or ALL).conditions())
        near = by_words = NONE
        if vector is not None:
            distance = C.embedding.op("<=>")(literal(vector, Vector(DIMENSION)))
            near = await _loaded(db, live.order_by(distance, C.id).limit(depth))
        for joint in (" & ", " | "):  # chunks with every term; only when there is none, those with any
            wanted = _tsquery(query, joint)
            if wanted is not None and not by_words.chunks:
                rank = func.ts_rank(C.words, wanted)
                matching = live.where(C.words.op("@@")(wanted))
                by_words = await _loaded(db, matching.order_by(rank.desc(), C.id).limit(depth))
        return _merged(near, by_words)


def _live() -> Select[*tuple[Any, ...]]:
    chosen: Select[*tuple[Any, ...]] = (
        select(*COLUMNS, func.vector_send(C.embedding, type_=LargeBinary))
        .join(D, D.id == C.document_id)
        .where(D.status == DocumentStatus.LIVE)
    )
    return chosen


async def _loaded(db: AsyncSession, statement: Select[*tuple[Any, ...]]) -> Loaded:
    rows = (await db.execute(statement)).all()
    return Loaded([StoredChunk(*row[:-1]) for row in rows], matrix([row[-1] for row in rows]))


def matrix(rows: Sequence[bytes]) -> Floats:
    """Rows of one dimension, each in pgvector's binary form: dimension, an unused number, then big-endian floats."""
    width = len(rows[0]) if rows else 4 + 4 * DIMENSION
    block = np.frombuffer(b"".join(rows), np.uint8).reshape(-1, width)[:, 4:]
    return np.ascontiguousarray(block).view(">f4").astype(np.float32)


def _tsquery(query: str, joint: str) -> Any:
    """The terms of a question as prefixes. Terms are letters and digits only, so there is nothing to quote."""
    wanted = list(dict.fromkeys(terms(query)))[:MAX_TERMS]
    return func.to_tsquery("simple", joint.join(f"{term}:*" for term in wanted)) if wanted else None


def _merged(*found: Loaded) -> Loaded:
    """Lists put together, each chunk once."""
    chunks = [chunk for one in found for chunk in one.chunks]
    vectors = np.concatenate([one.vectors for one in found])
    first = {chunk.id: number for number, chunk in reversed(list(enumerate(chunks)))}
    keep = sorted(first.values())
    return Loaded([chunks[number] for number in keep], vectors[keep])
