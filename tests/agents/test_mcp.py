"""MCP servers: a real one, listed by an administrator, called by an agent."""

import sys
from collections.abc import AsyncIterator
from typing import Any
from unittest.mock import patch

import httpx2
import pytest
import pytest_asyncio
from mcp.server.mcpserver import MCPServer
from mcp.types import ToolAnnotations

from auricle.agents.tools.guard import Reach
from auricle.agents.tools.mcp_server import CommandRefused, McpMissing, McpServer
from tests.agents.conftest import PORTS, Clinic, asks, listening, results_in, scripted, told
from tests.emulators.openai_chat import OpenAIEmulator, Scripted

URL = f"http://127.0.0.1:{PORTS[2]}/mcp"
REACH = Reach(frozenset({f"127.0.0.1:{PORTS[2]}"}))


@pytest_asyncio.fixture(loop_scope="session")
async def server() -> AsyncIterator[list[str]]:
    """A laboratory's MCP server; what it was asked."""
    asked: list[str] = []
    lab = MCPServer("lab")

    @lab.tool(description="Is a result ready?", annotations=ToolAnnotations(read_only_hint=True))
    async def result_ready(test: str) -> dict[str, bool]:
        asked.append(test)
        return {"ready": True}

    @lab.tool(description="Order a test.")
    async def order(test: str, count: int = 1) -> str:
        asked.append(f"{count} x {test}")
        return "ordered"

    @lab.tool(description="Fails.")
    async def broken() -> str:
        raise RuntimeError("the inside of the laboratory")

    @lab.tool(description="Too much.")
    async def endless() -> str:
        return "x" * 100_000

    async with listening(lab.streamable_http_app(), PORTS[2]):
        yield asked


async def kept(admin: httpx2.AsyncClient, **given: Any) -> dict[str, Any]:
    body = {"kind": "mcp", "name": "lab", "description": "The laboratory.", "url": URL, "effect": "read", **given}
    made = (await admin.post("/api/v1/tools", json=body)).raise_for_status().json()
    return (await admin.post(f"/api/v1/tools/{made['id']}/list")).raise_for_status().json()  # type: ignore[no-any-return]


async def test_what_a_server_offers_is_listed_and_kept(
    clinic: Clinic, admin: httpx2.AsyncClient, server: list[str]
) -> None:
    listed = await kept(admin)
    offers = {one["name"]: one for one in listed["offers"]}
    assert {name: one["effect"] for name, one in offers.items()} == {
        "lab__result_ready": "read", "lab__order": "write", "lab__broken": "write", "lab__endless": "write",
    }  # fmt: skip
    assert offers["lab__order"]["parameters"]["additionalProperties"] is False
    tried = await admin.post(
        f"/api/v1/tools/{listed['id']}/try", json={"tool": "result_ready", "arguments": {"test": "TSH"}}
    )
    assert tried.json()["result"] == {"ready": True} and server == ["TSH"]


async def test_hints_of_a_server_that_is_not_trusted_count_for_nothing(
    clinic: Clinic, admin: httpx2.AsyncClient, server: list[str]
) -> None:
    listed = await kept(admin, effect="write")
    assert {one["effect"] for one in listed["offers"]} == {"write"}


async def test_an_agent_reads_through_it_and_asks_before_it_orders(
    clinic: Clinic, admin: httpx2.AsyncClient, emulated: OpenAIEmulator, server: list[str]
) -> None:
    await kept(admin)
    emulated.script = scripted(asks("lab__result_ready", {"test": "TSH"}), asks("lab__order", {"test": "TSH"}))
    room = await clinic.room("lab")
    asked = await room.says("Is my result there? If not, order it.")
    assert asked.text == "Shall I go ahead with this: Order a test (test: TSH)?" and server == ["TSH"]
    emulated.script = scripted(asks("lab__order", {"test": "TSH"}), Scripted("Ordered."))
    assert (await room.says("Yes")).text == "Ordered." and server == ["TSH", "1 x TSH"]


@pytest.mark.parametrize("name", ["broken", "endless"])
async def test_a_tool_that_fails_or_floods_is_a_result(
    clinic: Clinic, admin: httpx2.AsyncClient, server: list[str], name: str
) -> None:
    listed = await kept(admin)
    tried = (await admin.post(f"/api/v1/tools/{listed['id']}/try", json={"tool": name})).json()
    assert tried["ok"] is False and tried["error_code"] in ("tool.refused", "tools.unreachable")


async def test_what_was_not_listed_is_not_called(
    clinic: Clinic, admin: httpx2.AsyncClient, emulated: OpenAIEmulator, server: list[str]
) -> None:
    made = {"kind": "mcp", "name": "lab", "description": "The laboratory.", "url": URL}
    tool_id = (await admin.post("/api/v1/tools", json=made)).raise_for_status().json()["id"]
    assert (await admin.post(f"/api/v1/tools/{tool_id}/try", json={"tool": "order"})).status_code == 422
    emulated.script = scripted(asks("lab__order", {"test": "TSH"}), Scripted("I can't."))
    room = await clinic.room("lab", "hand_over")
    await room.says("Order it")
    assert told(results_in(emulated.requests[-1]["body"])[0]) == {"error": "unknown_tool"} and server == []


async def test_a_server_that_is_away_is_told(clinic: Clinic, admin: httpx2.AsyncClient) -> None:
    made = {"kind": "mcp", "name": "lab", "description": "The laboratory.", "url": URL, "timeout_s": 1.0}
    tool_id = (await admin.post("/api/v1/tools", json=made)).raise_for_status().json()["id"]
    answer = await admin.post(f"/api/v1/tools/{tool_id}/list")
    assert answer.status_code == 503 and answer.json()["error_code"] == "tools.unreachable"


async def test_without_the_package_it_says_so() -> None:
    with patch("auricle.agents.tools.mcp_server.find_spec", lambda _: None), pytest.raises(McpMissing):
        await McpServer(URL, None, 1.0).list_tools(REACH, ())


async def test_only_a_listed_command_is_started(tmp_path: Any) -> None:
    script = tmp_path / "server.py"
    script.write_text(
        "from mcp.server.mcpserver import MCPServer\nlab = MCPServer('lab')\n"
        "@lab.tool(description='Adds.')\ndef add(a: int, b: int) -> int:\n    return a + b\nlab.run()\n"
    )
    command = f"{sys.executable} {script}"
    server = McpServer(None, command, 20.0)
    with pytest.raises(CommandRefused):
        await server.list_tools(REACH, ("python other.py",))
    assert [one["name"] for one in await server.list_tools(REACH, (command,))] == ["add"]
    assert await server.call(REACH, (command,), "add", {"a": 2, "b": 3}) == {"result": 5}
