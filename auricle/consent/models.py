"""Consent and what follows from it: texts, decisions, holds, retention, exports, erasures."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from auricle.db.base import Base, Tenant


class Kind(StrEnum):
    """What a patient agrees to, each apart from the others."""

    RECORDING = "recording"
    AI_USE = "ai_use"
    SHARING = "sharing"
    TRAINING = "training"  # of models, with what no longer tells who the patient is


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


class LegalHold(Tenant, Base):
    """While it stands nothing of this patient is erased. `reason` is sealed under the organization's key."""

    __tablename__ = "legal_hold"
    patient_id: Mapped[UUID]
    reason: Mapped[bytes]
    placed_by: Mapped[UUID | None]
    released_by: Mapped[UUID | None]
    released_at: Mapped[datetime | None]


class RetentionRule(Tenant, Base):
    """How long an organization keeps one class of data; `days` null: for ever."""

    __tablename__ = "retention_rule"
    data_class: Mapped[str]
    days: Mapped[int | None]
    updated_by: Mapped[UUID | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Erasure(Tenant, Base):
    """One patient erased: who wanted it, what went, and the signed certificate once it is complete."""

    __tablename__ = "erasure"
    patient_id: Mapped[UUID]
    reason: Mapped[str]  # patient_request | retention | mistake | law
    requested_by: Mapped[UUID | None]
    status: Mapped[str] = mapped_column(default="erasing")
    counts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    erased_at: Mapped[datetime | None]
    certificate: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))


class PatientExport(Tenant, Base):
    """One export of everything about a patient: a sealed file, taken once, gone soon."""

    __tablename__ = "patient_export"
    patient_id: Mapped[UUID]
    requested_by: Mapped[UUID]
    status: Mapped[str] = mapped_column(default="queued")  # queued | ready | taken | expired | failed
    failure_code: Mapped[str | None]
    byte_size: Mapped[int | None] = mapped_column(BigInteger)
    content_hash: Mapped[str | None]
    expires_at: Mapped[datetime | None]
    taken_at: Mapped[datetime | None]
