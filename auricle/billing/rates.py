"""What a provider call costs, by a dated rate card. A price nobody knows is None, never 0.

Audio, translation, reranking and search are priced by `rates.yaml` (later rows win; a row with a model beats one
without). Tokens are priced by the makers' lists in `genai-prices`, which works without a network.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date as Day
from datetime import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Literal

import genai_prices
import yaml
from pydantic import BaseModel, ConfigDict, Field

from auricle.providers.ports import Usage

PCM16_24K_BYTES_PER_S = 48_000
TOKEN_CAPABILITIES = frozenset({"llm", "embedding", "translation"})
# Our vendors' names where the price list calls them differently.
MAKERS = {"voyage": "voyageai"}

Unit = Literal["minute", "megabyte", "1k_characters", "1m_tokens", "1k_requests"]


@dataclass(frozen=True, slots=True)
class Price:
    """`date` is the day of the row or price list used; `source` says which."""

    usd: Decimal | None
    source: str | None = None
    date: Day | None = None


UNKNOWN = Price(None)


class Rate(BaseModel):
    """One row: `price` in `currency` per `unit`, from `since` on. `provider` is a vendor, or an account's name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    provider: str
    capability: str
    model: str | None = None
    unit: Unit
    price: Decimal = Field(ge=0)
    output_price: Decimal | None = Field(None, ge=0)  # of tokens that were made, where it is another than of those read
    currency: Literal["USD", "INR"] = "USD"
    since: Day
    source: str


class ExchangeRate(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    inr_per_usd: Decimal = Field(gt=0)
    since: Day
    source: str


class RateCard(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    rates: tuple[Rate, ...]
    exchange: tuple[ExchangeRate, ...]

    def rate(
        self, provider: str, capability: str, model: str | None, on: Day, account: str | None = None
    ) -> Rate | None:
        """The row in force on a day: the account's own before its vendor's, the model's own before any, then the latest
        (of several of one day the last).
        """
        fitting = [
            ((r.provider == account, r.model is not None, r.since, place), r)
            for place, r in enumerate(self.rates)
            if r.provider in (account, provider)
            and r.capability == capability
            and r.model in (None, model)
            and r.since <= on
        ]
        return max(fitting, key=lambda one: one[0])[1] if fitting else None

    def inr_per_usd(self, on: Day) -> ExchangeRate | None:
        """The latest of before; of several of one day the last."""
        found = [one for one in sorted(self.exchange, key=lambda e: e.since) if one.since <= on]
        return found[-1] if found else None


def load(path: Path) -> RateCard:
    """Read and check a rate card."""
    return RateCard.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))


@cache
def shipped() -> RateCard:
    return load(Path(__file__).with_name("rates.yaml"))


def cost(
    provider: str,
    capability: str,
    model: str | None,
    usage: Usage,
    at: datetime,
    *,
    url: str | None = None,
    account: str | None = None,
    cards: Sequence[RateCard] = (),
) -> Price:
    """The cost of one call to a vendor (`provider`), by the first of the cards that has a row for it.

    The shipped card lies below them all. `url` tells whose prices an OpenAI-compatible server has.
    """
    for card in (*cards, shipped()):
        rate = card.rate(provider, capability, model, at.date(), account)
        if rate is not None:
            return _by_card(exchange_on(at.date(), cards), rate, usage)
    if capability in TOKEN_CAPABILITIES and model:
        return _by_tokens(provider, model, usage, at, url)
    return UNKNOWN


def exchange_on(on: Day, cards: Sequence[RateCard] = ()) -> ExchangeRate | None:
    """Rupees for a dollar on a day; None before the first rate."""
    found = (card.inr_per_usd(on) for card in (*cards, shipped()))
    return next((one for one in found if one is not None), None)


_QUANTITY: Mapping[str, Callable[[Usage], Decimal | None]] = {
    "minute": lambda u: None if u.audio_s is None else Decimal(str(u.audio_s)) / 60,
    # The card's "MB" is 10^6 bytes of the audio we ask for: PCM16 mono at 24 kHz.
    "megabyte": lambda u: None if u.audio_s is None else Decimal(str(u.audio_s)) * PCM16_24K_BYTES_PER_S / 10**6,
    "1k_characters": lambda u: None if u.characters is None else Decimal(u.characters) / 1000,
    "1k_requests": lambda u: None if u.requests is None else Decimal(u.requests) / 1000,
    "1m_tokens": lambda u: None if u.input_tokens is None else Decimal(u.input_tokens + (u.output_tokens or 0)) / 10**6,
}


def _by_card(exchange: ExchangeRate | None, rate: Rate, usage: Usage) -> Price:
    if rate.price == 0 and not rate.output_price:  # said to be free: whatever was used
        return Price(Decimal(0), rate.source, rate.since)
    quantity = _QUANTITY[rate.unit](usage)
    if quantity is None:
        return UNKNOWN
    amount = quantity * rate.price
    if rate.output_price is not None and rate.unit == "1m_tokens":
        amount += Decimal(usage.output_tokens or 0) / 10**6 * (rate.output_price - rate.price)
    if rate.currency == "INR":
        if exchange is None:
            return UNKNOWN
        amount /= exchange.inr_per_usd
    return Price(amount.quantize(Decimal("1e-9")), rate.source, rate.since)


def _by_tokens(provider: str, model: str, usage: Usage, at: datetime, url: str | None) -> Price:
    if usage.input_tokens is None:
        return UNKNOWN
    asked = genai_prices.Usage(
        input_tokens=usage.input_tokens, output_tokens=usage.output_tokens, cache_read_tokens=usage.cached_tokens
    )
    maker = MAKERS.get(provider, provider)
    where: Sequence[dict[str, Any]] = [{"provider_id": maker}, *([{"provider_api_url": url}] if url else [])]
    for hint in where:
        try:
            found = genai_prices.calc_price(asked, model, genai_request_timestamp=at, **hint)
        except (LookupError, ValueError):
            continue
        if found.total_price > 0:  # the list has rows that say 0 for what it can't price
            return Price(
                found.total_price.quantize(Decimal("1e-9")), f"genai-prices {genai_prices.__version__}", at.date()
            )
    return UNKNOWN
