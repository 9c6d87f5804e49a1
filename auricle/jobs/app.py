"""Declare background tasks, and build the procrastinate app that runs them.

    @task("notes.generate", retries=3)
    async def generate(assembly: Assembly, actor: Actor, note_id: UUID) -> None: ...

A task runs at least once: after a crash, a lost connection or a stop it runs again from its beginning, and in a bad
moment twice at the same time. So it must be idempotent: look first at what is already done, and take the row lock
that decides who does it. It must not block the event loop either: a worker that is silent for some seconds is taken
for dead and its jobs are given to another.
"""

import asyncio
import inspect
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

import procrastinate
from procrastinate.jobs import Job
from procrastinate.retry import BaseRetryStrategy, RetryDecision

from auricle.actor import Actor
from auricle.errors import AuricleError, Invalid
from auricle.log import event, request_id

log = logging.getLogger("auricle.jobs")

FIRST_RETRY_S, LONGEST_RETRY_S = 2.0, 300.0
DEATHS_BEFORE_GIVING_UP = 3  # a job that takes its worker down with it must not do so for ever

Handler = Callable[..., Awaitable[None]]


class ArgumentsMisfit(Invalid):
    """The stored arguments of a job do not fit its task."""

    code = "jobs.arguments_misfit"


class Assembly(Protocol):
    """What a process is built of, as far as the queue needs to know; tasks get the whole."""

    @property
    def worker_url(self) -> str: ...


@dataclass(frozen=True)
class Task:
    """A declared background task."""

    name: str
    run: Handler
    retries: int
    timeout_s: float
    on_failed: Handler | None
    cron: str | None = None


TASKS: dict[str, Task] = {}


def task(
    name: str,
    *,
    retries: int = 3,
    timeout_s: float = 600.0,
    on_failed: Handler | None = None,
    cron: str | None = None,
) -> Callable[[Handler], Handler]:
    """Declare the function that does a task; it is called with `(assembly, actor, **ids)`.

    Args:
        name: what `enqueue` calls it.
        retries: further attempts after a failure that may pass, with growing pauses.
        timeout_s: after so long an attempt is cancelled and counts as failed.
        on_failed: called like the task itself when it is given up, to tell whoever waits for it.
        cron: run it by itself at these times (`schedule.periodic` reads better).
    """

    def declare(function: Handler) -> Handler:
        known = TASKS.get(name)
        if known is not None and known.run.__qualname__ != function.__qualname__:
            raise ValueError(f"two tasks are named {name}")
        TASKS[name] = Task(name, function, retries, timeout_s, on_failed, cron)
        return function

    return declare


def build(assembly: Assembly, *, connections: int) -> procrastinate.App:
    """The procrastinate app over the worker's own role, with every declared task bound to this assembly."""
    connector = procrastinate.PsycopgConnector(
        conninfo=assembly.worker_url,
        min_size=1,
        max_size=connections,
        kwargs={"application_name": "auricle-worker", "connect_timeout": 5},
    )
    app = procrastinate.App(connector=connector)
    for declared in TASKS.values():
        bound = app.task(
            name=declared.name,
            pass_context=True,
            retry=Backoff(declared.retries),
            queueing_lock=f"periodic:{declared.name}" if declared.cron else None,
        )(_bind(declared, assembly))
        if declared.cron:
            app.periodic(cron=declared.cron)(bound)
    return app


class Backoff(BaseRetryStrategy):
    """Growing pauses up to a cap; no retry of what can't pass, an immediate one of what a stop interrupted."""

    def __init__(self, retries: int) -> None:
        self.retries = retries

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        if isinstance(exception, asyncio.CancelledError):
            stopped_too_often = job.attempts >= self.retries + 10
            return None if stopped_too_often else RetryDecision(retry_in={"seconds": 0})
        if not self.will_retry(exception, job.attempts):
            return None
        return RetryDecision(retry_in={"milliseconds": int(pause_s(job.attempts) * 1000)})

    def will_retry(self, exception: BaseException, attempts: int) -> bool:
        return attempts < self.retries and may_pass(exception)


def pause_s(attempts: int) -> float:
    """2, 8, 32, 128, 300 … seconds, a little scattered so that a burst of failures does not return as one."""
    pause = min(LONGEST_RETRY_S, FIRST_RETRY_S * 4.0 ** min(attempts, 8))
    return pause * random.uniform(0.8, 1.2)


def may_pass(exception: BaseException) -> bool:
    """Whether trying again may help: not for what the request itself got wrong, nor where the error says no."""
    told = getattr(exception, "retryable", None)
    if told is not None:
        return bool(told)
    return not (isinstance(exception, AuricleError) and exception.status < 500)


def arguments(stored: Mapping[str, Any]) -> tuple[Actor, dict[str, Any]]:
    """The actor that the database stamped into a job, and the task's own arguments with their ids as UUIDs."""
    own = {name: value for name, value in stored.items() if name not in ("organization", "request", "timestamp")}
    try:
        ids = {name: UUID(value) if name.endswith("_id") and value else value for name, value in own.items()}
    except (ValueError, AttributeError):
        raise ArgumentsMisfit from None
    organization = stored.get("organization")
    actor = Actor.system(UUID(organization) if organization else None, task=stored.get("request") or "")
    return actor, ids


def check_fit(declared: Task, ids: Mapping[str, Any]) -> None:
    """Tell a job that can never run from a task that failed: only the second is tried again."""
    try:
        inspect.signature(declared.run).bind(None, None, **ids)
    except TypeError:
        raise ArgumentsMisfit from None


async def give_up(declared: Task, assembly: Assembly, job: Job, reason: str) -> None:
    """Log that a job failed for good, and let the domain tell whoever waits for it."""
    try:
        actor, ids = arguments(job.task_kwargs)
    except ArgumentsMisfit:
        actor, ids = Actor.system(None), {}
    event(
        log,
        "job failed",
        logging.ERROR,
        task=declared.name,
        job_id=job.id,
        error=reason,
        attempt=job.attempts + 1,
        organization_id=actor.organization_id,
    )
    if declared.on_failed is None:
        return
    try:
        async with asyncio.timeout(60):
            await declared.on_failed(assembly, actor, **ids)
    except Exception:
        log.exception("telling of a failed job failed")


async def forget_queueing_lock(app: procrastinate.App, job_id: int | None) -> None:
    """Before a job returns to the queue: its queueing lock may be another's by now, and would block its way back."""
    await app.connector.execute_query_async(
        "update procrastinate_jobs set queueing_lock = null where id = %(job_id)s", job_id=job_id
    )


def _bind(declared: Task, assembly: Assembly) -> Callable[..., Awaitable[None]]:
    backoff = Backoff(declared.retries)

    async def attempt(context: procrastinate.JobContext, **stored: Any) -> None:
        job = context.job
        try:
            actor, ids = arguments(stored)
            request_id.set(actor.request_id)
            check_fit(declared, ids)
            async with asyncio.timeout(declared.timeout_s):
                await declared.run(assembly, actor, **ids)
        except asyncio.CancelledError:
            await asyncio.shield(forget_queueing_lock(context.app, job.id))
            raise
        except Exception as error:
            if backoff.will_retry(error, job.attempts):
                event(
                    log,
                    "job will be tried again",
                    logging.WARNING,
                    task=declared.name,
                    job_id=job.id,
                    attempt=job.attempts + 1,
                    error=type(error).__name__,
                )
                await forget_queueing_lock(context.app, job.id)
            else:
                await give_up(declared, assembly, job, type(error).__name__)
            raise

    return attempt
