"""The first turn of a call finds its sockets open: counted where connections arrive, over TLS."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from auricle.providers.call import Call, Choice
from auricle.providers.connections import shared_ssl_context
from auricle.providers.routing import router_for
from auricle.settings import Provider, Settings, Timeouts
from tests.emulators.deepgram import DeepgramEmulator
from tests.emulators.openai_chat import OpenAIEmulator
from tests.providers.conftest import ASK, CLINIC, all_of, soon

PATIENT = Timeouts(connect_s=20.0, first_s=20.0, gap_s=20.0, total_s=60.0)


@dataclass
class Distant:
    """A wire that takes its time in each direction, and counts who comes."""

    port: int
    delay_s: float = 0.02
    came: int = 0
    ports: list[int] = field(default_factory=list)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[int]:
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        yield server.sockets[0].getsockname()[1]
        server.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.came += 1
        there = await asyncio.open_connection("127.0.0.1", self.port)
        await asyncio.gather(self._carry(reader, there[1]), self._carry(there[0], writer), return_exceptions=True)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while piece := await reader.read(65_536):
                await asyncio.sleep(self.delay_s)
                writer.write(piece)
        finally:
            writer.close()


def opening() -> "list[asyncio.Task[Any]]":
    return [task for task in asyncio.all_tasks() if task.get_name() == "sockets-ahead"]


@pytest.fixture
async def secured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[OpenAIEmulator]:
    trustme = pytest.importorskip("trustme", reason="trustme is not installed")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(tmp_path / "server.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    shared_ssl_context.cache_clear()
    async with OpenAIEmulator().secured(tmp_path / "server.pem") as server:
        yield server
    shared_ssl_context.cache_clear()


async def test_the_first_turn_uses_the_socket_that_was_opened_while_the_patient_was_greeted(
    secured: OpenAIEmulator, tmp_path: Path
) -> None:
    wire = Distant(int(secured.url.split(":")[2].split("/")[0]))
    async with wire.listening() as port:
        url = f"https://127.0.0.1:{port}/v1"
        given = Provider(url=url, key=SecretStr(secured.key), llm="m", tts="v", stt="e")
        router = router_for(Settings(data_dir=tmp_path, timeouts=PATIENT, providers={"far": given}), lambda _: None)
        call = Call(CLINIC, [Choice("far")], retries=0)
        router.open_ahead({"llm": call, "tts": call, "stt": call})
        await soon(lambda: wire.came == 1 and not opening())
        await all_of(router.generate(call, ASK))
        assert wire.came == 1  # one host, one socket, one handshake
        assert "authorization" in secured.requests[0]["headers"] and len(secured.requests) == 1
        await all_of(router.speak(call, "Good morning."))
        assert wire.came == 1
        await router.aclose()


async def test_nobody_waits_for_a_host_that_does_not_answer_and_the_end_leaves_nothing(tmp_path: Path) -> None:
    async with OpenAIEmulator() as up:
        down = OpenAIEmulator()  # refuses connections
        deaf = socket.create_server(("127.0.0.1", 0))  # connects, and says nothing
        silent = f"http://127.0.0.1:{deaf.getsockname()[1]}/v1"
        providers = {
            name: Provider(url=url, key=SecretStr(up.key), llm="m")
            for name, url in {"down": down.url, "silent": silent, "up": up.url}.items()
        }
        router = router_for(Settings(data_dir=tmp_path, timeouts=PATIENT, providers=providers), lambda _: None)
        call = Call(CLINIC, [Choice("silent")], retries=0)
        async with asyncio.timeout(10):
            router.open_ahead({"llm": call})
            router.open_ahead({"llm": replace(call, choices=[Choice("down")])})
            router.open_ahead({"llm": replace(call, choices=[Choice("offline")])})
            router.open_ahead({"rerank": call})  # nobody can
            await all_of(router.generate(replace(call, choices=[Choice("up")]), ASK))
            await router.aclose()
        assert not opening()
        deaf.close()


async def test_a_recognizer_that_opens_a_socket_for_each_turn_is_left_alone(tmp_path: Path) -> None:
    async with DeepgramEmulator() as server:
        wire = Distant(int(server.url.split(":")[2]), delay_s=0.0)
        async with wire.listening() as port:
            given = Provider(vendor="deepgram", url=f"http://127.0.0.1:{port}", key=SecretStr(server.key))
            router = router_for(Settings(data_dir=tmp_path, timeouts=PATIENT, providers={"far": given}), lambda _: None)
            call = Call(CLINIC, [Choice("far")])
            router.open_ahead({"stt": call})
            await soon(lambda: not opening())
            assert wire.came == 0
            router.open_ahead({"stt": call, "tts": call})  # speech keeps its connection
            await soon(lambda: wire.came == 1 and not opening())
            await router.aclose()


async def test_what_is_opened_ahead_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("auricle.providers.ahead.AT_ONCE", 1)
    deaf = socket.create_server(("127.0.0.1", 0))  # connects, and says nothing
    port = deaf.getsockname()[1]
    urls = {"one": f"http://127.0.0.1:{port}/v1", "other": f"http://localhost:{port}/v1"}
    providers = {name: Provider(url=url, llm="m") for name, url in urls.items()}
    router = router_for(Settings(data_dir=tmp_path, timeouts=PATIENT, providers=providers), lambda _: None)
    for name in providers:
        router.open_ahead({"llm": Call(CLINIC, [Choice(name)])})
    assert len(opening()) == 1
    await router.aclose()
    deaf.close()
