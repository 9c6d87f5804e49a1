"""Move the month's sums on, and tell once when a budget is nearly and when it is wholly used up."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.billing.budgets.models import Budget, Spending
from auricle.billing.pricing import Cost
from auricle.db.session import actor_of
from auricle.identity.models import Organization
from auricle.live.events import publish


@dataclass(slots=True)
class Sums:
    calls: int = 0
    unpriced: int = 0
    cost_usd: Decimal = Decimal(0)
    cost_inr: Decimal = Decimal(0)

    def add(self, cost: Cost) -> None:
        self.calls += 1
        self.unpriced += cost.cost_usd is None
        self.cost_usd += cost.cost_usd or 0
        self.cost_inr += cost.cost_inr or 0


def zone_named(name: str | None) -> tzinfo:
    """A time zone; UTC for one that this machine does not know: money is counted all the same."""
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


async def calendar(db: AsyncSession) -> tzinfo:
    """The organization's own time zone: months are meant in it."""
    return zone_named(
        await db.scalar(select(Organization.time_zone).where(Organization.id == actor_of(db).organization_id))
    )


def month_of(at: datetime, zone: tzinfo) -> date:
    """The first day of the month in which something was, by a calendar."""
    return at.astimezone(zone).date().replace(day=1)


async def spend(db: AsyncSession, costs: Iterable[tuple[datetime, Cost]]) -> None:
    """Add records to their months. The row's lock puts those who add at the same time in a line."""
    zone = await calendar(db)
    by_month: defaultdict[date, Sums] = defaultdict(Sums)
    for at, cost in costs:
        by_month[month_of(at, zone)].add(cost)
    now = month_of(datetime.now(UTC), zone)
    for month in sorted(by_month):  # always in this order: two who add to several months never wait in a circle
        spending = await moved_on(db, month, by_month[month])
        if month == now:
            await tell(db, spending)


async def moved_on(db: AsyncSession, month: date, more: Sums) -> Spending:
    new = insert(Spending).values(
        month=month, calls=more.calls, unpriced=more.unpriced, cost_usd=more.cost_usd, cost_inr=more.cost_inr
    )
    names = ("calls", "unpriced", "cost_usd", "cost_inr")
    added = {name: getattr(Spending, name) + new.excluded[name] for name in names}
    statement = new.on_conflict_do_update(constraint="uq_spending_month", set_=added).returning(Spending)
    return (await db.scalars(statement, execution_options={"populate_existing": True})).one()


async def tell(db: AsyncSession, spending: Spending) -> None:
    """Whoever holds the month's row tells; so each budget is told of once a month, however many processes spend."""
    for budget in await db.scalars(select(Budget)):
        spent = budget.spent(spending.cost_usd, spending.cost_inr)
        if budget.warned_for != spending.month and spent * 100 >= budget.amount * budget.warn_percent:
            budget.warned_for = spending.month
            await publish(db, "budget.warning", budget_id=budget.id, percent=budget.warn_percent)
        if budget.exhausted_for != spending.month and spent >= budget.amount:
            budget.exhausted_for = spending.month
            await publish(db, "budget.exhausted", budget_id=budget.id)
    await db.flush()
