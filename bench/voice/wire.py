"""A WebSocket client on a bare transport: outgoing frames are built once, so that one core carries many callers."""

import asyncio
import base64
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
MAX_UNSENT_BYTES = 1 << 20


def frame(payload: bytes, kind: int = TEXT) -> bytes:
    """A whole client frame, masked with the key zero, which leaves the payload as it is."""
    length = len(payload)
    if length < 126:
        head = bytes([0x80 | kind, 0x80 | length])
    elif length < 1 << 16:
        head = bytes([0x80 | kind, 0xFE]) + length.to_bytes(2, "big")
    else:
        head = bytes([0x80 | kind, 0xFF]) + length.to_bytes(8, "big")
    return head + b"\0\0\0\0" + payload


class Refused(Exception):
    """The server answered the upgrade with something else than 101."""


class Wire(asyncio.Protocol):
    """One connection. `take` is given the kind and the payload of every message."""

    def __init__(self, take: Callable[[int, bytes], None]) -> None:
        self._take = take
        self._unread = b""
        self._is_open = False
        self._transport: Any = None
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.closed = asyncio.Event()

    @classmethod
    async def connect(
        cls,
        url: str,
        subprotocols: Sequence[str],
        take: Callable[[int, bytes], None],
        headers: Mapping[str, str] | None = None,
    ) -> "Wire":
        """Raises `Refused` or `OSError`."""
        parts = urlsplit(url)
        assert parts.hostname and parts.port
        wire = cls(take)
        await asyncio.get_running_loop().create_connection(lambda: wire, parts.hostname, parts.port)
        head = [
            f"GET {parts.path or '/'} HTTP/1.1",
            f"Host: {parts.netloc}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
            "Sec-WebSocket-Version: 13",
        ]
        head += [f"{name}: {value}" for name, value in (headers or {}).items()]
        if subprotocols:
            head.append(f"Sec-WebSocket-Protocol: {', '.join(subprotocols)}")
        wire._transport.write("\r\n".join([*head, "", ""]).encode())
        async with asyncio.timeout(15):
            await wire.opened
        return wire

    def send(self, framed: bytes) -> None:
        """Write a frame; a server that reads nothing for long loses it."""
        if not self.closed.is_set() and self._transport.get_write_buffer_size() < MAX_UNSENT_BYTES:
            self._transport.write(framed)

    def close(self) -> None:
        self._transport.close()

    # ── asyncio.Protocol ──────────────────────────────────────────────────────────────────────────────────────────
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed.set()
        if not self.opened.done():
            self.opened.set_exception(Refused("closed"))

    def data_received(self, data: bytes) -> None:
        self._unread += data
        if not self._is_open and not self._upgraded():
            return
        for kind, payload in self._frames():
            if kind in (TEXT, BINARY):
                self._take(kind, payload)
            elif kind == PING:
                self._transport.write(frame(payload, PONG))
            elif kind == CLOSE:
                self._transport.write(frame(payload, CLOSE))
                self._transport.close()

    def _upgraded(self) -> bool:
        head, end, rest = self._unread.partition(b"\r\n\r\n")
        if not end:
            return False
        status = head.split(b"\r\n", 1)[0]
        if b" 101 " not in status:
            if not self.opened.done():
                self.opened.set_exception(Refused(status.decode("latin-1")))
            self._transport.close()
            return False
        self._is_open, self._unread = True, rest
        self.opened.set_result(None)
        return True

    def _frames(self) -> Iterator[tuple[int, bytes]]:
        unread, at = self._unread, 0
        while len(unread) - at >= 2:
            length, start = unread[at + 1] & 0x7F, at + 2
            if length >= 126:
                start += 2 if length == 126 else 8
                if len(unread) < start:
                    break
                length = int.from_bytes(unread[at + 2 : start], "big")
            if len(unread) < start + length:
                break
            yield unread[at] & 0x0F, unread[start : start + length]
            at = start + length
        self._unread = unread[at:]
