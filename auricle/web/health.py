"""Liveness, readiness, service information and metrics."""

import asyncio

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel, Field
from sqlalchemy import text

from auricle import __version__
from auricle.actor import Actor
from auricle.errors import AuricleError, Forbidden
from auricle.telemetry import TASKS
from auricle.web.deps import Installed
from auricle.web.problems import problems

router = APIRouter(tags=["operation"])


class Health(BaseModel):
    status: str
    version: str


class Information(BaseModel):
    name: str = "Auricle"
    version: str
    documentation: str = "/docs"
    openapi: str = "/openapi.json"
    health: str = "/health"
    readiness: str = "/ready"
    google_sign_in: bool = Field(False, description="Whether people may sign in with Google here.")


class Readiness(BaseModel):
    status: str
    parts: dict[str, str]


@router.get("/health", operation_id="health", summary="The process is alive")
async def health() -> Health:
    return Health(status="ok", version=__version__)


@router.get("/ready", operation_id="ready", summary="The process can serve", responses={503: {"model": Readiness}})
async def ready(assembly: Installed, response: Response) -> Readiness:
    parts = {
        "database": await database_state(assembly),
        "events": "ok" if assembly.fanout.connected else "reconnecting",
        "vectors": await assembly.knowledge.store.state(),  # away, words alone are searched: no reason to serve nobody
        "ai": assembly.ai.state(),  # away, notes wait: no reason to serve nobody
        "calls": "stopping" if assembly.calls.draining else "accepting" if assembly.calls.accepting else "full",
    }
    whole = parts["database"] == "ok" and not assembly.calls.draining
    response.status_code = 200 if whole else 503
    return Readiness(status="ok" if whole else "unavailable", parts=parts)


@router.get("/api/v1", operation_id="service_information", summary="What this service is")
async def information(assembly: Installed) -> Information:
    return Information(version=__version__, google_sign_in=assembly.settings.google.client_id is not None)


@router.get(
    "/metrics",
    operation_id="metrics",
    summary="Prometheus metrics, for trusted addresses",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}, **problems(Forbidden)},
)
async def metrics() -> Response:
    TASKS.set(len(asyncio.all_tasks()))
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


async def database_state(assembly: Installed) -> str:
    try:
        async with assembly.database.transaction(Actor.nobody()) as db:
            await db.execute(text("select 1"))
    except AuricleError as error:
        return error.code
    return "ok"
