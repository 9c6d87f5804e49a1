"""Invitations: an offer of a place in the organization, sent by e-mail as a link that works once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.actor import Actor
from auricle.db.keyset import Order, in_order
from auricle.db.session import actor_of
from auricle.db.uniques import flush_unique
from auricle.errors import Conflict, NotFound
from auricle.identity import mail
from auricle.identity.custom_roles import Role, check_givable, hold_organization, roles_of
from auricle.identity.models import (
    Account,
    Invitation,
    Member,
    MemberStatus,
    Organization,
    OrganizationStatus,
)
from auricle.identity.tokens import new_secret
from auricle.jobs.app import task
from auricle.jobs.queue import enqueue

if TYPE_CHECKING:
    from auricle.assembly import Assembly

LIFETIME = timedelta(days=7)
MAX_OPEN = 500  # invitations of one organization

STILL_OPEN = (Invitation.accepted_at.is_(None), Invitation.revoked_at.is_(None))


class AlreadyMember(Conflict):
    """This person is a member already."""

    code = "member.already"


class AlreadyInvited(Conflict):
    """This person has an open invitation."""

    code = "invitation.open"


class TooManyInvitations(Conflict):
    """Too many invitations are open."""

    code = "invitation.too_many"


class OrganizationNotActive(Conflict):
    """This organization is not active."""

    code = "organization.not_active"


@dataclass(frozen=True, slots=True)
class Offer:
    """Who is invited, and as what."""

    email: str
    role_id: UUID
    given_name: str = ""
    family_name: str = ""
    language: str = "en"


async def invite(db: AsyncSession, offer: Offer) -> Invitation:
    """Offer a role that the actor may give. The mail goes once this transaction has committed."""
    await hold_organization(db)
    await active_organization(db)
    role = (await roles_of(db)).get(offer.role_id)
    if role is None:
        raise NotFound("No such role.")
    check_givable(db, role.permissions)
    email = offer.email.lower()
    await check_open(db, email)
    _, unknown = new_secret()  # the letter's own is made when it is sent: until then nothing opens this
    invitation = Invitation(
        email=email,
        role=role.base,
        role_id=role.role_id,
        given_name=offer.given_name,
        family_name=offer.family_name,
        language=offer.language,
        hash=unknown,
        invited_by=actor_of(db).member_id,
        expires_at=datetime.now(UTC) + LIFETIME,
    )
    db.add(invitation)
    await flush_unique(db, {"uq_invitation_open": AlreadyInvited()})
    await enqueue(db, "identity.mail_invitation", invitation_id=invitation.id)
    return invitation


async def check_open(db: AsyncSession, email: str) -> None:
    """Whether this address may be invited; an invitation that expired makes room for the new one."""
    standing = await db.scalar(
        select(Member.status).join(Account, Account.id == Member.account_id).where(Account.email == email)
    )
    if standing not in (None, MemberStatus.REMOVED):
        raise AlreadyMember(status=standing.value if standing else "")
    await db.execute(
        update(Invitation)
        .where(Invitation.email == email, *STILL_OPEN, Invitation.expires_at <= func.now())
        .values(revoked_at=func.now())
    )
    if (await db.scalar(select(func.count()).where(*STILL_OPEN)) or 0) >= MAX_OPEN:
        raise TooManyInvitations(limit=MAX_OPEN)


async def send_again(db: AsyncSession, invitation_id: UUID) -> Invitation:
    """A new letter and a new term for an open invitation; the link that was sent before stops working."""
    await hold_organization(db)
    await active_organization(db)
    invitation = await open_invitation(db, invitation_id)
    check_givable(db, (await role_offered(db, invitation)).permissions)
    invitation.expires_at, invitation.sent_at = datetime.now(UTC) + LIFETIME, None
    lock = f"invitation:{invitation.id}"
    await enqueue(db, "identity.mail_invitation", queueing_lock=lock, invitation_id=invitation.id)
    await db.flush()
    return invitation


async def take_back(db: AsyncSession, invitation_id: UUID) -> None:
    await hold_organization(db)
    invitation = await open_invitation(db, invitation_id)
    check_givable(db, (await role_offered(db, invitation)).permissions)
    invitation.revoked_at = datetime.now(UTC)


async def list_invitations(db: AsyncSession, order: Order, *, limit: int) -> Sequence[tuple[Invitation, Role]]:
    """Open ones (those that expired too, for they can be sent again)."""
    invitations = select(Invitation).where(*STILL_OPEN, *shown_to(actor_of(db)))
    statement = await in_order(db, invitations, order, Invitation.id, limit=limit)
    return [(one, await role_offered(db, one)) for one in (await db.scalars(statement)).all()]


@task("identity.mail_invitation", retries=8, timeout_s=60)
async def mail_invitation(assembly: Assembly, actor: Actor, invitation_id: UUID) -> None:
    """Make the link and send it. A second attempt makes a new one, and the first stops working."""
    async with assembly.database.transaction(actor) as db:
        letter = await letter_of(db, invitation_id, assembly.settings.base_url)
    if letter is None:
        return
    await mail.send(assembly.settings.mail, letter)
    async with assembly.database.transaction(actor) as db:
        await db.execute(update(Invitation).where(Invitation.id == invitation_id).values(sent_at=func.now()))


async def letter_of(db: AsyncSession, invitation_id: UUID, base_url: str) -> mail.Letter | None:
    """The letter of an invitation, with a new secret, or nothing if it was used or taken back meanwhile. The secret
    stands behind `#`, which no browser sends to any server and no log sees.
    """
    invitation = await db.scalar(
        select(Invitation).where(Invitation.id == invitation_id, *STILL_OPEN).with_for_update()
    )
    organization = await db.get(Organization, actor_of(db).organization_id)
    if invitation is None or organization is None:
        return None
    secret, invitation.hash = new_secret()
    subject, text = TEXTS.get(invitation.language, TEXTS["en"])
    link = f"{base_url}/invitation#token={token_of(organization.id, secret)}"
    return mail.Letter(
        to=invitation.email,
        subject=subject.format(organization=organization.name),
        text=text.format(organization=organization.name, link=link, days=LIFETIME.days),
    )


def shown_to(actor: Actor) -> list[ColumnElement[bool]]:
    """That somebody is to be a patient here is for those who may read patients."""
    return [] if actor.may("patients:read") else [Invitation.role != "patient"]


async def open_invitation(db: AsyncSession, invitation_id: UUID) -> Invitation:
    invitation = await db.scalar(
        select(Invitation).where(Invitation.id == invitation_id, *STILL_OPEN, *shown_to(actor_of(db)))
    )
    if invitation is None:
        raise NotFound("No such open invitation.")
    return invitation


async def role_offered(db: AsyncSession, invitation: Invitation) -> Role:
    wanted = invitation.role_id
    return next(
        role
        for role in (await roles_of(db)).values()
        if (role.id == wanted if wanted is not None else role.built_in and role.name == invitation.role)
    )


async def active_organization(db: AsyncSession) -> Organization:
    organization = await db.get(Organization, actor_of(db).organization_id)
    if organization is None or organization.status is not OrganizationStatus.ACTIVE:
        raise OrganizationNotActive
    return organization


def token_of(organization_id: UUID, secret: str) -> str:
    return f"{organization_id.hex}.{secret}"


TEXTS = {
    "en": (
        "Your invitation to {organization}",
        "You are invited to work with {organization} on Auricle.\n\nAccept here within {days} days; the link works"
        " once:\n{link}\n\nIf you did not expect this, ignore it: without the link nothing happens.\n",
    ),
    "hi": (
        "{organization} का आमंत्रण",
        "आपको Auricle पर {organization} के साथ काम करने के लिए आमंत्रित किया गया है।\n\n{days} दिनों के भीतर यहाँ स्वीकार करें;"
        " यह लिंक एक ही बार काम करता है:\n{link}\n\nयदि आपको इसकी अपेक्षा नहीं थी, तो इसे अनदेखा करें।\n",
    ),
}
