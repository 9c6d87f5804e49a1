"""The web application of the role `ai`: the clinical AI for those who know the secret, health for everybody.

It knows no database and no organization: what it is asked it answers, and keeps nothing.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from auricle import __version__
from auricle.ai.badge import BadBadge, check_badge
from auricle.ai_service import embedding_routes, routes, status_routes
from auricle.ai_service.engine import PARTS, Engine
from auricle.errors import Misconfigured
from auricle.log import event
from auricle.settings import Settings
from auricle.web import problems
from auricle.web.edges import TRUSTED_ONLY, Edges
from auricle.web.examples import example_of
from auricle.web.limits import Limits

log = logging.getLogger(__name__)

OPEN = frozenset({"/health", "/ready", *(f"/{part}/health" for part in PARTS)}) | TRUSTED_ONLY
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
DESCRIPTION = """The clinical AI of Auricle: masking, entities, drafts and their judge, embeddings. It keeps nothing.
Errors are RFC 9457 problem+json with a stable `error_code`."""


def build(settings: Settings, made: Callable[[Settings], Engine] = Engine.of) -> FastAPI:
    """Raises `Misconfigured` where it would answer anybody who can reach it."""
    if settings.ai.secret is None and settings.host not in LOOPBACK:
        raise Misconfigured("AURICLE_AI__SECRET must be set where the AI service listens on more than 127.0.0.1.")

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.engine = engine = made(settings)
        warming = asyncio.create_task(warmed(engine))  # meanwhile it says that it is alive, and not ready
        try:
            yield
        finally:
            warming.cancel()
            with suppress(asyncio.CancelledError):
                await warming
            engine.embedding.close()

    app = FastAPI(
        title="Auricle AI service",
        version=__version__,
        description=DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    problems.install(app)
    for router in (routes.router, embedding_routes.router, status_routes.router):
        app.include_router(router)
    describe(app)
    app.add_middleware(Door, settings=settings)
    app.add_middleware(Edges, settings=settings, limits=Limits(settings.limits))
    return app


async def warmed(engine: Engine) -> None:
    try:
        await engine.warm()
    except Exception as error:  # it stays up and says so: `/ready` and `/models/status` name what failed
        event(log, "AI service could not load its models", logging.ERROR, error=type(error).__name__)


class Door:
    """Lets in who shows a badge, before anything of the request's body is read."""

    def __init__(self, app: ASGIApp, *, settings: Settings) -> None:
        self.app, self.secret = app, settings.ai.secret

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self.secret is not None and scope["path"] not in OPEN:
            scheme, _, badge = Headers(scope=scope).get("authorization", "").partition(" ")
            try:
                check_badge(self.secret, badge if scheme.lower() == "bearer" else "")
            except BadBadge as error:
                await problems.problem_of(scope, error)(scope, receive, send)
                return
        await self.app(scope, receive, send)


def describe(app: FastAPI) -> None:
    """Have `app.openapi()` give the document with the badge, an example of each body, and our form of errors."""
    bare = app.openapi

    def whole() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = bare()
            parts = document["components"]
            parts["securitySchemes"] = {"badge": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
            for path, item in document["paths"].items():
                for operation in item.values():
                    complete(operation, parts["schemas"], is_open=path in OPEN)
            for unused in ("HTTPValidationError", "ValidationError"):
                parts["schemas"].pop(unused, None)
        assert app.openapi_schema is not None
        return app.openapi_schema

    app.openapi = whole  # type: ignore[method-assign]


def complete(operation: dict[str, Any], schemas: dict[str, Any], *, is_open: bool) -> None:
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    told = {} if is_open else {"401": "No badge, or a bad one: `ai.bad_badge`."}
    if not is_open:
        operation["security"] = [{"badge": []}]
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if body is not None:
        body["example"] = example_of(body["schema"], schemas)
        told |= {
            "400": "It can't be read at all: `request.malformed`.",
            "422": "Fields are missing or wrong; `context` names them: `validation.invalid`.",
        }
    responses = operation["responses"]
    for status, response in responses.items():
        if status[0] in "45" and "Problem" in str(response.get("content")):
            response["content"] = problem
    for status, said in told.items():
        known = responses.get(status, {}).get("description", "")
        kept = known if "`" in known else ""
        responses[status] = {"description": f"{said} {kept}".strip(), "content": problem}
    operation["responses"] = dict(sorted(responses.items()))
