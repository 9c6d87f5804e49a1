"""`auricle knowledge eval`: keep a file's questions, have them asked, show what came of it and what got worse.

The run is a job like any other. This process works on that queue too, so it needs no worker, and minds none; what it
leaves when it is killed is taken over by the next.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

import auricle.worker_role  # noqa: F401 - a worker must know every task, for it takes over those of the dead
from auricle.actor import Actor
from auricle.assemble import assembled
from auricle.assembly import Assembly
from auricle.errors import NotFound, Unavailable
from auricle.identity.models import Organization
from auricle.jobs.worker import run_worker
from auricle.knowledge.evaluation.compare import (
    Changed,
    Compared,
    changed_state,
    compared,
    differences,
    worse_beyond,
)
from auricle.knowledge.evaluation.keep import Labels, keep, missing_from_base
from auricle.knowledge.evaluation.models import EvaluationRun, RunStatus, Verdict
from auricle.knowledge.evaluation.rows import KINDS, MAX_BYTES, BadRows, read
from auricle.knowledge.evaluation.run import QUEUE, NoSuchRun, ask_for_run, cancel, find_run
from auricle.knowledge.evaluation.totals import BETTER
from auricle.settings import Settings
from auricle.uploads.kinds import HEAD_BYTES, kind_of
from auricle.uploads.refused import OversizeDocument

GOT_WORSE = 3
LOOK_S = 0.2
LAST = "last"
MOST_SHOWN = 50  # questions that are not as before
TIMES = ("wall_ms_p50", "wall_ms_p95", "cpu_ms_p50", "cpu_ms_p95")

Say = Callable[[str], None]


class NoSuchOrganization(NotFound):
    """There is no organization of this short name or id."""

    code = "organization.not_found"


class RunNotDone(Unavailable):
    """The run did not come to its end."""

    code = "evaluation.run_not_done"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command line gave."""

    file: Path
    organization: str
    name: str
    collection: str
    only_language: str
    label: str
    against: str | None  # the id of a run, or `last`
    margin: float
    with_model: bool
    rerank: bool


async def evaluate_file(settings: Settings, wanted: Wanted, stop: asyncio.Event, say: Say) -> int:
    """Keep, ask, show; `GOT_WORSE` where a measure did so by more than the margin, else 0. `stop` cancels the run."""
    async with assembled(settings) as assembly:
        actor = await _for_organization(assembly, wanted.organization)
        run, before = await _asked(assembly, actor, wanted, say)
        async with _working(assembly):
            run = await _done(assembly, actor, run, stop, say)
        found = None
        if before is not None:
            async with assembly.database.transaction(actor) as db:
                before = await find_run(db, run.evaluation_id, before.id)
                found = await compared(db, before, run)
    for line in shown(run, before):
        say(line)
    if before is None or found is None:
        return 0
    for line in told(found, changed_state(before.state or {}, run.state or {})):
        say(line)
    worse = worse_beyond(differences(before.totals or {}, run.totals or {}), wanted.margin)
    say(f"Worse by more than {wanted.margin:g}: {', '.join(worse) or 'nothing'}.")
    return GOT_WORSE if worse else 0


async def _for_organization(assembly: Assembly, name: str) -> Actor:
    async with assembly.database.transaction(Actor.system(None, "cli")) as db:
        by_id = _as_id(name)
        one = Organization.slug == name if by_id is None else Organization.id == by_id
        organization_id = await db.scalar(select(Organization.id).where(one))
    if organization_id is None:
        raise NoSuchOrganization
    return Actor.system(organization_id, "cli")


def _as_id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


async def _asked(
    assembly: Assembly, actor: Actor, wanted: Wanted, say: Say
) -> tuple[EvaluationRun, EvaluationRun | None]:
    """The queued run, and the one to compare it with."""
    data = wanted.file.read_bytes()
    if len(data) > MAX_BYTES:
        raise OversizeDocument(limit_bytes=MAX_BYTES)
    kind_of(wanted.file.name, data[:HEAD_BYTES], KINDS)
    try:
        questions = read(wanted.file.name, data)
    except BadRows as bad:
        for row, reason in bad.context.items():
            say(f"{row.replace('_', ' ')}: {reason}")
        raise
    labels = Labels(wanted.name, wanted.collection, wanted.only_language)
    async with assembly.database.transaction(actor) as db:
        kept = await keep(db, questions, hashlib.sha256(data).hexdigest(), labels)
        there = kept.evaluation
        before = None if wanted.against is None else await _earlier(db, there.id, wanted.against)
        run = await ask_for_run(db, there.id, label=wanted.label, with_model=wanted.with_model, rerank=wanted.rerank)
        if missing := await missing_from_base(db, there.id):
            say(f"Expected documents are not in the base: of question {', '.join(map(str, missing[:20]))}.")
    say(f"{there.name}, version {there.version}: {there.question_count} questions. Run {run.id}.")
    return run, before


async def _earlier(db: AsyncSession, evaluation_id: UUID, against: str) -> EvaluationRun:
    """Raises `NoSuchRun`."""
    run_id = _as_id(against)
    if run_id is not None:
        return await find_run(db, evaluation_id, run_id)
    of_set = select(EvaluationRun).where(
        EvaluationRun.evaluation_id == evaluation_id, EvaluationRun.status == RunStatus.DONE
    )
    last = await db.scalar(of_set.order_by(EvaluationRun.id.desc()).limit(1)) if against == LAST else None
    if last is None:
        raise NoSuchRun
    return last


@asynccontextmanager
async def _working(assembly: Assembly) -> AsyncIterator[None]:
    """A worker for evaluations alone, in this process."""
    stop = asyncio.Event()
    worker = asyncio.create_task(run_worker(assembly, stop, concurrency=1, queues=[QUEUE]))
    try:
        yield
    finally:
        stop.set()
        await worker


async def _done(assembly: Assembly, actor: Actor, run: EvaluationRun, stop: asyncio.Event, say: Say) -> EvaluationRun:
    """The run once it is over. Raises `RunNotDone`."""
    tenth = 0
    while not run.status.is_over:
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), LOOK_S)
        async with assembly.database.transaction(actor) as db:
            run = await find_run(db, run.evaluation_id, run.id)
            if stop.is_set() and not run.status.is_over:  # who waited for it does so no more
                run = await cancel(db, run.evaluation_id, run.id)
        if not run.status.is_over and 10 * run.asked // run.question_count > tenth:
            tenth = 10 * run.asked // run.question_count
            say(f"{run.asked} of {run.question_count} asked")
    if run.status is not RunStatus.DONE:
        why = f": {run.failure_code}" if run.failure_code else ""
        raise RunNotDone(f"The run was not done, it is {run.status.value}{why}.")
    return run


def shown(run: EvaluationRun, before: EvaluationRun | None) -> list[str]:
    """The totals as a table; beside those of the run before, where there is one."""
    now, was = run.totals or {}, (before.totals or {}) if before else {}
    heads = ["measure", "before", "after", "difference"] if before else ["measure", "value"]
    rows = [heads]
    for name in (*BETTER, *TIMES):
        cells = [_number(was.get(name)), _number(now.get(name)), _signed(was.get(name), now.get(name))]
        rows.append([name, *cells] if before else [name, cells[1]])
    widths = [max(len(row[column]) for row in rows) for column in range(len(heads))]
    lines = [
        "  ".join([row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))])
        for row in rows
    ]
    counted = ", ".join(f"{now['verdicts'][verdict.value]} {verdict.replace('_', ' ')}" for verdict in Verdict)
    return [*lines, f"{now['questions']} questions: {counted}."]


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _signed(was: float | None, now: float | None) -> str:
    return "–" if was is None or now is None else f"{now - was:+.3f}"


def told(found: Compared, changed: Sequence[str]) -> list[str]:
    """What changed in between, and the questions that are not as before."""
    counts: Mapping[str, Any] = found.counts
    lines = [f"Changed since: {', '.join(changed) or 'nothing'}."]
    lines.append("Questions: " + ", ".join(f"{count} {kind}" for kind, count in counts.items()) + ".")
    lines += [_line(one) for one in found.changed[:MOST_SHOWN]]
    if len(found.changed) > MOST_SHOWN:
        lines.append(f"… and {len(found.changed) - MOST_SHOWN} more.")
    return lines


def _line(one: Changed) -> str:
    sides = [
        "–" if side is None else f"{side.verdict}{f' at {side.rank}' if side.rank else ''}".replace("_", " ")
        for side in (one.before, one.after)
    ]
    return f"  {one.change}: {one.shown.question!r}: {' → '.join(sides)}"
