"""Organizations' own accounts go to judged addresses only, at every connection, over HTTP and over WebSockets."""

from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from pathlib import Path

import pytest
from pydantic import SecretStr
from starlette.responses import RedirectResponse
from starlette.websockets import WebSocket

from auricle.agents.tools.guard import Reach
from auricle.providers.account import Account
from auricle.providers.accounts.guarded import AddressForbidden, Guarded
from auricle.providers.connections import Connections
from auricle.providers.ports import ProviderFailed, ProviderRefused
from tests.emulators.openai_chat import OpenAIEmulator
from tests.emulators.server import Emulator

KEY = SecretStr("right-key")


class Names:
    """A resolver that answers from a list, one answer a time."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers, self.asked = list(answers), 0

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked += 1
        return self.answers[min(self.asked, len(self.answers)) - 1]


@pytest.fixture
async def server() -> AsyncIterator[OpenAIEmulator]:
    async with OpenAIEmulator() as running:
        yield running


async def test_a_name_that_turns_to_the_inside_is_refused_at_the_next_connection() -> None:
    names = Names(["93.184.216.34"], ["127.0.0.1"])
    reach = Reach(resolve=names)
    host, port = reach.check("https://vendor.example/v1")
    await reach.address_of(host, port)  # when it was saved it was public
    connections = Guarded(reach)
    account = Account("mine", "v", connections, url="https://vendor.example/v1", key=KEY)
    with pytest.raises(AddressForbidden):
        await account.post("/chat", json={})
    with pytest.raises(AddressForbidden):
        async with account.socket("/live"):
            pass
    assert names.asked == 3
    await connections.aclose()


async def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    connections = Guarded(Reach(resolve=Names(["93.184.216.34", "10.0.0.1"])))
    with pytest.raises(AddressForbidden):
        await Account("mine", "v", connections, url="https://vendor.example", key=KEY).post("/x", json={})
    await connections.aclose()


async def test_the_connection_goes_to_the_judged_address_and_sockets_are_shared(server: OpenAIEmulator) -> None:
    port = server.url.rsplit(":", 1)[1].split("/")[0]
    names = Names(["127.0.0.1"])
    connections = Guarded(Reach(frozenset({f"vendor.example:{port}"}), names))
    account = Account("mine", "v", connections, url=f"http://vendor.example:{port}/v1", key=KEY)
    for _ in range(3):
        await account.post("/embeddings", json={"model": "m", "input": ["a"]})
    assert {one["headers"]["host"] for one in server.requests} == {f"vendor.example:{port}"}
    assert len({one["port"] for one in server.requests}) == 1 and names.asked == 1
    await connections.aclose()


async def test_a_vendors_further_hosts_are_judged_as_its_first(server: OpenAIEmulator) -> None:
    """A vendor's file may build an address from an option that the organization sets."""
    connections = Guarded(Reach())
    account = Account("mine", "v", connections, url="https://vendor.example", key=KEY, is_own_url=False)
    for there in (server.url, "https://127.0.0.1/x", "http://vendor.example/x"):
        with pytest.raises(AddressForbidden):
            await account.post(there, json={})
        with pytest.raises(AddressForbidden):
            async with account.socket(there):
                pass
    assert not server.requests
    await connections.aclose()


class Redirecting(Emulator):
    """Sends every WebSocket elsewhere."""

    credential = "xi-api-key: {key}"
    to = ""

    def sockets(self) -> Sequence[tuple[str, object]]:  # type: ignore[override]
        return [("/live", self._live)]

    async def _live(self, ws: WebSocket) -> None:
        self.record(ws, None)
        await ws.send_denial_response(RedirectResponse(self.to))


@pytest.mark.parametrize("guarded", [False, True])
async def test_no_socket_follows_a_redirect_and_takes_the_key_along(guarded: bool, tmp_path: Path) -> None:
    async with Redirecting() as first, Redirecting() as second:
        first.to = second.url.replace("http", "ws", 1) + "/live"
        listed = frozenset(one.url.split("/")[2] for one in (first, second))
        connections = Guarded(Reach(listed)) if guarded else Connections()
        account = Account("mine", "v", connections, url=first.url, key=KEY, auth="xi-api-key: {key}")
        with pytest.raises(ProviderRefused):
            async with account.socket("/live"):
                pass
        assert len(first.requests) == 1 and not second.requests
        await connections.aclose()


async def test_a_host_that_is_not_there_is_a_failure_like_any_other() -> None:
    connections = Guarded(Reach(frozenset({"127.0.0.1:9"})))
    account = Account("mine", "v", connections, url="http://127.0.0.1:9", key=KEY)
    with pytest.raises(ProviderFailed):
        await account.post("/x", json={})
    with pytest.raises(ProviderFailed):
        async with account.socket("/live") as socket, aclosing(socket.messages()) as messages:
            await anext(messages)
    await connections.aclose()
