"""How a browser or an app enters: the page it comes from, its ticket, init-session."""

import asyncio
import logging
import time
from contextlib import suppress
from urllib.parse import urlsplit
from uuid import UUID

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from auricle.actor import Actor
from auricle.assembly import Assembly
from auricle.channels.conversation import Entry, hold
from auricle.channels.entering import Joined, join
from auricle.channels.line import Forgotten, Line, Replaced
from auricle.channels.protocols import browser
from auricle.channels.resume import claim, remember, renew
from auricle.channels.socket import CLOSE, Socket, first_frame, refuse, tell
from auricle.channels.tokens import Presented, ResumeRefused, Tokens, as_token
from auricle.consultations.lifecycle import find_consultation
from auricle.consultations.transcript import Said, read
from auricle.errors import AuricleError, Forbidden, Unauthenticated, Unavailable
from auricle.identity.tickets import BadTicket, redeem
from auricle.identity.tokens import BadToken
from auricle.log import event
from auricle.voice.ports import ChannelClosed

log = logging.getLogger(__name__)

FIRST_MESSAGE_S = 10.0
MOST_TOLD = 200  # messages of the record that a client is told that comes back


class ForeignOrigin(Forbidden):
    """This page may not open a socket here."""

    code = "authorization.origin"


async def serve(websocket: WebSocket, assembly: Assembly, seen: Actor) -> None:
    """Hold one live session over this socket, or let it go on with the one it lost."""
    offered = websocket.scope.get("subprotocols", [])
    ticket = next((o.removeprefix("ticket.") for o in offered if o.startswith("ticket.")), None)
    try:
        check_origin(websocket, assembly)
        if ticket is not None:  # it is no resumption: say at once, by HTTP, that there is no line
            assembly.calls.check()
        with assembly.calls.lines.at_door():
            await websocket.accept(browser.SUBPROTOCOL if browser.SUBPROTOCOL in offered else None)
            init = await first_message(websocket)
        if init.resume is not None:
            await come_back(websocket, assembly, seen, init)
        else:
            await begin(websocket, assembly, seen, init, ticket or init.ticket)
    except (WebSocketDisconnect, ChannelClosed):
        return
    except AuricleError as error:
        if websocket.client_state is WebSocketState.CONNECTED:
            await tell(websocket, browser.error_message(error))
        await refuse(websocket, error)


def check_origin(websocket: WebSocket, assembly: Assembly) -> None:
    """A browser names the page that opens the socket: it must be ours, or on the list. Other clients name none."""
    origin = websocket.headers.get("origin")
    if origin is None or origin in assembly.settings.allowed_origins:
        return
    ours = (websocket.headers.get("host"), urlsplit(assembly.settings.base_url).netloc)
    if urlsplit(origin).netloc not in ours:
        raise ForeignOrigin


async def first_message(websocket: WebSocket) -> browser.InitSession:
    try:
        async with asyncio.timeout(FIRST_MESSAGE_S):
            return browser.read_init(await first_frame(websocket))
    except TimeoutError:
        raise Unauthenticated("No init-session came.") from None


async def begin(
    websocket: WebSocket, assembly: Assembly, seen: Actor, init: browser.InitSession, ticket: str | None
) -> None:
    """Use a ticket up and open a session."""
    if not ticket:
        raise BadTicket
    with assembly.calls.call():
        admission = await redeem(assembly.database, assembly.presence, ticket, seen)
        if admission.consultation_id != init.consultation_id:
            raise BadTicket("This ticket is for another consultation.")
        joined = await join(assembly, admission.actor, init.consultation_id, "browser", language=init.language)
        await talk_over(websocket, assembly, init.audio, joined)


async def come_back(websocket: WebSocket, assembly: Assembly, seen: Actor, init: browser.InitSession) -> None:
    """Go on with the session that lives here; with one that does not, in a new one that tells what was said."""
    presented = Presented.read(init.resume or "")
    line = assembly.calls.lines.find(init.consultation_id, presented.hash)
    if line is not None:
        with suppress(Forgotten):
            await rejoin(websocket, assembly, line, presented, init.last_seq)
            return
    with assembly.calls.call():
        try:
            left = await claim(assembly, seen, presented, init.consultation_id, known_here=line is not None)
        except BadToken:  # signed out meanwhile
            raise ResumeRefused from None
        joined = await join(assembly, left.actor, init.consultation_id, "browser", language=init.language, is_new=False)
        await talk_over(websocket, assembly, init.audio, joined, left.session_id, presented)


async def rejoin(websocket: WebSocket, assembly: Assembly, line: Line, presented: Presented, last_seq: int) -> None:
    """Lend this socket to the line for as long as it is the newest."""
    line.tokens.pace(time.monotonic())
    if line.tokens.previous_counts_anew and line.tokens.is_previous(presented.hash):
        last_seq = 0
    line.check(last_seq)
    secret = line.tokens.renew(presented.hash)
    try:
        async with assembly.database.transaction(line.talk.actor) as db:
            await renew(db, line.talk.session_id, line.tokens)
    except Unavailable:  # the line itself knows; only another process would not
        event(log, "a resume token could not be stored", logging.WARNING)
    socket = Socket(websocket, assembly.settings)
    await line.rejoin(socket, last_seq, as_token(presented.organization_id, secret))
    await socket.released.wait()
    await socket.close(CLOSE[Replaced.status])


async def talk_over(
    websocket: WebSocket,
    assembly: Assembly,
    audio: browser.AudioFormat,
    joined: Joined,
    left_session_id: UUID | None = None,
    presented: Presented | None = None,
) -> None:
    """Hold the session that was opened. Of a session that was left behind, its record is told first."""
    talk = joined.talk
    assert talk.actor.organization_id is not None
    tokens, secret = Tokens.first(presented.hash if presented else None)
    stored: list[Said] = []
    async with assembly.database.transaction(talk.actor) as db:
        await remember(db, talk, tokens)
        if left_session_id is not None:
            consultation = await find_consultation(db, talk.consultation_id)
            stored = await read(db, assembly.keyring, consultation, session_id=left_session_id, last=MOST_TOLD)
    socket = Socket(websocket, assembly.settings)
    line = Line(
        socket,
        browser.BrowserWire(audio),
        tokens,
        talk,
        resume_s=assembly.settings.voice.resume_s,
        stopping=lambda: assembly.calls.draining,
    )
    with assembly.calls.lines.keeping(line):
        await line.begin(as_token(talk.actor.organization_id, secret), stored, resumed=left_session_id is not None)
        await hold(assembly, Entry(talk, line.wire, joined.past, resumed=left_session_id is not None), line)
