"""The circuit breakers of providers.

One for each organization, provider and key, so that one tenant's trouble never closes another's door. A refused key or
request is a configuration error: it opens nothing, but it is remembered and shown.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from uuid import UUID

from auricle import breaker
from auricle.providers.ports import ProviderBusy, ProviderFailed, ProviderRefused

OPEN_S = 10.0
MAX_OPEN_S = 120.0
MAX_BREAKERS = 10_000

Key = tuple[UUID | None, str, str]


@dataclass(slots=True)
class Breaker(breaker.Breaker):
    first_open_s: float = field(default_factory=lambda: OPEN_S)
    longest_open_s: float = MAX_OPEN_S

    def failed(self, error: ProviderFailed, now: float) -> None:
        if isinstance(error, ProviderRefused):
            self.refused(error.code)
        elif isinstance(error, ProviderBusy):
            self.busy(error.code, now, float(error.context.get("retry_after_s", 1.0)))
        else:
            self.broke(error.code, now)


class Breakers:
    """All breakers of this process; the least recently used go first when there are too many."""

    def __init__(self) -> None:
        self._by_key: OrderedDict[Key, Breaker] = OrderedDict()

    def of(self, key: Key) -> Breaker:
        breaker = self._by_key.get(key)
        if breaker is None:
            breaker = self._by_key[key] = Breaker()
            if len(self._by_key) > MAX_BREAKERS:
                self._by_key.popitem(last=False)
        else:
            self._by_key.move_to_end(key)
        return breaker

    def seen(self, provider: str, organization_id: UUID | None = None) -> list[Breaker]:
        """The breakers of a provider: of one organization, or (with None) of all."""
        return [b for (org, name, _), b in self._by_key.items() if name == provider and organization_id in (None, org)]
