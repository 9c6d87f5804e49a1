"""Queue a job inside the caller's transaction: it exists exactly when what it is about was committed.

A job's arguments are ids and small plain values, never text of people: its row is not under row-level security. The
database stamps the announced organization into it, so nobody can queue work in another's name.
"""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import orjson
from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

LONGEST_VALUE = 100

ENQUEUE: TextClause = text(
    "select jobs.enqueue(:task, :queue, cast(:args as jsonb), :lock, :queueing_lock, :run_at, :priority)"
)


async def enqueue(
    db: AsyncSession,
    task: str,
    *,
    queue: str = "default",
    lock: str | None = None,
    queueing_lock: str | None = None,
    run_at: datetime | None = None,
    priority: int = 0,
    **ids: UUID | int | str | None,
) -> int | None:
    """Queue one job for the organization of this transaction.

    Args:
        task: the name it was declared with (`@task("notes.generate")`).
        lock: jobs of the organization with the same lock never run at the same time, and run in order.
        queueing_lock: at most one job of the organization with this lock waits; a second one is dropped.
        run_at: not before this time.
        priority: higher runs first.
        ids: the task's arguments; those named `…_id` must be UUIDs and arrive as such.

    Returns:
        The job's number, or None when an equal `queueing_lock` was already waiting.
    """
    row = await db.execute(
        ENQUEUE,
        {
            "task": task,
            "queue": queue,
            "args": ids_only(ids),
            "lock": lock,
            "queueing_lock": queueing_lock,
            "run_at": run_at,
            "priority": priority,
        },
    )
    number: int | None = row.scalar_one()
    return number


def ids_only(ids: Mapping[str, UUID | int | str | None]) -> str:
    """Arguments of a job, or the subject of an event, as JSON; refused where they could carry what people wrote."""
    for name, value in ids.items():
        if name.endswith("_id") and not isinstance(value, UUID | None):
            raise TypeError(f"{name} must be a UUID")
        if isinstance(value, str) and len(value) > LONGEST_VALUE:
            raise ValueError(f"{name} is too long; store it and pass its id")
    return orjson.dumps(ids, default=str).decode()  # the driver has a UUID class of its own
