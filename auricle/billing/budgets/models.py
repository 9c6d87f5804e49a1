"""What an organization has spent by month, and what it may."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, Numeric, func
from sqlalchemy.orm import Mapped, mapped_column

from auricle.db.base import Base, Tenant


class Spending(Tenant, Base):
    """The sum of one month, by the organization's own calendar; moved on in the transaction that stores the records.

    `month` is its first day. Dollars and rupees are summed apart: each record has the exchange rate of its own day.
    """

    __tablename__ = "spending"
    month: Mapped[date]
    calls: Mapped[int] = mapped_column(BigInteger, default=0)
    unpriced: Mapped[int] = mapped_column(BigInteger, default=0)  # calls that are in no sum
    cost_usd: Mapped[Decimal] = mapped_column(Numeric(18, 9), default=Decimal(0))
    cost_inr: Mapped[Decimal] = mapped_column(Numeric(18, 9), default=Decimal(0))


class Budget(Tenant, Base):
    """What may be spent in a month. `owner` is who set it: the organization for itself, or the platform for it.

    `warned_for` and `exhausted_for` are the months of which was told already.
    """

    __tablename__ = "budget"
    owner: Mapped[str]
    amount: Mapped[Decimal] = mapped_column(Numeric(14, 2))
    currency: Mapped[str]
    warn_percent: Mapped[int] = mapped_column(default=80)
    warned_for: Mapped[date | None]
    exhausted_for: Mapped[date | None]
    changed_by: Mapped[UUID | None]
    changed_at: Mapped[datetime] = mapped_column(server_default=func.now())

    def spent(self, cost_usd: Decimal, cost_inr: Decimal) -> Decimal:
        """What a month's sums are in the budget's own currency."""
        return cost_inr if self.currency == "INR" else cost_usd
