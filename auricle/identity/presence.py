"""From an access token to an actor: is the sign-in still good, and what may this person do here, now?

Looked up in the database and kept for one second, so that a revocation or a new role holds everywhere within that;
sooner where word of it comes (`revocation.py`).
"""

import time
from collections import OrderedDict
from uuid import UUID

from sqlalchemy import func, select

from auricle.actor import Actor
from auricle.db.session import Database
from auricle.identity.custom_roles import permissions_in
from auricle.identity.models import Account, AuthSession, Member, MemberStatus, Organization, OrganizationStatus
from auricle.identity.roles import PLATFORM_ADMIN
from auricle.identity.tokens import BadToken, Claims, read_access
from auricle.patients.models import Patient


class Presence:
    def __init__(self, database: Database, secret: bytes, *, fresh_s: float = 1.0, size: int = 20_000) -> None:
        self._database, self._secret = database, secret
        self._fresh_s, self._size = fresh_s, size
        self._seen: OrderedDict[UUID, tuple[float, Actor]] = OrderedDict()
        self._read: OrderedDict[str, Claims] = OrderedDict()
        self._forgotten = 0

    async def actor(self, token: str) -> Actor:
        """The actor behind an access token. Raises `BadToken` when the sign-in is over."""
        claims = self._claims(token)
        seen = self._seen.get(claims.session_id)
        if seen and seen[0] > time.monotonic() and seen[1].organization_id == claims.organization_id:
            return seen[1]
        asked, forgotten = time.monotonic(), self._forgotten
        actor = await self.look_up(claims)
        if self._forgotten == forgotten:  # else what was read may be what has just changed
            self._seen[claims.session_id] = (asked + self._fresh_s, actor)
        while len(self._seen) > self._size:
            self._seen.popitem(last=False)
        return actor

    def _claims(self, token: str) -> Claims:
        """What a token says. One that was checked is not checked again while it lasts: that is a tenth of a request."""
        claims = self._read.get(token)
        if claims is not None and claims.expires_at > time.time():
            return claims
        self._read.pop(token, None)
        claims = self._read[token] = read_access(self._secret, token)
        while len(self._read) > self._size:
            self._read.popitem(last=False)
        return claims

    def forget(self, session_id: UUID) -> None:
        self._forgotten += 1
        self._seen.pop(session_id, None)

    def forget_all_of(self, id: UUID) -> None:
        """Look an account's, or a whole organization's, people up anew."""
        self._forgotten += 1
        for session_id, (_, actor) in list(self._seen.items()):
            if id in (actor.account_id, actor.organization_id):
                del self._seen[session_id]

    async def look_up(self, claims: Claims) -> Actor:
        who = Actor(kind="user", organization_id=claims.organization_id, account_id=claims.account_id)
        statement = (
            select(
                Account.platform_admin,
                Member.role,
                Member.role_id,
                func.coalesce(Patient.merged_into, Patient.id).label("patient_id"),
            )
            .join(AuthSession, AuthSession.account_id == Account.id)
            .outerjoin(
                Member,
                (Member.account_id == Account.id)
                & (Member.organization_id == claims.organization_id)
                & (Member.status == MemberStatus.ACTIVE),
            )
            .outerjoin(
                Organization,
                (Organization.id == Member.organization_id) & (Organization.status == OrganizationStatus.ACTIVE),
            )
            .outerjoin(
                Patient, (Patient.account_id == Account.id) & (Patient.organization_id == claims.organization_id)
            )
            .where(
                AuthSession.id == claims.session_id,
                AuthSession.organization_id.is_not_distinct_from(claims.organization_id),
                AuthSession.revoked_at.is_(None),
                AuthSession.expires_at > func.now(),
                Account.id == claims.account_id,
                Account.disabled_at.is_(None),
                (Organization.id.is_not(None)) | (claims.organization_id is None),
            )
        )
        async with self._database.transaction(who) as db:
            row = (await db.execute(statement)).one_or_none()
            if row is None:
                raise BadToken("You are signed out.")
            permissions = await permissions_in(db, row.role or "", row.role_id)
        if row.platform_admin:
            permissions |= PLATFORM_ADMIN
        return Actor(
            kind="user",
            organization_id=claims.organization_id,
            account_id=claims.account_id,
            member_id=claims.member_id,
            role=row.role or "platform_admin",
            permissions=permissions,
            session_id=claims.session_id,
            patient_id=row.patient_id,
        )
