"""Exports of examples for training, as stored."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from auricle.db.base import Base, Tenant


class FinetuneExport(Tenant, Base):
    """One export. The file lies sealed under the organization's key; `patient_ids` are those whom it rests on.

    `read_at` is when reading began: consent that was withdrawn since makes the export void.
    """

    __tablename__ = "finetune_export"
    requested_by: Mapped[UUID]
    wanted: Mapped[dict[str, Any]]
    status: Mapped[str] = mapped_column(default="queued")  # queued | ready | failed | expired
    failure_code: Mapped[str | None]
    manifest: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    patient_ids: Mapped[list[Any]] = mapped_column(JSONB, default=list)
    byte_size: Mapped[int | None] = mapped_column(BigInteger)
    content_hash: Mapped[str | None]
    read_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    taken: Mapped[int] = mapped_column(default=0)
