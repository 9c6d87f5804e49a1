"""Compute the cost of a period's usage again, by the rates that hold now, and the months' sums with it.

In batches, each a short transaction; run again from its beginning it comes to the same. What was metered is only read.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from uuid import UUID

from sqlalchemy import bindparam, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.actor import Actor
from auricle.assembly import Assembly
from auricle.billing.budgets.models import Spending
from auricle.billing.budgets.spend import Sums, calendar, month_of, moved_on
from auricle.billing.models import UsageRecomputation, UsageRow
from auricle.billing.pricing import Cost, cost_of
from auricle.billing.rates import RateCard
from auricle.billing.rating.cards import read
from auricle.db.keyset import Order, in_order
from auricle.db.session import Database, actor_of
from auricle.errors import Forbidden, Invalid, NotFound
from auricle.jobs.app import task
from auricle.jobs.queue import enqueue
from auricle.live.events import publish

BATCH = 1_000
LONGEST = timedelta(days=732)
JOB = "billing.recompute"
COSTS = ("cost_usd", "rate_source", "rate_date", "inr_per_usd", "exchange_date")

SUMS = text("""
select count(*) as calls, count(*) filter (where cost_usd is null) as unpriced, coalesce(sum(cost_usd), 0) as cost_usd,
       coalesce(sum(cost_usd * inr_per_usd), 0) as cost_inr
from usage_record where at >= :since and at < :until
""")


class BadPeriod(Invalid):
    """A period begins before it ends, in this century; one that is asked for lasts two years at most."""

    code = "billing.bad_period"


class OfAnOrganization(Forbidden):
    """Usage is an organization's; all of them together are computed again by `auricle billing recompute`."""

    code = "billing.no_organization"


@dataclass(slots=True)
class Done:
    """What a recomputation did. The sums are those of the period, without what nobody can price."""

    records: int = 0
    changed: int = 0
    before_usd: Decimal = Decimal(0)
    after_usd: Decimal = Decimal(0)


async def ask(db: AsyncSession, since: datetime, until: datetime) -> UsageRecomputation:
    """Queue a recomputation; those of one organization run one after another."""
    if actor_of(db).organization_id is None:
        raise OfAnOrganization
    check(since, until)
    if until - since > LONGEST:
        raise BadPeriod
    row = UsageRecomputation(since=since, until=until, requested_by=actor_of(db).member_id)
    db.add(row)
    await db.flush()
    await enqueue(db, JOB, lock=JOB, recomputation_id=row.id)
    await db.refresh(row)
    return row


def check(since: datetime, until: datetime) -> None:
    """Raises `BadPeriod`."""
    if since >= until or since.year < 2000 or until.year > 2099:
        raise BadPeriod


async def find(db: AsyncSession, recomputation_id: UUID) -> UsageRecomputation:
    row = await db.get(UsageRecomputation, recomputation_id)
    if row is None:
        raise NotFound("No such recomputation.")
    return row


async def gave_up(assembly: Assembly, actor: Actor, recomputation_id: UUID) -> None:
    await note(assembly.database, actor, recomputation_id, status="failed", finished_at=datetime.now(UTC))


@task(JOB, retries=3, timeout_s=7_200, on_failed=gave_up)
async def run(assembly: Assembly, actor: Actor, recomputation_id: UUID) -> None:
    async with assembly.database.transaction(actor) as db:
        wanted = await find(db, recomputation_id)
        if wanted.status == "done":
            return
        wanted.status = "running"
    done = await recompute(assembly.database, actor, wanted.since, wanted.until)
    await note(assembly.database, actor, recomputation_id, status="done", finished_at=datetime.now(UTC), **asdict(done))


async def note(database: Database, actor: Actor, recomputation_id: UUID, **values: object) -> None:
    async with database.transaction(actor) as db:
        row = await find(db, recomputation_id)
        for name, value in values.items():
            setattr(row, name, value)
        await publish(db, "usage.recomputed", recomputation_id=row.id, status=row.status)


async def recompute(database: Database, actor: Actor, since: datetime, until: datetime) -> Done:
    """Price every record from `since` on and before `until` again."""
    done, last = Done(), UUID(int=0)
    async with database.transaction(actor) as db:
        cards, zone = await read(db), await calendar(db)
    while True:
        async with database.transaction(actor) as db:
            rows = await batch(db, since, until, last)
            await price(db, rows, cards, done)
        if len(rows) < BATCH:
            break
        last = rows[-1].id
    for month in months_of(since, until, zone):
        async with database.transaction(actor) as db:
            await sum_up(db, month, zone)
    return done


async def batch(db: AsyncSession, since: datetime, until: datetime, last: UUID) -> Sequence[UsageRow]:
    statement = select(UsageRow).where(UsageRow.at >= since, UsageRow.at < until, UsageRow.id > last)
    return (await db.scalars(statement.order_by(UsageRow.id).limit(BATCH).with_for_update())).all()


async def price(db: AsyncSession, rows: Sequence[UsageRow], cards: Sequence[RateCard], done: Done) -> None:
    changed = []
    for row in rows:
        cost = cost_of(row, cards)
        done.records += 1
        done.before_usd += row.cost_usd or 0
        done.after_usd += cost.cost_usd or 0
        if cost != Cost(*(getattr(row, name) for name in COSTS)):
            changed.append({"which": row.id, **{f"new_{name}": value for name, value in asdict(cost).items()}})
    done.changed += len(changed)
    if changed:
        table = UsageRow.__table__
        statement = (
            update(table)  # type: ignore[arg-type]
            .where(table.c.id == bindparam("which"))
            .values({name: bindparam(f"new_{name}") for name in COSTS})
        )
        await (await db.connection()).execute(statement, changed)


def months_of(since: datetime, until: datetime, zone: tzinfo) -> Sequence[date]:
    """The first days of the months that a period touches, up to the present one."""
    month, found = month_of(since, zone), []
    last = month_of(min(until, datetime.now(UTC)), zone)
    while month <= last:
        found.append(month)
        month = following(month)
    return found


def following(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


async def sum_up(db: AsyncSession, month: date, zone: tzinfo) -> None:
    """Make a month's sums what its records add up to.

    The row is locked first: whoever stores records meanwhile either has committed and is summed, or waits and adds.
    """
    end = following(month)
    period = {
        "since": datetime(month.year, month.month, 1, tzinfo=zone),
        "until": datetime(end.year, end.month, 1, tzinfo=zone),
    }
    locked = select(Spending).where(Spending.month == month).with_for_update()
    spending = await db.scalar(locked)
    if spending is None:
        if (await db.execute(SUMS, period)).one().calls == 0:
            return
        spending = await moved_on(db, month, Sums())
    sums = (await db.execute(SUMS, period)).one()
    spending.calls, spending.unpriced = sums.calls, sums.unpriced
    spending.cost_usd, spending.cost_inr = sums.cost_usd, sums.cost_inr
    await db.flush()


async def list_recomputations(db: AsyncSession, order: Order, *, limit: int) -> Sequence[UsageRecomputation]:
    one = UsageRecomputation
    return (await db.scalars(await in_order(db, select(one), order, one.id, limit=limit))).all()
