"""The port to where chunks live. Every call works inside the caller's transaction, whose organization is its bound."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.actor import Actor
from auricle.db.session import Database
from auricle.knowledge.chunk import Chunk
from auricle.knowledge.models import DIMENSION
from auricle.providers.call import Choice

if TYPE_CHECKING:
    from auricle.knowledge.only import Only

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Embedder:
    """What vectors are made by. Vectors of two embedders can't be compared, so each is stored with its name."""

    name: str
    by: Choice | None = None  # None: whoever the installation embeds with
    dimension: int = DIMENSION
    multilingual: bool = False  # whether it knows other scripts than Latin


INSTALLED = Embedder("all-MiniLM-L6-v2-int8")


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
    """Live chunks of an organization, with their vectors row by row."""

    chunks: Sequence[StoredChunk]
    vectors: Floats
    degraded: bool = False  # the vectors are away now: rows of zeros, to be searched by words alone


class ChunkStore(Protocol):
    """A chunk has one place for each embedder: a document's, at a position. Only live documents' chunks are found."""

    async def put(
        self,
        db: AsyncSession,
        document_id: UUID,
        title: str,
        chunks: Sequence[Chunk],
        vectors: Floats,
        embedder: Embedder,
    ) -> None:
        """Store chunks of a document. Storing a position again changes nothing."""
        ...

    async def chunks(self, db: AsyncSession, document_id: UUID, embedder: Embedder) -> list[Chunk]:
        """A document's chunks as stored for an embedder, live or not, by position."""
        ...

    async def counts(self, db: AsyncSession, embedder: Embedder) -> dict[UUID, int]:
        """How many chunks each document has for an embedder."""
        ...

    async def delete(self, db: AsyncSession, document_id: UUID) -> int:
        """Remove every chunk of a document, whatever its embedder; how many there were."""
        ...

    async def delete_all_by(self, db: AsyncSession, embedder: Embedder) -> int:
        """Remove every chunk of the organization that an embedder's vector belongs to; how many there were."""
        ...

    async def stamp(self, db: AsyncSession, embedder: Embedder) -> tuple[int, str]:
        """The number of live chunks, and a fingerprint that differs whenever their set differs."""
        ...

    async def load(self, db: AsyncSession, embedder: Embedder, limit: int) -> Loaded:
        """The live chunks in a stable order, at most `limit`; `degraded` where vectors are to be fetched yet."""
        ...

    async def fetch(self, actor: Actor, embedder: Embedder, loaded: Loaded) -> Loaded:
        """What was loaded, whole; `degraded` where vectors are away. Outside of any transaction: it may take long."""
        ...

    async def candidates(
        self,
        db: AsyncSession,
        embedder: Embedder,
        query: str,
        vector: Floats | None,
        depth: int,
        only: "Only | None" = None,
    ) -> Loaded:
        """The best `depth` by similarity and the best `depth` by words, for an organization too large for memory."""
        ...

    async def arrange(self, db: AsyncSession, embedder: Embedder) -> bool:
        """Give an organization that has grown large what it needs to be searched fast. May take minutes.

        Returns:
            Whether anything was to be done.
        """
        ...

    async def settle(self, database: Database, actor: Actor) -> None:
        """Do elsewhere what follows from transactions that were committed. Called by a job, outside of any."""
        ...

    async def state(self) -> str:
        """`ok`, or the code of what is wrong with the place that vectors lie in; asked within a second or two."""
        ...


def headed(title: str, section: str) -> str:
    return title if not section or section == title else f"{title}: {section}"


def embedded_text(title: str, chunk: Chunk) -> str:
    """What is embedded for a chunk: its heading makes the largest single difference to retrieval."""
    return f"{headed(title, chunk.section)}. {chunk.text}"
