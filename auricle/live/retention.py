"""Old live events are forgotten; a watcher that returns after longer is told to load anew (`EventsMissed`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from auricle.jobs.schedule import periodic

if TYPE_CHECKING:
    from auricle.actor import Actor
    from auricle.assembly import Assembly


@periodic("live.forget", "23 * * * *")
async def forget_events(assembly: Assembly, actor: Actor) -> None:
    """Forget events older than a day."""
    async with assembly.database.transaction(actor) as db:
        await db.execute(text("select forget_live_events(interval '1 day')"))
