"""Is there money left? Asked before something new begins: never within a turn, never within a call."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.billing.budgets.models import Budget, Spending
from auricle.billing.budgets.spend import month_of, zone_named
from auricle.errors import AuricleError
from auricle.identity.models import Organization


class BudgetExhausted(AuricleError):
    """The budget for this month is used up: nothing new begins. In an emergency call the emergency number."""

    status, code, title = 402, "billing.budget_exhausted", "Budget used up"


@dataclass(frozen=True, slots=True)
class Standing:
    """A budget in the present month."""

    budget: Budget
    month: date
    spent: Decimal

    @property
    def is_warned(self) -> bool:
        return self.spent * 100 >= self.budget.amount * self.budget.warn_percent

    @property
    def is_exhausted(self) -> bool:
        return self.spent >= self.budget.amount


RECENT = text("spending.month > (now() - interval '40 days')::date")  # this month, wherever on earth it is


async def standings(db: AsyncSession) -> Sequence[Standing]:
    """Every budget of the organization with what was spent, in one read of a few rows."""
    statement = (
        select(Organization.time_zone, Budget, Spending.month, Spending.cost_usd, Spending.cost_inr)
        .join(Organization, Organization.id == Budget.organization_id)
        .outerjoin(Spending, RECENT)
    )
    rows = (await db.execute(statement)).tuples().all()
    found: dict[str, Standing] = {}
    for zone, budget, month, usd, inr in rows:
        now = month_of(datetime.now(UTC), zone_named(zone))
        spent = budget.spent(usd, inr) if month == now else Decimal(0)
        before = found.get(budget.owner)
        if before is None or spent > before.spent:
            found[budget.owner] = Standing(budget, now, spent)
    return list(found.values())


async def is_exhausted(db: AsyncSession) -> bool:
    return any(one.is_exhausted for one in await standings(db))


async def require_budget(db: AsyncSession, **told: str) -> None:
    """Raises `BudgetExhausted` where a budget of the organization is used up; `told` is for whoever reads it."""
    if await is_exhausted(db):
        raise BudgetExhausted(**told)
