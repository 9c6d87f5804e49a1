"""The OpenAPI document keeps the rules of `.spectral.yaml`, checked here without npm."""

import re
from typing import Any

import jsonschema_rs
import pytest

from auricle.assemble import application
from auricle.settings import Settings
from auricle.web.openapi import operations

Json = dict[str, Any]


@pytest.fixture(scope="module")
def document() -> Json:
    return application(Settings()).openapi()


def named(document: Json) -> list[tuple[str, Json]]:
    return [(f"{method} {path}", operation) for path, method, operation in operations(document)]


def test_every_operation_has_an_id_a_summary_a_description_and_a_tag_that_is_explained(document: Json) -> None:
    explained = {tag["name"] for tag in document["tags"] if tag["description"]}
    for name, operation in named(document):
        assert re.fullmatch(r"[a-z][a-z0-9_]+", operation["operationId"]), name
        assert operation["summary"] and operation["description"], name
        assert operation["tags"] and set(operation["tags"]) <= explained, name
    ids = [operation["operationId"] for _, operation in named(document)]
    assert len(ids) == len(set(ids)) > 50


def test_every_operation_documents_a_success_and_its_refusals(document: Json) -> None:
    for name, operation in named(document):
        told = set(operation["responses"])
        assert any(status[0] in "23" for status in told), name
        if "security" in operation:
            assert {"401", "403", "429", "503"} <= told, name
        invalid = "400" if " /v1/" in name else "422"  # as OpenAI tells it
        if "requestBody" in operation:
            assert {"400", "413", invalid} <= told, name
        if operation.get("parameters"):
            assert invalid in told, name


def test_every_refusal_is_a_problem(document: Json) -> None:
    for name, operation in named(document):
        for status, response in operation["responses"].items():
            if "$ref" in response:
                response = document["components"]["responses"][response["$ref"].rsplit("/", 1)[-1]]
            assert response["description"], f"{name} {status}"
            if status[0] in "45" and " /v1/" in name:
                schema = response["content"]["application/json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/OpenAIError"}, f"{name} {status}"
            elif status[0] in "45" and "Readiness" not in str(response):
                assert set(response["content"]) == {"application/problem+json"}, f"{name} {status}"


def test_every_json_body_has_an_example_that_fits_it(document: Json) -> None:
    checked = 0
    for name, operation in named(document):
        body = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if body is None:
            continue
        assert "example" in body or "examples" in body, name
        examples = [body["example"]] if "example" in body else [one["value"] for one in body["examples"].values()]
        schema = {**body["schema"], "components": document["components"]}
        for example in examples:
            jsonschema_rs.validate(schema, example)
            checked += 1
    assert checked > 20


def test_every_parameter_is_described_and_every_reference_leads_somewhere(document: Json) -> None:
    for name, operation in named(document):
        for parameter in operation.get("parameters", []):
            assert parameter["description"], f"{name} {parameter['name']}"
    for kind, part in set(re.findall(r"#/components/(\w+)/([\w.-]+)", str(document))):
        assert part in document["components"][kind], f"{kind}/{part}"
    used = str(document["paths"]) + str(document["components"])
    for kind in ("schemas", "responses"):
        for part in document["components"][kind]:
            assert f"#/components/{kind}/{part}'" in used, f"{kind}/{part} is used nowhere"


def test_a_signed_in_post_may_be_repeated_safely(document: Json) -> None:
    posts = [(n, o) for n, o in named(document) if n.startswith("post") and "security" in o]
    assert len(posts) > 15
    for name, operation in posts:
        assert "Idempotency-Key" in {p["name"] for p in operation["parameters"]}, name
        assert "409" in operation["responses"], name


def test_a_permission_that_is_needed_is_told(document: Json) -> None:
    told = {operation["operationId"]: operation["description"] for _, operation in named(document)}
    assert "`patients:write`" in told["create_patient"]
    assert "`keys:write`" in told["create_api_key"]
