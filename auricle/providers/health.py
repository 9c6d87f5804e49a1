"""How the providers of this installation are: what we know without asking, and what a small real call says."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from time import monotonic, perf_counter
from typing import Literal
from urllib.parse import urlsplit
from uuid import UUID

from auricle.errors import AuricleError, NotFound
from auricle.providers.announced import announced
from auricle.providers.breaker import Breaker
from auricle.providers.call import Call, Choice
from auricle.providers.catalog import warnings
from auricle.providers.choice import Configured
from auricle.providers.ports import Capability, ProviderGarbled
from auricle.providers.routing import Router
from auricle.providers.trial import trial

State = Literal["closed", "open", "half_open"]


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
    vendor: str
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


def provider_states(router: Router, organization_id: UUID | None = None) -> list[ProviderState]:
    """Every provider of the installation, as one organization (or, with None, all together) has met it."""
    return [_state(router, name, provider, organization_id) for name, provider in router.providers.items()]


async def check(router: Router, name: str, organization_id: UUID | None = None) -> ProviderState:
    """Give each capability of a provider a small real sample. Costs a little; asks no breaker; raises `NotFound`."""
    provider = router.providers.get(name)
    if provider is None:
        raise NotFound("There is no such provider.", provider=name)
    call = Call(organization_id, [Choice(name)], retries=0, is_check=True)
    checks = tuple([await _checked(router, call, capability) for capability in provider.capabilities])
    state = _state(router, name, provider, organization_id, checks)
    return replace(state, warnings={**await announced(provider, date.today()), **state.warnings})


def _state(
    router: Router, name: str, provider: Configured, organization_id: UUID | None, checks: tuple[Checked, ...] = ()
) -> ProviderState:
    account, seen = provider.account, router.breakers.seen(name, organization_id)
    models = dict(account.models)
    return ProviderState(
        name,
        account.vendor,
        urlsplit(account.url).hostname if account.url else None,
        account.is_local,
        account.has_key,
        provider.capabilities,
        models,
        _worst(seen),
        next((b.refused_code for b in seen if b.refused_code), None),
        next((b.last_error for b in seen if b.last_error), None),
        warnings(dict.fromkeys(models.values(), _maker(account.vendor)), date.today()),
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
