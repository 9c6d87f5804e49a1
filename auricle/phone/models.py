"""Carrier accounts, phone lines and calls. Numbers and secrets are sealed; a blind token finds a number again."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from auricle.db.base import Base, Tenant


class Kind(StrEnum):
    """The carriers we speak with."""

    TWILIO = "twilio"
    EXOTEL = "exotel"
    PLIVO = "plivo"


class Direction(StrEnum):
    INBOUND = "inbound"
    OUTBOUND = "outbound"


class CallStatus(StrEnum):
    """How far a call has come. The last five are ends."""

    QUEUED = "queued"
    INITIATED = "initiated"
    RINGING = "ringing"
    ANSWERED = "answered"
    COMPLETED = "completed"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    FAILED = "failed"
    CANCELED = "canceled"

    @property
    def step(self) -> int:
        """Calls only go forward; all ends are equally far."""
        return min(list(CallStatus).index(self), 4)

    @property
    def is_end(self) -> bool:
        return self.step == 4


class PhoneCarrier(Tenant, Base):
    """An organization's account at a carrier. `secrets` is a sealed `Secrets` document."""

    __tablename__ = "phone_carrier"
    kind: Mapped[Kind]
    name: Mapped[str]
    account_id: Mapped[str]
    secrets: Mapped[bytes]
    url: Mapped[str | None]
    networks: Mapped[list[Any]] = mapped_column(default=list)


class PhoneLine(Tenant, Base):
    """One number that people call and are called from, and the agent who speaks on it.

    `token` names the line in the addresses a carrier calls; `notice` is what is said first, by language.
    """

    __tablename__ = "phone_line"
    name: Mapped[str]
    carrier_id: Mapped[UUID]
    agent_id: Mapped[UUID]
    language: Mapped[str] = mapped_column(default="en")
    number: Mapped[bytes]
    number_blind: Mapped[bytes]
    handover_number: Mapped[bytes | None]
    token: Mapped[bytes]
    token_hash: Mapped[bytes]
    notice: Mapped[dict[str, Any]] = mapped_column(default=dict)
    active: Mapped[bool] = mapped_column(default=True)


class PhoneCall(Tenant, Base):
    """One call on a line. `number` and `reason` are sealed under the patient's key, else the organization's.

    `identified`: the number was known as one patient's. `notice` holds the words that were said before anything else.
    """

    __tablename__ = "phone_call"
    line_id: Mapped[UUID]
    carrier_call_id: Mapped[str | None]
    direction: Mapped[Direction]
    status: Mapped[CallStatus] = mapped_column(default=CallStatus.QUEUED)
    patient_id: Mapped[UUID | None]
    identified: Mapped[bool] = mapped_column(default=False)
    consultation_id: Mapped[UUID | None]
    number: Mapped[bytes | None]
    number_blind: Mapped[bytes | None]
    reason: Mapped[bytes | None]
    requested_by: Mapped[UUID | None]
    ended_because: Mapped[str | None]
    answered_by: Mapped[str | None]
    notice: Mapped[str | None]
    answered_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    seconds: Mapped[int | None]
    ticket_hash: Mapped[bytes | None]
    ticket_expires_at: Mapped[datetime | None]
