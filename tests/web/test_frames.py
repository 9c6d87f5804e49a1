"""The short way for whole frames must be told from the general one by its speed only."""

import asyncio
import base64
import os
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn

from auricle.web.frames import PAUSE_AT, FrameSocket, framed
from tests.running_service import free_port

MAX_BYTES = 10_000
TEXT, BINARY, CONTINUED, CLOSE, PING, PONG = 1, 2, 0, 8, 9, 10


async def echo(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Says back what it is told; `slow` makes it stop reading for a moment, `bye` ends it."""
    if scope["type"] != "websocket":
        return
    await receive()
    await asyncio.sleep(0.05)  # a hasty client's frames are here before our answer
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        if message.get("text") == "slow":
            await asyncio.sleep(0.3)
        if message.get("text") == "bye":
            await send({"type": "websocket.close", "code": 4000})
            return
        await send({**message, "type": "websocket.send"})


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    chosen = free_port()
    config = uvicorn.Config(
        echo, port=chosen, ws=FrameSocket, ws_max_size=MAX_BYTES, ws_per_message_deflate=False, log_config=None,
        lifespan="off",
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield chosen
    server.should_exit = True
    thread.join(10)


def frame(payload: bytes, kind: int = TEXT, *, fin: bool = True, mask: bytes = b"\x12\x34\x56\x78") -> bytes:
    length = len(payload)
    head = bytes([(0x80 if fin else 0) | kind])
    if length < 126:
        head += bytes([0x80 | length])
    elif length < 1 << 16:
        head += bytes([0xFE]) + length.to_bytes(2)
    else:
        head += bytes([0xFF]) + length.to_bytes(8)
    return head + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(payload))


class Client:
    """A client that writes bytes as it likes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def connect(cls, port: int, hasty: bytes = b"") -> "Client":
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        key = base64.b64encode(os.urandom(16)).decode()
        writer.write(
            f"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        if hasty:
            await asyncio.sleep(0.02)
            writer.write(hasty)
        assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
        return cls(reader, writer)

    async def read(self) -> tuple[int, bytes]:
        async with asyncio.timeout(5):
            first, second = await self.reader.readexactly(2)
            length = second & 0x7F
            if length >= 126:
                length = int.from_bytes(await self.reader.readexactly(2 if length == 126 else 8))
            return first & 0x0F, await self.reader.readexactly(length)

    async def says(self, raw: bytes) -> tuple[int, bytes]:
        self.writer.write(raw)
        return await self.read()

    async def closed_with(self) -> int:
        kind, payload = await self.read()
        assert kind == CLOSE
        return int.from_bytes(payload[:2])


@pytest.mark.parametrize("length", [0, 1, 125, 126, 640, MAX_BYTES])
@pytest.mark.parametrize("kind", [TEXT, BINARY])
async def test_whole_frames_of_any_length_come_back(port: int, length: int, kind: int) -> None:
    client = await Client.connect(port)
    said = os.urandom(length) if kind == BINARY else b"x" * length
    assert await client.says(frame(said, kind)) == (kind, said)


async def test_frames_cut_anywhere_or_many_at_once_come_back_in_order(port: int) -> None:
    client = await Client.connect(port)
    raw = b"".join(frame(f"नमस्ते {n}".encode() * (1 + n * 20)) for n in range(8))
    for at in range(0, len(raw), 97):
        client.writer.write(raw[at : at + 97])
        await asyncio.sleep(0.001)
    for n in range(8):
        assert await client.read() == (TEXT, f"नमस्ते {n}".encode() * (1 + n * 20))
    for byte in frame(b"slowly"):
        client.writer.write(bytes([byte]))
        await client.writer.drain()
        await asyncio.sleep(0.001)
    assert await client.read() == (TEXT, b"slowly")


async def test_fragments_with_a_ping_in_between_are_one_message(port: int) -> None:
    client = await Client.connect(port)
    client.writer.write(frame(b"one ", fin=False) + frame(b"?", PING) + frame(b"two", CONTINUED))
    assert {await client.read(), await client.read()} == {(PONG, b"?"), (TEXT, b"one two")}
    assert await client.says(frame(b"after")) == (TEXT, b"after")


async def test_what_a_hasty_client_sends_before_it_was_let_in_is_not_lost(port: int) -> None:
    client = await Client.connect(port, hasty=frame(b"first") + frame(b"second")[:5])
    assert await client.read() == (TEXT, b"first")
    assert await client.says(frame(b"second")[5:]) == (TEXT, b"second")


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (frame(b"a", fin=False) + frame(b"b"), 1002),  # a new message inside another
        (frame(b"b", CONTINUED), 1002),
        (b"\x81\x01a", 1002),  # not masked
        (frame(b"a", 3), 1002),  # no such opcode
        (bytes([0xC1]) + frame(b"a")[1:], 1002),  # a reserved bit
        (frame(b"\xff\xfe"), 1007),
        (frame(b"x" * (MAX_BYTES + 1)), 1009),
        (b"\x81\xff" + (1 << 62).to_bytes(8), 1009),
        (frame(b"x" * 126, PING), 1002),
    ],
)
async def test_what_is_no_frame_ends_the_connection_with_its_code(port: int, raw: bytes, code: int) -> None:
    client = await Client.connect(port)
    assert await client.says(frame(b"fine")) == (TEXT, b"fine")
    client.writer.write(raw)
    assert await client.closed_with() == code


async def test_both_sides_can_close(port: int) -> None:
    client = await Client.connect(port)
    client.writer.write(frame((1000).to_bytes(2), CLOSE))
    assert await client.closed_with() == 1000
    client = await Client.connect(port)
    client.writer.write(frame(b"bye"))
    assert await client.closed_with() == 4000
    client.writer.write(frame(b"too late") + frame((4000).to_bytes(2), CLOSE))
    async with asyncio.timeout(5):
        assert await client.reader.read() == b""


async def test_an_application_that_reads_slowly_is_read_to_slowly_and_loses_nothing(port: int) -> None:
    client = await Client.connect(port)
    said = [b"slow", *(b"%d" % n for n in range(PAUSE_AT * 20))]
    for one in said:
        client.writer.write(frame(one))
        await asyncio.sleep(0)
    assert [(await client.read())[1] for _ in said] == said


def test_a_servers_frame_has_its_length_in_the_shortest_form() -> None:
    assert framed(0x81, b"a") == b"\x81\x01a"
    assert framed(0x82, bytes(200))[:4] == b"\x82\x7e\x00\xc8"
    assert framed(0x82, bytes(70_000))[:10] == b"\x82\x7f" + (70_000).to_bytes(8)


async def test_a_client_that_pings_and_reads_nothing_is_not_answered_without_end(port: int) -> None:
    client = await Client.connect(port)
    ping, sent = frame(b"x" * 120, PING) * 500, 0
    with pytest.raises(TimeoutError):  # the server reads no more before what it wrote was taken
        for _ in range(2_000):
            client.writer.write(ping)
            async with asyncio.timeout(1):
                await client.writer.drain()
            sent += len(ping)
    client.writer.transport.abort()
