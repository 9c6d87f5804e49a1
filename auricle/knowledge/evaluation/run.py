"""Runs of a question set: asked for, done as a job, followed, cancelled.

A run holds its own copy of the questions, so a set that is replaced meanwhile changes nothing in it. The job stores
what came of each few questions, and a next try goes on behind them. No transaction is open while a question is asked.
"""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import asdict
from functools import partial
from uuid import UUID

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.actor import Actor
from auricle.assembly import Assembly
from auricle.db.base import new_id
from auricle.db.session import actor_of
from auricle.errors import AuricleError, Conflict, NotFound
from auricle.jobs.app import task
from auricle.jobs.queue import enqueue
from auricle.knowledge.admission import spoken_in
from auricle.knowledge.evaluation.ask import Asking, Outcome
from auricle.knowledge.evaluation.keep import as_expected, find
from auricle.knowledge.evaluation.models import EvaluationQuestion, EvaluationResult, EvaluationRun, RunStatus
from auricle.knowledge.evaluation.state import Lineup, digest, state_of
from auricle.knowledge.evaluation.targets import Targets
from auricle.knowledge.evaluation.totals import totals_of
from auricle.knowledge.only import Only
from auricle.knowledge.receive import AFTER_OTHERS
from auricle.live.events import publish
from auricle.providers.call import Call, Choice
from auricle.providers.ports import LanguageRequest

EVALUATE = "knowledge.evaluate"
QUEUE = "evaluations"  # of its own, so that `auricle knowledge eval` can work on it alone
BATCH = 8  # questions between two looks at whether the run is still wanted
MAX_RUNS = 50  # of a set that are kept; the oldest go
UNDER_WAY = (RunStatus.QUEUED, RunStatus.RUNNING)
IS_UNDER_WAY = text("status in ('queued', 'running')")  # as the index has it that lets an organization have one

Run = EvaluationRun
Result = EvaluationResult


class RunUnderWay(Conflict):
    """An evaluation of the organization waits or runs already; one is done at a time."""

    code = "evaluation.run_under_way"


class NoSuchRun(NotFound):
    """There is no such evaluation run."""

    code = "evaluation.no_such_run"


class RunIsOver(Conflict):
    """The run is over already."""

    code = "evaluation.run_is_over"


async def ask_for_run(
    db: AsyncSession, evaluation_id: UUID, *, label: str = "", with_model: bool = False, rerank: bool = False
) -> Run:
    """Queue a run of a set as it is now.

    Args:
        with_model: have the organization's language model answer, at its price; else the knowledge is quoted.
        rerank: have its reranker asked too, where it has one.

    Raises:
        NoSuchEvaluation, RunUnderWay
    """
    there = await find(db, evaluation_id, lock=True)
    run_id = new_id()
    columns = {
        "id": run_id,
        "evaluation_id": there.id,
        "version": there.version,
        "label": label,
        "collection": there.collection,
        "only_language": there.only_language,
        "with_model": with_model,
        "rerank": rerank,
        "status": RunStatus.QUEUED,
        "question_count": there.question_count,
        "requested_by": actor_of(db).member_id,
    }
    once = insert(Run).values(columns)
    once = once.on_conflict_do_nothing(index_elements=[Run.organization_id], index_where=IS_UNDER_WAY)
    if (await db.execute(once.returning(Run.id))).scalar_one_or_none() is None:
        raise RunUnderWay
    await _forget_oldest(db, evaluation_id)
    await _copy_questions(db, evaluation_id, run_id)
    await enqueue(db, EVALUATE, queue=QUEUE, lock=f"evaluation:{run_id}", priority=AFTER_OTHERS, run_id=run_id)
    run = await db.get_one(Run, run_id)
    await tell(db, run)
    return run


async def _copy_questions(db: AsyncSession, evaluation_id: UUID, run_id: UUID) -> None:
    asked = EvaluationQuestion
    wanted = select(asked.position, asked.question, asked.language, asked.expected).where(
        asked.evaluation_id == evaluation_id
    )
    rows = [
        {
            "id": new_id(),
            "run_id": run_id,
            "position": position,
            "question": question,
            "language": language,
            "expected": expected,
        }
        for position, question, language, expected in await db.execute(wanted.order_by(asked.position))
    ]
    await db.execute(insert(Result), rows)


async def _forget_oldest(db: AsyncSession, evaluation_id: UUID) -> None:
    of_set = select(Run.id).where(Run.evaluation_id == evaluation_id).order_by(Run.id.desc()).offset(MAX_RUNS)
    oldest = (await db.scalars(of_set)).all()
    await db.execute(delete(Result).where(Result.run_id.in_(oldest)))
    await db.execute(delete(Run).where(Run.id.in_(oldest)))


async def find_run(db: AsyncSession, evaluation_id: UUID, run_id: UUID, *, lock: bool = False) -> Run:
    """Raises `NoSuchRun`."""
    run = await db.get(Run, run_id, with_for_update=lock or None)
    if run is None or run.evaluation_id != evaluation_id:
        raise NoSuchRun
    return run


async def cancel(db: AsyncSession, evaluation_id: UUID, run_id: UUID) -> Run:
    """End a run that waits or is under way; what came of it so far stays.

    Raises:
        NoSuchRun, RunIsOver
    """
    run = await find_run(db, evaluation_id, run_id, lock=True)
    if run.status.is_over:
        raise RunIsOver
    run.status, run.finished_at = RunStatus.CANCELLED, func.clock_timestamp()
    await tell(db, run)
    await db.flush()
    await db.refresh(run)
    return run


async def tell(db: AsyncSession, run: Run) -> None:
    """Tell watchers how far a run has come."""
    await publish(
        db,
        "evaluation.changed",
        evaluation_id=run.evaluation_id,
        run_id=run.id,
        percent=percent(run),
        status=run.status.value,
    )


def percent(run: Run) -> int:
    return 100 * run.asked // max(1, run.question_count)


async def gave_up(assembly: Assembly, actor: Actor, run_id: UUID) -> None:
    """The job has failed for good, for the reason of its last try."""
    async with assembly.database.transaction(actor) as db:
        run = await db.get(Run, run_id, with_for_update=True)
        if run is not None and not run.status.is_over:
            run.status, run.finished_at = RunStatus.FAILED, func.clock_timestamp()
            run.failure_code = run.failure_code or "evaluation.gave_up"
            await tell(db, run)


@task(EVALUATE, retries=4, timeout_s=3600, on_failed=gave_up)
async def evaluate(assembly: Assembly, actor: Actor, run_id: UUID) -> None:
    """Ask every question that was not asked yet."""
    try:
        await _evaluate(assembly, actor, run_id)
    except Exception as error:
        code = error.code if isinstance(error, AuricleError) else AuricleError.code
        async with assembly.database.transaction(actor) as db:
            await db.execute(update(Run).where(Run.id == run_id, Run.status.in_(UNDER_WAY)).values(failure_code=code))
        raise


async def _evaluate(assembly: Assembly, actor: Actor, run_id: UUID) -> None:
    lineup = await Lineup.of(assembly.router, actor)
    async with assembly.database.transaction(actor) as db:
        run = await db.get(Run, run_id, with_for_update=True)
        if run is None or run.status.is_over:
            return
        await _begin(db, assembly, run, lineup)
        targets = await Targets.of_base(db)
    only = Only(run.collection, run.only_language)
    asking = Asking(assembly.knowledge, actor, only, run.rerank)
    while batch := await _next(assembly, actor, run_id):
        outcomes = []
        for one in batch:
            generate = partial(_generated, assembly, actor, run, one.language or spoken_in(one.question))
            wanted = targets.wanted(as_expected(one.expected))
            outcomes.append(await asking.ask(one.question, one.language, wanted, generate))
        if not await _store(assembly, actor, run_id, batch, outcomes):
            return
    await _finish(assembly, actor, run_id)


async def _begin(db: AsyncSession, assembly: Assembly, run: Run, lineup: Lineup) -> None:
    """Note what is asked, at the first try; at a later one, whether it is still the same."""
    state = await state_of(db, assembly.knowledge, run, lineup)
    if run.state is None:
        run.state, run.fingerprint = state, digest(state)
        run.status, run.started_at = RunStatus.RUNNING, func.clock_timestamp()
        await tell(db, run)
    elif digest(state) != run.fingerprint:
        run.changed_under_way = True


async def _next(assembly: Assembly, actor: Actor, run_id: UUID) -> Sequence[Result]:
    """The next few questions; none once the run is cancelled or gone."""
    async with assembly.database.transaction(actor) as db:
        wanted = (
            select(Result)
            .join(Run, Run.id == Result.run_id)
            .where(Result.run_id == run_id, Result.verdict.is_(None), Run.status == RunStatus.RUNNING)
        )
        return (await db.scalars(wanted.order_by(Result.position).limit(BATCH))).all()


def _generated(
    assembly: Assembly, actor: Actor, run: Run, language: str, request: LanguageRequest
) -> AsyncGenerator[object, None]:
    choices = None if run.with_model else [Choice("offline")]
    return assembly.router.generate(Call(actor.organization_id, choices, language), request)


async def _store(
    assembly: Assembly, actor: Actor, run_id: UUID, batch: Sequence[Result], outcomes: Sequence[Outcome]
) -> bool:
    """Keep what came of some questions; whether the run is still wanted."""
    async with assembly.database.transaction(actor) as db:
        run = await db.get(Run, run_id, with_for_update=True)
        if run is None or run.status.is_over:
            return False
        for one, outcome in zip(batch, outcomes, strict=True):
            await db.execute(update(Result).where(Result.id == one.id).values(asdict(outcome)))
        before, asked = percent(run), select(func.count()).where(Result.run_id == run_id, Result.verdict.is_not(None))
        run.asked, run.failure_code = await db.scalar(asked) or 0, None
        if percent(run) > before:
            await tell(db, run)
        return True


async def _finish(assembly: Assembly, actor: Actor, run_id: UUID) -> None:
    lineup = await Lineup.of(assembly.router, actor)
    async with assembly.database.transaction(actor) as db:
        run = await db.get(Run, run_id, with_for_update=True)
        if run is None or run.status.is_over:
            return
        results = (await db.scalars(select(Result).where(Result.run_id == run_id))).all()
        run.totals = totals_of(results).as_dict()
        state = await state_of(db, assembly.knowledge, run, lineup)
        run.changed_under_way |= digest(state) != run.fingerprint
        run.status, run.finished_at, run.failure_code = RunStatus.DONE, func.clock_timestamp(), None
        await tell(db, run)
