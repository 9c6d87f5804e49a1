"""Who may listen in, and to which session: the first message of an onlooker's socket."""

import asyncio
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.websockets import WebSocket

from auricle.actor import Actor
from auricle.assembly import Assembly
from auricle.audit.reads import record_read
from auricle.channels.protocols.browser import parsed
from auricle.channels.socket import first_frame
from auricle.channels.wire import BadMessage
from auricle.consultations.lifecycle import find_consultation
from auricle.consultations.models import Consultation, ConsultationSession
from auricle.db.sealed import Key
from auricle.errors import Conflict, Forbidden, Unauthenticated
from auricle.identity.tickets import BadTicket, redeem

FIRST_MESSAGE_S = 10.0


class NobodyThere(Conflict):
    """No live call answers; it may just have ended."""

    code = "listening.nobody_there"


@dataclass(frozen=True, slots=True)
class Post:
    """An admitted onlooker: who, at which session, and the key that opens what is relayed."""

    actor: Actor
    consultation: Consultation
    session_id: UUID
    key: Key


async def admitted(websocket: WebSocket, assembly: Assembly, seen: Actor) -> Post:
    """Read `listen`, use the ticket up, and see that this person may listen to that session."""
    try:
        async with asyncio.timeout(FIRST_MESSAGE_S):
            frame = await first_frame(websocket)
    except TimeoutError:
        raise Unauthenticated("No message came.") from None
    if isinstance(frame, bytes):
        raise BadMessage("The first message is `listen`.")
    wanted = parsed(frame)
    ticket = wanted.get("ticket")
    if wanted.get("type") != "listen" or not isinstance(ticket, str):
        raise BadTicket("The first message is `listen` with a ticket.")
    admission = await redeem(assembly.database, assembly.presence, ticket, seen)
    actor = admission.actor
    if not actor.may("consultations:listen"):
        raise Forbidden("You may not listen to conversations.")
    async with assembly.database.transaction(actor) as db:
        consultation = await find_consultation(db, admission.consultation_id)
        session = await live_session(db, consultation.id)
        key = await assembly.keyring.patient(db, consultation.patient_id)
        await record_read(db, "consultation", consultation.id, session_id=str(session.id), how="listen")
    return Post(actor, consultation, session.id, key)


async def live_session(db: AsyncSession, consultation_id: UUID) -> ConsultationSession:
    """The consultation's newest session that is held by voice. Raises `NobodyThere`."""
    session = await db.scalar(
        select(ConsultationSession)
        .where(
            ConsultationSession.consultation_id == consultation_id,
            ConsultationSession.ended_at.is_(None),
            ConsultationSession.channel != "text",
        )
        .order_by(ConsultationSession.id.desc())
        .limit(1)
    )
    if session is None:
        raise NobodyThere
    return session
