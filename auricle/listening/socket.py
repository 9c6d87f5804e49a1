"""The staff's end: a socket on which a live call is heard and its transcript comes, and from which it is taken over.

client → listen · take_over · release · text · audio      server → listening · sound · transcript · state · error
"""

import asyncio
import base64
from collections import deque
from typing import Any

import orjson
from starlette.websockets import WebSocket, WebSocketDisconnect

from auricle.actor import Actor
from auricle.assembly import Assembly
from auricle.channels.browser import check_origin
from auricle.channels.patience import Patience
from auricle.channels.protocols.browser import decoded, error_message, message, parsed, words
from auricle.channels.socket import CLOSE, SEND_S, close, frame_of, refuse, tell
from auricle.channels.wire import BadMessage
from auricle.consultations.transcript import read
from auricle.db.base import new_id
from auricle.errors import AuricleError, Conflict, Forbidden, Invalid, RateLimited
from auricle.identity.revocation import SignInOver
from auricle.listening.admit import NobodyThere, Post, admitted
from auricle.listening.relay import Kind, To, opened
from auricle.live.fanout import EventsMissed
from auricle.voice.codec import pcm16_from_mulaw

FIRST_MESSAGE_S = 10.0
RENEW_S = 4.0
SILENT_S = 15.0  # a call that tells nothing for so long is over, or its process is
MOST_WAITING = 100
MOST_BAD = 20
MOST_TEXT = 1_000
LAST_MESSAGES = 20
VOICE_BYTES = 3_200  # 100 ms at 16 kHz: what one relayed message carries of staff's voice


class NotInCharge(Conflict):
    """Take the conversation over before you speak in it."""

    code = "listening.not_in_charge"


class TooManyOnlookers(RateLimited):
    """Others listen to this call already, as many as may."""

    code = "listening.too_many"


class TakenAlready(Conflict):
    """Somebody else has taken this conversation over."""

    code = "listening.taken"


REFUSALS: dict[str, type[AuricleError]] = {one.code: one for one in (TooManyOnlookers, TakenAlready)}


class Onlooker:
    def __init__(self, websocket: WebSocket, assembly: Assembly, post: Post) -> None:
        self._websocket, self._assembly, self._post = websocket, assembly, post
        self._id = new_id()
        self._waiting: deque[bytes] = deque(maxlen=MOST_WAITING)
        self._changed = asyncio.Event()
        self._patience = Patience(SEND_S)
        self._in_charge = False
        self._state: dict[str, Any] = {}
        self._position = 0
        self._heard_at = asyncio.get_running_loop().time()

    async def serve(self) -> None:
        """Until either side ends it."""
        relay, session_id = self._assembly.relay, self._post.session_id
        relay.join(To.ONLOOKERS, session_id, self._take)
        try:
            async with asyncio.TaskGroup() as tasks:
                running = [tasks.create_task(work()) for work in (self._renew, self._relay, self._write_along)]
                await self._read()
                for one in running:
                    one.cancel()
        finally:
            relay.leave(To.ONLOOKERS, session_id, self._take)
            if self._in_charge:
                await self._tell_call(Kind.RELEASE)

    def _take(self, sealed: bytes) -> None:
        self._waiting.append(sealed)
        self._heard_at = asyncio.get_running_loop().time()
        self._changed.set()

    async def _tell_call(self, kind: Kind, body: bytes = b"") -> None:
        await self._assembly.relay.send(To.CALL, self._post.session_id, self._post.key, kind, self._id.bytes + body)

    async def _renew(self) -> None:
        """Say that somebody listens. A call that does not answer at all is over."""
        loop, begun = asyncio.get_running_loop(), asyncio.get_running_loop().time()
        while True:
            await self._tell_call(Kind.LISTEN)
            await asyncio.sleep(RENEW_S)
            quiet_s = loop.time() - max(self._heard_at, begun)
            if quiet_s > SILENT_S:
                raise NobodyThere

    # ── what the call tells ───────────────────────────────────────────────────────────────────────────────────────
    async def _relay(self) -> None:
        while True:
            self._changed.clear()
            while self._waiting:
                await self._pass_on(self._waiting.popleft())
            await self._changed.wait()

    async def _pass_on(self, sealed: bytes) -> None:
        told = opened(self._post.key, self._post.session_id, sealed)
        if told is None:
            return
        kind, body = told
        if kind is Kind.SOUND:
            await self._send(message("sound", data=base64.b64encode(pcm16_from_mulaw(body)).decode()))
        elif kind is Kind.STATE:
            await self._told_state(orjson.loads(body))
        elif kind is Kind.REFUSED and body[:16] == self._id.bytes:
            code = body[16:].decode()
            if code in REFUSALS:
                raise REFUSALS[code]
            await self._send(message("error", error_code=code, message="The call did not take this."))

    async def _told_state(self, state: dict[str, Any]) -> None:
        self._in_charge = state.get("taken_over_by") == str(self._id)
        if state != self._state:  # told every few seconds, as a sign of life
            self._state = state
            await self._send(message("state", in_charge=self._in_charge, **state))
        if state.get("ended"):
            raise NobodyThere

    async def _write_along(self) -> None:
        """What was said, as it is stored."""
        organization_id = self._post.actor.organization_id
        assert organization_id is not None
        while True:
            try:
                async with self._assembly.fanout.subscribe(organization_id, {"consultation.message"}) as events:
                    await self._tell_messages()
                    async for one in events:
                        if one.subject.get("consultation_id") == str(self._post.consultation.id):
                            await self._tell_messages()
            except EventsMissed:
                continue

    async def _tell_messages(self) -> None:
        async with self._assembly.database.transaction(self._post.actor) as db:
            said = await read(db, self._assembly.keyring, self._post.consultation, last=LAST_MESSAGES)
        for one in said:
            if one.position > self._position:
                self._position = one.position
                told = message("transcript", position=one.position, sender=one.sender, text=one.as_heard, is_final=True)
                await self._send(told)

    async def _send(self, frame: str) -> None:
        await self._patience.wait(self._websocket.send_text(frame))

    # ── what the onlooker does ────────────────────────────────────────────────────────────────────────────────────
    async def _read(self) -> None:
        bad = 0
        while bad < MOST_BAD:
            received = await self._websocket.receive()
            if received["type"] == "websocket.disconnect":
                return
            try:
                await self._obey(frame_of(received))
            except (Invalid, NotInCharge) as error:
                bad += 1
                await self._send(error_message(error))

    async def _obey(self, frame: str | bytes) -> None:
        if isinstance(frame, bytes):
            await self._speak(frame)
            return
        wanted = parsed(frame)
        match wanted.get("type"):
            case "take_over":
                await self._tell_call(Kind.TAKE_OVER)
            case "release":
                await self._tell_call(Kind.RELEASE)
            case "text":
                self._check_in_charge()
                await self._tell_call(Kind.TEXT, words(wanted.get("text"), limit=MOST_TEXT).encode())
            case "audio":
                await self._speak(decoded(wanted.get("data")))
            case _:
                raise BadMessage("This message type is not known.")

    async def _speak(self, pcm: bytes) -> None:
        self._check_in_charge()
        for begin in range(0, len(pcm) // 2 * 2, VOICE_BYTES):
            await self._tell_call(Kind.VOICE, pcm[begin : begin + VOICE_BYTES])

    def _check_in_charge(self) -> None:
        if not self._in_charge:
            raise NotInCharge


async def listen_in(websocket: WebSocket, assembly: Assembly, seen: Actor) -> None:
    """Hold one onlooker's socket."""
    try:
        check_origin(websocket, assembly)
    except Forbidden as error:
        await refuse(websocket, error)
        return
    await websocket.accept()
    try:
        with assembly.calls.lines.at_door():
            post = await admitted(websocket, assembly, seen)
        await tell(websocket, message("listening", session_id=post.session_id, sample_rate=8000, channels=2))
        await watched(websocket, assembly, post)
    except (WebSocketDisconnect, TimeoutError, RuntimeError):
        return
    except AuricleError as error:
        await tell(websocket, error_message(error))
        await close(websocket, CLOSE.get(error.status, 1011))
    else:
        await close(websocket, 1000)


async def watched(websocket: WebSocket, assembly: Assembly, post: Post) -> None:
    """Serve an onlooker until they leave, the call ends, or they may no longer."""
    serving = asyncio.ensure_future(Onlooker(websocket, assembly, post).serve())
    revoked = asyncio.Event()

    def sign_in_over() -> None:
        revoked.set()
        serving.cancel()

    async with assembly.standing.watching(post.actor, sign_in_over):
        try:
            await asyncio.wait([serving])
        finally:
            serving.cancel()
    if revoked.is_set():
        raise SignInOver
    if not serving.cancelled() and (error := serving.exception()) is not None:
        raise reason(error)


def reason(error: BaseException) -> BaseException:
    """What a group of tasks ended of: what may be told, if there is such a thing."""
    causes = [error]
    while isinstance(causes[0], BaseExceptionGroup):
        causes = [*causes[0].exceptions, *causes[1:]]
    return next((one for one in causes if isinstance(one, AuricleError)), causes[0])
