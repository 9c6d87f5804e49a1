"""Every list of the API in every order it offers: pages of one give what one page of all gives, and no row twice."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from auricle.assemble import application
from auricle.settings import Settings
from auricle.web.openapi import operations
from tests import builders
from tests.running_service import Service
from tests.web.conftest import Hospital
from tests.web.test_isolation_matrix import filled

IN_THEIR_OWN_ORDER = {
    "list_queue": "one's own first, and who waits longest",
    "list_chunks": "as the document has them",
    "list_evaluation_questions": "as the set numbers them",
    "list_evaluation_results": "as the set numbers them",
    "compare_evaluation_runs": "as the set numbers them",
}
NAMES = ["asha", "Zubin", "Asha", "अमिता", "meera", "Émile"]


def lists() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, method, operation in operations(application(Settings()).openapi()):
        if method == "get" and any(one["name"] == "cursor" for one in operation.get("parameters", [])):
            yield path, operation


def sorts(operation: dict[str, Any]) -> list[str]:
    return [
        value
        for one in operation.get("parameters", [])
        if one["name"] == "sort"
        for value in one["schema"]["enum"]
        if not value.startswith("-")
    ]


async def walked(http: httpx2.AsyncClient, path: str, sort: str, limit: int) -> list[dict[str, Any]]:
    """All rows of a list, page by page."""
    seen: list[dict[str, Any]] = []
    wanted: dict[str, Any] = {"sort": sort, "limit": limit}
    for _ in range(200):
        answer = (await http.get(path, params=wanted)).raise_for_status().json()
        seen += answer["items"]
        if answer["next"] is None:
            return seen
        wanted["cursor"] = answer["next"]
    raise AssertionError(f"{path} has no end")


def ids(rows: list[dict[str, Any]]) -> list[str]:
    return [row["id"] for row in rows]


async def check_pages(http: httpx2.AsyncClient, path: str, field: str) -> None:
    """Page by page, both ways, while nothing else changes the list: jobs of other tests may still add to one."""
    for _ in range(5):
        before = ids(await walked(http, path, field, 200))
        up, down = [ids(await walked(http, path, way + field, 1)) for way in ("", "-")]
        if before == ids(await walked(http, path, field, 200)):
            assert (up, down) == (before, before[::-1]), (path, field)
            return
    raise AssertionError(f"{path} never stood still")


def test_every_list_with_pages_is_sorted_as_the_caller_asks_or_says_why_not() -> None:
    described = list(lists())
    fixed = {operation["operationId"] for _, operation in described if not sorts(operation)}
    assert fixed == set(IN_THEIR_OWN_ORDER) and len(described) > 30


async def test_every_order_of_every_list_is_the_same_in_pages_of_one_and_the_reverse_of_its_reverse(
    service: Service, hospitals: tuple[Hospital, Hospital]
) -> None:
    hospital, longest = hospitals[0], 0
    for template, operation in lists():
        if operation["operationId"] in IN_THEIR_OWN_ORDER:
            continue
        path = filled(template, hospital.ids)
        who = hospital.headers["patient" if operation["operationId"] == "list_own_notes" else "org_admin"]
        async with service.client(who) as http:
            for field in sorts(operation):
                rows = await walked(http, path, field, 200)
                longest = max(longest, len(rows))
                assert len(set(ids(rows))) == len(rows)
                if not template.endswith("/entries"):  # there each page read is an entry more
                    await check_pages(http, path, field)
                if rows and isinstance(rows[0].get(field), str) and field.endswith("at"):
                    seconds = [row[field][:19] for row in rows]  # an id is made a moment after its transaction's time
                    assert seconds == sorted(seconds), (template, field)
            refused = await http.get(path, params={"sort": "id; drop table patient"})
            assert (refused.status_code, refused.json()["error_code"]) == (422, "validation.invalid"), template
    assert longest > 4


async def test_names_are_sorted_whatever_their_case_and_those_alike_by_age(service: Service) -> None:
    organization_id = await builders.make_organization(service.database)
    _, headers = await service.member(organization_id, "org_admin")
    async with service.client(headers) as http:
        made = []
        for name in NAMES:
            body = {"name": name, "scopes": ["patients:read"]}
            made.append((await http.post("/api/v1/api-keys", json=body)).raise_for_status().json()["id"])
        rows = await walked(http, "/api/v1/api-keys", "name", 2)
        assert [row["name"] for row in rows] == ["asha", "Asha", "meera", "Zubin", "Émile", "अमिता"]
        assert ids(rows)[:2] == [made[0], made[2]]
        assert [row["name"] for row in await walked(http, "/api/v1/api-keys", "last_used_at", 2)] == NAMES  # none was


async def test_the_audit_log_can_be_read_from_its_beginning(service: Service) -> None:
    organization_id = await builders.make_organization(service.database)
    _, headers = await service.member(organization_id, "org_admin")
    async with service.client(headers) as http:
        first = (await http.get("/api/v1/audit/entries", params={"sort": "at", "limit": 2})).json()
        rest = (await http.get("/api/v1/audit/entries", params={"sort": "at", "cursor": first["next"]})).json()
        numbers = [row["id"] for row in first["items"] + rest["items"]]
        latest = (await http.get("/api/v1/audit/entries", params={"limit": 1})).json()["items"][0]["id"]
    assert numbers == sorted(set(numbers)) and numbers[0] < latest


@pytest.mark.parametrize("sort", ["starts_at", "-starts_at"])
async def test_appointments_come_by_their_time_however_they_were_booked(
    service: Service, hospitals: tuple[Hospital, Hospital], sort: str
) -> None:
    hospital = hospitals[1]
    async with service.client(hospital.headers["org_admin"]) as http:
        body = {
            "patient_id": hospital.ids["patient_id"],
            "professional_id": hospital.ids["professional_id"],
            "outside_hours": True,
        }
        soon = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(days=30 + sort.startswith("-"))
        for hours in (3, 1, 2):
            starts_at = (soon + timedelta(hours=hours)).isoformat()
            (await http.post("/api/v1/appointments", json={**body, "starts_at": starts_at})).raise_for_status()
        rows = await walked(http, "/api/v1/appointments", sort, 1)
    starts = [row["starts_at"] for row in rows]
    assert starts == sorted(starts, reverse=sort.startswith("-")) and len(starts) > 3
