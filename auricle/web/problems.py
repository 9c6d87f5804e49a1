"""Errors to RFC 9457 problem+json, in the one place where it happens."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.types import Scope

from auricle.errors import AuricleError
from auricle.log import event, request_id

log = logging.getLogger(__name__)

Refused = Callable[[Request, AuricleError], Awaitable[None]]

CODES: Mapping[int, tuple[str, str]] = {
    400: ("request.malformed", "Malformed request"),
    404: ("not_found", "Not found"),
    405: ("request.method_not_allowed", "Method not allowed"),
    406: ("request.not_acceptable", "Not acceptable"),
    413: ("request.too_large", "Too large"),
    415: ("request.unsupported", "Unsupported content"),
    422: ("validation.invalid", "Invalid request"),
}


OPENAI = "/v1/"  # below this path errors have OpenAI's form
OPENAI_TYPES: Mapping[str, str] = {
    "401": "authentication_error",
    "403": "permission_error",
    "404": "not_found_error",
    "429": "rate_limit_error",
    "402": "insufficient_quota",
    "quota.used": "insufficient_quota",
}


class Problem(BaseModel):
    """An error, RFC 9457, with our stable code."""

    type: str = Field(examples=["urn:auricle:note.unseen_statements"])
    title: str
    status: int
    detail: str
    error: str = Field(description="The type's name.")
    message: str
    error_code: str = Field(description="Stable, dotted.", examples=["note.unseen_statements"])
    context: dict[str, Any] = {}
    request_id: str = ""


def problems(*errors: type[AuricleError]) -> dict[int | str, dict[str, Any]]:
    """The `responses=` of a route: the failures it documents."""
    documented: dict[int | str, dict[str, Any]] = {}
    for error in errors:
        codes = documented.setdefault(error.status, {"model": Problem, "description": ""})
        codes["description"] = (codes["description"] + f" `{error.code}`").strip()
    return documented


class OpenAIProblem(BaseModel):
    message: str
    type: str
    code: str = Field(description="Stable, dotted: the `error_code` of our other answers.")
    param: str | None = Field(description="The field that is wrong.")


class OpenAIError(BaseModel):
    """An error in OpenAI's form, which is that of every answer under `/v1`."""

    error: OpenAIProblem


def openai_errors(*errors: type[AuricleError]) -> dict[int | str, dict[str, Any]]:
    """The `responses=` of a route whose errors are in OpenAI's form."""
    documented = problems(*errors)
    if 422 in documented:  # OpenAI tells what is not valid by 400
        bad = documented.pop(422)
        documented.setdefault(400, {"description": ""})["description"] += " " + bad["description"]
    for response in documented.values():
        response["model"] = OpenAIError
    return documented


def openai_error(status: int, code: str, message: str, context: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The body of an error in OpenAI's form. `param` of the context names the field, else the first that is wrong."""
    wrong = dict(context or {})
    param, permission = wrong.pop("param", None), wrong.pop("permission", None)
    if permission is not None:
        message = f"{message} It needs {permission}."
    if status in (400, 422) and param is None and wrong:
        param = next(iter(wrong))
        message = f"{message} {', '.join(f'{name}: {why}' for name, why in wrong.items())}"
    param = str(param).removeprefix("body.") if param is not None else None
    kind = OPENAI_TYPES.get(code) or OPENAI_TYPES.get(str(status)) or ("api_error" if status >= 500 else "")
    return {"error": {"message": message, "type": kind or "invalid_request_error", "code": code, "param": param}}


def answer(
    scope: Scope,
    status: int,
    code: str,
    title: str,
    detail: str,
    name: str,
    context: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    if scope["path"].startswith(OPENAI):
        content = openai_error(status, code, detail, context)
        return JSONResponse(content, 400 if status == 422 else status, headers=dict(headers or {}))
    body = {
        "type": f"urn:auricle:{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "error": name,
        "message": detail,
        "error_code": code,
        "context": {k: str(v) for k, v in (context or {}).items()},
        "request_id": request_id.get(),
    }
    return JSONResponse(body, status, headers=dict(headers or {}), media_type="application/problem+json")


async def as_problem(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, AuricleError)
    if (refused := getattr(request.app.state, "on_refusal", None)) is not None:
        await refused(request, error)
    if error.status >= 500:
        event(log, "request failed", logging.WARNING, error=type(error).__name__, error_code=error.code)
    return problem_of(request.scope, error)


def problem_of(scope: Scope, error: AuricleError) -> JSONResponse:
    headers = {"WWW-Authenticate": "Bearer"} if error.status == 401 else {}
    if retry := error.context.get("retry_after_s"):
        headers["Retry-After"] = str(int(float(retry)) + 1)
    name = type(error).__name__
    return answer(scope, error.status, error.code, error.title, error.message, name, error.context, headers)


async def invalid(request: Request, error: Exception) -> JSONResponse:
    """Name the fields that are wrong, never what was sent: neither a value nor the name of a field we do not have."""
    assert isinstance(error, RequestValidationError)
    fields = {place_of(e): e["type"] for e in error.errors()[:20]}
    malformed = any(kind == "json_invalid" for kind in fields.values())
    code, title = CODES[400 if malformed else 422]
    status = 400 if malformed else 422
    return answer(request.scope, status, code, title, "Some fields are not valid.", "Invalid", fields)


def place_of(error: Mapping[str, Any]) -> str:
    steps = [str(step) for step in error["loc"]]
    return ".".join([*steps[:-1], "*"] if error["type"] == "extra_forbidden" else steps)


async def http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    code, title = CODES.get(error.status_code, ("request.refused", "Refused"))
    return answer(request.scope, error.status_code, code, title, title + ".", "HTTPException", headers=error.headers)


async def unexpected(request: Request, error: Exception) -> JSONResponse:
    log.error("unexpected error", exc_info=error)
    said = "Something went wrong on our side."
    return answer(request.scope, 500, "internal", "Something went wrong", said, "InternalError")


def install(app: FastAPI, on_refusal: Refused | None = None) -> None:
    """Have every error of an application answered here; `on_refusal` is told of the expected ones first."""
    app.state.on_refusal = on_refusal
    app.add_exception_handler(AuricleError, as_problem)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(Exception, unexpected)
