"""API keys: how machines of an organization sign in.

A key is `auk_` and 32 random bytes in base 62. Only its hash is stored, so it can be shown once. It may do what its
scopes name and its maker may still do; when the maker is no longer a member, it ends.
"""

import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped

from auricle.actor import Actor
from auricle.db.base import Base, Tenant
from auricle.db.keyset import BEFORE_ALL, Order, alphabetical, in_order
from auricle.db.session import Database, actor_of
from auricle.errors import Conflict, Forbidden, Invalid, NotFound
from auricle.identity.custom_roles import permissions_in
from auricle.identity.models import Account, Member, MemberStatus, Organization, OrganizationStatus
from auricle.identity.roles import PERMISSIONS
from auricle.identity.tokens import BadToken

PREFIX = "auk_"
BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
LENGTH = 43  # 62^43 > 2^256
MOST_KEYS = 100
USED_EVERY = timedelta(minutes=1)

# What a person must do in person: sign notes, see masked names, and give powers to others.
PERSONAL = frozenset(
    {"notes:approve", "notes:reveal", "own:read", "keys:write", "members:write", "roles:write", "organizations:write"}
)


class ScopeRefused(Forbidden):
    """A key can't do what its maker can't, nor what a person must do in person."""

    code = "key.scope_refused"


class UnknownScope(Invalid):
    """There is no such permission."""

    code = "key.unknown_scope"


class TooManyKeys(Conflict):
    """The organization has as many keys as it may have; revoke one first."""

    code = "key.too_many"


class ApiKey(Tenant, Base):
    """A machine's way in. `hint` is its beginning, to tell keys apart in a list."""

    __tablename__ = "api_key"
    name: Mapped[str]
    hash: Mapped[bytes]
    hint: Mapped[str]
    scopes: Mapped[list[Any]]
    created_by: Mapped[UUID]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    last_used_from: Mapped[str]


def new_key() -> str:
    number, digits = secrets.randbits(256), ""
    for _ in range(LENGTH):
        number, digit = divmod(number, 62)
        digits += BASE62[digit]
    return PREFIX + digits


def hash_of(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()


def grantable(actor: Actor) -> frozenset[str]:
    """The scopes that this person may give to a key."""
    return frozenset(name for name in PERMISSIONS if actor.may(name)) - PERSONAL


async def create_key(db: AsyncSession, name: str, scopes: Collection[str], expires_at: datetime) -> tuple[ApiKey, str]:
    """A key and its text, which is told this once."""
    actor = actor_of(db)
    if actor.member_id is None:
        raise Forbidden("Only members of an organization make keys for it.")
    if unknown := set(scopes) - set(PERMISSIONS):
        raise UnknownScope(count=len(unknown))
    if refused := set(scopes) - grantable(actor):
        raise ScopeRefused(scope=min(refused))
    living = select(func.count()).where(ApiKey.revoked_at.is_(None), ApiKey.expires_at > func.now())
    if (await db.scalar(living) or 0) >= MOST_KEYS:
        raise TooManyKeys(limit=MOST_KEYS)
    secret = new_key()
    key = ApiKey(
        name=name,
        hash=hash_of(secret),
        hint=secret[:8],
        scopes=sorted(scopes),
        created_by=actor.member_id,
        expires_at=expires_at,
        last_used_from="",
    )
    db.add(key)
    await db.flush()
    return key, secret


async def list_keys(db: AsyncSession, order: Order, *, limit: int) -> Sequence[ApiKey]:
    used = func.coalesce(ApiKey.last_used_at, BEFORE_ALL)
    name = alphabetical(ApiKey.name)
    statement = await in_order(db, select(ApiKey), order, ApiKey.id, limit=limit, name=name, last_used_at=used)
    return (await db.scalars(statement)).all()


async def revoke_key(db: AsyncSession, key_id: UUID) -> None:
    """End a key; it stops within a second in every process."""
    key = await db.get(ApiKey, key_id, with_for_update=True)
    if key is None:
        raise NotFound("No such key.")
    key.revoked_at = key.revoked_at or datetime.now(UTC)


class Machines:
    """From a key to an actor, kept for a second, as `Presence` does for people."""

    def __init__(self, database: Database, *, fresh_s: float = 1.0, size: int = 10_000) -> None:
        self._database, self._fresh_s, self._size = database, fresh_s, size
        self._seen: OrderedDict[bytes, tuple[float, Actor]] = OrderedDict()

    @staticmethod
    def is_key(token: str) -> bool:
        return token.startswith(PREFIX)

    async def actor(self, token: str, address: str) -> Actor:
        """The machine behind a key. Raises `BadToken` when it is unknown, over, or its maker has gone."""
        if len(token) != len(PREFIX) + LENGTH:
            raise BadToken
        hashed = hash_of(token)
        seen = self._seen.get(hashed)
        if seen and seen[0] > time.monotonic():
            return seen[1]
        actor = await self._look_up(hashed, address)
        self._seen[hashed] = (time.monotonic() + self._fresh_s, actor)
        while len(self._seen) > self._size:
            self._seen.popitem(last=False)
        return actor

    async def _look_up(self, hashed: bytes, address: str) -> Actor:
        async with self._database.transaction(Actor.nobody()) as db:
            organization_id = await db.scalar(text("select api_key_organization(:hash)"), {"hash": hashed})
        if organization_id is None:
            raise BadToken
        async with self._database.transaction(Actor.nobody().inside(organization_id)) as db:
            row = (await db.execute(LIVING.where(ApiKey.hash == hashed))).one_or_none()
            if row is None:
                raise BadToken("This key is over.")
            allowed = await permissions_in(db, row.Member.role, row.Member.role_id)
        actor = Actor(
            kind="key",
            organization_id=organization_id,
            account_id=row.ApiKey.id,
            role="api_key",
            permissions=frozenset(row.ApiKey.scopes) & allowed - PERSONAL,
        )
        await self._note_use(actor, row.ApiKey, address)
        return actor

    async def _note_use(self, actor: Actor, key: ApiKey, address: str) -> None:
        if key.last_used_at is not None and key.last_used_at > datetime.now(UTC) - USED_EVERY:
            return
        idle = or_(ApiKey.last_used_at.is_(None), ApiKey.last_used_at < func.now() - USED_EVERY)
        async with self._database.transaction(replace(actor, address=address)) as db:
            await db.execute(
                update(ApiKey)
                .where(ApiKey.id == key.id, idle)
                .values(last_used_at=func.now(), last_used_from=address[:64])
            )


LIVING = (
    select(ApiKey, Member)
    .join(Member, Member.id == ApiKey.created_by)
    .join(Organization, Organization.id == ApiKey.organization_id)
    .join(Account, Account.id == Member.account_id)
    .where(
        ApiKey.revoked_at.is_(None),
        ApiKey.expires_at > func.now(),
        Member.status == MemberStatus.ACTIVE,
        Organization.status == OrganizationStatus.ACTIVE,
        Account.disabled_at.is_(None),
    )
)
