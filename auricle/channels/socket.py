"""What every live channel does with its WebSocket: read frames, send frames, refuse, close. Every wait is bounded."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Mapping
from uuid import UUID

from starlette.responses import JSONResponse
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from auricle.channels.patience import Patience
from auricle.channels.wire import Frame, Wire
from auricle.errors import AuricleError, Invalid
from auricle.settings import Settings
from auricle.voice.ports import AudioIn, ChannelClosed, Incoming

SEND_S = 5.0  # a client that takes nothing for so long is gone
MAX_BAD_MESSAGES = 50
CLOSE = {401: 4401, 403: 4403, 404: 4404, 409: 4409, 422: 1008, 413: 1009, 503: 1013}


class SocketChannel:
    """The engine's channel over a WebSocket. Every send is bounded; a client that does not read loses its call."""

    def __init__(self, websocket: WebSocket, wire: Wire) -> None:
        self._websocket, self._wire = websocket, wire
        self._patience = Patience(SEND_S)
        self.rate_hz, self.frame_s = wire.rate_hz, wire.frame_s

    async def send_audio(self, pcm: bytes) -> None:
        await self._send(self._wire.audio(pcm))

    async def send_mark(self, name: str) -> None:
        await self._send(self._wire.mark(name))

    async def clear(self) -> None:
        await self._send(self._wire.clear())

    async def send_transcript(self, text: str, *, is_final: bool) -> None:
        await self._send(self._wire.transcript(text, is_final=is_final))

    async def send_reply(self, text: str, *, is_final: bool) -> None:
        await self._send(self._wire.reply(text, is_final=is_final))

    async def send_metrics(self, turn_id: UUID, waterfall_ms: Mapping[str, float]) -> None:
        await self._send(self._wire.metrics(turn_id, waterfall_ms))

    async def send_error(self, error: AuricleError) -> None:
        await self._send(self._wire.error(error))

    async def _send(self, frame: Frame | None) -> None:
        if isinstance(frame, str):
            await self._bounded(self._websocket.send_text(frame))
        elif frame is not None:
            await self._bounded(self._websocket.send_bytes(frame))

    async def _bounded(self, sending: Awaitable[None]) -> None:
        try:
            await self._patience.wait(sending)
        except (TimeoutError, WebSocketDisconnect, RuntimeError) as error:
            raise ChannelClosed from error


async def first_frame(websocket: WebSocket) -> str | bytes:
    message = await websocket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1005))
    return frame_of(message)


def frame_of(message: Mapping[str, object]) -> str | bytes:
    frame = message.get("text")
    if frame is None:
        frame = message.get("bytes")
    assert isinstance(frame, str | bytes)
    return frame


async def incoming(
    websocket: WebSocket, settings: Settings, wire: Wire, channel: SocketChannel
) -> AsyncIterator[Incoming]:
    """The engine's events until the client is gone or idle. A bad message is answered by an `error`, not by the end."""
    bad, patience, is_spoken = 0, Patience(settings.session_idle_s), False
    while bad < MAX_BAD_MESSAGES:
        try:
            message = await patience.wait(websocket.receive())
        except TimeoutError:
            return
        if message["type"] == "websocket.disconnect":
            return
        try:
            item = wire.read(frame_of(message))
        except Invalid as error:
            bad += 1
            await channel.send_error(error)
            continue
        if isinstance(item, AudioIn) and not is_spoken:  # an open microphone never pauses for long
            patience, is_spoken = Patience(settings.voice.idle_s), True
        if item is not None:
            yield item


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


async def tell(websocket: WebSocket, frame: Frame | None) -> None:
    """A last word to a client that may be gone already."""
    try:
        async with asyncio.timeout(SEND_S):
            if isinstance(frame, str):
                await websocket.send_text(frame)
            elif frame is not None:
                await websocket.send_bytes(frame)
    except (TimeoutError, WebSocketDisconnect, RuntimeError):
        return


async def close(websocket: WebSocket, code: int) -> None:
    try:
        async with asyncio.timeout(SEND_S):
            await websocket.close(code)
    except (TimeoutError, RuntimeError, WebSocketDisconnect):
        return
