"""Metered provider calls, as stored."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, Numeric
from sqlalchemy.orm import Mapped, mapped_column

from auricle.db.base import Base, Tenant


class UsageRow(Tenant, Base):
    """One attempt at a provider. None is unknown, never 0.

    All but cost, rate and exchange rate is as it was metered, and never changed; those follow from it, by the rates.
    """

    __tablename__ = "usage_record"
    at: Mapped[datetime]
    consultation_id: Mapped[UUID | None]
    session_id: Mapped[UUID | None]
    agent_id: Mapped[UUID | None]
    note_id: Mapped[UUID | None]
    capability: Mapped[str]
    provider: Mapped[str]
    model: Mapped[str | None]
    status: Mapped[str]
    attempt: Mapped[int] = mapped_column(default=1)
    first_ms: Mapped[float | None]
    total_ms: Mapped[float]
    input_tokens: Mapped[int | None] = mapped_column(BigInteger)
    output_tokens: Mapped[int | None] = mapped_column(BigInteger)
    cached_tokens: Mapped[int | None] = mapped_column(BigInteger)
    reasoning_tokens: Mapped[int | None] = mapped_column(BigInteger)
    audio_s: Mapped[float | None]
    characters: Mapped[int | None] = mapped_column(BigInteger)
    cost_usd: Mapped[Decimal | None] = mapped_column(Numeric(18, 9))
    rate_source: Mapped[str | None]
    rate_date: Mapped[date | None]
    requests: Mapped[int | None] = mapped_column(BigInteger)
    vendor: Mapped[str | None]
    endpoint: Mapped[str | None]
    language: Mapped[str | None]
    inr_per_usd: Mapped[Decimal | None] = mapped_column(Numeric(12, 6))
    exchange_date: Mapped[date | None]

    @property
    def cost_inr(self) -> Decimal | None:
        """At the exchange rate of its own day."""
        if self.cost_usd is None or self.inr_per_usd is None:
            return None
        return (self.cost_usd * self.inr_per_usd).quantize(Decimal("1e-9"))


class UsageRecomputation(Tenant, Base):
    """One time that the cost of a period was computed again, and what came of it."""

    __tablename__ = "usage_recomputation"
    since: Mapped[datetime]
    until: Mapped[datetime]
    status: Mapped[str] = mapped_column(default="queued")
    records: Mapped[int] = mapped_column(BigInteger, default=0)
    changed: Mapped[int] = mapped_column(BigInteger, default=0)
    before_usd: Mapped[Decimal] = mapped_column(Numeric(18, 9), default=Decimal(0))
    after_usd: Mapped[Decimal] = mapped_column(Numeric(18, 9), default=Decimal(0))
    requested_by: Mapped[UUID | None]
    finished_at: Mapped[datetime | None]
