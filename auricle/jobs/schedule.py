"""Tasks that run by themselves at set times, once in the whole installation however many workers there are."""

import logging
from collections.abc import Callable, Iterable

import procrastinate
from procrastinate.jobs import Job, Status

from auricle.jobs.app import DEATHS_BEFORE_GIVING_UP, TASKS, Assembly, Handler, forget_queueing_lock, give_up, task
from auricle.log import event

log = logging.getLogger("auricle.jobs")

HEARTBEAT_S = 2.0
STALLED_S = 6.0  # three missed heartbeats
KEEP_FAILED_HOURS = 30 * 24


def periodic(name: str, cron: str, *, timeout_s: float = 600.0) -> Callable[[Handler], Handler]:
    """Declare a task that runs at the times of a cron expression (UTC; a sixth field is seconds).

    It is called as `(assembly, actor)`, the actor being the system without an organization. A run that is missed or
    fails is not repeated: the next one comes by itself.
    """
    return task(name, retries=0, timeout_s=timeout_s, cron=cron)


def add_housekeeping(app: procrastinate.App, assembly: Assembly) -> None:
    """The queue's own periodic work: give the jobs of dead workers to the living, forget old failures."""

    @app.periodic(cron="* * * * * */3")
    @app.task(name="jobs.take_over", queue="housekeeping", queueing_lock="jobs.take_over", pass_context=True)
    async def take_over(context: procrastinate.JobContext, timestamp: int) -> None:
        manager = context.app.job_manager
        await manager.prune_stalled_workers(STALLED_S)
        stalled: Iterable[Job] = await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_S)
        for job in stalled:
            await _return_to_queue(context.app, assembly, job)

    @app.periodic(cron="17 3 * * *")
    @app.task(name="jobs.forget_failed", queue="housekeeping", queueing_lock="jobs.forget_failed", pass_context=True)
    async def forget_failed(context: procrastinate.JobContext, timestamp: int) -> None:
        await context.app.job_manager.delete_old_jobs(
            nb_hours=KEEP_FAILED_HOURS, include_failed=True, include_cancelled=True, include_aborted=True
        )


async def _return_to_queue(app: procrastinate.App, assembly: Assembly, job: Job) -> None:
    declared = TASKS.get(job.task_name)
    retries = declared.retries if declared else 0
    try:
        if job.attempts >= retries + DEATHS_BEFORE_GIVING_UP:
            await app.job_manager.finish_job(job, Status.FAILED, delete_job=False)
            if declared:
                await give_up(declared, assembly, job, "WorkerDied")
            return
        await forget_queueing_lock(app, job.id)
        await app.job_manager.retry_job(job)
        event(
            log,
            "job of a dead worker taken over",
            logging.WARNING,
            task=job.task_name,
            job_id=job.id,
            attempt=job.attempts + 1,
        )
    except procrastinate.exceptions.ConnectorException:
        # It ended or was taken over by another worker between our two statements.
        event(log, "stalled job had already moved on", task=job.task_name, job_id=job.id)
