"""The invited person's side: what a link offers, and taking it.

Holding the link proves the address. Who has an account joins with it, and still signs in with their own password and
second factor; somebody new gets one. The organization's id stands in front of the secret, so that even the look-up of
a stranger stays inside that organization.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.actor import Actor
from auricle.db.session import Database
from auricle.errors import Invalid, NotFound
from auricle.identity.accounts import make_account
from auricle.identity.custom_roles import hold_organization
from auricle.identity.invitations import STILL_OPEN, AlreadyMember, active_organization, role_offered
from auricle.identity.models import Account, Invitation, Member, MemberStatus
from auricle.identity.passwords import check_strength, hash_password
from auricle.identity.sessions import revoke_all
from auricle.identity.tokens import hash_of
from auricle.live.events import publish


class BadInvitation(NotFound):
    """This invitation is not valid, was used or taken back, or has expired."""

    code = "invitation.invalid"


class PasswordNeeded(Invalid):
    """Choose a password: there is no account of this address yet."""

    code = "invitation.password_needed"


@dataclass(frozen=True, slots=True)
class Shown:
    """What the holder of a link is told before accepting."""

    organization: str
    slug: str
    email: str
    role: str
    has_account: bool


async def look_at(database: Database, token: str, seen: Actor) -> Shown:
    """What an invitation offers, for whoever holds its link."""
    organization_id, hashed = parts_of(token)
    async with database.transaction(seen.inside(organization_id)) as db:
        invitation = await usable_invitation(db, hashed)
        organization = await active_organization(db)
        known = await db.scalar(
            select(Account.id).where(Account.email == invitation.email, Account.email_verified_at.is_not(None))
        )
        role = await role_offered(db, invitation)
    return Shown(organization.name, organization.slug, invitation.email, role.name, known is not None)


async def accept(
    database: Database, token: str, seen: Actor, *, password: str | None, given_name: str, family_name: str
) -> Shown:
    """Use an invitation up: the person becomes a member, with their account or a new one."""
    organization_id, hashed = parts_of(token)
    async with database.transaction(seen.inside(organization_id)) as db:
        await hold_organization(db)
        organization = await active_organization(db)
        invitation = await usable_invitation(db, hashed)
        role = await role_offered(db, invitation)
        account = await account_for(db, invitation.email, password)
        given, family = given_name or invitation.given_name, family_name or invitation.family_name
        member = await take_place(db, account, invitation, given, family)
        invitation.accepted_at = datetime.now(UTC)
        await db.flush()
        await publish(db, "member.joined", member_id=member.id)
    return Shown(organization.name, organization.slug, invitation.email, role.name, True)


async def account_for(db: AsyncSession, email: str, password: str | None) -> Account:
    """The account of whoever holds a link that was sent to this address. One that never proved the address may be a
    stranger's who was there first: it gets a new password and what was signed in to it is signed out, as by a reset.
    """
    account = await db.scalar(select(Account).where(Account.email == email).with_for_update())
    if account is None or account.email_verified_at is None:
        if password is None:
            raise PasswordNeeded
        if account is None:
            account = await make_account(db, email, password)
        else:
            check_strength(password, about=(email, account.username or ""))
            account.password_hash = await hash_password(password)
            await revoke_all(db, account.id, "password set by invitation")
        account.email_verified_at = datetime.now(UTC)
    if account.disabled_at is not None:
        raise BadInvitation
    return account


async def take_place(db: AsyncSession, account: Account, invitation: Invitation, given: str, family: str) -> Member:
    """A new member, or one who was removed and comes back under the same id."""
    member = await db.scalar(select(Member).where(Member.account_id == account.id).with_for_update())
    if member is None:
        member = Member(account_id=account.id)
        db.add(member)
    elif member.status is not MemberStatus.REMOVED:
        raise AlreadyMember(status=member.status.value)
    member.role, member.role_id = invitation.role, invitation.role_id
    member.status, member.language = MemberStatus.ACTIVE, invitation.language
    member.given_name, member.family_name = given, family
    await db.flush()
    return member


async def usable_invitation(db: AsyncSession, hashed: bytes) -> Invitation:
    invitation = await db.scalar(
        select(Invitation).where(Invitation.hash == hashed, *STILL_OPEN, Invitation.expires_at > func.now())
    )
    if invitation is None:
        raise BadInvitation
    return invitation


def parts_of(token: str) -> tuple[UUID, bytes]:
    organization, _, secret = token.partition(".")
    try:
        return UUID(hex=organization), hash_of(secret)
    except ValueError:
        raise BadInvitation from None
