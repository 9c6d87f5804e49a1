"""Live events: that something happened, told to whoever watches their organization, exactly if it was committed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.jobs.queue import ids_only

CHANNEL = "auricle_events"

# The notification carries numbers only: its payload is limited, and any role may listen.
PUBLISH = text(f"""
    with new as (
        insert into live_event (kind, subject) values (:kind, cast(:subject as jsonb)) returning organization_id, id
    )
    select id, pg_notify('{CHANNEL}', organization_id || ':' || id) from new
""")  # noqa: S608


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in an organization. `subject` holds ids; what they mean is read with one's own rights."""

    id: int
    organization_id: UUID
    kind: str
    subject: dict[str, Any]
    at: datetime
    cursor: str  # give it back as `after` to go on behind this event


async def publish(db: AsyncSession, kind: str, **ids: UUID | int | str | None) -> int:
    """Tell in this transaction that something happened: `await publish(db, "note.approved", note_id=note.id)`.

    Watchers learn of it when the transaction commits, and never if it does not. Returns the event's number.
    """
    row = await db.execute(PUBLISH, {"kind": kind, "subject": ids_only(ids)})
    number: int = row.one()[0]
    return number
