"""Members who see patients, and when they do."""

from datetime import date, time
from enum import StrEnum
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from auricle.db.base import Base, Tenant


class Professional(Tenant, Base):
    """What an organization keeps of a member who sees patients. `phone` is sealed under the organization's key."""

    __tablename__ = "professional"
    member_id: Mapped[UUID]
    department_id: Mapped[UUID | None]
    specialty_id: Mapped[UUID | None]
    employee_number: Mapped[str | None]
    phone: Mapped[bytes | None]
    bookable: Mapped[bool] = mapped_column(default=True)


class WeeklyHours(Tenant, Base):
    """One opening of a professional's week, in the organization's local time. Monday is 0."""

    __tablename__ = "weekly_hours"
    member_id: Mapped[UUID]
    weekday: Mapped[int]
    opens: Mapped[time]
    closes: Mapped[time]


class ExceptionKind(StrEnum):
    OFF = "off"
    EXTRA = "extra"


class HoursException(Tenant, Base):
    """A day that differs from the week: off (all of it, or between two times) or open for extra hours."""

    __tablename__ = "hours_exception"
    member_id: Mapped[UUID]
    day: Mapped[date]
    kind: Mapped[ExceptionKind]
    opens: Mapped[time | None]
    closes: Mapped[time | None]
