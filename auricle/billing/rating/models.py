"""Rates that people have set, as stored. A row is never edited: a new price is a new row, and one set wrongly is
withdrawn."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Numeric, func
from sqlalchemy.orm import Mapped, mapped_column

from auricle.db.base import Base, Tenant, new_id


class Dated:
    """Who set it, from when on it holds, and whether it was taken back."""

    since: Mapped[date]
    source: Mapped[str]
    created_by: Mapped[UUID | None]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[UUID | None]


class Priced(Dated):
    """A price as in `rates.Rate`."""

    provider: Mapped[str]
    capability: Mapped[str]
    model: Mapped[str | None]
    unit: Mapped[str]
    price: Mapped[Decimal] = mapped_column(Numeric(18, 9))
    output_price: Mapped[Decimal | None] = mapped_column(Numeric(18, 9))
    currency: Mapped[str]


class RateRow(Priced, Tenant, Base):
    """What an organization itself pays, or wants to count with."""

    __tablename__ = "rate"


class PlatformRateRow(Priced, Base):
    """What the installation pays. Every organization reads it; only who acts in none may add or withdraw."""

    __tablename__ = "platform_rate"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ExchangeRow(Dated, Base):
    """Rupees for a dollar, from a day on."""

    __tablename__ = "exchange_rate"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    inr_per_usd: Mapped[Decimal] = mapped_column(Numeric(12, 6))
