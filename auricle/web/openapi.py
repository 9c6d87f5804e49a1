"""What FastAPI leaves out of the OpenAPI document, added to every operation alike."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

from auricle.web.deps import Permission, calls_of
from auricle.web.edges import LIMITED
from auricle.web.examples import example_of
from auricle.web.problems import OPENAI, Problem

Json = dict[str, Any]

METHODS = ("get", "post", "put", "patch", "delete")
LOCAL_TIME = "^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$"
PROBLEM = "application/problem+json"

# Refusals that any operation may give, by the name they have among the document's shared responses.
REFUSALS: Mapping[str, tuple[str, str]] = {
    "400": ("Malformed", "The request can't be read at all: `request.malformed`."),
    "401": ("NotSignedIn", "Not signed in, or no longer: `authentication.required`, `authentication.bad_token`."),
    "403": ("Forbidden", "Signed in, and not allowed: `authorization.forbidden`."),
    "409": ("Conflict", "It does not fit the present state, or the `Idempotency-Key` was used for something else."),
    "413": ("TooLarge", "The body is larger than allowed: `request.too_large`."),
    "422": ("Invalid", "Fields are missing or wrong; `context` names them: `validation.invalid`."),
    "429": ("TooManyRequests", "A limit is reached; `Retry-After` says how long to wait: `rate_limit.exceeded`."),
    "503": ("Unavailable", "A part of the system is away now; nothing was changed: `unavailable`."),
}

TAGS: Mapping[str, str] = {
    "operation": "Is the service alive, and what is it?",
    "sign-in": "Registering, signing in and out, tokens and sign-ins.",
    "phone": "Carrier accounts, phone lines and calls.",
    "api keys": "Keys with which machines sign in.",
    "patients": "People under care.",
    "agents": "The AI personas that patients talk to.",
    "consultations": "Encounters, their sessions and transcripts.",
    "conversation": "Talking with an agent, by socket or text.",
    "knowledge": "What an organization taught its agents.",
    "documents": "Files of patients: letters, reports, dictations.",
    "notes": "SOAP notes whose statements show their sources.",
    "openai": "Agents and the embedder in OpenAI's form, for programs that speak it.",
    "events": "What happens now, as a stream.",
    "providers": "Providers of speech, language and embeddings.",
    "analytics": "Usage and cost.",
    "audit": "Who did and saw what, tamper-evident.",
}

IDEMPOTENCY_KEY: Json = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Sent again with the same key within a day, the request does nothing and has the first answer.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]{1,200}$"},
    "example": "0b9c2f6e-3f1c-4b0a-9a57-7d3f7f1f2f10",
}

RATE_HEADERS: Json = {
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}, "example": 12},
    "RateLimit": {"description": "What is left of each budget.", "schema": {"type": "string"}},
    "RateLimit-Policy": {"description": "The budgets.", "schema": {"type": "string"}},
}


def describe(app: FastAPI, routers: Iterable[APIRouter]) -> None:
    """Have `app.openapi()` give the completed document."""
    bare, permissions = app.openapi, permissions_by_operation(routers)

    def whole() -> Json:
        if app.openapi_schema is None:
            complete(bare(), permissions)
        assert app.openapi_schema is not None
        return app.openapi_schema

    app.openapi = whole  # type: ignore[method-assign]


def permissions_by_operation(routers: Iterable[APIRouter]) -> dict[str, tuple[str, ...]]:
    return {
        route.unique_id: call.permissions
        for router in routers
        for route in router.routes
        if isinstance(route, APIRoute)
        for call in calls_of(route.dependant)
        if isinstance(call, Permission)
    }


def complete(document: Json, permissions: Mapping[str, tuple[str, ...]]) -> None:
    parts = document["components"]
    parts["schemas"].setdefault("Problem", Problem.model_json_schema(mode="serialization"))
    for schema in parts["schemas"].values():
        tell_local_times(schema)
    parts["responses"] = {}
    document["info"]["contact"] = {"name": "The operator of this installation"}
    document["info"]["license"] = {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"}
    document["servers"] = [{"url": "/", "description": "This installation."}]
    used: set[str] = set()
    for path, method, operation in operations(document):
        used.update(operation.setdefault("tags", ["operation"]))
        operation.setdefault("summary", operation["operationId"])
        tell_permission(operation, permissions.get(operation["operationId"], ()))
        for parameter in operation.get("parameters", ()):
            parameter.setdefault("description", said_of(parameter["name"]))
        if method == "post" and "security" in operation:
            operation.setdefault("parameters", []).append(IDEMPOTENCY_KEY)
        add_refusals(path, method, operation, parts["responses"])
        add_example(operation, parts["schemas"])
    document["tags"] = [{"name": tag, "description": TAGS.get(tag, f"{tag.capitalize()}.")} for tag in sorted(used)]
    for unused in ("HTTPValidationError", "ValidationError"):
        parts["schemas"].pop(unused, None)


def operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


def tell_permission(operation: Json, needed: tuple[str, ...]) -> None:
    said = operation.get("description") or operation["summary"].rstrip(".") + "."
    if needed:
        said += "\n\nNeeds " + " or ".join(f"`{one}`" for one in needed) + "."
    operation["description"] = said


def tell_local_times(schema: Any) -> None:
    """A clock time of ours is local. The format `time` would want an offset, so it is told as a pattern."""
    if isinstance(schema, dict):
        if schema.get("format") == "time":
            del schema["format"]
            schema["pattern"] = LOCAL_TIME
        for part in schema.values():
            tell_local_times(part)
    elif isinstance(schema, list):
        for part in schema:
            tell_local_times(part)


def said_of(parameter: str) -> str:
    """What a parameter's name says of it."""
    words = parameter.replace("_", " ").replace("-", " ")
    return f"Id of the {words.removesuffix(' id')}." if words.endswith(" id") else f"{words.capitalize()}."


def add_refusals(path: str, method: str, operation: Json, shared: Json) -> None:
    responses = operation.setdefault("responses", {})
    if "HTTPValidationError" in str(responses.get("422", "")):
        del responses["422"]
    for status, response in responses.items():
        if status[0] in "45" and "application/json" in response.get("content", {}):
            content = response["content"]
            if content["application/json"].get("schema", {}).get("$ref") == "#/components/schemas/Problem":
                content[PROBLEM] = content.pop("application/json")
    is_openai = path.startswith(OPENAI)
    for status in refusals_of(path, method, operation):
        if is_openai and status == "422":
            status = "400"  # as OpenAI tells what is not valid
        if status not in responses:
            name = ("OpenAI" if is_openai else "") + REFUSALS[status][0]
            shared.setdefault(name, shared_refusal(status, REFUSALS[status][1], is_openai=is_openai))
            responses[status] = {"$ref": f"#/components/responses/{name}"}
    operation["responses"] = dict(sorted(responses.items()))


def refusals_of(path: str, method: str, operation: Json) -> Iterator[str]:
    if "requestBody" in operation:
        yield from ("400", "413", "422")
    elif operation.get("parameters"):
        yield "422"
    if "security" in operation:
        yield from ("401", "403", "503")
        if method == "post":
            yield from ("409", "413")
    if f"{path}/".startswith(LIMITED):
        yield "429"


def shared_refusal(status: str, text: str, *, is_openai: bool) -> Json:
    media, schema = ("application/json", "OpenAIError") if is_openai else (PROBLEM, "Problem")
    problem: Json = {"description": text, "content": {media: {"schema": {"$ref": f"#/components/schemas/{schema}"}}}}
    return {**problem, "headers": RATE_HEADERS} if status == "429" else problem


def add_example(operation: Json, schemas: Json) -> None:
    for media, body in operation.get("requestBody", {}).get("content", {}).items():
        if media == "application/json" and not {"example", "examples"} & set(body):
            body["example"] = example_of(body["schema"], schemas)
