"""The port to where chunks live. Every call works inside the caller's transaction, whose organization is its bound."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.knowledge.chunk import Chunk

if TYPE_CHECKING:
    from auricle.knowledge.only import Only

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class StoredChunk:
    """A chunk of a live document."""

    id: UUID
    document_id: UUID
    title: str
    text: str
    page: int | None
    section: str
    start: int
    end: int
    collection: str
    language: str
    specialty: str = ""
    live_at: datetime | None = None

    @property
    def heading(self) -> str:
        """The title field of the ranking: the document's title and the section's."""
        return headed(self.title, self.section)


@dataclass(frozen=True, slots=True)
class Loaded:
    """All live chunks of an organization, with their vectors row by row."""

    chunks: Sequence[StoredChunk]
    vectors: Floats


class ChunkStore(Protocol):
    async def put(
        self, db: AsyncSession, document_id: UUID, title: str, chunks: Sequence[Chunk], vectors: Floats, embedder: str
    ) -> None:
        """Store chunks of a document. Storing a position again changes nothing."""
        ...

    async def positions(self, db: AsyncSession, document_id: UUID, embedder: str) -> dict[int, tuple[int, int]]:
        """What is stored already: position → span, by this embedder."""
        ...

    async def delete(self, db: AsyncSession, document_id: UUID) -> int:
        """Remove every chunk of a document; how many there were."""
        ...

    async def stamp(self, db: AsyncSession) -> tuple[int, str]:
        """The number of live chunks, and a fingerprint that differs whenever their set differs."""
        ...

    async def load(self, db: AsyncSession, limit: int) -> Loaded:
        """The live chunks in a stable order, at most `limit`."""
        ...

    async def candidates(
        self, db: AsyncSession, query: str, vector: Floats | None, depth: int, only: "Only | None" = None
    ) -> Loaded:
        """The best `depth` by similarity and the best `depth` by words, for an organization too large for memory."""
        ...


def headed(title: str, section: str) -> str:
    return title if not section or section == title else f"{title}: {section}"


def embedded_text(title: str, chunk: Chunk) -> str:
    """What is embedded for a chunk: its heading makes the largest single difference to retrieval."""
    return f"{headed(title, chunk.section)}. {chunk.text}"
