"""What usage and cost look like from outside. Money is decimal text; None is unknown, never 0."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class UsageOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    at: datetime
    consultation_id: UUID | None
    session_id: UUID | None
    agent_id: UUID | None
    capability: str = Field(examples=["llm"])
    provider: str = Field(examples=["groq"])
    model: str | None
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
    cost_usd: Decimal | None
    rate_source: str | None
    rate_date: date | None


class Sums(BaseModel):
    calls: int
    failed: int = Field(description="Calls that did not end well.")
    unpriced: int = Field(description="Calls whose cost nobody knows; they are in no sum.")
    input_tokens: int
    output_tokens: int
    audio_s: float
    characters: int
    cost_usd: Decimal
    cost_inr: Decimal | None = Field(description="At the exchange rate of today's rate card.")


class CostRow(Sums):
    provider: str
    capability: str
    model: str | None


class CostBreakdown(BaseModel):
    rows: list[CostRow]
    total: Sums
    inr_per_usd: Decimal | None
    exchange_date: date | None
