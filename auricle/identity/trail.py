"""The trail of sign-in: every event goes to the audit of each organization the account belongs to, and to the log."""

import logging
from dataclasses import replace
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.actor import Actor
from auricle.log import event

log = logging.getLogger(__name__)

NOTE = text("select note_sign_in(cast(:account as uuid), :action, :outcome, :reason)")


def as_account(seen: Actor, account_id: UUID | None) -> Actor:
    """Somebody seen at the door, once we know whose account it is about. In no organization yet."""
    return replace(seen, kind="user", account_id=account_id, organization_id=None, member_id=None)


async def note(
    db: AsyncSession, account_id: UUID | None, action: str, *, outcome: str = "allowed", reason: str | None = None
) -> None:
    """Add to the trail, in a transaction of `as_account`. An unknown account costs the same and leaves a log line."""
    await db.execute(NOTE, {"account": account_id, "action": action, "outcome": outcome, "reason": reason})
    event(log, "sign-in event", action=action, outcome=outcome, reason=reason, account_id=account_id)
