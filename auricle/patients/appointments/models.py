"""Appointments, and the five-minute slots they take."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from auricle.db.base import Base, Tenant


class AppointmentStatus(StrEnum):
    BOOKED = "booked"
    CANCELLED = "cancelled"
    KEPT = "kept"
    MISSED = "missed"


class Appointment(Tenant, Base):
    """A patient's time with a professional. `reason` is sealed under the patient's key."""

    __tablename__ = "appointment"
    patient_id: Mapped[UUID]
    member_id: Mapped[UUID]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    status: Mapped[AppointmentStatus] = mapped_column(default=AppointmentStatus.BOOKED)
    type: Mapped[str] = mapped_column(default="in_person")
    reason: Mapped[bytes | None]
    booked_by: Mapped[UUID | None]
    cancelled_at: Mapped[datetime | None]


class AppointmentSlot(Tenant, Base):
    """Five minutes of a professional and of a patient. Unique for both: that is what forbids double booking."""

    __tablename__ = "appointment_slot"
    appointment_id: Mapped[UUID]
    member_id: Mapped[UUID]
    patient_id: Mapped[UUID]
    starts_at: Mapped[datetime]
