"""A call's media socket: its start message with the ticket, the notice, then the conversation like any other.

Where we refuse, the socket is closed, and the carrier asks `after` what comes next for whoever is on the line.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from starlette.websockets import WebSocket, WebSocketDisconnect

from auricle.actor import Actor
from auricle.assembly import Assembly
from auricle.channels.conversation import Entry, converse
from auricle.channels.entering import join
from auricle.channels.protocols import exotel, plivo, twilio
from auricle.channels.protocols.carrier import CarrierWire, Started
from auricle.channels.socket import CLOSED_NORMALLY, Socket, SocketChannel, close, first_frame, refuse
from auricle.channels.wire import BadMessage, Frame
from auricle.consent.decide import ConsentNeeded
from auricle.consent.models import Kind as Consented
from auricle.consultations.answer import Talk
from auricle.consultations.lifecycle import agent_of, find_consultation
from auricle.consultations.models import ConsultationSession
from auricle.errors import AuricleError, Unauthenticated, Unavailable
from auricle.identity.tickets import BadTicket
from auricle.log import event
from auricle.phone.callers import doorkeeper, refuses_ai, speaking_for, stayed_on_the_line
from auricle.phone.ending import CallEnding
from auricle.phone.lines import Line, find_line
from auricle.phone.models import CallStatus, Kind, PhoneCall
from auricle.phone.notices import heard_out
from auricle.phone.phrases import notice_of
from auricle.phone.status import Progress, advance
from auricle.phone.tickets import Ticket, redeem
from auricle.providers.ports import ProviderFailed
from auricle.voice.admission import Busy
from auricle.voice.ports import ChannelClosed

log = logging.getLogger(__name__)

START_S = 10.0
MOST_BEFORE_START = 3  # `connected`, and what a carrier may yet put before `start`


class NoNotice(Unavailable):
    """The notice could not be spoken, so nobody may listen."""

    code = "phone.no_notice"


@dataclass(frozen=True, slots=True)
class Protocol:
    """How one carrier begins, and its wire from then on."""

    read_start: Callable[[Frame], Started | None]
    wire: Callable[[Started], CarrierWire]


PROTOCOLS: Mapping[Kind, Protocol] = {
    Kind.TWILIO: Protocol(twilio.read_start, twilio.TwilioWire),
    Kind.EXOTEL: Protocol(exotel.read_start, exotel.ExotelWire),
    Kind.PLIVO: Protocol(plivo.read_start, plivo.PlivoWire),
}


@dataclass(frozen=True, slots=True)
class Admitted:
    """A call whose ticket was good."""

    call_id: UUID
    line: Line
    talk: Talk
    notice: str
    doorkeeper: Actor


def media_url(socket_url: str, kind: Kind, ticket: str | None = None) -> str:
    """The socket's address. Exotel alone takes parameters only from it, so its ticket, good once and for a minute,
    stands there.
    """
    query = f"?ticket={ticket}" if ticket else ""
    return f"{socket_url}/ws/phone/{kind.value}{query}"


async def serve(websocket: WebSocket, assembly: Assembly, kind: Kind, seen: Actor) -> None:
    """Hold one call over this socket."""
    await websocket.accept()
    try:
        assembly.calls.check()
        with assembly.calls.lines.at_door():
            started = await began(websocket, kind)
        with assembly.calls.call():
            await admitted(websocket, assembly, kind, started, seen)
    except (WebSocketDisconnect, ChannelClosed):
        return
    except Busy as busy:
        event(log, "call refused", logging.WARNING, reason=str(busy.context.get("reason", "")), provider=kind.value)
        await refuse(websocket, busy)
    except AuricleError as error:
        event(log, "media socket refused", logging.WARNING, error_code=error.code, provider=kind.value)
        await refuse(websocket, error)


async def began(websocket: WebSocket, kind: Kind) -> Started:
    """Wait for the start message. Raises `BadMessage`, `BadAudio` and `Unauthenticated`."""
    try:
        async with asyncio.timeout(START_S):
            for _ in range(MOST_BEFORE_START):
                started = PROTOCOLS[kind].read_start(await first_frame(websocket))
                if started is not None:
                    return started
    except TimeoutError:
        raise Unauthenticated("No start message came.") from None
    raise BadMessage("A stream begins with `start`.")


async def admitted(websocket: WebSocket, assembly: Assembly, kind: Kind, started: Started, seen: Actor) -> None:
    in_address = websocket.query_params.get("ticket", "") if kind is Kind.EXOTEL else ""
    there = await enter(assembly, kind, started, Ticket.read(started.ticket or in_address), seen)
    wire = PROTOCOLS[kind].wire(started)
    ending = CallEnding(assembly, there.doorkeeper, there.line, wire, there.call_id)
    try:
        if not await hears_notice(websocket, assembly, there, wire):
            ending.gone()
            await close(websocket, CLOSED_NORMALLY)
            return
        joined = await join(assembly, there.talk.actor, there.talk.consultation_id, "phone", is_new=False)
        await converse(websocket, assembly, Entry(joined.talk, wire, joined.past, on_ending=ending.before_close))
    finally:
        await ending.settle()


async def enter(assembly: Assembly, kind: Kind, started: Started, ticket: Ticket, seen: Actor) -> Admitted:
    """Use the ticket up, and see that it is of this call on this carrier. Raises `BadTicket`."""
    keeper = doorkeeper(ticket.organization_id, seen)
    async with assembly.database.transaction(keeper) as db:  # of its own: whatever comes next, it is used up
        call_id = await redeem(db, ticket)
    async with assembly.database.transaction(keeper) as db:
        call = await db.get_one(PhoneCall, call_id, with_for_update=True)
        line = await find_line(db, assembly.keyring, call.line_id)
        of_another = (
            line.account.kind is not kind
            or (call.carrier_call_id or started.call_id) != started.call_id
            or (started.account_id or line.account.account_id) != line.account.account_id
            or call.status.is_end
        )
        if of_another or call.patient_id is None or call.consultation_id is None:
            raise BadTicket("This ticket is for another call.")
        call.carrier_call_id = started.call_id
        await advance(db, call, Progress(started.call_id, status=CallStatus.ANSWERED))
        consultation = await find_consultation(db, call.consultation_id)
        serving = await agent_of(db, consultation)
        session_id = await db.scalar(
            select(ConsultationSession.id)
            .where(ConsultationSession.consultation_id == consultation.id)
            .order_by(ConsultationSession.id)
            .limit(1)
        )
        assert session_id is not None
        actor = speaking_for(ticket.organization_id, consultation.patient_id, seen, identified=call.identified)
        talk = Talk(actor, consultation.id, consultation.patient_id, session_id, serving, consultation.language)
    return Admitted(call.id, line, talk, notice_of(line.row.notice, talk.language), keeper)


async def hears_notice(websocket: WebSocket, assembly: Assembly, there: Admitted, wire: CarrierWire) -> bool:
    """Say who is speaking before anybody listens. Whether the caller stayed to its end, which is recorded.

    Raises `NoNotice`, and `ConsentNeeded` where the patient has refused meanwhile: neither is talked to.
    """
    try:
        pcm = await assembly.notices.spoken(assembly, there.talk, there.notice, wire.rate_hz)
    except (ProviderFailed, TimeoutError):
        raise NoNotice from None
    socket = Socket(websocket, assembly.settings)
    channel = SocketChannel(socket, wire)
    try:
        async with aclosing(socket.incoming(wire, channel.send_error)) as incoming:
            stayed = await heard_out(channel, incoming, pcm, assembly.settings.voice.lead_s)
    except ChannelClosed:
        return False
    if stayed:
        async with assembly.database.transaction(there.talk.actor) as db:
            if await refuses_ai(db, there.talk.patient_id):
                raise ConsentNeeded(kind=Consented.AI_USE.value)
            await stayed_on_the_line(db, there.talk.patient_id, there.talk.language)
            call = await db.get_one(PhoneCall, there.call_id)
            call.notice = there.notice
    return stayed
