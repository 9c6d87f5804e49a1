"""Usage rows, and what they add up to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.billing.models import UsageRow
from auricle.billing.rates import exchange_on
from auricle.billing.rating.cards import read
from auricle.billing.schemas import CostBreakdown, CostRow, Sums
from auricle.db.keyset import Order, in_order

MOST_ROWS = 500
PAISA = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which calls; None is any. `until` is exclusive."""

    consultation_id: UUID | None = None
    capability: str | None = None
    provider: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def narrow(self, statement: Select[Any]) -> Select[Any]:
        for column, value in (
            (UsageRow.consultation_id, self.consultation_id),
            (UsageRow.capability, self.capability),
            (UsageRow.provider, self.provider),
        ):
            if value is not None:
                statement = statement.where(column == value)
        if self.since is not None:
            statement = statement.where(UsageRow.at >= self.since)
        if self.until is not None:
            statement = statement.where(UsageRow.at < self.until)
        return statement


async def list_usage(db: AsyncSession, wanted: Wanted, order: Order, *, limit: int) -> Sequence[UsageRow]:
    one = UsageRow
    by = {"at": one.at, "total_ms": one.total_ms, "cost_usd": func.coalesce(one.cost_usd, 0)}
    statement = await in_order(db, select(one), order, one.id, limit=limit, **by)
    return (await db.scalars(wanted.narrow(statement))).all()


async def cost_breakdown(db: AsyncSession, wanted: Wanted) -> CostBreakdown:
    """Sums by provider, capability and model, the dearest first, and over all."""
    exchange = exchange_on(datetime.now(UTC).date(), await read(db))
    keys = (UsageRow.provider, UsageRow.capability, UsageRow.model)
    cost = func.coalesce(func.sum(UsageRow.cost_usd), 0)
    added = sums(exchange.inr_per_usd if exchange else None)
    grouped = wanted.narrow(select(*keys, *added)).group_by(*keys).order_by(cost.desc(), *keys).limit(MOST_ROWS)
    rows = (await db.execute(grouped)).all()
    total = (await db.execute(wanted.narrow(select(*added)))).one()
    return CostBreakdown(
        rows=[CostRow(provider=r.provider, capability=r.capability, model=r.model, **told(r)) for r in rows],
        total=Sums(**told(total)),
        inr_per_usd=exchange.inr_per_usd if exchange else None,
        exchange_date=exchange.since if exchange else None,
    )


def sums(present: Decimal | None) -> list[Any]:
    """What is summed. Rupees are those of each call's own day; `present` is for calls that have no such rate."""

    def added(column: Any, name: str) -> Any:
        return func.coalesce(func.sum(column), 0).label(name)

    return [
        func.count().label("calls"),
        func.count().filter(UsageRow.status != "ok").label("failed"),
        func.count().filter(UsageRow.cost_usd.is_(None)).label("unpriced"),
        added(UsageRow.input_tokens, "input_tokens"),
        added(UsageRow.output_tokens, "output_tokens"),
        added(UsageRow.audio_s, "audio_s"),
        added(UsageRow.characters, "characters"),
        added(UsageRow.cost_usd, "cost_usd"),
        func.sum(UsageRow.cost_usd * func.coalesce(UsageRow.inr_per_usd, present)).label("cost_inr"),
    ]


def told(row: Row[Any]) -> dict[str, Any]:
    return {
        "calls": row.calls,
        "failed": row.failed,
        "unpriced": row.unpriced,
        "input_tokens": int(row.input_tokens),
        "output_tokens": int(row.output_tokens),
        "audio_s": row.audio_s,
        "characters": int(row.characters),
        "cost_usd": Decimal(row.cost_usd),
        "cost_inr": None if row.cost_inr is None else Decimal(row.cost_inr).quantize(PAISA),
    }
