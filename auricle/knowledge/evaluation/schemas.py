"""What the evaluation routes take and give."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from auricle.knowledge.evaluation.models import EvaluationResult, RunStatus, Verdict
from auricle.web.paging import Page

SHARE = "Share, 0 to 1; null where no question is of that kind."


class EvaluationOut(BaseModel):
    """A set of questions with the documents that are expected to answer them."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    version: int = Field(description="Counts the files that were uploaded under this name.")
    collection: str | None = Field(description="The searches keep to this collection.")
    only_language: str | None = Field(description="The searches keep to documents of this language.")
    content_hash: str
    question_count: int
    created_at: datetime
    changed_at: datetime


class EvaluationKept(EvaluationOut):
    """The set that an upload became."""

    unchanged: bool = Field(description="The same file was here already under the same labels.")
    missing: list[int] = Field(
        description="Questions, by position, that expect a document which the base does not have now."
    )


class ExpectedOut(BaseModel):
    document: str = Field(description="Title, file name or id, as given.")
    grade: int


class QuestionOut(BaseModel):
    id: UUID
    position: int
    question: str
    language: str = Field(description="Of the answer; empty: the question's own.")
    expected: list[ExpectedOut] = Field(description="Empty: it must not be answered.")


class RunIn(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"label": "before the new leaflets"}]})

    label: str = Field("", max_length=100, description="To know the run by later.")
    with_model: bool = Field(
        False, description="Have the language model answer, at its price; else answers are quotations, which cost none."
    )
    rerank: bool = Field(False, description="Have the organization's reranker asked, as it is for typed questions.")


class StateOut(BaseModel):
    """What can change an answer, as it was when the run began."""

    documents: int
    chunks: int
    content: str = Field(description="SHA-256 over what all live documents hold.")
    embedder: str
    weights: dict[str, float]
    strictness: str
    thresholds: dict[str, float]
    reranked_by: str = Field(description="The providers and models that were asked to, in their order; mostly nobody.")
    answered_by: str = Field(description="`quotation`, or the providers and models that were asked, in their order.")
    version: str


class TotalsOut(BaseModel):
    questions: int
    in_base: int = Field(description="Questions that a document is expected to answer.")
    not_in_base: int = Field(description="Questions that must not be answered.")
    missing_documents: int = Field(description="Expected documents that the base did not have.")
    success_at_1: float | None = Field(description=f"An expected document was found first. {SHARE}")
    success_at_3: float | None
    success_at_5: float | None
    success_at_10: float | None
    ndcg_at_10: float | None
    mrr_at_10: float | None
    answered: float | None = Field(description=f"Of those in the base: answered from an expected document. {SHARE}")
    unanswered: float | None = Field(description=f"Of those in the base. {SHARE}")
    wrongly_answered: float | None = Field(
        description=f"Of all: from other documents, or though not in the base. {SHARE}"
    )
    rightly_refused: float | None = Field(description=f"Of those not in the base. {SHARE}")
    verdicts: dict[Verdict, int]
    wall_ms_p50: float | None
    wall_ms_p95: float | None
    cpu_ms_p50: float | None = Field(description="Of the whole worker process while the question was asked.")
    cpu_ms_p95: float | None


class RunOut(BaseModel):
    """A run of a set and how far it has come."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    evaluation_id: UUID
    version: int = Field(description="Of the set.")
    label: str
    collection: str | None
    only_language: str | None
    with_model: bool
    rerank: bool
    status: RunStatus
    question_count: int
    asked: int
    state: StateOut | None
    fingerprint: str | None = Field(description="Of `state`: equal ones were asked of the same.")
    changed_under_way: bool = Field(description="The base or its settings changed while the run was under way.")
    totals: TotalsOut | None = Field(description="Once it is done.")
    failure_code: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class DocumentRef(BaseModel):
    document_id: UUID
    title: str


class ResultOut(BaseModel):
    """What came of a question."""

    id: UUID
    position: int
    question: str
    language: str
    expected: list[ExpectedOut]
    verdict: Verdict | None = Field(description="Null: not asked yet.")
    known: Literal["answer", "confirm", "unknown"] | None
    rank: int | None = Field(description="Of the first expected document among the documents found, from 1.")
    ndcg: float | None
    answer: str | None
    cited: list[DocumentRef]
    found: list[DocumentRef] = Field(description="The first ten documents found.")
    support: float | None
    wall_ms: float | None
    cpu_ms: float | None

    @classmethod
    def of(cls, row: EvaluationResult) -> "ResultOut":
        refs = {
            name: [DocumentRef(document_id=one, title=title) for one, title in getattr(row, name) or ()]
            for name in ("cited", "found")
        }
        plain = {name: getattr(row, name) for name in cls.model_fields if name not in ("expected", *refs)}
        return cls.model_validate({**plain, **refs, "expected": expected_out(row.expected)})


def expected_out(stored: list[Any]) -> list[ExpectedOut]:
    return [ExpectedOut(document=document, grade=grade) for document, grade in stored]


class ChangedOut(BaseModel):
    """A question that did not come out as before. `removed` and `added`: it is in one of the sets only."""

    change: Literal["worse", "better", "removed", "added"]
    before: ResultOut | None
    after: ResultOut | None


class ComparisonOut(BaseModel):
    """A run beside an earlier one of the same set."""

    before: RunOut
    after: RunOut
    changed_state: list[str] = Field(description="What of `state` was otherwise; empty: the same was asked.")
    difference: dict[str, float | None] = Field(description="After minus before, by measure.")
    worse: int = Field(description="How many questions came out worse.")
    better: int
    same: int
    removed: int
    added: int
    questions: Page[ChangedOut] = Field(description="Those that are not as before, the worse first.")
