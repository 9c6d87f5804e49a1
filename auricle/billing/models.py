"""Metered provider calls, as stored."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, Numeric
from sqlalchemy.orm import Mapped, mapped_column

from auricle.db.base import Base, Tenant


class UsageRow(Tenant, Base):
    """One attempt at a provider. None is unknown, never 0."""

    __tablename__ = "usage_record"
    at: Mapped[datetime]
    consultation_id: Mapped[UUID | None]
    session_id: Mapped[UUID | None]
    agent_id: Mapped[UUID | None]
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
