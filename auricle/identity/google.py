"""Sign in with Google (or whichever OpenID provider is set): for accounts that exist already.

The browser keeps a `flow` secret while it is away; only with it, and with the state that came back, is a code taken.
So nobody can make another sign in to the wrong account by handing them a link.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import orjson
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from auricle.actor import Actor
from auricle.db.base import Base
from auricle.errors import Conflict
from auricle.identity.lockout import Clock, utc_now
from auricle.identity.models import Account
from auricle.identity.openid import CALLBACK, Identity, OpenIdProvider, OutsideRefused
from auricle.identity.sessions import Desk, Tokens, find_place
from auricle.identity.sign_in import go_on
from auricle.identity.tokens import hash_of, new_secret
from auricle.identity.trail import as_account, note

LIFETIME = timedelta(minutes=10)


class NotLinked(Conflict):
    """An account has this address, but has not proven it: set its password by mail once, then this works."""

    code = "authentication.outside_not_linked"


class OutsideIdentity(Base):
    """Who an account is at a provider. By the provider's own number: addresses change hands."""

    __tablename__ = "outside_identity"
    issuer: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[UUID]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class OutsideSignIn(Base):
    """A browser is at the provider. Nonce and PKCE verifier are sealed; flow and state are hashes."""

    __tablename__ = "outside_sign_in"
    hash: Mapped[bytes] = mapped_column(primary_key=True)
    state_hash: Mapped[bytes]
    secrets: Mapped[bytes]
    organization: Mapped[str | None]
    expires_at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Begun:
    url: str
    flow: str


async def begin(
    desk: Desk, provider: OpenIdProvider, organization: str | None, seen: Actor, clock: Clock = utc_now
) -> Begun:
    """Where to send the browser, and the secret it keeps meanwhile."""
    (flow, flow_hash), (state, state_hash) = new_secret(), new_secret()
    nonce, verifier = new_secret()[0], new_secret()[0]
    url = await provider.authorization_url(_callback(desk), state=state, nonce=nonce, verifier=verifier)
    row = UUID(bytes=flow_hash[:16])
    sealed = desk.keyring.installation.seal(orjson.dumps([nonce, verifier]).decode(), "outside_sign_in", "secrets", row)
    async with desk.database.transaction(seen) as db:
        await db.execute(delete(OutsideSignIn).where(OutsideSignIn.expires_at < clock()))
        db.add(
            OutsideSignIn(
                hash=flow_hash,
                state_hash=state_hash,
                secrets=sealed,
                organization=organization,
                expires_at=clock() + LIFETIME,
            )
        )
    return Begun(url, flow)


async def finish(
    desk: Desk, provider: OpenIdProvider, *, flow: str, state: str, code: str, seen: Actor, clock: Clock = utc_now
) -> Tokens:
    """The browser is back with a code.

    Raises:
        OutsideRefused: the flow is unknown, used or too old, the state is not its own, what the provider signed does
            not fit, or nobody here is known under that identity.
        NotLinked, SecondFactorNeeded.
    """
    async with desk.database.transaction(seen) as db:
        begun = await _taken(db, flow)
    if begun is None or begun.expires_at <= clock() or not hmac.compare_digest(begun.state_hash, hash_of(state)):
        raise OutsideRefused
    row = UUID(bytes=begun.hash[:16])
    nonce, verifier = orjson.loads(desk.keyring.installation.open(begun.secrets, "outside_sign_in", "secrets", row))
    identity = await provider.identity(code, _callback(desk), nonce=nonce, verifier=verifier)
    async with desk.database.transaction(seen) as db:
        account = await _account_of(db, identity)
    place = await find_place(desk.database, account, begun.organization, seen) if account else None
    if account is None or place is None:
        raise OutsideRefused("Nobody here signs in with this identity.")
    async with desk.database.transaction(as_account(seen, account.id)) as db:
        await note(db, account.id, "outside_sign_in")
    return await go_on(desk, {}, account.id, place, seen, clock)


async def _taken(db: AsyncSession, flow: str) -> OutsideSignIn | None:
    """Use a flow up, whatever becomes of it."""
    statement = delete(OutsideSignIn).where(OutsideSignIn.hash == hash_of(flow)).returning(OutsideSignIn)
    return await db.scalar(statement)


async def _account_of(db: AsyncSession, identity: Identity) -> Account | None:
    """The account of this identity; at the first time, the one whose proven address the provider has verified.

    An address that nobody proved to us could have been registered by a stranger who waits for its owner.
    """
    account = await db.scalar(
        select(Account)
        .join(OutsideIdentity, OutsideIdentity.account_id == Account.id)
        .where(OutsideIdentity.issuer == identity.issuer, OutsideIdentity.subject == identity.subject)
    )
    if account is None and identity.email_verified and identity.email:
        account = await db.scalar(select(Account).where(Account.email == identity.email))
        if account is not None and account.email_verified_at is None:
            raise NotLinked
        if account is not None and account.disabled_at is None:
            db.add(OutsideIdentity(issuer=identity.issuer, subject=identity.subject, account_id=account.id))
    return account if account is not None and account.disabled_at is None else None


def _callback(desk: Desk) -> str:
    return desk.settings.base_url + CALLBACK
