"""While the clinical AI is away a note stays in the queue, and is written when it is back.

Waiting costs none of the job's attempts: each time a new job takes the old one's place, a little later. After a day the
note has failed, and asking for it once more begins anew.
"""

import logging
import random
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol
from uuid import UUID

from auricle.actor import Actor
from auricle.ai.port import AIUnavailable
from auricle.db.session import Database
from auricle.jobs.queue import enqueue
from auricle.live.events import publish
from auricle.log import event
from auricle.notes.models import UNFINISHED, Note, NoteStatus

log = logging.getLogger(__name__)

LONGEST_WAIT_S = 24 * 3600
FIRST_PAUSE_S, LONGEST_PAUSE_S = 2.0, 60.0


class Means(Protocol):
    @property
    def database(self) -> Database: ...


async def wait_out(
    means: Means, actor: Actor, note_id: UUID, error: AIUnavailable, *, since: int = 0, waits: int = 0
) -> None:
    """Put a note back into the queue, with the reason; or let it have failed when it has waited for a day.

    Args:
        since: Unix time at which its waiting began; 0: now.
        waits: how often it was put back since.
    """
    now = time.time()
    async with means.database.transaction(actor) as db:
        note = await db.get(Note, note_id, with_for_update=True)
        if note is None or note.status not in UNFINISHED:
            return
        note.failure_code = error.code
        if since and now - since >= LONGEST_WAIT_S:
            note.status = NoteStatus.FAILED
            await publish(db, "note.failed", note_id=note.id, consultation_id=note.consultation_id)
            event(log, "note waited too long for the clinical AI", logging.ERROR, note_id=note_id, attempt=waits)
            return
        note.status = NoteStatus.QUEUED
        await enqueue(
            db,
            "notes.generate",
            lock=f"note:{note.id}",
            queueing_lock=f"note waits:{note.id}",
            run_at=datetime.now(UTC) + timedelta(seconds=pause_s(waits, error)),
            note_id=note.id,
            away_since=since or int(now),
            waits=waits + 1,
        )


def pause_s(waits: int, error: AIUnavailable) -> float:
    """2, 4, 8 … 60 seconds, scattered, and no sooner than the AI itself said."""
    pause = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(waits, 10))
    asked_for = min(LONGEST_PAUSE_S, float(error.context.get("retry_after_s", 0.0)))
    return max(asked_for, pause * random.uniform(0.8, 1.2))
