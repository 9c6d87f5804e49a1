"""The web application: every domain's routes behind the same edges."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import APIRouter, FastAPI
from fastapi.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import Receive, Scope, Send

from auricle import __version__
from auricle.assembly import Assembly
from auricle.audit.refusals import note_refusal
from auricle.settings import Settings
from auricle.web import console, docs, health, problems
from auricle.web.edges import Edges
from auricle.web.limits import Limits
from auricle.web.openapi import describe
from auricle.web.routing import adopt

Start = Callable[[], AbstractAsyncContextManager[Assembly]]

DESCRIPTION = """Clinical voice platform: consultations by voice and text, the clinic's own knowledge, and SOAP notes
whose every statement shows its source. Errors are RFC 9457 problem+json with a stable `error_code`."""


class Compressed(GZipMiddleware):
    """Compression, never where a secret is mirrored: the length of a compressed token tells of the token (BREACH)."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(("/api/v1/auth", "/api/v1/ws")):
            await self.app(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def build_app(settings: Settings, start: Start, routers: list[APIRouter]) -> FastAPI:
    """The application of one process. `start` builds its assembly when the server starts and ends it when it stops."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with start() as assembly:
            app.state.assembly = assembly
            yield

    app = FastAPI(
        title="Auricle", version=__version__, description=DESCRIPTION, lifespan=lifespan, docs_url=None, redoc_url=None
    )
    problems.install(app, note_refusal)
    app.include_router(adopt(health.router))
    app.include_router(docs.router)
    for router in routers:
        app.include_router(adopt(router))
    app.router.default = console.Console(settings)
    describe(app, [health.router, *routers])
    app.state.limits = limits = Limits(settings.limits)
    app.add_middleware(Compressed, minimum_size=2_000)
    app.add_middleware(Edges, settings=settings, limits=limits)
    if settings.allowed_origins:  # outermost, so that a page of another origin can read refusals too
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.allowed_origins),
            allow_credentials=False,
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=["authorization", "content-type", "x-request-id", "idempotency-key", "if-match"],
            expose_headers=[
                "x-request-id",
                "ratelimit",
                "ratelimit-policy",
                "retry-after",
                "location",
                "etag",
                "idempotent-replayed",
            ],
            max_age=600,
        )
    return app
