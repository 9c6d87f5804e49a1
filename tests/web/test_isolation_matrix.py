"""Every route, taken from the application itself, asked for another hospital's things by every role. 0 leaks."""

import re
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from sqlalchemy import text

from auricle.actor import Actor
from tests.running_service import Service
from tests.web.conftest import CANARY, Hospital

PLACES = {"name": "offline", "number": "1", "statement_id": "statement_id", "template_key": "of_zebrafisch"}
BYTES = {"application/yaml": b"name: Intruder\n"}


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if not path.startswith("/api/v1/auth"):
                yield method.upper(), path, operation


def filled(path: str, ids: dict[str, str]) -> str:
    if path.startswith("/api/v1/documents/"):
        ids = {**ids, "document_id": ids["patient_document_id"]}
    return re.sub(r"\{(\w+)\}", lambda m: ids.get(m.group(1), PLACES.get(m.group(1), "1")), path)


def sample(schema: dict[str, Any], parts: dict[str, Any], ids: dict[str, str], name: str = "") -> Any:
    """A value that fits a schema, with the other hospital's ids wherever an id of that name is taken."""
    if "$ref" in schema:
        return sample(parts[schema["$ref"].rsplit("/", 1)[-1]], parts, ids, name)
    for choice in schema.get("anyOf", []):
        if choice.get("type") != "null":
            return sample(choice, parts, ids, name)
    if "const" in schema or "enum" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    match schema.get("type"):
        case "object":
            return {
                key: sample(part, parts, ids, key)
                for key, part in schema.get("properties", {}).items()
                if key in schema.get("required", []) or key in ids or key in ("notes", "seen")
            }
        case "array":
            return [sample(schema.get("items", {}), parts, ids, name)] if name in ("notes",) else []
        case "integer" | "number":
            return schema.get("minimum", 1) or 1
        case "boolean":
            return False
    if schema.get("format") == "uuid":
        return ids.get(name, ids["note_id"] if name == "id" else ids["patient_id"])
    return (schema.get("examples") or ["intruder@example.org" if schema.get("format") == "email" else "offline text"])[
        0
    ]


async def ask(
    http: httpx2.AsyncClient,
    method: str,
    path: str,
    operation: dict[str, Any],
    parts: dict[str, Any],
    ids: dict[str, str],
) -> httpx2.Response:
    query = {
        p["name"]: sample(p["schema"], parts, ids, p["name"])
        for p in operation.get("parameters", [])
        if p["in"] == "query" and (p.get("required") or p["name"] in ids)
    }
    content = operation.get("requestBody", {}).get("content", {})
    if "multipart/form-data" in content:
        return await http.request(method, filled(path, ids), params=query, files={"file": ("a.md", b"# A\n\nB is b.")})
    if "application/json" in content:
        body = sample(content["application/json"]["schema"], parts, ids)
        return await http.request(method, filled(path, ids), params=query, json=body)
    for media, data in BYTES.items():
        if media in content:
            return await http.request(
                method, filled(path, ids), params=query, content=data, headers={"content-type": media}
            )
    return await http.request(method, filled(path, ids), params=query)


async def fingerprint(service: Service, hospital: Hospital) -> dict[str, Any]:
    """What a hospital's tables hold, as it sees them itself."""
    tables = (
        "patient",
        "consultation",
        "consultation_session",
        "message",
        "agent",
        "agent_version",
        "document",
        "soap_note",
        "note_statement",
        "note_version",
        "knowledge_document",
        "knowledge_chunk",
        "evaluation_set",
        "evaluation_run",
        "evaluation_result",
        "member",
        "alert",
    )
    async with service.database.transaction(Actor.system(hospital.organization_id)) as db:
        return {
            table: (
                await db.execute(text(f"select count(*), md5(string_agg(t::text, '|' order by t.id)) from {table} t"))
            ).one()
            for table in tables
        }


async def test_no_role_reaches_another_hospital_by_any_route(
    service: Service, hospitals: tuple[Hospital, Hospital], record_property: Any
) -> None:
    theirs, ours = hospitals
    async with service.client() as http:
        document = (await http.get("/openapi.json")).raise_for_status().json()
    parts = document["components"]["schemas"]
    before, checks, leaks = await fingerprint(service, theirs), 0, []
    for role, headers in ours.headers.items():
        async with service.client(headers) as http:
            for method, path, operation in operations(document):
                if path == "/api/v1/events":
                    continue  # endless: tests/live follows it
                answer = await ask(http, method, path, operation, parts, theirs.ids)
                checks += 1
                named = set(re.findall(r"\{(\w+)\}", path)) & set(theirs.ids)
                if answer.status_code >= 500 or CANARY in answer.text or (named and answer.is_success):
                    leaks.append(f"{role} {method} {path}: {answer.status_code} {answer.text[:300]}")
                body_ids = set(re.findall(r"[0-9a-f-]{36}", answer.text)) & set(theirs.ids.values())
                # One's own audit keeps the ids that one asked for and was refused: it tells the caller nothing new.
                if answer.is_success and body_ids and not path.startswith("/api/v1/audit/"):
                    leaks.append(f"{role} {method} {path}: names {body_ids}")
    assert not leaks, "\n".join(leaks)
    assert await fingerprint(service, theirs) == before
    record_property("checks", checks)
    print(f"\n{checks} route × role checks with another hospital's ids, 0 leaks")
    assert checks > 100


async def test_nobody_reaches_anything_without_signing_in(
    service: Service, hospitals: tuple[Hospital, Hospital]
) -> None:
    theirs, _ = hospitals
    public = {"/health", "/ready", "/api/v1", "/metrics"}
    async with service.client() as http:
        document = (await http.get("/openapi.json")).raise_for_status().json()
        for method, path, operation in operations(document):
            answer = await ask(http, method, path, operation, document["components"]["schemas"], theirs.ids)
            assert answer.status_code == 401 or path in public, f"{method} {path}: {answer.status_code}"


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/patients",
        "/api/v1/consultations",
        "/api/v1/soap/notes",
        "/api/v1/agents",
        "/api/v1/rag/documents",
        "/api/v1/documents",
    ],
)
async def test_a_cursor_of_another_hospital_shows_nothing_of_it(
    service: Service, hospitals: tuple[Hospital, Hospital], path: str
) -> None:
    from uuid import UUID

    from auricle.web.paging import cursor_of

    theirs, ours = hospitals
    async with service.client(ours.headers["org_admin"]) as http:
        for stolen in theirs.ids.values():
            answer = await http.get(path, params={"cursor": cursor_of(UUID(stolen))})
            assert answer.status_code == 200
            assert not set(theirs.ids.values()) & set(re.findall(r"[0-9a-f-]{36}", answer.text))
            assert CANARY not in answer.text


async def test_every_route_names_a_permission_or_is_on_the_public_list(service: Service) -> None:
    from fastapi.routing import APIRoute

    from auricle.routers import ROUTERS
    from auricle.web.deps import Permission, signed_in

    signed_in_only = {
        "logout",
        "switch",
        "me",
        "list_own_sessions",
        "end_own_session",
        "change_password",
        "begin_second_factor",
        "confirm_second_factor",
        "renew_recovery_codes",
        "remove_second_factor",
        "get_profile",
        "save_profile",
    }
    public = {
        "login",
        "register",
        "refresh",
        "answer_second_factor",
        "forget_password",
        "reset_password",
        "download_document",  # by a link that says for whom it was made
        "begin_google_sign_in",
        "finish_google_sign_in",
        "read_invitation",
        "accept_invitation",
        "phone_voice",  # signed by the line's carrier, and so are the next
        "phone_voice_get",
        "phone_after",
        "phone_after_get",
        "phone_status",
    }
    for router in ROUTERS:
        for route in router.routes:
            if isinstance(route, APIRoute) and route.operation_id not in public:
                calls = [d.call for d in route.dependant.dependencies]
                has = any(isinstance(call, Permission) for call in calls)
                assert has or (route.operation_id in signed_in_only and signed_in in calls), route.path
