"""What usage and cost look like from outside. Money is decimal text; None is unknown, never 0."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field


class UsageOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    at: datetime
    consultation_id: UUID | None
    session_id: UUID | None
    agent_id: UUID | None
    capability: str = Field(examples=["llm"])
    provider: str = Field(examples=["groq"])
    vendor: str | None
    model: str | None
    language: str | None = Field(description="Of the call.")
    status: str = Field(examples=["ok"])
    attempt: int
    first_ms: float | None = Field(description="Until the first event.")
    total_ms: float
    input_tokens: int | None
    output_tokens: int | None
    cached_tokens: int | None
    reasoning_tokens: int | None
    audio_s: float | None
    characters: int | None
    requests: int | None = Field(description="Billed ones, where the vendor bills by the request.")
    cost_usd: Decimal | None = Field(description="Null: nobody knows.")
    rate_source: str | None
    rate_date: date | None
    cost_inr: Decimal | None = Field(description="At the exchange rate that held on its day.")
    inr_per_usd: Decimal | None
    exchange_date: date | None


class Sums(BaseModel):
    calls: int
    failed: int = Field(description="Calls that did not end well.")
    unpriced: int = Field(description="Calls whose cost nobody knows; they are in no sum.")
    input_tokens: int
    output_tokens: int
    audio_s: float
    characters: int
    cost_usd: Decimal
    cost_inr: Decimal | None = Field(description="Each call at the exchange rate of its own day.")


class CostRow(Sums):
    provider: str
    capability: str
    model: str | None


class CostBreakdown(BaseModel):
    rows: list[CostRow]
    total: Sums
    inr_per_usd: Decimal | None = Field(description="Today.")
    exchange_date: date | None


class RecomputationIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    since: AwareDatetime = Field(description="The first moment of the period.")
    until: AwareDatetime = Field(description="The first moment after it; two years later at most.")


class RecomputationOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    since: datetime
    until: datetime
    status: str = Field(examples=["done"])
    records: int
    changed: int = Field(description="Records whose cost, rate or exchange rate is another now.")
    before_usd: Decimal
    after_usd: Decimal
    requested_by: UUID | None
    created_at: datetime
    finished_at: datetime | None
