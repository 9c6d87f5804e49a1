"""What rates look like from outside. Money is decimal text."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from auricle.billing.rates import Unit
from auricle.providers.ports import Capability

Charged = Capability | Literal["rag"]
Money = Annotated[Decimal, Field(ge=0, le=1_000_000, max_digits=16, decimal_places=9)]
Source = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]*$")
]


class RateIn(BaseModel):
    """A price from a day on. It is never edited: a new price is a new rate, and the later one wins."""

    model_config = ConfigDict(extra="forbid")

    provider: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{1,40}$")] = Field(
        description="An account's name, or a vendor's for all its accounts.", examples=["deepgram"]
    )
    capability: Charged
    model: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)] | None = None
    unit: Unit
    price: Money = Field(examples=["0.0048"])
    output_price: Money | None = Field(None, description="Of tokens that were made, where it is another; `1m_tokens`.")
    currency: Literal["USD", "INR"] = "USD"
    since: date = Field(description="It prices calls of this day and later; a recomputation those that were before.")
    source: Source = Field(description="Where the price stands: a contract, a page, a day.", examples=["contract 4711"])

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.output_price is not None and self.unit != "1m_tokens":
            raise ValueError("only tokens have a price of their own for what was made")
        return self


class RateOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    provider: str
    capability: str
    model: str | None
    unit: str
    price: Decimal
    output_price: Decimal | None
    currency: str
    since: date
    source: str
    created_at: datetime
    created_by: UUID | None
    withdrawn_at: datetime | None
    withdrawn_by: UUID | None


class CardRate(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    provider: str
    capability: str
    model: str | None
    unit: str
    price: Decimal
    output_price: Decimal | None
    currency: str
    since: date
    source: str


class CardOut(BaseModel):
    """The rates as they lie over one another: for each call the first list that has a row for it prices it."""

    organization: Sequence[CardRate]
    platform: Sequence[CardRate]
    shipped: Sequence[CardRate]
    inr_per_usd: Decimal | None
    exchange_date: date | None
    exchange_source: str | None


class ExchangeIn(BaseModel):
    """Rupees for a dollar from a day on."""

    model_config = ConfigDict(extra="forbid")

    inr_per_usd: Annotated[Decimal, Field(gt=0, le=100_000, max_digits=12, decimal_places=6)] = Field(examples=["88.5"])
    since: date
    source: Source = Field(examples=["reference rate of the Reserve Bank"])


class ExchangeOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    inr_per_usd: Decimal
    since: date
    source: str
    created_at: datetime
    withdrawn_at: datetime | None
