"""`auricle providers check`: a table of every provider and what a small real call to it says."""

from collections.abc import Callable

from auricle.errors import NotFound
from auricle.providers.health import ProviderState, check
from auricle.providers.routing import router_for
from auricle.settings import Settings


async def report(settings: Settings, name: str | None, say: Callable[[str], None]) -> int:
    """Check one provider or all of them; 1 when one is not well."""
    router = router_for(settings, lambda record: None)
    try:
        if name is not None and name not in router.providers:
            raise NotFound("There is no such provider.", provider=name)
        states = [await check(router, one) for one in ([name] if name else router.providers)]
    finally:
        await router.aclose()
    say(f"{'provider':20} {'capability':10} {'result':26} {'ms':>7}")
    for state in states:
        for line in rows(state):
            say(line)
    return 0 if all(state.is_well for state in states) else 1


def rows(state: ProviderState) -> list[str]:
    checked = [
        f"{state.name:20} {c.capability:10} {'ok' if c.ok else c.error or 'failed':26} {c.duration_ms:7.0f}"
        for c in state.checks
    ]
    return checked + [f"{state.name:20} warning: {model}: {text}" for model, text in state.warnings.items()]
