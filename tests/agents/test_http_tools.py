"""An organization's HTTP tools over real sockets: what is sent, what comes back, and what never does."""

import asyncio
import gzip
import logging
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from auricle.agents.tools.models import OrganizationTool
from tests.agents.conftest import PORTS, Clinic, asks, listening, results_in, scripted, told
from tests.emulators.openai_chat import OpenAIEmulator, Scripted

SECRET = "Bearer abcdef-123456-secret"
SCHEMA = {"properties": {"test": {"type": "string", "maxLength": 80}}, "required": ["test"]}


class Lab:
    """Somebody else's server."""

    def __init__(self) -> None:
        self.seen: list[dict[str, Any]] = []

    async def answer(self, request: Request) -> Response:
        body = await request.body()
        self.seen.append(
            {
                "method": request.method,
                "query": dict(request.query_params),
                "headers": dict(request.headers),
                "body": body,
            }
        )
        match request.path_params["kind"]:
            case "echo":
                return JSONResponse({"ready": True, "you_sent": request.headers.get("authorization")})
            case "big":
                return PlainTextResponse("x" * 70_000)
            case "gzip":
                return Response(gzip.compress(b"0" * 10_000_000), headers={"content-encoding": "gzip"})
            case "slow":
                await asyncio.sleep(3)
            case "inside":
                return RedirectResponse("http://127.0.0.1:1/latest/meta-data")
            case "down":
                return PlainTextResponse("stack trace", 500)
            case "no":
                return PlainTextResponse(f"bad key {request.headers.get('authorization')}", 403)
        return PlainTextResponse("")


@pytest_asyncio.fixture(loop_scope="session")
async def lab() -> AsyncIterator[Lab]:
    one = Lab()
    methods = ["GET", "POST", "PUT", "DELETE"]
    async with listening(Starlette(routes=[Route("/{kind}", one.answer, methods=methods)]), PORTS[0]):
        yield one


def tool(kind: str = "echo", **given: Any) -> dict[str, Any]:
    return {
        "name": "lab_ready",
        "description": "Is a lab result ready?",
        "parameters": SCHEMA,
        "url": f"http://127.0.0.1:{PORTS[0]}/{kind}",
        "effect": "read",
        "headers": {"Authorization": SECRET},
        "timeout_s": 1.0,
        **given,
    }


async def made(admin: httpx2.AsyncClient, **given: Any) -> dict[str, Any]:
    answer = await admin.post("/api/v1/tools", json=tool(**given))
    assert answer.status_code == 201, answer.text
    return answer.json()  # type: ignore[no-any-return]


async def test_a_tool_is_asked_with_what_was_declared(clinic: Clinic, admin: httpx2.AsyncClient, lab: Lab) -> None:
    kept = await made(admin)
    tried = (await admin.post(f"/api/v1/tools/{kept['id']}/try", json={"arguments": {"test": "TSH"}})).json()
    assert tried["ok"] and tried["result"] == {"ready": True, "you_sent": "[removed]"}
    (seen,) = lab.seen
    assert seen["method"] == "POST" and seen["body"] == b'{"test":"TSH"}'
    assert seen["headers"]["authorization"] == SECRET and "auricle-patient-id" not in seen["headers"]
    assert seen["headers"]["host"] == f"127.0.0.1:{PORTS[0]}"


async def test_arguments_may_go_as_a_query(clinic: Clinic, admin: httpx2.AsyncClient, lab: Lab) -> None:
    kept = await made(admin, method="GET", sends="query", sends_patient=True)
    await admin.post(f"/api/v1/tools/{kept['id']}/try", json={"arguments": {"test": "a b&c=d"}})
    assert lab.seen[0]["query"] == {"test": "a b&c=d"} and lab.seen[0]["headers"]["auricle-patient-id"]


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("big", "tools.unreachable"),
        ("gzip", "tools.unreachable"),
        ("slow", "tools.unreachable"),
        ("inside", "tools.unreachable"),
        ("down", "tools.unreachable"),
        ("no", "tool.refused"),
    ],
)
async def test_a_bad_server_is_a_result_and_tells_no_secret(
    clinic: Clinic, admin: httpx2.AsyncClient, lab: Lab, kind: str, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    kept = await made(admin, url=tool(kind)["url"])
    tried = (await admin.post(f"/api/v1/tools/{kept['id']}/try", json={"arguments": {"test": "TSH"}})).json()
    assert (tried["ok"], tried["error_code"]) == (False, code)
    assert "secret" not in str(tried) and "stack trace" not in str(tried)
    assert SECRET not in caplog.text and "secret" not in caplog.text.replace("tells_no_secret", "")


async def test_headers_are_sealed_and_never_shown(clinic: Clinic, admin: httpx2.AsyncClient) -> None:
    kept = await made(admin)
    assert kept["header_names"] == ["Authorization"] and "secret" not in str(kept)
    async with clinic.assembly.database.transaction(clinic.system) as db:
        row = await db.get_one(OrganizationTool, kept["id"])
        assert row.headers is not None and b"secret" not in row.headers
    changed = {k: v for k, v in tool(description="Another.").items() if k != "headers"}
    again = (await admin.put(f"/api/v1/tools/{kept['id']}", json=changed)).json()
    assert again["header_names"] == ["Authorization"], "kept where nothing is said"
    moved = {**changed, "url": f"http://127.0.0.1:{PORTS[1]}/echo"}
    assert (await admin.put(f"/api/v1/tools/{kept['id']}", json=moved)).json()["header_names"] == [], "not to others"


@pytest.mark.parametrize(
    "given",
    [
        {"url": "http://example.com/"},
        {"url": "https://example.com:22/"},
        {"url": "http://127.0.0.1:1/"},
        {"name": "book_appointment"},
        {"name": "Bad Name"},
        {"parameters": {"properties": {"a": {"type": "string", "pattern": "(a+)+$"}}}},
        {"parameters": {"properties": {"a": {"$ref": "https://evil.example/"}}}},
        {"parameters": {"type": "array"}},
        {"parameters": {"properties": {"a": {"type": "nonsense"}}}},
        {"headers": {"Host": "evil.example"}},
        {"headers": {"X": "a\r\nY: b"}},
        {"command": "rm -rf /", "url": None, "kind": "mcp"},
        {"url": None},
        {"effect": "end"},
    ],
)
async def test_a_tool_that_can_not_be_trusted_is_refused(
    clinic: Clinic, admin: httpx2.AsyncClient, given: dict[str, Any]
) -> None:
    answer = await admin.post("/api/v1/tools", json={**tool(), **given})
    assert answer.status_code in (409, 422), answer.text


async def test_an_agent_uses_it_and_asks_before_a_write(
    clinic: Clinic, admin: httpx2.AsyncClient, emulated: OpenAIEmulator, lab: Lab
) -> None:
    await made(admin, name="order_kit", effect="write", question={"en": "Shall I order a test kit"})
    emulated.script = scripted(asks("order_kit", {"test": "TSH"}))
    room = await clinic.room("order_kit")
    asked = await room.says("Order me a kit")
    assert asked.text == "Shall I order a test kit (test: TSH)?" and lab.seen == []
    emulated.script = scripted(asks("order_kit", {"test": "TSH"}), Scripted("It is ordered."))
    assert (await room.says("Yes, go ahead")).text == "It is ordered."
    assert len(lab.seen) == 1 and "idempotency-key" in lab.seen[0]["headers"]
    assert "[removed]" in str(told(results_in(emulated.requests[-1]["body"])[0]))


async def test_a_removed_tool_is_gone_with_its_secret(clinic: Clinic, admin: httpx2.AsyncClient) -> None:
    kept = await made(admin)
    assert (await admin.delete(f"/api/v1/tools/{kept['id']}")).status_code == 204
    assert (await admin.get(f"/api/v1/tools/{kept['id']}")).status_code == 404
    assert (await admin.get("/api/v1/tools")).json() == []
    async with clinic.assembly.database.transaction(clinic.system) as db:
        assert (await db.get_one(OrganizationTool, kept["id"])).headers is None
    await made(admin)  # the name is free again
