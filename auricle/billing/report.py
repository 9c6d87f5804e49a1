"""`auricle billing recompute`: the cost of a period computed again, organization by organization."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from uuid import UUID

from auricle.actor import Actor
from auricle.billing.models import UsageRecomputation
from auricle.billing.recompute import JOB, recompute
from auricle.db.session import Database


async def report(
    database: Database,
    organizations: Sequence[tuple[str, UUID]],
    since: datetime,
    until: datetime,
    say: Callable[[str], None],
) -> None:
    """Recompute and tell for each organization (short name, id) how many records there are and what they sum up to."""
    say(f"{'organization':30} {'records':>9} {'changed':>9} {'before USD':>14} {'after USD':>14}")
    for slug, organization_id in organizations:
        actor = Actor.system(organization_id, JOB)
        done = await recompute(database, actor, since, until)
        async with database.transaction(actor) as db:
            row = UsageRecomputation(since=since, until=until, status="done", finished_at=datetime.now(UTC))
            for name, value in asdict(done).items():
                setattr(row, name, value)
            db.add(row)
        say(f"{slug:30} {done.records:9} {done.changed:9} {done.before_usd:14.6f} {done.after_usd:14.6f}")
