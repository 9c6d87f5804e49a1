"""Take in question sets, replace them, remove them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.db.base import new_id
from auricle.db.session import actor_of
from auricle.errors import Conflict, NotFound
from auricle.knowledge.evaluation.models import EvaluationQuestion, EvaluationResult, EvaluationRun, EvaluationSet
from auricle.knowledge.evaluation.rows import LANGUAGE, Expected, Question
from auricle.knowledge.evaluation.targets import Targets
from auricle.knowledge.receive import COLLECTION, BadLabel
from auricle.uploads.parse.clean import visible

MAX_SETS = 50  # of an organization
MAX_NAME = 100


class NoSuchEvaluation(NotFound):
    """There is no such question set."""

    code = "evaluation.not_found"


class TooManyEvaluations(Conflict):
    """The organization has as many question sets as it may."""

    code = "evaluation.too_many"


@dataclass(frozen=True, slots=True)
class Labels:
    """Under which name a set is kept, and to which documents its searches keep."""

    name: str
    collection: str | None = None
    only_language: str | None = None

    def checked(self) -> "Labels":
        """The same, in order. Raises `BadLabel`."""
        name = " ".join(visible(self.name)[0].split())
        collection, language = self.collection or None, self.only_language or None
        is_good = (
            0 < len(name) <= MAX_NAME
            and (collection is None or COLLECTION.fullmatch(collection))
            and (language is None or LANGUAGE.fullmatch(language))
        )
        if not is_good:
            raise BadLabel
        return Labels(name, collection, language)


@dataclass(frozen=True, slots=True)
class Kept:
    evaluation: EvaluationSet
    unchanged: bool  # the same file under the same labels is here already


async def keep(db: AsyncSession, questions: Sequence[Question], content_hash: str, labels: Labels) -> Kept:
    """Keep the questions of a file; a set of the same name is replaced, and its version counts on.

    Raises:
        BadLabel, TooManyEvaluations
    """
    labels = labels.checked()
    columns: dict[str, Any] = {
        "collection": labels.collection,
        "only_language": labels.only_language,
        "content_hash": content_hash,
        "question_count": len(questions),
        "changed_by": actor_of(db).member_id,
    }
    once = insert(EvaluationSet).values(id=new_id(), name=labels.name, **columns)
    once = once.on_conflict_do_nothing(constraint="uq_evaluation_set_name")
    is_new = (await db.execute(once.returning(EvaluationSet.id))).scalar_one_or_none() is not None
    there = (await db.scalars(select(EvaluationSet).where(EvaluationSet.name == labels.name).with_for_update())).one()
    if is_new:
        if (await db.scalar(select(func.count()).select_from(EvaluationSet)) or 0) > MAX_SETS:
            raise TooManyEvaluations(limit=MAX_SETS)
    elif (there.content_hash, there.collection, there.only_language) == (
        content_hash,
        labels.collection,
        labels.only_language,
    ):
        return Kept(there, unchanged=True)
    else:
        for name, value in columns.items():
            setattr(there, name, value)
        there.version, there.changed_at = there.version + 1, func.clock_timestamp()
    await _store(db, there.id, questions)
    await db.flush()
    await db.refresh(there)
    return Kept(there, unchanged=False)


async def _store(db: AsyncSession, evaluation_id: UUID, questions: Sequence[Question]) -> None:
    await db.execute(delete(EvaluationQuestion).where(EvaluationQuestion.evaluation_id == evaluation_id))
    rows = [
        {
            "id": new_id(),
            "evaluation_id": evaluation_id,
            "position": position,
            "question": one.text,
            "language": one.language,
            "expected": [[expected.document, expected.grade] for expected in one.expected],
        }
        for position, one in enumerate(questions, 1)
    ]
    await db.execute(insert(EvaluationQuestion), rows)


async def find(db: AsyncSession, evaluation_id: UUID, *, lock: bool = False) -> EvaluationSet:
    """Raises `NoSuchEvaluation`."""
    found = await db.get(EvaluationSet, evaluation_id, with_for_update=lock or None)
    if found is None:
        raise NoSuchEvaluation
    return found


async def remove(db: AsyncSession, evaluation_id: UUID) -> None:
    """Delete a set with its questions, runs and results; a run under way ends.

    Raises:
        NoSuchEvaluation
    """
    there = await find(db, evaluation_id, lock=True)
    runs = select(EvaluationRun.id).where(EvaluationRun.evaluation_id == evaluation_id)
    await db.execute(select(EvaluationRun.id).where(EvaluationRun.evaluation_id == evaluation_id).with_for_update())
    await db.execute(delete(EvaluationResult).where(EvaluationResult.run_id.in_(runs)))
    await db.execute(delete(EvaluationRun).where(EvaluationRun.evaluation_id == evaluation_id))
    await db.execute(delete(EvaluationQuestion).where(EvaluationQuestion.evaluation_id == evaluation_id))
    await db.delete(there)
    await db.flush()


async def missing_from_base(db: AsyncSession, evaluation_id: UUID) -> list[int]:
    """The questions, by position, of which an expected document is not in the base now."""
    targets = await Targets.of_base(db)
    rows = await db.execute(
        select(EvaluationQuestion.position, EvaluationQuestion.expected)
        .where(EvaluationQuestion.evaluation_id == evaluation_id)
        .order_by(EvaluationQuestion.position)
    )
    return [position for position, expected in rows if targets.wanted(as_expected(expected)).missing]


def as_expected(stored: Sequence[Sequence[Any]]) -> list[Expected]:
    return [Expected(document, grade) for document, grade in stored]
