"""A WebSocket client that writes whatever bytes it likes."""

import asyncio
import base64
import os
import socket
import struct
from contextlib import suppress
from urllib.parse import urlsplit

import orjson

CONTINUED, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


def frame(
    payload: bytes, kind: int = TEXT, *, fin: bool = True, masked: bool = True, claims: int | None = None
) -> bytes:
    """One frame. `claims`: the length that its head names, where that is not its own."""
    length = len(payload) if claims is None else claims
    mask_bit = 0x80 if masked else 0
    head = bytes([(0x80 if fin else 0) | kind])
    if length < 126:
        head += bytes([mask_bit | length])
    elif length < 1 << 16:
        head += bytes([mask_bit | 126]) + length.to_bytes(2)
    else:
        head += bytes([mask_bit | 127]) + length.to_bytes(8)
    if not masked:
        return head + payload
    mask = os.urandom(4)
    stream = (mask * (len(payload) // 4 + 1))[: len(payload)]
    return head + mask + (int.from_bytes(payload) ^ int.from_bytes(stream)).to_bytes(len(payload))


class Raw:
    """One TCP connection, upgraded or not. What the server says is read and dropped, unless `reads` is off."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self._reading: asyncio.Task[None] | None = None

    @classmethod
    async def tcp(cls, url: str, *, receive_buffer: int | None = None) -> "Raw":
        parts = urlsplit(url)
        client = socket.socket()
        client.setblocking(False)
        if receive_buffer:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        await asyncio.get_running_loop().sock_connect(client, (parts.hostname, parts.port))
        return cls(*await asyncio.open_connection(sock=client, limit=4_096 if receive_buffer else 1 << 20))

    async def upgrade(self, url: str, *protocols: str, **headers: str) -> bytes:
        """Ask for a WebSocket; returns the head of the answer."""
        parts = urlsplit(url)
        asked = {
            "Host": parts.netloc,
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
            "Sec-WebSocket-Version": "13",
            **({"Sec-WebSocket-Protocol": ", ".join(protocols)} if protocols else {}),
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in asked.items()), "", ""]
        self.write("\r\n".join(lines).encode())
        return await self.reader.readuntil(b"\r\n\r\n")

    def read_on(self) -> None:
        self._reading = asyncio.create_task(self._drop())

    async def _drop(self) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            while await self.reader.read(65_536):
                pass

    def write(self, data: bytes) -> None:
        self.writer.write(data)

    async def send(self, data: bytes) -> None:
        """Write, and wait until most of it has left."""
        with suppress(OSError):
            self.writer.write(data)
            await self.writer.drain()

    async def say(self, **message: object) -> None:
        await self.send(frame(orjson.dumps(message)))

    def reset(self) -> None:
        """Leave without a word: the kernel answers with RST."""
        with suppress(OSError):
            self.writer.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
            )
        self.writer.transport.abort()

    async def close(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
        self.writer.close()
        with suppress(OSError):
            await self.writer.wait_closed()
