"""A document's row with its chunks in each store, for two organizations."""

import os
import warnings
from collections.abc import Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from qdrant_client import AsyncQdrantClient
from sqlalchemy import update

from auricle.actor import Actor
from auricle.db.base import new_id
from auricle.db.session import Database
from auricle.knowledge.chunk import Chunk
from auricle.knowledge.models import DocumentStatus, KnowledgeDocument
from auricle.knowledge.pgvector import PgVector
from auricle.knowledge.qdrant.link import Link, connected
from auricle.knowledge.qdrant.points import Points
from auricle.knowledge.qdrant.store import QdrantStore
from auricle.knowledge.store import INSTALLED, ChunkStore, Embedder, Loaded
from auricle.settings import Qdrant
from tests.builders import make_organization
from tests.knowledge.contract.qdrant_emulator import Emulator

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

    async def loaded(self, embedder: Embedder = INSTALLED, limit: int = 100) -> Loaded:
        async with self.transaction() as db:
            found = await self.store.load(db, embedder, limit)
        return await self.store.fetch(self.actor, embedder, found)

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


@asynccontextmanager
async def pgvector():
    yield PgVector()


@asynccontextmanager
async def qdrant_in_process():
    """The client library's own local mode: it filters as a server does, and knows no shards."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it has no use for an index
        points = Points(Link(AsyncQdrantClient(":memory:"), 10), Qdrant())
        yield QdrantStore(points)
    await points.aclose()


@asynccontextmanager
async def qdrant_emulated(sharding="organization"):
    async with emulated(Emulator(), Qdrant(sharding=sharding, shards=2, replicas=3)) as store:
        yield store


@asynccontextmanager
async def qdrant_server():
    """A real one, where there is one: AURICLE_TEST_QDRANT_URL (and …_KEY, …_SHARDING)."""
    url = os.environ.get("AURICLE_TEST_QDRANT_URL")
    if url is None:
        pytest.skip("no Qdrant server is set up for tests (AURICLE_TEST_QDRANT_URL)")
    key, sharding = os.environ.get("AURICLE_TEST_QDRANT_KEY"), os.environ.get("AURICLE_TEST_QDRANT_SHARDING", "shared")
    settings = Qdrant(url=url, key=key, sharding=sharding, prefix=f"auricle-test-{new_id().hex[:8]}", timeout_s=30)
    link = connected(settings)
    try:
        yield QdrantStore(Points(link, settings))
    finally:
        for one in (await link.client.get_collections()).collections:
            if one.name.startswith(settings.prefix):
                await link.client.delete_collection(one.name)
        await link.client.close()


@asynccontextmanager
async def emulated(emulator: Emulator, settings: Qdrant, **bounds: float):
    client = AsyncQdrantClient(url="http://qdrant.invalid", transport=emulator, check_compatibility=False)
    try:
        yield QdrantStore(Points(Link(client, settings.timeout_s, **bounds), settings))
    finally:
        await client.close()


STORES = (pgvector, qdrant_in_process, qdrant_emulated, qdrant_server)


@pytest.fixture(params=STORES, ids=lambda make: make.__name__)
async def store(request):
    async with request.param() as made:
        yield made


@pytest.fixture
async def shelf(database, store):
    return Shelf(database, store, Actor.system(await make_organization(database), "test"))


@pytest.fixture
async def theirs(database, store):
    return Shelf(database, store, Actor.system(await make_organization(database), "test"))
