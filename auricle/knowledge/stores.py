"""Which store an installation's chunks live in, by its settings."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from auricle.errors import Misconfigured
from auricle.knowledge.pgvector import PgVector
from auricle.knowledge.store import ChunkStore
from auricle.settings import Qdrant


@asynccontextmanager
async def opened(settings: Qdrant) -> AsyncIterator[ChunkStore]:
    """PostgreSQL's, or with a URL one that keeps vectors in Qdrant. Raises `Misconfigured`."""
    if settings.url is None:
        yield PgVector()
        return
    try:
        from auricle.knowledge.qdrant.link import connected
        from auricle.knowledge.qdrant.points import Points
        from auricle.knowledge.qdrant.store import QdrantStore
    except ModuleNotFoundError:
        raise Misconfigured("AURICLE_QDRANT__URL needs the package qdrant-client (extra `qdrant`).") from None
    points = Points(connected(settings), settings)
    try:
        yield QdrantStore(points)
    finally:
        await points.aclose()
