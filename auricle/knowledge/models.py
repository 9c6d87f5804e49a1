"""Knowledge documents and their chunks."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Computed, func
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import UserDefinedType

from auricle.db.base import Base, Tenant

DIMENSION = 384


class Vector(UserDefinedType[NDArray[np.float32]]):
    """pgvector's type, written as its text form. Vectors are read in bulk, in binary: see `pgvector.load`."""

    cache_ok = True

    def __init__(self, dimension: int | None = None) -> None:
        """Without a dimension the column takes vectors of any."""
        self.dimension = dimension

    def get_col_spec(self, **_: Any) -> str:
        return "vector" if self.dimension is None else f"vector({self.dimension})"

    def bind_processor(self, dialect: Any) -> Any:
        def as_text(vector: NDArray[np.float32] | None) -> str | None:
            return None if vector is None else "[" + ",".join(map(str, vector.tolist())) + "]"

        return as_text


class HalfVector(Vector):
    """The same in half precision, which is what vectors are indexed in."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return f"halfvec({self.dimension})"


class DocumentStatus(StrEnum):
    """How far a document has come. Only `live` ones are searched; `failed` ones say why in `failure_code`."""

    QUEUED = "queued"
    EXTRACTED = "extracted"
    CHUNKED = "chunked"
    EMBEDDED = "embedded"
    LIVE = "live"
    FAILED = "failed"


class KnowledgeDocument(Tenant, Base):
    __tablename__ = "knowledge_document"

    title: Mapped[str]
    requested_title: Mapped[str] = mapped_column(default="")  # as given; with the file name it tells what it replaces
    file_name: Mapped[str]
    media_type: Mapped[str]
    content_hash: Mapped[str]  # SHA-256 of the file, unique in the organization
    byte_size: Mapped[int]
    language: Mapped[str] = mapped_column(default="en")
    collection: Mapped[str] = mapped_column(default="general")
    specialty: Mapped[str] = mapped_column(default="")
    status: Mapped[DocumentStatus] = mapped_column(default=DocumentStatus.QUEUED)
    percent: Mapped[int] = mapped_column(default=0)
    failure_code: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(default=0)  # failed runs of its job so far
    trouble_code: Mapped[str | None]  # why the last run failed, while there is another to come
    file_kept: Mapped[bool] = mapped_column(default=True)  # a file that was refused is not
    # What chunks are slices of, and quotations are checked against.
    text: Mapped[str | None] = mapped_column(deferred=True)
    pages: Mapped[list[Any]] = mapped_column(default=list, deferred=True)
    sections: Mapped[list[Any]] = mapped_column(default=list, deferred=True)
    hidden_characters: Mapped[int] = mapped_column(default=0)
    hidden: Mapped[dict[str, Any]] = mapped_column(default=dict)  # the same by reason
    chunk_count: Mapped[int] = mapped_column(default=0)
    embedder: Mapped[str | None]
    live_at: Mapped[datetime | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.clock_timestamp())

    @property
    def can_retry(self) -> bool:
        return self.status is DocumentStatus.FAILED and self.file_kept

    @property
    def object_key(self) -> str:
        return f"knowledge/{self.id}"


class KnowledgeChunk(Tenant, Base):
    __tablename__ = "knowledge_chunk"

    document_id: Mapped[UUID]
    position: Mapped[int]
    title: Mapped[str]
    text: Mapped[str]
    page: Mapped[int | None]
    section: Mapped[str] = mapped_column(default="")
    start_offset: Mapped[int]
    end_offset: Mapped[int]
    embedder: Mapped[str]
    embedding: Mapped[Any | None] = mapped_column(Vector(), deferred=True)  # None: it lies in Qdrant
    words: Mapped[Any] = mapped_column(TSVECTOR, Computed("", persisted=True), deferred=True)


class KnowledgeRemoval(Tenant, Base):
    """A vector elsewhere whose chunk is gone; its id is the chunk's. The row goes when the vector has."""

    __tablename__ = "knowledge_removal"

    document_id: Mapped[UUID]
    embedder: Mapped[str]


class KnowledgeSetting(Tenant, Base):
    """How an organization wants its knowledge searched; without a row, as the installation has it."""

    __tablename__ = "knowledge_setting"

    strictness: Mapped[str]
    thresholds: Mapped[dict[str, Any]] = mapped_column(default=dict)
    rerank: Mapped[bool] = mapped_column(default=True)
    changed_by: Mapped[UUID | None]
    changed_at: Mapped[datetime] = mapped_column(server_default=func.now())


class EmbedderStatus(StrEnum):
    """One of an organization's embedders is `in_use` (none: the installation's), at most one is `building`."""

    BUILDING = "building"
    IN_USE = "in_use"
    REPLACED = "replaced"
    FAILED = "failed"
    CANCELLED = "cancelled"


class KnowledgeEmbedder(Tenant, Base):
    __tablename__ = "knowledge_embedder"

    name: Mapped[str]
    provider: Mapped[str | None]  # None: whoever the installation embeds with
    model: Mapped[str | None]
    dimension: Mapped[int]
    multilingual: Mapped[bool] = mapped_column(default=False)
    status: Mapped[EmbedderStatus]
    done: Mapped[int] = mapped_column(default=0)  # chunks, of `total`
    total: Mapped[int] = mapped_column(default=0)
    failure_code: Mapped[str | None]
    changed_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.clock_timestamp())
