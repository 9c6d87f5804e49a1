"""How a browser or an app enters: the page it comes from, its ticket, init-session."""

import asyncio
from urllib.parse import urlsplit

from starlette.websockets import WebSocket, WebSocketDisconnect

from auricle.actor import Actor
from auricle.assembly import Assembly
from auricle.channels.conversation import Entry, converse
from auricle.channels.protocols import browser
from auricle.channels.socket import first_frame, refuse, tell
from auricle.consent.decide import require
from auricle.consent.models import Kind
from auricle.consultations.answer import Talk
from auricle.consultations.lifecycle import active_consultation, agent_of, open_session
from auricle.consultations.transcript import read
from auricle.errors import AuricleError, Forbidden, Unauthenticated
from auricle.identity.tickets import BadTicket, redeem
from auricle.voice.admission import Busy

FIRST_MESSAGE_S = 10.0


class ForeignOrigin(Forbidden):
    """This page may not open a socket here."""

    code = "authorization.origin"


async def serve(websocket: WebSocket, assembly: Assembly, seen: Actor) -> None:
    """Hold one live session over this socket."""
    try:
        with assembly.calls.call():
            await _admitted(websocket, assembly, seen)
    except Busy as busy:
        await refuse(websocket, busy)


async def _admitted(websocket: WebSocket, assembly: Assembly, seen: Actor) -> None:
    offered = websocket.scope.get("subprotocols", [])
    ticket = next((o.removeprefix("ticket.") for o in offered if o.startswith("ticket.")), None)
    try:
        check_origin(websocket, assembly)
    except ForeignOrigin as error:
        await refuse(websocket, error)
        return
    await websocket.accept(browser.SUBPROTOCOL if browser.SUBPROTOCOL in offered else None)
    try:
        entry = await enter(websocket, assembly, seen, ticket)
    except WebSocketDisconnect:
        return
    except AuricleError as error:
        await tell(websocket, browser.error_message(error))
        await refuse(websocket, error)
        return
    await converse(websocket, assembly, entry)


def check_origin(websocket: WebSocket, assembly: Assembly) -> None:
    """A browser names the page that opens the socket: it must be ours, or on the list. Other clients name none."""
    origin = websocket.headers.get("origin")
    if origin is None or origin in assembly.settings.allowed_origins:
        return
    if urlsplit(origin).netloc != websocket.headers.get("host"):
        raise ForeignOrigin


async def enter(websocket: WebSocket, assembly: Assembly, seen: Actor, ticket: str | None) -> Entry:
    """Read init-session, use the ticket up, and open a session of the consultation."""
    try:
        async with asyncio.timeout(FIRST_MESSAGE_S):
            init = browser.read_init(await first_frame(websocket))
    except TimeoutError:
        raise Unauthenticated("No init-session came.") from None
    if not (ticket or init.ticket):
        raise BadTicket
    admission = await redeem(assembly.database, assembly.presence, ticket or init.ticket or "", seen)
    if admission.consultation_id != init.consultation_id:
        raise BadTicket("This ticket is for another consultation.")
    async with assembly.database.transaction(admission.actor) as db:
        consultation = await active_consultation(db, init.consultation_id)
        await require(db, consultation.patient_id, Kind.AI_USE)
        serving = await agent_of(db, consultation)
        session = await open_session(db, consultation, "browser")
        past = await read(db, assembly.keyring, consultation, last=serving.config.history_messages)
    talk = Talk(
        admission.actor,
        consultation.id,
        consultation.patient_id,
        session.id,
        serving,
        init.language or consultation.language,
    )
    opening = browser.session_message(session.id, consultation.id, talk.language, init.audio)
    await websocket.send_text(opening)
    return Entry(talk, browser.BrowserWire(init.audio), past)
