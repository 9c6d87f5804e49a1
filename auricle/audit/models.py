"""The audit: entries written by trigger or by `record`, and the links that seal them into a chain."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, FetchedValue, text
from sqlalchemy.orm import Mapped, mapped_column

from auricle.db.base import Base

OWN_ORGANIZATION = text("nullif(current_setting('auricle.organization', true), '')::uuid")


class AuditEntry(Base):
    """Who did what to which row, when, from where. The application can add entries, never change or remove one."""

    __tablename__ = "audit_entry"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, server_default=FetchedValue())
    organization_id: Mapped[UUID] = mapped_column(server_default=OWN_ORGANIZATION)
    xid: Mapped[int] = mapped_column(BigInteger, server_default=FetchedValue())
    at: Mapped[datetime] = mapped_column(server_default=FetchedValue())
    actor_id: Mapped[UUID | None] = mapped_column(server_default=FetchedValue())
    member_id: Mapped[UUID | None] = mapped_column(server_default=FetchedValue())
    request_id: Mapped[str] = mapped_column(server_default=FetchedValue())
    address: Mapped[str] = mapped_column(server_default=FetchedValue())
    user_agent: Mapped[str] = mapped_column(server_default=FetchedValue())
    action: Mapped[str]
    entity: Mapped[str]
    entity_id: Mapped[UUID | None]
    old: Mapped[dict[str, Any] | None]
    new: Mapped[dict[str, Any] | None]
    outcome: Mapped[str] = mapped_column(server_default=FetchedValue())
    reason: Mapped[str | None]


class AuditLink(Base):
    """One link of an organization's hash chain: position, the entry it seals, and the hash up to here.

    `horizon`: every entry of a transaction before it was sealed with this link or an earlier one.
    """

    __tablename__ = "audit_link"
    organization_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=OWN_ORGANIZATION)
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    entry_id: Mapped[int] = mapped_column(BigInteger)
    horizon: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[bytes]
    sealed_at: Mapped[datetime] = mapped_column(server_default=FetchedValue())
