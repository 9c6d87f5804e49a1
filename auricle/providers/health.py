"""How providers are: what we know of an organization's without asking, and what a small real call says."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from time import monotonic, perf_counter
from urllib.parse import urlsplit
from uuid import UUID

from auricle.breaker import State
from auricle.errors import AuricleError, NotFound
from auricle.providers.breaker import Breaker
from auricle.providers.call import Call, Choice
from auricle.providers.catalog import told_warnings, warnings
from auricle.providers.choice import Configured
from auricle.providers.listed import ends_of
from auricle.providers.ports import Capability, ProviderGarbled
from auricle.providers.routing import Router
from auricle.providers.trial import trial
from auricle.providers.vendor import Vendor

Told = Mapping[str, date]  # model → the last day that its vendor has announced


@dataclass(frozen=True, slots=True)
class Checked:
    """What one capability answered to its sample. `error` is an error's code, never its words."""

    capability: Capability
    ok: bool
    duration_ms: float
    error: str | None = None


@dataclass(frozen=True, slots=True)
class ProviderState:
    """A provider as `GET /providers` shows it. `breaker` is the worst of this organization's (or of all)."""

    name: str
    vendor: Vendor
    is_own: bool  # the organization's own account, not the installation's
    host: str | None
    is_local: bool
    has_key: bool
    capabilities: tuple[Capability, ...]
    models: dict[Capability, str]
    breaker: State
    refused: str | None  # code of the last refusal: a setting to correct, not an outage
    last_error: str | None
    warnings: dict[str, str]  # model → what to know about it
    checked_at: datetime | None = None
    checks: tuple[Checked, ...] = field(default=())

    @property
    def is_well(self) -> bool:
        return self.breaker == "closed" and self.refused is None and all(c.ok for c in self.checks)


async def provider_states(
    router: Router, organization_id: UUID | None = None, told: Mapping[str, Told] | None = None
) -> list[ProviderState]:
    """Every provider of an organization as it has met it; with None, the installation's as all together have.

    `told` holds, by provider, what its vendor has announced of the last days of its models.
    """
    lineup = await router.lineups.of(organization_id)
    return [
        _state(router, name, provider, organization_id, (told or {}).get(name, {}))
        for name, provider in lineup.providers.items()
    ]


async def find_provider(router: Router, name: str, organization_id: UUID | None) -> Configured:
    """A provider that the organization (or, with None, the installation) can call. Raises `NotFound`."""
    provider = (await router.lineups.of(organization_id)).providers.get(name)
    if provider is None:
        raise NotFound("There is no such provider.", provider=name)
    return provider


async def check(
    router: Router, name: str, organization_id: UUID | None = None, told: Told | None = None
) -> ProviderState:
    """Give each capability of a provider a small real sample. Costs a little; asks no breaker; raises `NotFound`.

    Where `told` is None, its vendor is asked when its models end.
    """
    provider = await find_provider(router, name, organization_id)
    told = await ends_of(provider) if told is None else told
    call = Call(organization_id, [Choice(name)], retries=0, is_check=True)
    asked = list(provider.capabilities)
    if provider.translates_by_model and "llm" in asked:
        asked.append("translation")
    checks = await asyncio.gather(*(_checked(router, call, capability) for capability in asked))
    return _state(router, name, provider, organization_id, told, tuple(checks))


def _state(
    router: Router,
    name: str,
    provider: Configured,
    organization_id: UUID | None,
    told: Told,
    checks: tuple[Checked, ...] = (),
) -> ProviderState:
    account, seen = provider.account, router.breakers.seen(name, organization_id)
    models = dict(account.models)
    catalogued = warnings(dict.fromkeys(models.values(), _maker(account.vendor)), datetime.now(UTC).date())
    return ProviderState(
        name,
        provider.vendor,
        router.providers.get(name) is not provider,
        urlsplit(account.url).hostname if account.url else None,
        account.is_local,
        account.has_key,
        provider.capabilities,
        models,
        _worst(seen),
        next((b.refused_code for b in seen if b.refused_code), None),
        next((b.last_error for b in seen if b.last_error), None),
        {**told_warnings(models.values(), told, datetime.now(UTC).date()), **catalogued},
        datetime.now(UTC) if checks else None,
        checks,
    )


def _maker(vendor: str) -> str | None:
    return None if vendor == "openai_compatible" else vendor


def _worst(breakers: list[Breaker]) -> State:
    states = {b.state(monotonic()) for b in breakers}
    return next((s for s in ("open", "half_open") if s in states), "closed")


async def _checked(router: Router, call: Call, capability: Capability) -> Checked:
    start = perf_counter()
    error: str | None = None
    try:
        if not await trial(router, capability, call):
            error = ProviderGarbled.code
    except AuricleError as failed:
        error = failed.code
    return Checked(capability, error is None, (perf_counter() - start) * 1000, error)
