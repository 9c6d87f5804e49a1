"""Organizations, accounts, members and sign-ins."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, func
from sqlalchemy.orm import Mapped, mapped_column

from auricle.db.base import Base, Tenant, new_id


class OrganizationStatus(StrEnum):
    ACTIVE = "active"
    SUSPENDED = "suspended"
    CLOSED = "closed"


class Organization(Base):
    """A tenant: a hospital, clinic or company; nothing crosses it."""

    __tablename__ = "organization"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str]
    slug: Mapped[str]
    kind: Mapped[str] = mapped_column(default="hospital")
    email: Mapped[str]
    contact_name: Mapped[str] = mapped_column(default="")
    status: Mapped[OrganizationStatus] = mapped_column(default=OrganizationStatus.ACTIVE)
    open_registration: Mapped[bool] = mapped_column(default=False)
    time_zone: Mapped[str] = mapped_column(default="UTC")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Account(Base):
    """A person who signs in. May belong to several organizations; holds no clinical data."""

    __tablename__ = "account"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    email: Mapped[str]
    username: Mapped[str | None]
    password_hash: Mapped[str | None]
    platform_admin: Mapped[bool] = mapped_column(default=False)
    disabled_at: Mapped[datetime | None]
    email_verified_at: Mapped[datetime | None]  # when a link sent to the address was last used
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class MemberStatus(StrEnum):
    ACTIVE = "active"
    INVITED = "invited"
    SUSPENDED = "suspended"
    REMOVED = "removed"


class Member(Tenant, Base):
    """An account's place in one organization. `role` is a built-in one; `role_id` a custom one below it, if any."""

    __tablename__ = "member"
    account_id: Mapped[UUID]
    role: Mapped[str]
    role_id: Mapped[UUID | None]
    status: Mapped[MemberStatus] = mapped_column(default=MemberStatus.ACTIVE)
    given_name: Mapped[str] = mapped_column(default="")
    family_name: Mapped[str] = mapped_column(default="")
    language: Mapped[str] = mapped_column(default="en")
    specialty: Mapped[str | None]
    profile: Mapped[bytes | None]  # birth date, gender, phone, address: sealed under the organization's key

    @property
    def full_name(self) -> str:
        return f"{self.given_name} {self.family_name}".strip()


class CustomRole(Tenant, Base):
    """A role of an organization's own, below a built-in one (`base`) or another custom one (`parent_id`)."""

    __tablename__ = "custom_role"
    name: Mapped[str]
    base: Mapped[str]
    parent_id: Mapped[UUID | None]
    permissions: Mapped[list[Any]]


class Department(Tenant, Base):
    __tablename__ = "department"
    name: Mapped[str]
    description: Mapped[str] = mapped_column(default="")


class Specialty(Tenant, Base):
    __tablename__ = "specialty"
    name: Mapped[str]
    description: Mapped[str] = mapped_column(default="")


class Invitation(Tenant, Base):
    """An offer of a place in the organization, sent to an e-mail address as a link that works once."""

    __tablename__ = "invitation"
    email: Mapped[str]
    role: Mapped[str]
    role_id: Mapped[UUID | None]
    given_name: Mapped[str] = mapped_column(default="")
    family_name: Mapped[str] = mapped_column(default="")
    language: Mapped[str] = mapped_column(default="en")
    hash: Mapped[bytes]
    sent_at: Mapped[datetime | None]
    invited_by: Mapped[UUID | None]
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class AuthSession(Base):
    """One sign-in on one device: a family of refresh tokens, revoked as a whole."""

    __tablename__ = "auth_session"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[UUID]
    organization_id: Mapped[UUID | None]
    member_id: Mapped[UUID | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    last_used_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    revoked_reason: Mapped[str | None]
    address: Mapped[str] = mapped_column(default="")
    user_agent: Mapped[str] = mapped_column(default="")


class RefreshToken(Base):
    """The hash of one refresh token. Used once; a second use ends the whole sign-in."""

    __tablename__ = "refresh_token"
    hash: Mapped[bytes] = mapped_column(primary_key=True)
    session_id: Mapped[UUID] = mapped_column(ForeignKey("auth_session.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    used_at: Mapped[datetime | None]


class Ticket(Tenant, Base):
    """A one-time key to one WebSocket, valid for seconds; stored as a hash, deleted when used."""

    __tablename__ = "ticket"
    hash: Mapped[bytes]
    session_id: Mapped[UUID | None]
    member_id: Mapped[UUID]
    consultation_id: Mapped[UUID | None]
    expires_at: Mapped[datetime]
