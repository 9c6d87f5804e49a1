"""A POST that is sent again does nothing again, and is given the first answer."""

import asyncio
import uuid
from typing import Any

import httpx2
import pytest
from sqlalchemy import text

from auricle.actor import Actor
from tests.running_service import Service
from tests.web.conftest import Hospital

PATIENT = {"given_name": "Leela", "family_name": "Quastenflosser", "phone": "+91 90000 11111"}


def keyed(hospital: Hospital, role: str = "staff", key: str | None = None) -> dict[str, str]:
    return {**hospital.headers[role], "idempotency-key": key or uuid.uuid4().hex}


async def counted(service: Service, hospital: Hospital, table: str) -> int:
    async with service.database.transaction(Actor.system(hospital.organization_id)) as db:
        return int(await db.scalar(text(f"select count(*) from {table}")) or 0)


async def post(
    service: Service, headers: dict[str, str], body: Any = PATIENT, path: str = "/api/v1/patients"
) -> httpx2.Response:
    async with service.client(headers) as http:
        return await http.post(path, json=body)


async def test_the_second_request_makes_nothing_and_has_the_first_answer(
    service: Service, hospitals: tuple[Hospital, Hospital]
) -> None:
    headers = keyed(hospitals[0])
    first = await post(service, headers)
    before = await counted(service, hospitals[0], "patient")
    again = await post(service, headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again.headers["idempotent-replayed"] == "true" and "idempotent-replayed" not in first.headers
    assert await counted(service, hospitals[0], "patient") == before


async def test_another_body_or_path_under_the_same_key_is_a_conflict(
    service: Service, hospitals: tuple[Hospital, Hospital]
) -> None:
    headers = keyed(hospitals[0])
    await post(service, headers)
    for path, body in (
        ("/api/v1/patients", {**PATIENT, "given_name": "Other"}),
        ("/api/v1/patients?a=1", PATIENT),
        ("/api/v1/consultation/create", PATIENT),
    ):
        answer = await post(service, headers, body, path)
        assert answer.status_code in (409, 422) and answer.is_success is False, path
    assert (await post(service, headers, {**PATIENT, "given_name": "Other"})).json()[
        "error_code"
    ] == "idempotency.key_reused"


async def test_the_same_key_of_another_person_or_hospital_is_another_key(
    service: Service, hospitals: tuple[Hospital, Hospital]
) -> None:
    key = uuid.uuid4().hex
    answers = [
        await post(service, keyed(hospital, role, key)) for hospital in hospitals for role in ("staff", "clinician")
    ]
    assert [a.status_code for a in answers] == [201] * 4
    assert len({a.json()["id"] for a in answers}) == 4


async def test_a_hundred_at_once_make_one(service: Service, hospitals: tuple[Hospital, Hospital]) -> None:
    headers, before = keyed(hospitals[0]), await counted(service, hospitals[0], "patient")
    async with service.client(headers) as http:
        answers = await asyncio.gather(*(http.post("/api/v1/patients", json=PATIENT) for _ in range(100)))
    made = [a for a in answers if a.status_code == 201]
    assert {a.json()["id"] for a in made} == {made[0].json()["id"]}
    assert all(a.status_code == 201 or a.json()["error_code"] == "idempotency.under_way" for a in answers)
    assert await counted(service, hospitals[0], "patient") == before + 1


async def test_a_refused_request_leaves_its_key_free(service: Service, hospitals: tuple[Hospital, Hospital]) -> None:
    headers = keyed(hospitals[0])
    assert (await post(service, headers, {**PATIENT, "family_name": ""})).status_code == 422
    record = {**PATIENT, "record_number": f"R-{uuid.uuid4().hex[:8]}"}
    await post(service, keyed(hospitals[0]), record)
    assert (await post(service, headers, record)).status_code == 409  # the record number is taken: nothing was done
    assert (await post(service, headers)).status_code == 201


async def test_a_route_with_transactions_of_its_own_answers_once_too(
    service: Service, hospitals: tuple[Hospital, Hospital]
) -> None:
    headers, body = keyed(hospitals[0], "clinician"), {"consultation_id": hospitals[0].ids["consultation_id"]}
    first = await post(service, headers, body, "/api/v1/soap/generate")
    before = await counted(service, hospitals[0], "soap_note")
    again = await post(service, headers, body, "/api/v1/soap/generate")
    assert (first.status_code, again.status_code) == (202, 202), first.text
    assert again.json()["id"] == first.json()["id"] and again.headers["location"] == first.headers["location"]
    assert await counted(service, hospitals[0], "soap_note") == before


async def test_an_upload_under_the_same_key_is_compared_by_its_content(
    service: Service, hospitals: tuple[Hospital, Hospital]
) -> None:
    headers, answers = keyed(hospitals[0], "org_admin"), []
    for content in (b"# One\n\nThe desk opens at ten.", b"# One\n\nThe desk opens at ten.", b"# Two\n\nAt eleven."):
        async with service.client(headers) as http:
            answers.append(await http.post("/api/v1/rag/ingest-upload", files={"file": ("a.md", content)}))
    assert [a.status_code for a in answers] == [202, 202, 409]
    assert answers[0].json()["id"] == answers[1].json()["id"]


async def test_an_answer_is_kept_sealed(service: Service, hospitals: tuple[Hospital, Hospital]) -> None:
    headers = keyed(hospitals[0])
    await post(service, headers)
    who = hospitals[0].people["staff"]
    async with service.database.transaction(who) as db:
        rows = (await db.execute(text("select t::text from request_key t"))).scalars().all()
        answers = (await db.execute(text("select answer from request_key where answer is not null"))).scalars().all()
    assert rows and answers
    assert all("Quastenflosser" not in row for row in rows) and all(b"Quasten" not in answer for answer in answers)


async def test_kept_answers_are_their_makers_own_even_in_the_database(
    service: Service, hospitals: tuple[Hospital, Hospital]
) -> None:
    await post(service, keyed(hospitals[0]))
    for other in (hospitals[0].people["clinician"], hospitals[1].people["staff"], Actor.nobody()):
        async with service.database.transaction(other) as db:
            staff = hospitals[0].people["staff"].account_id
            found = await db.scalar(
                text("select count(*) from request_key where account_id = :staff"), {"staff": staff}
            )
            assert found == 0


async def test_the_text_of_a_new_key_is_not_kept(service: Service, hospitals: tuple[Hospital, Hospital]) -> None:
    headers, body = keyed(hospitals[0], "org_admin"), {"name": "Once", "scopes": ["agents:read"]}
    assert (await post(service, headers, body, "/api/v1/api-keys")).status_code == 201
    again = await post(service, headers, body, "/api/v1/api-keys")
    assert (again.status_code, again.json()["error_code"]) == (409, "idempotency.answer_not_kept")


@pytest.mark.parametrize("key", ["", "a b", "x" * 201, "ключ".encode().decode("latin-1")])
async def test_a_key_of_another_form_is_refused(
    service: Service, hospitals: tuple[Hospital, Hospital], key: str
) -> None:
    async with service.client(hospitals[0].headers["staff"]) as http:
        answer = await http.post("/api/v1/patients", json=PATIENT, headers=[("idempotency-key", key.encode("latin-1"))])
    assert (answer.status_code, answer.json()["error_code"]) == (422, "idempotency.bad_key")


async def test_old_answers_are_forgotten(service: Service, hospitals: tuple[Hospital, Hospital]) -> None:
    headers = keyed(hospitals[0])
    first = await post(service, headers)
    who = hospitals[0].people["staff"]
    async with service.database.transaction(who) as db:
        await db.execute(text("update request_key set expires_at = now() - interval '1 second'"))
        assert (await db.scalar(text("select forget_request_keys()")) or 0) >= 1
    again = await post(service, headers)
    assert again.status_code == 201 and again.json()["id"] != first.json()["id"]
