"""Rates and budgets of organizations, set as their routes set them."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text

from auricle.actor import Actor
from auricle.billing.budgets.keep import Owner, set_budget
from auricle.billing.budgets.schemas import BudgetIn
from auricle.billing.rating.keep import add_exchange, add_rate
from auricle.billing.rating.models import ExchangeRow, PlatformRateRow, RateRow
from auricle.billing.rating.schemas import ExchangeIn, RateIn
from auricle.db.session import Database

LONG_AGO = date(2020, 1, 2)


async def set_rate(database: Database, organization_id: UUID | None, **given: Any) -> RateRow | PlatformRateRow:
    """A rate of an organization's, or with None of the installation's."""
    wanted = RateIn.model_validate({"since": LONG_AGO, "source": "test", **given})
    async with database.transaction(Actor.system(organization_id)) as db:
        return await add_rate(db, wanted)


async def set_exchange(database: Database, inr_per_usd: str, since: date) -> ExchangeRow:
    async with database.transaction(Actor.system(None)) as db:
        return await add_exchange(db, ExchangeIn(inr_per_usd=inr_per_usd, since=since, source="test"))


async def set_money(database: Database, organization_id: UUID, owner: Owner = "organization", **given: Any) -> None:
    async with database.transaction(Actor.system(organization_id)) as db:
        await set_budget(db, owner, BudgetIn.model_validate(given))


async def out_of_money(database: Database, organization_id: UUID) -> None:
    """An organization that has spent more than it may, as some other process has noted a moment ago."""
    await set_money(database, organization_id, amount="1", currency="USD")
    async with database.transaction(Actor.system(organization_id)) as db:
        await db.execute(
            text(
                "insert into spending (id, month, cost_usd) "
                "select gen_random_uuid(), date_trunc('month', now() at time zone time_zone), 2 "
                "from organization where id = :id on conflict (organization_id, month) do update set cost_usd = 2"
            ),
            {"id": organization_id},
        )
