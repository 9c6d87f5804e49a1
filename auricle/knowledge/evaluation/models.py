"""Question sets, the runs that asked them, and what came of each question."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.orm import Mapped, mapped_column

from auricle.db.base import Base, Tenant


class RunStatus(StrEnum):
    """How far a run has come. The last three are final."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_over(self) -> bool:
        return self not in (RunStatus.QUEUED, RunStatus.RUNNING)


class Verdict(StrEnum):
    """What came of a question, from best to worst as a clinic sees it."""

    FOUND = "found"  # answered from a document that was expected
    RIGHTLY_REFUSED = "rightly_refused"  # not in the base, and not answered
    UNANSWERED = "unanswered"  # not answered, though an expected document was among the first ten
    NOT_FOUND = "not_found"  # not answered, and no expected document among the first ten
    WRONGLY_ANSWERED = "wrongly_answered"  # from other documents than expected, or though it is not in the base


class EvaluationSet(Tenant, Base):
    """An organization's questions under a name. Uploading under the name again replaces them and counts on."""

    __tablename__ = "evaluation_set"

    name: Mapped[str]
    version: Mapped[int] = mapped_column(default=1)
    collection: Mapped[str | None]  # the searches keep to it
    only_language: Mapped[str | None]  # and to documents of this language
    content_hash: Mapped[str]  # SHA-256 of the file
    question_count: Mapped[int]
    changed_by: Mapped[UUID | None]
    changed_at: Mapped[datetime] = mapped_column(server_default=func.now())


class EvaluationQuestion(Tenant, Base):
    __tablename__ = "evaluation_question"

    evaluation_id: Mapped[UUID]
    position: Mapped[int]  # from 1
    question: Mapped[str]
    language: Mapped[str] = mapped_column(default="")
    expected: Mapped[list[Any]] = mapped_column(default=list)  # [document, grade]


class EvaluationRun(Tenant, Base):
    """A set as it was, asked of the knowledge as it is."""

    __tablename__ = "evaluation_run"

    evaluation_id: Mapped[UUID]
    version: Mapped[int]  # of the set
    label: Mapped[str] = mapped_column(default="")
    collection: Mapped[str | None]
    only_language: Mapped[str | None]
    with_model: Mapped[bool] = mapped_column(default=False)
    rerank: Mapped[bool] = mapped_column(default=False)
    status: Mapped[RunStatus] = mapped_column(default=RunStatus.QUEUED)
    question_count: Mapped[int]
    asked: Mapped[int] = mapped_column(default=0)
    state: Mapped[dict[str, Any] | None]  # what was asked, see `state.py`
    fingerprint: Mapped[str | None]  # of `state`
    changed_under_way: Mapped[bool] = mapped_column(default=False)
    totals: Mapped[dict[str, Any] | None]
    failure_code: Mapped[str | None]
    requested_by: Mapped[UUID | None]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class EvaluationResult(Tenant, Base):
    """One question of a run, copied when the run was asked for; without a verdict it was not asked yet."""

    __tablename__ = "evaluation_result"

    run_id: Mapped[UUID]
    position: Mapped[int]
    question: Mapped[str]
    language: Mapped[str] = mapped_column(default="")
    expected: Mapped[list[Any]] = mapped_column(default=list)
    verdict: Mapped[Verdict | None]
    known: Mapped[str | None]  # answer, confirm, unknown
    rank: Mapped[int | None]  # of the first expected document among those found
    ndcg: Mapped[float | None]
    missing: Mapped[int | None]  # expected documents that are not in the base
    answer: Mapped[str | None]
    cited: Mapped[list[Any] | None]  # [document id, title], as `found`
    found: Mapped[list[Any] | None]  # the first ten documents
    support: Mapped[float | None]
    wall_ms: Mapped[float | None]
    cpu_ms: Mapped[float | None]
