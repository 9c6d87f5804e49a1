"""Sign-ins that are under way: started, refreshed with rotation and reuse detection, listed and ended."""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.actor import Actor
from auricle.audit.reads import record
from auricle.db.sealed import Keyring
from auricle.db.session import Database
from auricle.errors import NotFound, Unauthenticated
from auricle.identity.models import (
    Account,
    AuthSession,
    Member,
    MemberStatus,
    Organization,
    OrganizationStatus,
    RefreshToken,
)
from auricle.identity.tokens import Claims, hash_of, issue_access, new_secret
from auricle.identity.trail import as_account, note
from auricle.settings import Settings

GRACE = timedelta(seconds=10)  # tabs of one browser refresh at the same moment with the same token
MOST_LISTED = 100


class RefreshRefused(Unauthenticated):
    """Sign in again."""

    code = "authentication.refresh_refused"


class Desk(Protocol):
    """What signing in needs of a running process."""

    @property
    def database(self) -> Database: ...
    @property
    def settings(self) -> Settings: ...
    @property
    def keyring(self) -> Keyring: ...


@dataclass(frozen=True, slots=True)
class Tokens:
    access: str
    refresh: str
    expires_in_s: int  # of the access token
    ends_in_s: int  # of the sign-in
    claims: Claims
    role: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody signs in to: a membership, or the platform itself."""

    organization_id: UUID | None
    member_id: UUID | None
    role: str


PLATFORM = Place(None, None, "platform_admin")


async def start_session(desk: Desk, account_id: UUID, place: Place, seen: Actor) -> Tokens:
    """Start a sign-in: a family of refresh tokens that ends, whatever happens, after `refresh_token_s`."""
    refresh, hashed = new_secret()
    who = Actor(
        kind="user",
        organization_id=place.organization_id,
        account_id=account_id,
        member_id=place.member_id,
        request_id=seen.request_id,
        address=seen.address,
        user_agent=seen.user_agent,
    )
    async with desk.database.transaction(who) as db:
        session = AuthSession(
            account_id=account_id,
            organization_id=place.organization_id,
            member_id=place.member_id,
            expires_at=datetime.now(UTC) + timedelta(seconds=desk.settings.refresh_token_s),
            address=seen.address[:64],
            user_agent=seen.user_agent[:200],
        )
        db.add(session)
        await db.flush()
        db.add(RefreshToken(hash=hashed, session_id=session.id))
        if place.organization_id is not None:
            await record(db, "sign_in", "account", account_id)
    return _tokens(desk, session, place.role, refresh)


async def refresh_tokens(desk: Desk, token: str, seen: Actor, now: datetime | None = None) -> Tokens:
    """Exchange a refresh token for new ones. One that was used before ends the sign-in for whoever holds it.

    Within `GRACE` the same client gets the same successor again. It is derived, not stored: who reads the database
    finds hashes only.
    """
    now = now or datetime.now(UTC)
    reused = False
    async with desk.database.transaction(seen) as db:
        found = await db.get(RefreshToken, hash_of(token), with_for_update=True)
        session = await db.get(AuthSession, found.session_id, with_for_update=True) if found else None
        if found is None or session is None or is_over(session, desk.settings, now):
            raise RefreshRefused
        following = successor(desk.keyring.token_secret, token)
        if found.used_at is None:
            found.used_at = session.last_used_at = now
            db.add(RefreshToken(hash=hash_of(following), session_id=session.id))
        elif now - found.used_at > GRACE or session.user_agent != seen.user_agent[:200]:
            reused = True
            await revoke(db, session.id, "refresh token used twice")
    if reused:
        async with desk.database.transaction(as_account(seen, session.account_id)) as db:
            await note(db, session.account_id, "refresh_reuse", outcome="refused")
        raise RefreshRefused
    place = await current_place(desk.database, session.account_id, session.organization_id)
    if place is None:
        raise RefreshRefused
    return _tokens(desk, session, place.role, following)


def is_over(session: AuthSession, settings: Settings, now: datetime) -> bool:
    idle_since = session.last_used_at + timedelta(seconds=settings.sign_in_idle_s)
    return session.revoked_at is not None or session.expires_at <= now or idle_since <= now


def successor(secret: bytes, token: str) -> str:
    """The refresh token that follows another. Only we can tell which it is."""
    digest = hmac.new(secret, b"refresh successor\0" + token.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


async def current_place(database: Database, account_id: UUID, organization_id: UUID | None) -> Place | None:
    """Where this account stands in this organization (or on the platform) now; None if nowhere any more."""
    async with database.transaction(Actor(kind="user", organization_id=organization_id, account_id=account_id)) as db:
        account = await db.get(Account, account_id)
        if account is None or account.disabled_at is not None:
            return None
        if organization_id is None:
            return PLATFORM if account.platform_admin else None
        member = await db.scalar(
            select(Member)
            .join(Organization, Organization.id == Member.organization_id)
            .where(
                Member.account_id == account_id,
                Member.status == MemberStatus.ACTIVE,
                Organization.status == OrganizationStatus.ACTIVE,
            )
        )
    return Place(organization_id, member.id, member.role) if member else None


async def find_place(database: Database, account: Account, slug: str | None, seen: Actor) -> Place | None:
    """Where an account may sign in: the organization of this slug, or the first it joined, or the platform."""
    async with database.transaction(as_account(seen, account.id)) as db:
        statement = (
            select(Member, Organization.slug)
            .join(Organization, Organization.id == Member.organization_id)
            .where(
                Member.account_id == account.id,
                Member.status == MemberStatus.ACTIVE,
                Organization.status == OrganizationStatus.ACTIVE,
            )
            .order_by(Member.created_at)
            .limit(100)
        )
        rows = (await db.execute(statement)).all()
    for member, name in rows:
        if slug is None or name == slug:
            return Place(member.organization_id, member.id, member.role)
    return PLATFORM if account.platform_admin and slug is None else None


async def revoke(db: AsyncSession, session_id: UUID, reason: str) -> None:
    """End a sign-in; access tokens of it stop within a second, live sockets within five."""
    await db.execute(
        update(AuthSession)
        .where(AuthSession.id == session_id, AuthSession.revoked_at.is_(None))
        .values(revoked_at=func.now(), revoked_reason=reason)
    )


async def revoke_all(db: AsyncSession, account_id: UUID, reason: str, *, but: UUID | None = None) -> None:
    """End every sign-in of an account, or every other one."""
    await db.execute(
        update(AuthSession)
        .where(
            AuthSession.account_id == account_id,
            AuthSession.revoked_at.is_(None),
            AuthSession.id.is_distinct_from(but),
        )
        .values(revoked_at=func.now(), revoked_reason=reason)
    )


async def live_sessions(
    db: AsyncSession, account_id: UUID, settings: Settings, now: datetime
) -> Sequence[tuple[AuthSession, str | None]]:
    """An account's sign-ins that are not over, the last used first, with the name of the organization each is for."""
    statement = (
        select(AuthSession, Organization.name)
        .outerjoin(Organization, Organization.id == AuthSession.organization_id)
        .where(
            AuthSession.account_id == account_id,
            AuthSession.revoked_at.is_(None),
            AuthSession.expires_at > now,
            AuthSession.last_used_at > now - timedelta(seconds=settings.sign_in_idle_s),
        )
        .order_by(AuthSession.last_used_at.desc())
        .limit(MOST_LISTED)
    )
    return [(session, name) for session, name in (await db.execute(statement)).all()]


async def end_own(db: AsyncSession, account_id: UUID, session_id: UUID) -> None:
    """End one of an account's own sign-ins. Raises `NotFound` for anybody else's."""
    session = await db.get(AuthSession, session_id)
    if session is None or session.account_id != account_id or session.revoked_at is not None:
        raise NotFound
    await revoke(db, session_id, "ended by its owner")


def _tokens(desk: Desk, session: AuthSession, role: str, refresh: str) -> Tokens:
    claims = Claims(session.account_id, session.id, session.organization_id, session.member_id)
    lifetime_s = desk.settings.access_token_s
    access = issue_access(desk.keyring.token_secret, claims, lifetime_s=lifetime_s)
    left_s = int((session.expires_at - datetime.now(UTC)).total_seconds())
    return Tokens(access, refresh, lifetime_s, max(0, left_s), claims, role)
