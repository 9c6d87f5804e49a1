"""A recognizer's socket: sending beside reading, and the ends of speech that nobody answers."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.server import ServerConnection, serve

from auricle.providers.account import Account
from auricle.providers.connections import Connections
from auricle.providers.dialects.live_audio import OVERDUE, Ends, beside
from auricle.providers.ports import ProviderBusy, ProviderGarbled
from auricle.providers.socket import ProviderSocket


@asynccontextmanager
async def socket_to(answer: Callable[[ServerConnection], Awaitable[None]]) -> AsyncIterator[ProviderSocket]:
    async with serve(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with Account("a", "v", Connections(), url=f"http://127.0.0.1:{port}").socket("/") as socket:
            yield socket


async def echo(ws: ServerConnection) -> None:
    async for message in ws:
        await ws.send(message)


async def silent(ws: ServerConnection) -> None:
    async for _ in ws:
        pass


async def test_messages_come_while_more_is_sent() -> None:
    is_heard = asyncio.Event()

    async def sending(socket: ProviderSocket) -> None:
        await socket.send("1")
        await is_heard.wait()
        await socket.send("2")

    async with socket_to(echo) as socket, beside(socket, sending(socket)):
        messages = Ends().messages(socket)
        assert await anext(messages) == 1
        is_heard.set()
        assert await anext(messages) == 2


async def test_a_failure_in_the_sending_ends_the_reading_and_is_the_one_raised() -> None:
    async def sending() -> None:
        await asyncio.sleep(0.02)
        raise ConnectionResetError

    async with socket_to(silent) as socket:
        with pytest.raises(ConnectionResetError):
            async with beside(socket, sending()):
                async for _ in Ends().messages(socket):
                    pass


async def test_the_sending_ends_with_the_reading() -> None:
    ended = asyncio.Event()

    async def sending() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    async with socket_to(silent) as socket:
        async with beside(socket, sending()):
            await asyncio.sleep(0.02)
        assert ended.is_set()
        with pytest.raises(ValueError, match="mine"):
            async with beside(socket, sending()):
                raise ValueError("mine")


async def test_the_vendors_way_of_closing_is_what_is_raised() -> None:
    async def busy(ws: ServerConnection) -> None:
        await ws.close(1013)

    async with socket_to(busy) as socket:
        with pytest.raises(ProviderBusy):
            async with beside(socket, asyncio.sleep(60)):
                async for _ in Ends().messages(socket):
                    pass


async def test_an_end_that_will_get_no_answer_is_overdue_and_the_messages_go_on() -> None:
    ends = Ends()
    async with socket_to(echo) as socket:
        ends.told(1.0)
        messages = ends.messages(socket)
        reading = asyncio.ensure_future(anext(messages))
        await asyncio.sleep(0.02)
        ends.within(0.01)
        assert await reading is OVERDUE
        assert ends.answered() and not ends.answered()
        await socket.send("1")
        assert await anext(messages) == 1


async def test_an_end_that_was_answered_in_time_is_never_overdue() -> None:
    ends = Ends()
    async with socket_to(echo) as socket:
        ends.told(1.0)
        ends.within(0.05)
        assert ends.answered()
        messages = ends.messages(socket)
        reading = asyncio.ensure_future(anext(messages))
        await asyncio.sleep(0.1)
        await socket.send("1")
        assert await reading == 1


async def test_what_is_no_json_is_garbled() -> None:
    async with socket_to(echo) as socket:
        await socket.send("{")
        with pytest.raises(ProviderGarbled):
            await anext(Ends().messages(socket))
