"""Kept answers of repeated requests are forgotten when their day is over, also of those who never come back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from auricle.jobs.schedule import periodic

if TYPE_CHECKING:
    from auricle.actor import Actor
    from auricle.assembly import Assembly


@periodic("requests.forget", "41 * * * *")
async def forget_request_keys(assembly: Assembly, actor: Actor) -> None:
    """Forget request keys and the answers sealed with them, of everybody."""
    async with assembly.database.transaction(actor) as db:
        await db.execute(text("select forget_request_keys()"))
