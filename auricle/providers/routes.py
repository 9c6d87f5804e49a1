"""`/api/v1/providers`: the providers that an organization can call, how they are, and what they list."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from auricle.actor import Actor
from auricle.assembly import Assembly
from auricle.errors import Forbidden, NotFound
from auricle.providers.accounts.listings import keep, known
from auricle.providers.accounts.schemas import CheckOut
from auricle.providers.health import ProviderState, check, find_provider, provider_states
from auricle.providers.listed import Listed, NothingListed, ends, listed, models_of, voices_of
from auricle.providers.ports import ProviderFailed
from auricle.web.deps import Db, Installed, Requires
from auricle.web.problems import problems

router = APIRouter(prefix="/api/v1/providers", tags=["providers"])

Reader = Annotated[Actor, Requires("providers:read")]
Checker = Annotated[Actor, Requires("providers:check")]
Name = Annotated[str, Path(max_length=60)]


class ProviderOut(BaseModel):
    name: str
    vendor: str
    is_own: bool = Field(description="The organization's own account, not the installation's.")
    host: str | None
    is_local: bool
    has_key: bool
    capabilities: list[str]
    models: dict[str, str]
    languages: dict[str, list[str]] = Field(description="By capability; one that is not named takes any.")
    formats: dict[str, list[str]] = Field(description="Of audio, by capability, as the vendor names them.")
    settings: dict[str, dict[str, str]] = Field(description="What a choice may set, by capability: name → meaning.")
    options: dict[str, str] = Field(description="What an account may set: name → meaning.")
    well: bool
    breaker: str
    refused: str | None
    last_error: str | None
    warnings: dict[str, str] = Field(description="Model → what to know: when it ends, what to use instead.")
    checked_at: datetime | None
    checks: list[CheckOut]

    @classmethod
    def of(cls, state: ProviderState) -> "ProviderOut":
        vendor = state.vendor
        return cls(
            name=state.name,
            vendor=vendor.name,
            is_own=state.is_own,
            host=state.host,
            is_local=state.is_local,
            has_key=state.has_key,
            capabilities=list(state.capabilities),
            models={str(c): model for c, model in state.models.items()},
            languages={str(c): sorted(spoken) for c, spoken in vendor.languages.items()},
            formats={str(c): list(names) for c, names in vendor.formats.items()},
            settings={str(c): dict(names) for c, names in vendor.settings.items()},
            options=dict(vendor.options),
            well=state.is_well,
            breaker=state.breaker,
            refused=state.refused,
            last_error=state.last_error,
            warnings=state.warnings,
            checked_at=state.checked_at,
            checks=[CheckOut.of(one) for one in state.checks],
        )


class Providers(BaseModel):
    providers: list[ProviderOut]


class VoiceOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: str = Field(description="What an agent names as `voice`.")
    name: str
    languages: list[str] = Field(description="ISO 639-1; none named: any.")
    gender: str | None
    models: list[str] = Field(description="The models it belongs to; none named: all.")


class ModelOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: str
    shutdown: date | None = Field(description="The day that the vendor has announced for its end.")


@router.get("", operation_id="list_providers", summary="Providers and how they are", responses=problems(Forbidden))
async def index(db: Db, assembly: Installed, actor: Reader) -> Providers:
    lineup = await assembly.router.lineups.of(actor.organization_id)
    told = {name: one.told for name, one in (await known(db, lineup)).items()}
    states = await provider_states(assembly.router, actor.organization_id, told)
    return Providers(providers=[ProviderOut.of(state) for state in states])


@router.post(
    "/{name}/check",
    operation_id="check_provider",
    summary="Call a provider with a small real sample of each capability",
    responses=problems(Forbidden, NotFound),
)
async def run_check(name: Name, assembly: Installed, actor: Checker) -> ProviderOut:
    provider = await find_provider(assembly.router, name, actor.organization_id)
    found = await listed(provider)
    await put_down(assembly, actor, name, found)
    return ProviderOut.of(await check(assembly.router, name, actor.organization_id, ends(found.models)))


@router.get(
    "/{name}/voices",
    operation_id="list_provider_voices",
    summary="The voices of a provider, as it listed them within the last day",
    responses=problems(Forbidden, NotFound, NothingListed, ProviderFailed),
)
async def voices(
    name: Name,
    assembly: Installed,
    actor: Reader,
    anew: Annotated[bool, Query(description="Ask the provider now.")] = False,
) -> list[VoiceOut]:
    provider = await find_provider(assembly.router, name, actor.organization_id)
    if not anew and actor.organization_id is not None:
        lineup = await assembly.router.lineups.of(actor.organization_id)
        async with assembly.database.transaction(actor) as db:
            told = (await known(db, lineup)).get(name)
        if told is not None and told.is_fresh and told.voices is not None:
            return [VoiceOut.model_validate(one) for one in told.voices]
    found = await voices_of(provider)
    await put_down(assembly, actor, name, Listed(voices=found))
    return [VoiceOut.model_validate(one) for one in found]


@router.get(
    "/{name}/models",
    operation_id="list_provider_models",
    summary="The models that a provider's account may use now, and the days announced for their end",
    responses=problems(Forbidden, NotFound, NothingListed, ProviderFailed),
)
async def models(name: Name, assembly: Installed, actor: Reader) -> list[ModelOut]:
    found = await models_of(await find_provider(assembly.router, name, actor.organization_id))
    await put_down(assembly, actor, name, Listed(models=found))
    return [ModelOut.model_validate(one) for one in found]


async def put_down(assembly: Assembly, actor: Actor, name: str, found: Listed) -> None:
    """Keep what a provider listed, for whoever chooses next. The installation itself keeps nothing."""
    if actor.organization_id is None or found == Listed():
        return
    provider = await find_provider(assembly.router, name, actor.organization_id)
    async with assembly.database.transaction(actor) as db:
        await keep(db, provider, found)
