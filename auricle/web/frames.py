"""uvicorn's WebSocket protocol with a short way for what a call consists of: whole, small frames in both directions.

A call moves 75 frames a second. The general parser (a chain of generators), pausing the socket after each message and
rendering each frame through three objects were a third of all that a call costs. Whatever is not a whole text or binary
frame (fragments, control frames, anything malformed or too long) still goes the general way, and ends as it says.

What holds a call may also pass the framework by (`direct`): for each message it has five coroutines in a row.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from uvicorn._types import ASGIReceiveEvent, ASGISendEvent
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request
from websockets.protocol import OPEN

try:
    from websockets.speedups import apply_mask
except ImportError:  # a platform without the compiled part
    from websockets.utils import apply_mask

WHOLE_TEXT, WHOLE_BINARY = 0x81, 0x82  # FIN, no reserved bit, the opcode
MASKED, LENGTH = 0x80, 0x7F
PAUSE_AT, RESUME_AT = 16, 4  # messages the application has not taken yet …
LONG_BYTES = 20_000  # … or one that is so long: 16 of these would outlast their client by half a minute of speech


DIRECT = "auricle.frames"  # the connection's place among its scope's extensions


class Arrivals(asyncio.Queue[Any]):
    """Whole messages as `str` or `bytes`; all else as ASGI has it."""

    _queue: Any

    def __init__(self) -> None:
        super().__init__()
        self._arrival: asyncio.Future[None] | None = None

    def _put(self, item: Any) -> None:
        super()._put(item)
        if self._arrival is not None and not self._arrival.done():
            self._arrival.set_result(None)

    async def head(self) -> Any:
        """What comes next, once it is here; it stays."""
        while not self._queue:
            self._arrival = asyncio.get_running_loop().create_future()
            await self._arrival
        return self._queue[0]


class FrameSocket(WebSocketsSansIOProtocol):
    """For `uvicorn.run(ws=FrameSocket)`. Compression must be off: a frame is its payload."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.queue: Arrivals = Arrivals()
        self._unread = b""  # less than one whole frame
        self._max_bytes = self.config.ws_max_size

    # ── in ────────────────────────────────────────────────────────────────────────────────────────────────────────
    def data_received(self, data: bytes) -> None:
        if not self.handshake_initiated:
            super().data_received(data)
        elif not self.handshake_complete:  # nobody speaks before we have answered
            self._unread += data
            if len(self._unread) > self._max_bytes:
                self.transport.close()
        elif self.conn.state is OPEN:
            self._unread = self._frames(self._unread + data if self._unread else data)
        else:
            unread, self._unread = self._unread + data, b""
            super().data_received(unread)

    def _frames(self, data: bytes) -> bytes:
        """Take the whole frames; what is left is the beginning of one."""
        at, have = 0, len(data)
        while have - at >= 2:
            length, start = data[at + 1] & LENGTH, at + 2
            if length >= 126:
                start += 2 if length == 126 else 8
                if have < start:
                    break
                length = int.from_bytes(data[at + 2 : start])
            end = start + 4 + length
            if length > self._max_bytes or not data[at + 1] & MASKED:
                super().data_received(data[at:])
                return b""
            if have < end:
                break
            if not self._took(data[at], data, start, end):
                super().data_received(data[at:end])
                if self.conn.state is not OPEN:
                    return b""
            at = end
        return data[at:] if at else data

    def _took(self, head: int, data: bytes, start: int, end: int) -> bool:
        if self.conn.current_size is not None or (head != WHOLE_TEXT and head != WHOLE_BINARY):
            return False
        payload = apply_mask(data[start + 4 : end], data[start : start + 4])
        try:
            self.queue.put_nowait(payload if head == WHOLE_BINARY else payload.decode())
        except UnicodeDecodeError:
            return False
        if not self.read_paused and (self.queue.qsize() >= PAUSE_AT or len(payload) >= LONG_BYTES):
            self.read_paused = True
            self.transport.pause_reading()
        return True

    async def receive(self) -> ASGIReceiveEvent:
        await self.queue.head()
        item = self._next()
        if isinstance(item, str):
            return {"type": "websocket.receive", "text": item}
        if isinstance(item, bytes):
            return {"type": "websocket.receive", "bytes": item}
        message: ASGIReceiveEvent = item
        return message

    async def frame(self) -> str | bytes | None:
        """The next message. None where what comes next is none: `receive` tells what it is."""
        if not isinstance(await self.queue.head(), str | bytes):
            return None
        frame: str | bytes = self._next()
        return frame

    def _next(self) -> Any:
        item = self.queue.get_nowait()
        if self.read_paused and self.queue.qsize() <= RESUME_AT:
            self.read_paused = False
            if self.writable.is_set():
                self.transport.resume_reading()
        return item

    def pause_writing(self) -> None:
        """A client that does not read is not read: every ping of its would be answered into memory."""
        super().pause_writing()
        if not self.transport.is_closing():
            self.transport.pause_reading()

    def resume_writing(self) -> None:
        super().resume_writing()
        if not self.read_paused and not self.transport.is_closing():
            self.transport.resume_reading()

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if self.response.status_code == 101:
            extensions: dict[str, Any] = self.scope["extensions"]
            extensions[DIRECT] = self

    # ── out ───────────────────────────────────────────────────────────────────────────────────────────────────────
    async def send(self, message: ASGISendEvent) -> None:
        if message["type"] != "websocket.send" or self.conn.state is not OPEN or self.close_sent:
            was_waiting = not self.handshake_complete
            await super().send(message)
            if was_waiting and self._unread and self.conn.state is OPEN:
                self.data_received(b"")
            return
        if not self.writable.is_set():
            await self.writable.wait()
        text = message.get("text")
        if not self.put(text if text is not None else message.get("bytes") or b""):
            raise ClientDisconnected

    def put(self, frame: str | bytes) -> bool:
        """Send a message at once. False where that can't be, as the client reads too slowly or is gone."""
        if self.disconnected or self.close_sent or self.conn.state is not OPEN or not self.writable.is_set():
            return False
        if isinstance(frame, str):
            self.transport.write(framed(WHOLE_TEXT, frame.encode()))
        else:
            self.transport.write(framed(WHOLE_BINARY, frame))
        return True


def direct(scope: Mapping[str, Any]) -> FrameSocket | None:
    """The connection itself behind a WebSocket that was accepted, where it is one of ours."""
    found = scope.get("extensions", {}).get(DIRECT)
    return found if isinstance(found, FrameSocket) else None


def framed(head: int, payload: bytes) -> bytes:
    """One whole frame of a server: unmasked."""
    length = len(payload)
    if length < 126:
        return bytes((head, length)) + payload
    if length < 1 << 16:
        return bytes((head, 126)) + length.to_bytes(2) + payload
    return bytes((head, 127)) + length.to_bytes(8) + payload
