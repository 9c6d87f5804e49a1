"""The ends of a WebSocket to a provider: nobody waits for one that is no longer there."""

import asyncio
import base64
import gc
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from auricle.providers import socket as socket_module
from auricle.providers.account import Account
from auricle.providers.connections import Connections

MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class BlackHole:
    """A server that opens WebSockets and is never heard of again; it reads on, or not even that."""

    def __init__(self, *, reads: bool) -> None:
        self.reads, self.received, self.gone = reads, b"", asyncio.Event()
        self.silence = asyncio.Event()  # held here: a task waiting for what nobody holds is collected, and hangs up

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=1_024)
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        server.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.readuntil(b"\r\n\r\n")
        key = next(
            line.split(b": ")[1] for line in asked.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key")
        )
        accept = base64.b64encode(hashlib.sha1(key + MAGIC).digest())
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n")
        writer.write(b"sec-websocket-accept: " + accept + b"\r\n\r\n")
        try:
            while self.reads and (piece := await reader.read(1_024)):
                self.received += piece
            if not self.reads:
                await self.silence.wait()
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self.gone.set()
            writer.close()


@pytest.mark.parametrize("how", ["is cancelled", "is left early", "fails"])
async def test_an_interrupted_socket_says_goodbye_and_waits_for_no_answer(
    how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket_module, "CLOSE_S", 120.0)
    hole, opened = BlackHole(reads=True), asyncio.Event()

    async def talk() -> None:
        async with Account("a", "v", Connections(), url=url).socket("/listen") as socket:
            await socket.send("hello")
            opened.set()
            if how == "fails":
                raise ValueError
            await asyncio.sleep(30 if how == "is cancelled" else 0)
            if how == "is left early":
                raise GeneratorExit

    async with hole.listening() as url:
        task = asyncio.create_task(talk())
        await opened.wait()
        if how == "is cancelled":
            task.cancel()
        with pytest.raises((asyncio.CancelledError, ValueError, GeneratorExit)):
            await asyncio.wait_for(task, 20)
        await asyncio.wait_for(hole.gone.wait(), 20)
        assert b"\x88" in hole.received  # the closing frame


async def test_a_socket_that_nobody_reads_can_be_closed() -> None:
    hole = BlackHole(reads=False)

    async def flood() -> None:
        async with Account("a", "v", Connections(), url=url).socket("/listen") as socket:
            while True:
                await socket.send(bytes(500_000))

    async with hole.listening() as url:
        task = asyncio.create_task(flood())
        done, _ = await asyncio.wait({task}, timeout=0.5)
        gc.collect()
        done, _ = await asyncio.wait({task}, timeout=0.5)
        assert not done  # it waits for room
        task.cancel()
        done, _ = await asyncio.wait({task}, timeout=10.0)
        assert done and task.cancelled()
