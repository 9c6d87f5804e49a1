"""`/api/v1/rag/evaluations/{id}/runs`: ask a set, follow it, read what came of it, compare."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy import select

from auricle.billing.budgets.require import BudgetExhausted, require_budget
from auricle.db.keyset import in_order
from auricle.knowledge.evaluation.compare import NotComparable, changed_state, compared, differences
from auricle.knowledge.evaluation.keep import NoSuchEvaluation, find
from auricle.knowledge.evaluation.models import EvaluationResult, EvaluationRun, Verdict
from auricle.knowledge.evaluation.routes import Writer
from auricle.knowledge.evaluation.run import NoSuchRun, RunIsOver, RunUnderWay, ask_for_run, cancel, find_run
from auricle.knowledge.evaluation.schemas import ChangedOut, ComparisonOut, ResultOut, RunIn, RunOut
from auricle.web.deps import Db
from auricle.web.paging import ByAge, Cursor, Limit, Page, after, ordered, page
from auricle.web.problems import problems

router = APIRouter(prefix="/api/v1/rag/evaluations/{evaluation_id}/runs", tags=["knowledge"])

THERE = "/{evaluation_run_id}"


@router.post(
    "",
    operation_id="run_evaluation",
    summary="Ask every question of a set, in the background",
    status_code=202,
    responses=problems(NoSuchEvaluation, RunUnderWay, BudgetExhausted),
)
async def run_evaluation(evaluation_id: UUID, body: RunIn, db: Db, actor: Writer) -> RunOut:
    """As a patient asks, of the knowledge as it is. Follow it here, or by the event `evaluation.changed`."""
    await require_budget(db)
    run = await ask_for_run(db, evaluation_id, label=body.label, with_model=body.with_model, rerank=body.rerank)
    return RunOut.model_validate(run)


@router.get("", operation_id="list_evaluation_runs", summary="Runs of a set", responses=problems(NoSuchEvaluation))
async def list_runs(
    evaluation_id: UUID, db: Db, actor: Writer, sort: ByAge = "-created_at", limit: Limit = 20, cursor: Cursor = None
) -> Page[RunOut]:
    await find(db, evaluation_id)
    of_set = select(EvaluationRun).where(EvaluationRun.evaluation_id == evaluation_id)
    listed = await in_order(db, of_set, ordered(sort, cursor), EvaluationRun.id, limit=limit + 1)
    rows = (await db.scalars(listed)).all()
    return page([RunOut.model_validate(row) for row in rows], [row.id for row in rows], limit)


@router.get(
    THERE,
    operation_id="get_evaluation_run",
    summary="How far a run is, and what it came to",
    responses=problems(NoSuchRun),
)
async def get_run(evaluation_id: UUID, evaluation_run_id: UUID, db: Db, actor: Writer) -> RunOut:
    return RunOut.model_validate(await find_run(db, evaluation_id, evaluation_run_id))


@router.post(
    THERE + "/cancel",
    operation_id="cancel_evaluation_run",
    summary="End a run",
    responses=problems(NoSuchRun, RunIsOver),
)
async def cancel_run(evaluation_id: UUID, evaluation_run_id: UUID, db: Db, actor: Writer) -> RunOut:
    """It ends within a few questions; what came of those that were asked stays."""
    return RunOut.model_validate(await cancel(db, evaluation_id, evaluation_run_id))


@router.get(
    THERE + "/results",
    operation_id="list_evaluation_results",
    summary="What came of each question, in the order of the set",
    responses=problems(NoSuchRun),
)
async def list_results(
    evaluation_id: UUID,
    evaluation_run_id: UUID,
    db: Db,
    actor: Writer,
    verdict: Annotated[Verdict | None, Query(description="Only questions of which this came.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[ResultOut]:
    await find_run(db, evaluation_id, evaluation_run_id)
    one = EvaluationResult
    listed = select(one).where(one.run_id == evaluation_run_id).order_by(one.position).limit(limit + 1)
    if verdict is not None:
        listed = listed.where(one.verdict == verdict)
    if (last := after(cursor)) is not None:
        listed = listed.where(one.position > select(one.position).where(one.id == last).scalar_subquery())
    rows = (await db.scalars(listed)).all()
    return page([ResultOut.of(row) for row in rows], [row.id for row in rows], limit)


@router.get(
    THERE + "/comparison",
    operation_id="compare_evaluation_runs",
    summary="What got better and worse since another run of the set",
    responses=problems(NoSuchRun, NotComparable),
)
async def compare_runs(
    evaluation_id: UUID,
    evaluation_run_id: UUID,
    db: Db,
    actor: Writer,
    against: Annotated[UUID, Query(description="The run before.")],
    limit: Limit = 50,
    cursor: Cursor = None,
) -> ComparisonOut:
    """Question by question; asked alike with other documents expected is two questions, one removed and one added."""
    before, now = [await find_run(db, evaluation_id, one) for one in (against, evaluation_run_id)]
    found = await compared(db, before, now)
    last = after(cursor)
    begin = next((place for place, one in enumerate(found.changed, 1) if one.id == last), 0)
    shown = found.changed[begin : begin + limit + 1]
    items = [
        ChangedOut(
            change=one.change,
            before=ResultOut.of(one.before) if one.before else None,
            after=ResultOut.of(one.after) if one.after else None,
        )
        for one in shown
    ]
    return ComparisonOut(
        before=RunOut.model_validate(before),
        after=RunOut.model_validate(now),
        changed_state=changed_state(before.state or {}, now.state or {}),
        difference=differences(before.totals or {}, now.totals or {}),
        **found.counts,
        questions=page(items, [one.id for one in shown], limit),
    )
