"""Set and withdraw rates: an organization's own, or the installation's by who acts in no organization."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.billing.rating.models import ExchangeRow, PlatformRateRow, RateRow
from auricle.billing.rating.schemas import ExchangeIn, RateIn
from auricle.db.keyset import Order, in_order
from auricle.db.session import actor_of
from auricle.errors import Conflict, Forbidden, NotFound

MOST_RATES = 1_000  # in force

Kind = type[RateRow] | type[PlatformRateRow]


class TooManyRates(Conflict):
    """There are as many rates as there may be; withdraw some first."""

    code = "rates.too_many"


class ForThePlatform(Forbidden):
    """Only the platform's administrators set this, signed in to no organization."""

    code = "rates.for_the_platform"


def kind_of(db: AsyncSession) -> Kind:
    """Whose rates the actor of this transaction sets."""
    return PlatformRateRow if actor_of(db).organization_id is None else RateRow


async def add_rate(db: AsyncSession, wanted: RateIn) -> RateRow | PlatformRateRow:
    kind = kind_of(db)
    in_force = select(func.count()).select_from(kind).where(kind.withdrawn_at.is_(None))
    if (await db.scalar(in_force) or 0) >= MOST_RATES:
        raise TooManyRates(limit=MOST_RATES)
    row = kind(**wanted.model_dump(), created_by=whose(db))
    db.add(row)
    await db.flush()
    await db.refresh(row)
    return row


async def withdraw_rate(db: AsyncSession, rate_id: UUID) -> None:
    """Take a rate back. What it has priced stays so until it is computed again."""
    row = await find_rate(db, rate_id)
    if row.withdrawn_at is None:
        row.withdrawn_at, row.withdrawn_by = datetime.now(UTC), whose(db)
        await db.flush()


async def find_rate(db: AsyncSession, rate_id: UUID) -> RateRow | PlatformRateRow:
    row: RateRow | PlatformRateRow | None = await db.get(kind_of(db), rate_id)
    if row is None:
        raise NotFound("No such rate.")
    return row


async def list_rates(db: AsyncSession, order: Order, *, limit: int) -> Sequence[RateRow | PlatformRateRow]:
    """The withdrawn among them."""
    kind: Any = kind_of(db)
    return (await db.scalars(await in_order(db, select(kind), order, kind.id, limit=limit, since=kind.since))).all()


async def add_exchange(db: AsyncSession, wanted: ExchangeIn) -> ExchangeRow:
    row = ExchangeRow(**wanted.model_dump(), created_by=platform_only(db))
    db.add(row)
    await db.flush()
    await db.refresh(row)
    return row


async def withdraw_exchange(db: AsyncSession, exchange_id: UUID) -> None:
    whom = platform_only(db)
    row = await db.get(ExchangeRow, exchange_id)
    if row is None:
        raise NotFound("No such exchange rate.")
    if row.withdrawn_at is None:
        row.withdrawn_at, row.withdrawn_by = datetime.now(UTC), whom
        await db.flush()


async def list_exchange(db: AsyncSession, order: Order, *, limit: int) -> Sequence[ExchangeRow]:
    one = ExchangeRow
    return (await db.scalars(await in_order(db, select(one), order, one.id, limit=limit, since=one.since))).all()


def platform_only(db: AsyncSession) -> UUID | None:
    """The account that sets something for everybody. Raises `ForThePlatform`."""
    actor = actor_of(db)
    if actor.organization_id is not None:
        raise ForThePlatform
    return actor.account_id


def whose(db: AsyncSession) -> UUID | None:
    """Who did it: a member of the organization, or an account of the platform's."""
    actor = actor_of(db)
    return actor.account_id if actor.organization_id is None else actor.member_id
