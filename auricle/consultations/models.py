"""Consultations, their live sessions, and what was said. Text is sealed under the patient's key."""

from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.orm import Mapped, mapped_column

from auricle.db.base import Base, Tenant


class ConsultationType(StrEnum):
    TEXT = "text"
    VOICE = "voice"
    VIDEO = "video"
    PHONE = "phone"
    IN_PERSON = "in_person"


class ConsultationStatus(StrEnum):
    ACTIVE = "active"
    ENDED = "ended"


class Consultation(Tenant, Base):
    """One encounter of a patient with a clinician and/or an agent."""

    __tablename__ = "consultation"
    patient_id: Mapped[UUID]
    clinician_id: Mapped[UUID | None]
    agent_version_id: Mapped[UUID]
    type: Mapped[ConsultationType]
    status: Mapped[ConsultationStatus] = mapped_column(default=ConsultationStatus.ACTIVE)
    specialty: Mapped[str | None]
    language: Mapped[str] = mapped_column(default="en")
    visit_date: Mapped[date] = mapped_column(default=date.today)
    notes: Mapped[bytes | None]
    total_s: Mapped[float] = mapped_column(default=0.0)
    ended_at: Mapped[datetime | None]


class ConsultationSession(Tenant, Base):
    """One live connection inside a consultation. `live_since`: it is a call, of which there is one at a time."""

    __tablename__ = "consultation_session"
    consultation_id: Mapped[UUID]
    channel: Mapped[str]
    live_since: Mapped[datetime | None]
    last_activity_at: Mapped[datetime] = mapped_column(server_default=func.now())
    ended_at: Mapped[datetime | None]
    tokens_used: Mapped[int] = mapped_column(default=0)
    calls_used: Mapped[int] = mapped_column(default=0)

    def is_fresh(self, idle_s: float) -> bool:
        """Whether it was used within this time."""
        return (datetime.now(UTC) - self.last_activity_at).total_seconds() < idle_s


class SessionResume(Tenant, Base):
    """The right to come back to a live session: hashes of the token that counts and of the one before it."""

    __tablename__ = "session_resume"
    session_id: Mapped[UUID]
    consultation_id: Mapped[UUID]
    member_id: Mapped[UUID]
    sign_in_id: Mapped[UUID]
    hash: Mapped[bytes]
    previous_hash: Mapped[bytes | None]


class Message(Tenant, Base):
    """One utterance. `heard`: what the patient heard of an interrupted answer. Times are on the session's audio."""

    __tablename__ = "message"
    consultation_id: Mapped[UUID]
    session_id: Mapped[UUID]
    position: Mapped[int]
    sender: Mapped[str]
    text: Mapped[bytes]
    heard: Mapped[bytes | None]
    interrupted: Mapped[bool] = mapped_column(default=False)
    language: Mapped[str | None]
    start_s: Mapped[float | None]
    end_s: Mapped[float | None]
    citations: Mapped[list[Any]] = mapped_column(default=list)
    waterfall: Mapped[dict[str, Any]] = mapped_column(default=dict)
    errors: Mapped[list[Any]] = mapped_column(default=list)
    served: Mapped[dict[str, Any]] = mapped_column(default=dict)
    red_flag: Mapped[str | None]
    processing_ms: Mapped[int | None]


class Alert(Tenant, Base):
    """A red flag that staff must see."""

    __tablename__ = "alert"
    consultation_id: Mapped[UUID | None]  # none of a question to the knowledge
    patient_id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(default="red_flag")
    category: Mapped[str]
    acknowledged_by: Mapped[UUID | None]
    acknowledged_at: Mapped[datetime | None]
