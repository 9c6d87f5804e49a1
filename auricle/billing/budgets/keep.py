"""Set and remove budgets: an organization's own by its administrators, the platform's for it by the platform's."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Literal

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.billing.budgets.models import Budget, Spending
from auricle.billing.budgets.require import standings
from auricle.billing.budgets.schemas import BudgetIn, BudgetsOut
from auricle.billing.budgets.spend import calendar, month_of
from auricle.db.base import new_id
from auricle.db.session import actor_of
from auricle.errors import NotFound

Owner = Literal["organization", "platform"]


async def set_budget(db: AsyncSession, owner: Owner, wanted: BudgetIn) -> None:
    """Set the owner's budget, from now on; whoever is near it is warned of it anew."""
    values = {
        **wanted.model_dump(),
        "warned_for": None,
        "exhausted_for": None,
        "changed_by": actor_of(db).member_id,
        "changed_at": datetime.now(UTC),
    }
    statement = insert(Budget).values(id=new_id(), owner=owner, **values)
    await db.execute(statement.on_conflict_do_update(constraint="uq_budget_owner", set_=values))


async def remove_budget(db: AsyncSession, owner: Owner) -> None:
    gone = await db.scalar(delete(Budget).where(Budget.owner == owner).returning(Budget.id))
    if gone is None:
        raise NotFound("No such budget.")


async def told(db: AsyncSession) -> BudgetsOut:
    """The budgets with what was spent this month."""
    month = month_of(datetime.now(UTC), await calendar(db))
    spending = await db.scalar(select(Spending).where(Spending.month == month))
    return BudgetsOut.of(sorted(await standings(db), key=lambda one: one.budget.owner), month, spending)


async def months(db: AsyncSession, *, before: date | None, limit: int) -> Sequence[Spending]:
    """Newest first."""
    statement = select(Spending).order_by(Spending.month.desc()).limit(limit)
    if before is not None:
        statement = statement.where(Spending.month < before)
    return (await db.scalars(statement)).all()
