"""Consent: the texts that were shown, and what each patient decided about them. Both are only ever added to."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from auricle.db.base import Base, Tenant


class Kind(StrEnum):
    """What a patient agrees to, each apart from the others."""

    RECORDING = "recording"
    AI_USE = "ai_use"
    SHARING = "sharing"


class Decision(StrEnum):
    GRANTED = "granted"
    WITHDRAWN = "withdrawn"


class ConsentText(Tenant, Base):
    """One version of one text in one language, as it was shown. `renew`: earlier consents no longer suffice."""

    __tablename__ = "consent_text"
    kind: Mapped[Kind]
    language: Mapped[str]
    version: Mapped[int]
    title: Mapped[str]
    body: Mapped[str]
    hash: Mapped[str]
    renew: Mapped[bool] = mapped_column(default=False)
    published_by: Mapped[UUID | None]


class Consent(Tenant, Base):
    """One decision of a patient; the one with the highest `position` counts. The text is held to by its hash."""

    __tablename__ = "consent"
    patient_id: Mapped[UUID]
    kind: Mapped[Kind]
    position: Mapped[int]
    decision: Mapped[Decision]
    text_id: Mapped[UUID]
    text_version: Mapped[int]
    text_hash: Mapped[str]
    language: Mapped[str]
    decided_by: Mapped[str] = mapped_column(default="patient")  # patient | representative | erasure
    how: Mapped[str] = mapped_column(default="in_app")  # in_app | spoken | paper | phone
    recorded_by: Mapped[UUID | None]
