"""A document's row with its chunks in each store, for two organizations."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import update

from auricle.actor import Actor
from auricle.db.base import new_id
from auricle.db.session import Database
from auricle.knowledge.chunk import Chunk
from auricle.knowledge.models import DocumentStatus, KnowledgeDocument
from auricle.knowledge.pgvector import PgVector
from auricle.knowledge.store import INSTALLED, ChunkStore, Embedder
from tests.builders import make_organization

OTHER = Embedder("another", dimension=8)


def cut(*texts: str) -> list[Chunk]:
    chunks, at = [], 0
    for position, text in enumerate(texts):
        chunks.append(Chunk(position, text, at, at + len(text), position + 1, "Section"))
        at += len(text) + 1
    return chunks


def direction(*parts: int, dimension: int = INSTALLED.dimension) -> np.ndarray:
    vector = np.zeros(dimension, np.float32)
    vector[list(parts)] = 1
    return vector / np.linalg.norm(vector)


@dataclass
class Shelf:
    """One organization before a store."""

    database: Database
    store: ChunkStore
    actor: Actor

    def transaction(self) -> Any:
        return self.database.transaction(self.actor)

    async def document(self, *, collection: str = "general", status: DocumentStatus = DocumentStatus.QUEUED) -> UUID:
        document_id = new_id()
        async with self.transaction() as db:
            db.add(
                KnowledgeDocument(
                    id=document_id, title="Ears", file_name="ears.md", media_type="text/markdown", byte_size=1,
                    content_hash=(document_id.hex * 2), collection=collection, status=status,
                )
            )  # fmt: skip
        return document_id

    async def put(
        self, document_id: UUID, texts: Sequence[str], vectors: Sequence[np.ndarray], embedder: Embedder = INSTALLED
    ) -> None:
        async with self.transaction() as db:
            await self.store.put(db, document_id, "Ears", cut(*texts), np.stack(vectors), embedder)

    async def go_live(self, document_id: UUID, chunks: int) -> None:
        from sqlalchemy import func

        live = {"status": DocumentStatus.LIVE, "chunk_count": chunks, "live_at": func.clock_timestamp()}
        async with self.transaction() as db:
            await db.execute(update(KnowledgeDocument).where(KnowledgeDocument.id == document_id).values(live))

    async def shelve(self, *texts: str, collection: str = "general") -> UUID:
        """A live document whose chunk number n points into direction n."""
        document_id = await self.document(collection=collection)
        await self.put(document_id, texts, [direction(number) for number in range(len(texts))])
        await self.go_live(document_id, len(texts))
        return document_id


@pytest.fixture(params=["pgvector"])
def store(request):
    return {"pgvector": PgVector}[request.param]()


@pytest.fixture
async def shelf(database, store):
    return Shelf(database, store, Actor.system(await make_organization(database), "test"))


@pytest.fixture
async def theirs(database, store):
    return Shelf(database, store, Actor.system(await make_organization(database), "test"))
