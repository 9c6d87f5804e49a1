"""Every refusal is problem+json with a stable code, and says nothing of what was sent."""

import pytest

from tests.running_service import Service
from tests.web.conftest import Hospital

SECRET = "Kabeljau"


async def test_an_unknown_path_is_a_problem_with_a_code(service: Service) -> None:
    async with service.client() as http:
        answer = await http.get("/api/v1/nowhere")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["error_code"] == "not_found"
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"{", 400, "request.malformed"),
        (b"[]", 422, "validation.invalid"),
        (b'"x"', 422, "validation.invalid"),
        (b'{"given_name": 7}', 422, "validation.invalid"),
        (b"\xff\xfe", 400, "request.malformed"),
    ],
)
async def test_a_malformed_body_is_refused(
    service: Service, hospitals: tuple[Hospital, Hospital], content: bytes, status: int, code: str
) -> None:
    async with service.client(hospitals[0].headers["staff"]) as http:
        answer = await http.post("/api/v1/patients", content=content, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["error_code"]) == (status, code)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/v1/consultation/create", {"type": "text", "specialty": f"{SECRET}\0"}),  # a column of text
        ("/api/v1/agents", {"name": "A", "role": f"{SECRET}\0"}),  # within one of JSON
        ("/api/v1/agents", {"name": f"{SECRET}\0"}),
    ],
)
async def test_text_that_the_database_cannot_keep_is_refused_without_repeating_it(
    service: Service, hospitals: tuple[Hospital, Hospital], path: str, body: dict[str, str]
) -> None:
    async with service.client(hospitals[0].headers["org_admin"]) as http:
        if "type" in body:
            body = {**body, "patient_id": hospitals[0].ids["patient_id"]}
        answer = await http.post(path, json=body)
    assert (answer.status_code, answer.json()["error_code"]) == (422, "validation.unstorable_text"), answer.text
    assert SECRET not in answer.text


async def test_a_refusal_names_the_field_and_never_the_value(
    service: Service, hospitals: tuple[Hospital, Hospital]
) -> None:
    async with service.client(hospitals[0].headers["staff"]) as http:
        answer = await http.post(
            "/api/v1/patients", json={"given_name": SECRET, "family_name": "", "phone": SECRET, SECRET: SECRET}
        )
    assert answer.status_code == 422
    assert SECRET not in answer.text
    assert {"body.family_name", "body.phone", "body.*"} <= set(answer.json()["context"])


async def test_a_body_over_the_cap_is_refused_before_it_is_read(service: Service) -> None:
    async with service.client() as http:
        answer = await http.post("/api/v1/auth/login", content=b" " * (service.settings.max_body_bytes + 1))
    assert (answer.status_code, answer.json()["error_code"]) == (413, "request.too_large")


@pytest.mark.parametrize("token", ["-", "x", "a.b.c", "eyJhbGciOiJub25lIn0.e30."])
async def test_a_wrong_token_is_refused(service: Service, token: str) -> None:
    async with service.client({"authorization": f"Bearer {token}"}) as http:
        answer = await http.get("/api/v1/auth/me")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_bad_cursor_has_its_own_code(service: Service, hospitals: tuple[Hospital, Hospital]) -> None:
    async with service.client(hospitals[0].headers["staff"]) as http:
        answer = await http.get("/api/v1/patients", params={"cursor": "no-such-place"})
    assert (answer.status_code, answer.json()["error_code"]) == (422, "validation.bad_cursor")


async def test_answers_carry_security_headers_and_a_request_id(service: Service) -> None:
    async with service.client({"x-request-id": "from-the-proxy-1"}) as http:
        answer = await http.get("/health")
    assert answer.headers["x-request-id"] == "from-the-proxy-1"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"


async def test_every_operation_has_an_id_a_summary_and_documented_problems(service: Service) -> None:
    async with service.client() as http:
        document = (await http.get("/openapi.json")).raise_for_status().json()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert operation.get("operationId"), f"{method} {path}"
            assert operation.get("summary"), f"{method} {path}"


async def test_readiness_tells_the_state_of_the_parts(service: Service) -> None:
    async with service.client() as http:
        answer = await http.get("/ready")
    assert answer.status_code == 200
    assert answer.json()["parts"]["database"] == answer.json()["parts"]["vectors"] == "ok"
    assert answer.json()["parts"]["ai"] == "local"
