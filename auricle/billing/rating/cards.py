"""The rate cards that an organization's calls are priced by: its own, then the installation's, then the shipped."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.billing.rates import ExchangeRate, Rate, RateCard
from auricle.billing.rating.models import ExchangeRow, PlatformRateRow, RateRow
from auricle.db.session import actor_of

MOST_HELD = 2_000  # organizations

# Moves when any row was added or withdrawn, by whichever process: rows are never deleted, and withdrawn once.
STAMP = text("""
select (select concat(count(*), '/', count(withdrawn_at)) from rate) as own,
       (select concat(count(*), '/', count(withdrawn_at)) from platform_rate) as platform,
       (select concat(count(*), '/', count(withdrawn_at)) from exchange_rate) as exchange
""")


@dataclass(frozen=True, slots=True)
class Held:
    stamp: tuple[str, ...]
    cards: Sequence[RateCard]


class Cards:
    """The cards that this process has read. Each use asks in one small statement whether they still hold."""

    def __init__(self) -> None:
        self._held: OrderedDict[UUID | None, Held] = OrderedDict()

    async def of(self, db: AsyncSession) -> Sequence[RateCard]:
        """The cards of the transaction's organization; for who acts in none the installation's."""
        organization_id = actor_of(db).organization_id
        stamp = tuple((await db.execute(STAMP)).one())
        held = self._held.get(organization_id)
        if held is None or held.stamp != stamp:
            held = self._held[organization_id] = Held(stamp, await read(db))
        self._held.move_to_end(organization_id)
        while len(self._held) > MOST_HELD:
            self._held.popitem(last=False)
        return held.cards


async def read(db: AsyncSession) -> Sequence[RateCard]:
    own = (await db.scalars(select(RateRow).where(RateRow.withdrawn_at.is_(None)).order_by(RateRow.id))).all()
    platform = (
        await db.scalars(
            select(PlatformRateRow).where(PlatformRateRow.withdrawn_at.is_(None)).order_by(PlatformRateRow.id)
        )
    ).all()
    exchange = (
        await db.scalars(select(ExchangeRow).where(ExchangeRow.withdrawn_at.is_(None)).order_by(ExchangeRow.id))
    ).all()
    changed = tuple(ExchangeRate.model_validate(one, from_attributes=True) for one in exchange)
    return (
        RateCard(rates=tuple(rate_of(row) for row in own), exchange=()),
        RateCard(rates=tuple(rate_of(row) for row in platform), exchange=changed),
    )


def rate_of(row: RateRow | PlatformRateRow) -> Rate:
    return Rate.model_validate(row, from_attributes=True)
