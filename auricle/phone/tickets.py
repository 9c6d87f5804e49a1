"""The one-time ticket of a call's media socket: letters and digits only, for that is all that carriers pass on."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.identity.tickets import BadTicket
from auricle.identity.tokens import hash_of
from auricle.phone.models import PhoneCall

LIFETIME_S = 60
HEX = 32  # of the organization's id, which stands in front so that even the look-up stays inside it


@dataclass(frozen=True, slots=True)
class Ticket:
    organization_id: UUID
    secret: str

    @classmethod
    def read(cls, text: str) -> "Ticket":
        """Raises `BadTicket`."""
        try:
            return cls(UUID(hex=text[:HEX]), text[HEX:])
        except ValueError:
            raise BadTicket from None


async def issue(db: AsyncSession, call: PhoneCall, *, lifetime_s: int = LIFETIME_S) -> str:
    """A new ticket for a call. One issued before is good no more."""
    secret = secrets.token_hex(32)
    call.ticket_hash = hash_of(secret)
    call.ticket_expires_at = datetime.now(UTC) + timedelta(seconds=lifetime_s)
    await db.flush()
    return f"{call.organization_id.hex}{secret}"


async def redeem(db: AsyncSession, ticket: Ticket) -> UUID:
    """Use a ticket up: which call it opens. Raises `BadTicket`; the transaction's organization is the ticket's own."""
    call_id: UUID | None = await db.scalar(
        update(PhoneCall)
        .where(PhoneCall.ticket_hash == hash_of(ticket.secret), PhoneCall.ticket_expires_at > datetime.now(UTC))
        .values(ticket_hash=None)
        .returning(PhoneCall.id)
    )
    if call_id is None:
        raise BadTicket
    return call_id
