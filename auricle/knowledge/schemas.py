"""What the knowledge routes take and give."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from auricle.knowledge.models import DocumentStatus, EmbedderStatus
from auricle.knowledge.tuning import Strictness

LABEL = "^[a-z0-9][a-z0-9_-]{0,62}$"


class DocumentOut(BaseModel):
    """A knowledge document and how far its indexing has come."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    title: str
    file_name: str
    media_type: str
    byte_size: int
    language: str
    collection: str
    specialty: str
    status: DocumentStatus
    percent: int
    failure_code: str | None
    attempts: int = Field(description="Runs of its job that failed so far.")
    trouble_code: str | None = Field(description="Why the last run failed, while another is to come.")
    can_retry: bool = Field(description="It failed for a passing reason, and its file is here.")
    hidden_characters: int = Field(description="Characters no reader would have seen; they were left out.")
    hidden: dict[str, int] = Field(description="The same by reason: `white`, `tiny`, `off_page`, `comment`, …")
    chunk_count: int
    created_at: datetime
    live_at: datetime | None


class Accepted(DocumentOut):
    """The document an upload became."""

    known_already: bool = Field(description="The same file was here already; nothing new was stored.")
    status_url: str


class ChunkOut(BaseModel):
    """A passage as agents find and quote it."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    position: int
    section: str
    page: int | None
    start: int = Field(description="Offset of `text` in the document's text.", validation_alias="start_offset")
    end: int = Field(validation_alias="end_offset")
    text: str


class SearchHit(BaseModel):
    chunk_id: UUID
    document_id: UUID
    title: str
    section: str
    page: int | None
    start: int = Field(description="Offset of `text` in the document's text.")
    end: int
    text: str
    highlights: list[tuple[int, int]] = Field(description="Spans of `text` that hold the question's words.")
    score: float


class SearchOut(BaseModel):
    known: Literal["answer", "confirm", "unknown"] = Field(description="Whether the knowledge holds what was asked.")
    suggestion: str = Field("", description="For `confirm`: the word that was probably meant.")
    degraded: bool = Field(
        False, description="Searched by words alone: the embedder, or where vectors are kept, is away."
    )
    hits: list[SearchHit]


class Question(BaseModel):
    model_config = ConfigDict(extra="forbid")

    question: str = Field(min_length=1, max_length=2_000)
    language: str | None = Field(None, pattern="^[a-z]{2,3}$")
    collection: str | None = Field(None, pattern=LABEL)
    specialty: str | None = Field(None, pattern=LABEL)
    only_language: str | None = Field(None, pattern="^[a-z]{2,3}$", description="Of the documents asked.")
    since: AwareDatetime | None = Field(None, description="Only documents that went live at or after this time.")
    until: AwareDatetime | None = Field(None, description="Only documents that went live at or before this time.")
    k: int = Field(5, ge=1, le=20)


class CitationOut(BaseModel):
    """A verbatim span of a document: what `[number]` in the answer points at."""

    model_config = ConfigDict(from_attributes=True)

    number: int
    chunk_id: UUID
    document_id: UUID
    title: str
    quote: str
    page: int | None
    start: int
    end: int


class AnswerOut(BaseModel):
    answer: str
    known: Literal["answer", "confirm", "unknown"]
    red_flag: str | None = Field(
        None,
        description="The emergency in the question that the answer is the script for. Nothing was searched or asked; "
        "`known` is `unknown`.",
        examples=["chest_pain"],
    )
    degraded: bool = Field(False, description="Found by words alone, as in a search.")
    citations: list[CitationOut]


class OwnThresholds(BaseModel):
    """Support, 0 to 1, from which to answer and from which to ask back; what is left out is the installation's."""

    model_config = ConfigDict(extra="forbid")

    answer: float | None = Field(None, gt=0, le=1)
    confirm: float | None = Field(None, gt=0, le=1)
    lexical_answer: float | None = Field(None, gt=0, le=1, description="For scripts that the embedder does not know.")
    lexical_confirm: float | None = Field(None, gt=0, le=1)


class SearchSettings(BaseModel):
    """How an organization wants its knowledge searched."""

    model_config = ConfigDict(extra="forbid")

    strictness: Strictness = Field(Strictness.NORMAL, description="`own`: by the numbers in `thresholds`.")
    thresholds: OwnThresholds = OwnThresholds()
    rerank: bool = Field(True, description="Where a provider that reranks is set up, ask it (never in a live call).")


class SearchSettingsOut(SearchSettings):
    effective: dict[str, float] = Field(description="The numbers that questions are judged by.")


class EmbedderIn(BaseModel):
    """A provider account of the organization or the installation; without one, the installation's own embedder."""

    model_config = ConfigDict(extra="forbid")

    provider: str | None = Field(None, min_length=1, max_length=60)
    model: str | None = Field(None, min_length=1, max_length=120, description="Unset: the account's own.")
    multilingual: bool = Field(False, description="It knows other scripts than Latin.")


class EmbedderOut(BaseModel):
    name: str
    provider: str | None
    model: str | None
    dimension: int
    multilingual: bool


class EmbedderChange(EmbedderOut):
    """The last change of the embedder, and how far it is."""

    model_config = ConfigDict(from_attributes=True)

    status: EmbedderStatus
    done: int = Field(description="Chunks, of `total`.")
    total: int
    failure_code: str | None
    created_at: datetime


class EmbedderState(BaseModel):
    in_use: EmbedderOut
    change: EmbedderChange | None
