"""`GET /api/v1/providers`, `POST /api/v1/providers/{name}/check`"""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel

from auricle.actor import Actor
from auricle.errors import Forbidden, NotFound
from auricle.providers.health import ProviderState, check, provider_states
from auricle.web.deps import Installed, Requires
from auricle.web.problems import problems

router = APIRouter(prefix="/api/v1/providers", tags=["providers"])


class CheckOut(BaseModel):
    capability: str
    ok: bool
    duration_ms: float
    error_code: str | None


class ProviderOut(BaseModel):
    name: str
    vendor: str
    host: str | None
    is_local: bool
    has_key: bool
    capabilities: list[str]
    models: dict[str, str]
    well: bool
    breaker: str
    refused: str | None
    warnings: dict[str, str]
    checked_at: datetime | None
    checks: list[CheckOut]

    @classmethod
    def of(cls, state: ProviderState) -> "ProviderOut":
        checks = [
            CheckOut(capability=c.capability, ok=c.ok, duration_ms=round(c.duration_ms, 1), error_code=c.error)
            for c in state.checks
        ]
        return cls(
            name=state.name,
            vendor=state.vendor,
            host=state.host,
            is_local=state.is_local,
            has_key=state.has_key,
            capabilities=list(state.capabilities),
            models={str(k): v for k, v in state.models.items()},
            well=state.is_well,
            breaker=state.breaker,
            refused=state.refused,
            warnings=state.warnings,
            checked_at=state.checked_at,
            checks=checks,
        )


class Providers(BaseModel):
    providers: list[ProviderOut]


@router.get("", operation_id="list_providers", summary="Providers and how they are", responses=problems(Forbidden))
async def index(assembly: Installed, actor: Annotated[Actor, Requires("providers:read")]) -> Providers:
    states = provider_states(assembly.router, actor.organization_id)
    return Providers(providers=[ProviderOut.of(state) for state in states])


@router.post(
    "/{name}/check",
    operation_id="check_provider",
    summary="Call a provider with a small real sample",
    responses=problems(Forbidden, NotFound),
)
async def run_check(
    name: Annotated[str, Path(max_length=60)], assembly: Installed, actor: Annotated[Actor, Requires("providers:check")]
) -> ProviderOut:
    return ProviderOut.of(await check(assembly.router, name, actor.organization_id))
