"""One-time links: a secret sent by mail that does one thing once, for a while. Stored as hashes."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from auricle.db.base import Base
from auricle.errors import Invalid
from auricle.identity.tokens import hash_of, new_secret


class BadLink(Invalid):
    """This link is not valid, was used, or has expired."""

    code = "validation.bad_link"


class OneTimeLink(Base):
    """The hash of a link's secret, for one account and one purpose."""

    __tablename__ = "one_time_link"
    hash: Mapped[bytes] = mapped_column(primary_key=True)
    purpose: Mapped[str]
    account_id: Mapped[UUID]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


async def make_link(db: AsyncSession, purpose: str, account_id: UUID, *, lifetime_s: int, now: datetime) -> str:
    """A new secret; those made before for the same purpose stop working."""
    await void_links(db, purpose, account_id, now)
    secret, hashed = new_secret()
    db.add(
        OneTimeLink(
            hash=hashed,
            purpose=purpose,
            account_id=account_id,
            created_at=now,
            expires_at=now + timedelta(seconds=lifetime_s),
        )
    )
    await db.flush()
    return secret


async def find_link(db: AsyncSession, purpose: str, secret: str, now: datetime) -> UUID:
    """The account a link was made for, while it works. Raises `BadLink`."""
    account_id = await db.scalar(select(OneTimeLink.account_id).where(*_works(purpose, secret, now)))
    if account_id is None:
        raise BadLink
    return account_id


async def use_link(db: AsyncSession, purpose: str, secret: str, now: datetime) -> UUID:
    """Use a link up, in this transaction; the account it was made for. Raises `BadLink`."""
    account_id: UUID | None = await db.scalar(
        update(OneTimeLink).where(*_works(purpose, secret, now)).values(used_at=now).returning(OneTimeLink.account_id)
    )
    if account_id is None:
        raise BadLink
    return account_id


async def void_links(db: AsyncSession, purpose: str, account_id: UUID, now: datetime) -> None:
    await db.execute(
        update(OneTimeLink)
        .where(OneTimeLink.account_id == account_id, OneTimeLink.purpose == purpose, OneTimeLink.used_at.is_(None))
        .values(used_at=now)
    )


async def made_since(db: AsyncSession, purpose: str, account_id: UUID, since: datetime) -> int:
    """How many links were made for this since then."""
    return (
        await db.scalar(
            select(func.count()).where(
                OneTimeLink.account_id == account_id, OneTimeLink.purpose == purpose, OneTimeLink.created_at > since
            )
        )
        or 0
    )


def _works(purpose: str, secret: str, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        OneTimeLink.hash == hash_of(secret),
        OneTimeLink.purpose == purpose,
        OneTimeLink.used_at.is_(None),
        OneTimeLink.expires_at > now,
    )
