"""The worker: runs queued jobs until told to stop, and outlives its database."""

import asyncio
import contextlib
import logging
from collections.abc import Coroutine, Iterable

import procrastinate
import psycopg

from auricle.jobs.app import Assembly, build
from auricle.jobs.schedule import HEARTBEAT_S, STALLED_S, add_housekeeping
from auricle.log import event

log = logging.getLogger("auricle.jobs")

SPARE_CONNECTIONS = 4  # heartbeat, periodic tasks, finishing a job while others are fetched
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 10.0


async def run_worker(
    assembly: Assembly,
    stop: asyncio.Event,
    *,
    concurrency: int = 4,
    queues: Iterable[str] | None = None,
    grace_s: float = 10.0,
) -> None:
    """Run jobs until `stop` is set; then finish the running ones, or after `grace_s` return them to the queue.

    procrastinate's worker ends by itself, without an error, when PostgreSQL goes away; so it is started again, with
    growing pauses, for as long as we run.
    """
    pause_s = FIRST_PAUSE_S
    clock = asyncio.get_running_loop().time
    while not stop.is_set():
        began = clock()
        await _until(stop, _work(assembly, concurrency, queues, grace_s))
        if stop.is_set():
            return
        pause_s = FIRST_PAUSE_S if clock() - began > LONGEST_PAUSE_S else min(LONGEST_PAUSE_S, pause_s * 2)
        event(log, "worker lost its database and starts again", logging.WARNING, seconds=round(pause_s, 1))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), pause_s)


async def _until(stop: asyncio.Event, running: Coroutine[None, None, None]) -> None:
    """Run a worker until it ends or `stop` is set; an error in its connection is no failure but a reason to restart."""
    work, stopping = asyncio.create_task(running), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({work, stopping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
        work.cancel()
        (ended,) = await asyncio.gather(work, return_exceptions=True)
    if isinstance(ended, procrastinate.exceptions.ProcrastinateException | psycopg.Error | OSError):
        event(log, "worker ended with an error", logging.WARNING, error=type(ended).__name__)
    elif isinstance(ended, Exception):
        raise ended


async def _work(assembly: Assembly, concurrency: int, queues: Iterable[str] | None, grace_s: float) -> None:
    app = build(assembly, connections=concurrency + SPARE_CONNECTIONS)
    add_housekeeping(app, assembly)
    async with app.open_async():
        event(log, "worker started", count=concurrency)
        await app.run_worker_async(
            queues=[*queues, "housekeeping"] if queues is not None else None,  # type: ignore[arg-type]  # None: all
            concurrency=concurrency,
            install_signal_handlers=False,
            shutdown_graceful_timeout=grace_s,
            update_heartbeat_interval=HEARTBEAT_S,
            stalled_worker_timeout=STALLED_S,
            delete_jobs="successful",
        )
