"""One-time tickets that open a WebSocket: short-lived, used once, never in a URL's query or a log."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.actor import Actor
from auricle.db.session import Database, actor_of
from auricle.errors import Forbidden, Unauthenticated
from auricle.identity.models import AuthSession, Ticket
from auricle.identity.presence import Presence
from auricle.identity.tokens import Claims, hash_of, new_secret

LIFETIME_S = 30


class BadTicket(Unauthenticated):
    """This ticket is not valid, was used, or has expired."""

    code = "authentication.bad_ticket"


@dataclass(frozen=True, slots=True)
class Admission:
    """What a ticket admits: this actor, to this consultation."""

    actor: Actor
    consultation_id: UUID


async def issue(db: AsyncSession, consultation_id: UUID) -> str:
    """A ticket for the actor of this transaction; the caller has checked that they may join the consultation."""
    actor = actor_of(db)
    if actor.organization_id is None or actor.member_id is None:
        raise Forbidden("Only members of an organization may open a socket.")
    secret, hashed = new_secret()
    expires = datetime.now(UTC) + timedelta(seconds=LIFETIME_S)
    await db.execute(delete(Ticket).where(Ticket.expires_at < datetime.now(UTC)))
    db.add(
        Ticket(
            hash=hashed,
            session_id=actor.session_id,
            member_id=actor.member_id,
            consultation_id=consultation_id,
            expires_at=expires,
        )
    )
    await db.flush()
    return f"{actor.organization_id.hex}.{secret}"


async def redeem(database: Database, presence: Presence, ticket: str, seen: Actor) -> Admission:
    """Use a ticket up. The organization's id stands in front, so that even this look-up stays inside it."""
    organization, _, secret = ticket.partition(".")
    try:
        organization_id = UUID(hex=organization)
    except ValueError:
        raise BadTicket from None
    async with database.transaction(seen.inside(organization_id)) as db:
        used = (
            await db.execute(
                delete(Ticket)
                .where(Ticket.hash == hash_of(secret))
                .returning(Ticket.session_id, Ticket.member_id, Ticket.consultation_id, Ticket.expires_at)
            )
        ).one_or_none()
        signed_in = await db.scalar(select(AuthSession).where(AuthSession.id == used.session_id)) if used else None
    if used is None or signed_in is None or used.consultation_id is None or used.expires_at < datetime.now(UTC):
        raise BadTicket
    claims = Claims(signed_in.account_id, signed_in.id, organization_id, used.member_id)
    return Admission(await presence.look_up(claims), used.consultation_id)
