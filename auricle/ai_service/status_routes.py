"""Liveness, readiness, models, metrics."""

import asyncio
from dataclasses import asdict

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel

from auricle import __version__
from auricle.ai_service.bodies import ModelRow, ModelsStatus
from auricle.ai_service.engine import PARTS, process_memory
from auricle.ai_service.routes import Installed
from auricle.errors import Forbidden
from auricle.telemetry import TASKS
from auricle.web.problems import problems

router = APIRouter(tags=["operation"])


class Information(BaseModel):
    name: str = "Auricle AI service"
    version: str = __version__
    openapi: str = "/openapi.json"
    health: str = "/health"
    readiness: str = "/ready"
    models: str = "/models/status"


class Health(BaseModel):
    status: str
    version: str = __version__


class Readiness(BaseModel):
    status: str
    parts: dict[str, str]


class PartHealth(BaseModel):
    status: str
    models: dict[str, str]


@router.get("/", operation_id="service_information", summary="What this service is")
async def information() -> Information:
    return Information()


@router.get("/health", operation_id="health", summary="The process is alive")
async def health() -> Health:
    return Health(status="ok")


@router.get("/ready", operation_id="ready", summary="It can be asked", responses={503: {"model": Readiness}})
async def ready(engine: Installed, response: Response) -> Readiness:
    parts = {part: engine.state_of(part) for part in PARTS}
    response.status_code = 200 if engine.is_ready else 503
    return Readiness(status="ok" if engine.is_ready else "unavailable", parts=parts)


@router.get("/models/status", operation_id="models_status", summary="The models, and what they cost")
async def models(engine: Installed) -> ModelsStatus:
    working, waiting = engine.inside
    rows = [ModelRow(**asdict(model)) for model in engine.models()]
    return ModelsStatus(ready=engine.is_ready, models=rows, working=working, waiting=waiting, **process_memory())


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


def add_part(part: str) -> None:
    async def look(engine: Installed, response: Response) -> PartHealth:
        state = engine.state_of(part)
        response.status_code = 200 if state == "ready" else 503
        return PartHealth(status=state, models={m.name: m.state for m in engine.models() if m.name in PARTS[part]})

    router.add_api_route(
        f"/{part}/health",
        look,
        operation_id=f"{part}_health",
        summary=f"What `/{part}` needs is loaded",
        response_model=PartHealth,
        responses={503: {"model": PartHealth}},
    )


for one in PARTS:
    add_part(one)
