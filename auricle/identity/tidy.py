"""What sign-in leaves behind is removed when nothing can need it any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from auricle.jobs.schedule import periodic

if TYPE_CHECKING:
    from auricle.actor import Actor
    from auricle.assembly import Assembly

# Refresh tokens are kept, used ones too, while their sign-in could still be refreshed: that is how reuse is known.
LEFTOVERS = (
    "delete from lockout"
    " where coalesce(greatest(last_failure_at, locked_until, pending_until), '-infinity') < now() - interval '1 day'",
    "delete from one_time_link where expires_at < now() - interval '1 day'",
    "delete from outside_sign_in where expires_at < now()",
    "delete from second_factor where confirmed_at is null and created_at < now() - interval '1 day'",
    "delete from refresh_token r using auth_session s where s.id = r.session_id"
    " and coalesce(s.revoked_at, s.expires_at) < now() - interval '1 day'",
)


@periodic("identity.tidy", "41 * * * *")
async def tidy(assembly: Assembly, actor: Actor) -> None:
    """Remove leftovers, each kind in a transaction of its own."""
    for statement in LEFTOVERS:
        async with assembly.database.transaction(actor) as db:
            await db.execute(text(statement))
