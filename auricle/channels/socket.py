"""What every live channel does with its WebSocket: read frames, send frames, refuse, close. Every wait is bounded."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from enum import Enum
from uuid import UUID

from starlette.responses import JSONResponse
from starlette.types import Message
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from auricle.channels.patience import Patience
from auricle.channels.wire import Frame, Wire
from auricle.errors import AuricleError, Invalid
from auricle.settings import Settings
from auricle.voice.ports import AudioIn, ChannelClosed, Ending, Incoming
from auricle.voice.visemes import Viseme
from auricle.web.frames import direct

SEND_S = 5.0  # a client that takes nothing for so long is gone
MAX_BAD_MESSAGES = 50
CLOSED_NORMALLY = 1000
CLOSE = {401: 4401, 402: 4402, 403: 4403, 404: 4404, 409: 4409, 422: 1008, 413: 1009, 429: 4429, 503: 1013}

Arrived = Frame | Message  # as it came, or as ASGI has it


class Left(Enum):
    """Why nothing more comes over a socket."""

    DONE = "done"  # the client closed it as one does at the end
    DROPPED = "dropped"  # it broke, or another took its place
    IDLE = "idle"
    HOSTILE = "hostile"


class Socket:
    """One accepted WebSocket. Another task may `abandon` it, which ends every wait on it at once."""

    def __init__(self, websocket: WebSocket, settings: Settings) -> None:
        self._websocket, self._settings = websocket, settings
        self._sending, self._receiving = Patience(SEND_S), Patience(settings.session_idle_s)
        self._abandoned = False
        self._direct = direct(websocket.scope)
        self.left: Left | None = None
        self.released = asyncio.Event()  # nobody needs this socket any more

    async def send(self, frame: Frame | None) -> None:
        """Raises `ChannelClosed` where the client is gone or does not read."""
        if frame is None or (self._direct is not None and self._direct.put(frame)):
            return
        if isinstance(frame, str):
            await self._bounded(self._websocket.send_text(frame))
        else:
            await self._bounded(self._websocket.send_bytes(frame))

    async def _bounded(self, sending: Awaitable[None]) -> None:
        try:
            await self._sending.wait(sending)
        except (TimeoutError, WebSocketDisconnect, RuntimeError) as error:
            raise ChannelClosed from error

    async def incoming(self, wire: Wire, answer: Callable[[AuricleError], Awaitable[None]]) -> AsyncGenerator[Incoming]:
        """The engine's events, until `left` says why there are no more. A bad message is answered, not the end."""
        bad, is_spoken = 0, False
        while self.left is None:
            frame = await self._frame()
            if frame is None:
                return
            try:
                item = wire.read(frame)
            except Invalid as error:
                bad += 1
                if bad >= MAX_BAD_MESSAGES:
                    self.left = Left.HOSTILE
                await answer(error)
                continue
            if isinstance(item, AudioIn) and not is_spoken:  # an open microphone never pauses for long
                self._receiving, is_spoken = Patience(self._settings.voice.idle_s), True
            if item is not None:
                yield item

    async def _frame(self) -> Frame | None:
        """The next frame. What came before the socket was abandoned is still read."""
        message = None if self._abandoned else await self._next(self._receiving.wait)
        if message is None and self._abandoned:
            message = await self._next(at_once)
        if message is None:
            self.left = Left.DROPPED if self._abandoned else Left.IDLE
            return None
        if isinstance(message, str | bytes):
            return message
        if message["type"] == "websocket.disconnect":
            self.left = Left.DONE if message.get("code") == CLOSED_NORMALLY else Left.DROPPED
            return None
        return frame_of(message)

    async def _next(self, within: Callable[[Awaitable[Arrived]], Awaitable[Arrived]]) -> Arrived | None:
        try:
            return await within(self._arriving())
        except TimeoutError:
            return None
        except RuntimeError:  # its end was read before
            return {"type": "websocket.disconnect"}

    async def _arriving(self) -> Arrived:
        if self._direct is not None and (frame := await self._direct.frame()) is not None:
            return frame
        return await self._websocket.receive()

    def abandon(self) -> None:
        """Wait no longer for this client, neither to send nor to receive."""
        self._abandoned = True
        self._sending.give_up()
        self._receiving.give_up()

    async def close(self, code: int) -> None:
        await close(self._websocket, code)
        self.released.set()


async def at_once(what: Awaitable[Arrived]) -> Arrived:
    async with asyncio.timeout(0):
        return await what


class SocketChannel:
    """The engine's channel over one WebSocket. A client that does not read loses its call."""

    sound, visemes = True, False  # a phone has no face, and nothing to read on

    def __init__(self, socket: Socket, wire: Wire) -> None:
        self._socket, self._wire = socket, wire
        self.rate_hz, self.frame_s = wire.rate_hz, wire.frame_s

    async def send_audio(self, pcm: bytes, visemes: Sequence[Viseme] = ()) -> None:
        await self._socket.send(self._wire.audio(pcm))

    async def send_mark(self, name: str) -> None:
        await self._socket.send(self._wire.mark(name))

    async def clear(self) -> None:
        await self._socket.send(self._wire.clear())

    async def send_transcript(self, text: str, *, is_final: bool) -> None:
        await self._socket.send(self._wire.transcript(text, is_final=is_final))

    async def send_reply(self, text: str, *, is_final: bool) -> None:
        await self._socket.send(self._wire.reply(text, is_final=is_final))

    async def send_metrics(self, turn_id: UUID, waterfall_ms: Mapping[str, float]) -> None:
        await self._socket.send(self._wire.metrics(turn_id, waterfall_ms))

    async def send_error(self, error: AuricleError) -> None:
        await self._socket.send(self._wire.error(error))

    async def send_ending(self, ending: Ending) -> None:
        """A carrier learns of the end by the close."""

    def incoming(self) -> AsyncIterator[Incoming]:
        return self._socket.incoming(self._wire, self.send_error)

    async def close(self, code: int) -> None:
        await self._socket.close(code)


async def first_frame(websocket: WebSocket) -> Frame:
    message = await websocket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1005))
    return frame_of(message)


def frame_of(message: Mapping[str, object]) -> Frame:
    frame = message.get("text")
    if frame is None:
        frame = message.get("bytes")
    assert isinstance(frame, str | bytes)
    return frame


async def refuse(websocket: WebSocket, error: AuricleError) -> None:
    """Refuse before the socket opened, by an HTTP answer as for any other request; or close it with the code."""
    if websocket.client_state is WebSocketState.CONNECTING:
        body = {"error_code": error.code, "message": error.message, "status": error.status}
        headers = {"Retry-After": "5"} if error.status == 503 else None
        await websocket.send_denial_response(
            JSONResponse(body, error.status, headers, media_type="application/problem+json")
        )
    else:
        await close(websocket, CLOSE.get(error.status, 1011))


async def tell(websocket: WebSocket, frame: str) -> None:
    """A last word to a client that may be gone already."""
    try:
        async with asyncio.timeout(SEND_S):
            await websocket.send_text(frame)
    except (TimeoutError, WebSocketDisconnect, RuntimeError):
        return


async def close(websocket: WebSocket, code: int) -> None:
    try:
        async with asyncio.timeout(SEND_S):
            await websocket.close(code)
    except (TimeoutError, RuntimeError, WebSocketDisconnect):
        return
