"""Register, log in, refresh with rotation and reuse detection, log out."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.actor import Actor
from auricle.audit.reads import record
from auricle.db.session import Database
from auricle.errors import Conflict, Unauthenticated
from auricle.identity.models import (
    Account,
    AuthSession,
    Member,
    MemberStatus,
    Organization,
    OrganizationStatus,
    RefreshToken,
)
from auricle.identity.passwords import check_strength, hash_password, verify
from auricle.identity.tokens import Claims, hash_of, issue_access, new_secret
from auricle.settings import Settings

FIRST_ACCOUNT_LOCK = 7_236_002


class WrongCredentials(Unauthenticated):
    """The name or the password is wrong."""

    code = "authentication.wrong_credentials"


class RefreshRefused(Unauthenticated):
    """Sign in again."""

    code = "authentication.refresh_refused"


class RegistrationRefused(Conflict):
    """This registration can't be made."""

    code = "authentication.registration_refused"


@dataclass(frozen=True, slots=True)
class Tokens:
    access: str
    refresh: str
    expires_in_s: int
    claims: Claims
    role: str


@dataclass(frozen=True, slots=True)
class Place:
    """A membership that a person may sign in to."""

    organization_id: UUID | None
    member_id: UUID | None
    role: str


async def make_account(db: AsyncSession, email: str, password: str | None, *, username: str | None = None) -> Account:
    """Add an account; the first one of an installation becomes platform admin."""
    if password is not None:
        check_strength(password)
    hashed = await hash_password(password) if password is not None else None
    await db.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": FIRST_ACCOUNT_LOCK})
    first = not await db.scalar(select(select(Account.id).exists()))
    taken = await db.scalar(
        select(Account.id).where((Account.email == email.lower()) | (Account.username == (username or "").lower()))
    )
    if taken is not None:
        raise RegistrationRefused
    account = Account(
        email=email.lower(), username=username.lower() if username else None, password_hash=hashed, platform_admin=first
    )
    db.add(account)
    await db.flush()
    return account


async def open_organization(database: Database, slug: str) -> Organization:
    """The organization of this name that lets patients register themselves."""
    async with database.transaction(Actor.nobody()) as db:
        organization = await db.scalar(
            select(Organization).where(
                Organization.slug == slug,
                Organization.status == OrganizationStatus.ACTIVE,
                Organization.open_registration,
            )
        )
    if organization is None:
        raise RegistrationRefused
    return organization


async def log_in(
    database: Database,
    settings: Settings,
    secret: bytes,
    *,
    login: str,
    password: str,
    organization: str | None,
    seen: Actor,
) -> Tokens:
    """Sign in by e-mail or username, into the organization of this slug or the only (or first) one."""
    name = login.lower().strip()
    async with database.transaction(seen) as db:
        account = await db.scalar(select(Account).where((Account.email == name) | (Account.username == name)))
    fits = await verify(password, account.password_hash if account else None)
    if account is None or not fits or account.disabled_at is not None:
        await _note_failure(database, account, seen)
        raise WrongCredentials
    place = await choose_place(database, account, organization, seen)
    return await start_session(database, settings, secret, account, place, seen)


async def choose_place(database: Database, account: Account, slug: str | None, seen: Actor) -> Place:
    who = Actor(kind="user", account_id=account.id, address=seen.address, user_agent=seen.user_agent)
    async with database.transaction(who) as db:
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
    if account.platform_admin and slug is None:
        return Place(None, None, "platform_admin")
    raise WrongCredentials


async def start_session(
    database: Database, settings: Settings, secret: bytes, account: Account, place: Place, seen: Actor
) -> Tokens:
    refresh, hashed = new_secret()
    who = Actor(
        kind="user",
        organization_id=place.organization_id,
        account_id=account.id,
        member_id=place.member_id,
        request_id=seen.request_id,
        address=seen.address,
        user_agent=seen.user_agent,
    )
    async with database.transaction(who) as db:
        session = AuthSession(
            account_id=account.id,
            organization_id=place.organization_id,
            member_id=place.member_id,
            expires_at=datetime.now(UTC) + timedelta(seconds=settings.refresh_token_s),
            address=seen.address[:64],
            user_agent=seen.user_agent[:200],
        )
        db.add(session)
        await db.flush()
        db.add(RefreshToken(hash=hashed, session_id=session.id))
        if place.organization_id is not None:
            await record(db, "sign_in", "account", account.id)
    return _tokens(settings, secret, session, place.role, refresh)


async def refresh_tokens(database: Database, settings: Settings, secret: bytes, token: str, seen: Actor) -> Tokens:
    """Exchange a refresh token for new ones. One that was used before ends the sign-in for whoever holds it."""
    reused: AuthSession | None = None
    async with database.transaction(seen) as db:
        found = await db.get(RefreshToken, hash_of(token), with_for_update=True)
        session = await db.get(AuthSession, found.session_id, with_for_update=True) if found else None
        if found is None or session is None or session.revoked_at or session.expires_at < datetime.now(UTC):
            raise RefreshRefused
        if found.used_at is not None:
            reused = session
            await revoke(db, session.id, "refresh token used twice")
        else:
            found.used_at = datetime.now(UTC)
            session.last_used_at = datetime.now(UTC)
            refresh, hashed = new_secret()
            db.add(RefreshToken(hash=hashed, session_id=session.id))
    if reused is not None:
        await _note_reuse(database, reused, seen)
        raise RefreshRefused
    place = await _current_place(database, session)
    return _tokens(settings, secret, session, place.role, refresh)


async def revoke(db: AsyncSession, session_id: UUID, reason: str) -> None:
    """End a sign-in; access tokens of it stop within a second."""
    await db.execute(
        update(AuthSession)
        .where(AuthSession.id == session_id, AuthSession.revoked_at.is_(None))
        .values(revoked_at=func.now(), revoked_reason=reason)
    )


async def _current_place(database: Database, session: AuthSession) -> Place:
    if session.organization_id is None:
        return Place(None, None, "platform_admin")
    who = Actor(kind="user", organization_id=session.organization_id, account_id=session.account_id)
    async with database.transaction(who) as db:
        member = await db.get(Member, session.member_id)
    if member is None or member.status is not MemberStatus.ACTIVE:
        raise RefreshRefused
    return Place(session.organization_id, member.id, member.role)


def _tokens(settings: Settings, secret: bytes, session: AuthSession, role: str, refresh: str) -> Tokens:
    claims = Claims(session.account_id, session.id, session.organization_id, session.member_id)
    access = issue_access(secret, claims, lifetime_s=settings.access_token_s)
    return Tokens(access, refresh, settings.access_token_s, claims, role)


async def _note_failure(database: Database, account: Account | None, seen: Actor) -> None:
    """A refused sign-in goes to the audit of every organization the account belongs to."""
    if account is None:
        return
    who = Actor(kind="user", account_id=account.id, address=seen.address, user_agent=seen.user_agent)
    async with database.transaction(who) as db:
        places = (
            await db.scalars(select(Member.organization_id).where(Member.account_id == account.id).limit(20))
        ).all()
    for organization_id in places:
        async with database.transaction(who.inside(organization_id)) as db:
            await record(db, "sign_in", "account", account.id, outcome="refused")


async def _note_reuse(database: Database, session: AuthSession, seen: Actor) -> None:
    if session.organization_id is not None:
        who = Actor(
            kind="user",
            organization_id=session.organization_id,
            account_id=session.account_id,
            address=seen.address,
            user_agent=seen.user_agent,
        )
        async with database.transaction(who) as db:
            await record(db, "refresh_reuse", "account", session.account_id, outcome="refused")
