"""`auricle providers check`: a table of every provider and what a small real call to it says."""

from collections.abc import Callable, Sequence
from uuid import UUID

from auricle.errors import NotFound
from auricle.providers.health import ProviderState, check
from auricle.providers.routing import Router, router_for
from auricle.settings import Settings

Row = tuple[str, ProviderState]  # whose it is, and how


async def report(settings: Settings, name: str | None, say: Callable[[str], None]) -> int:
    """Check one of the installation's providers, or all of them; 1 when one is not well."""
    router = router_for(settings, lambda record: None)
    try:
        if name is not None and name not in router.providers:
            raise NotFound("There is no such provider.", provider=name)
        states = [("", await check(router, one)) for one in ([name] if name else router.providers)]
    finally:
        await router.aclose()
    return told(states, say)


async def report_own(
    router: Router, organizations: Sequence[tuple[str, UUID]], name: str | None, say: Callable[[str], None]
) -> int:
    """The same for the accounts of organizations: (short name, id) of each. What is asked is metered to them."""
    states: list[Row] = []
    for slug, organization_id in organizations:
        lineup = await router.lineups.of(organization_id)
        own = [one for one, provider in lineup.providers.items() if router.providers.get(one) is not provider]
        states += [(slug, await check(router, one, organization_id)) for one in own if name in (None, one)]
    if name is not None and not states:
        raise NotFound("There is no such provider.", provider=name)
    return told(states, say)


def told(states: Sequence[Row], say: Callable[[str], None]) -> int:
    wide = max((len(place(slug, state)) for slug, state in states), default=0)
    say(f"{'provider':{max(wide, 20)}} {'capability':11} {'result':26} {'ms':>7}")
    for slug, state in states:
        for line in rows(place(slug, state), state, max(wide, 20)):
            say(line)
    return 0 if all(state.is_well for _, state in states) else 1


def place(slug: str, state: ProviderState) -> str:
    return f"{slug}/{state.name}" if slug else state.name


def rows(name: str, state: ProviderState, wide: int) -> list[str]:
    checked = [
        f"{name:{wide}} {c.capability:11} {'ok' if c.ok else c.error or 'failed':26} {c.duration_ms:7.0f}"
        for c in state.checks
    ]
    return checked + [f"{name:{wide}} warning: {model}: {text}" for model, text in state.warnings.items()]
