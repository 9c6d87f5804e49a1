"""From raw usage to money: what a record costs by the rates of its day, in dollars, and the rupees of that day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

from auricle.billing.rates import RateCard, cost, exchange_on
from auricle.providers.ports import Usage


class Metered(Protocol):
    """What a price depends on: a `UsageRecord` on its way, or a stored `UsageRow`."""

    @property
    def at(self) -> datetime: ...
    @property
    def provider(self) -> str: ...
    @property
    def vendor(self) -> str | None: ...
    @property
    def endpoint(self) -> str | None: ...
    @property
    def capability(self) -> str: ...
    @property
    def model(self) -> str | None: ...
    @property
    def input_tokens(self) -> int | None: ...
    @property
    def output_tokens(self) -> int | None: ...
    @property
    def cached_tokens(self) -> int | None: ...
    @property
    def reasoning_tokens(self) -> int | None: ...
    @property
    def audio_s(self) -> float | None: ...
    @property
    def characters(self) -> int | None: ...
    @property
    def requests(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Cost:
    """As stored with a usage record. A cost that nobody knows is None, never 0."""

    cost_usd: Decimal | None
    rate_source: str | None
    rate_date: date | None
    inr_per_usd: Decimal | None
    exchange_date: date | None

    @property
    def cost_inr(self) -> Decimal | None:
        return None if self.cost_usd is None or self.inr_per_usd is None else self.cost_usd * self.inr_per_usd


def cost_of(one: Metered, cards: Sequence[RateCard]) -> Cost:
    usage = Usage(
        one.input_tokens,
        one.output_tokens,
        one.cached_tokens,
        one.reasoning_tokens,
        one.audio_s,
        one.characters,
        one.requests,
    )
    price = cost(
        one.vendor or one.provider,  # of records that are older than the column
        one.capability,
        one.model,
        usage,
        one.at,
        url=one.endpoint,
        account=one.provider,
        cards=cards,
    )
    exchange = exchange_on(one.at.date(), cards) if price.usd is not None else None
    return Cost(
        price.usd,
        price.source,
        price.date,
        exchange.inr_per_usd if exchange else None,
        exchange.since if exchange else None,
    )
