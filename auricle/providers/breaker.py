"""Circuit breakers: plain state, time as an argument.

One for each organization, provider and key, so that one tenant's trouble never closes another's door. A refused key or
request is a configuration error: it opens nothing, but it is remembered and shown.
"""

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from auricle.providers.ports import ProviderBusy, ProviderFailed, ProviderRefused

WINDOW_S = 60.0
MIN_FAILURES = 3
MIN_SHARE = 0.5
OPEN_S = 10.0
MAX_OPEN_S = 120.0
PROBE_S = 30.0  # a probe that never reported back is forgotten after this
MAX_BREAKERS = 10_000

State = Literal["closed", "open", "half_open"]
Key = tuple[UUID | None, str, str]


@dataclass(slots=True)
class Breaker:
    outcomes: deque[tuple[float, bool]] = field(default_factory=lambda: deque(maxlen=20))
    open_until: float | None = None
    open_s: float = field(default_factory=lambda: OPEN_S)
    busy_until: float = 0.0
    probing_since: float | None = None
    is_probed: bool = False  # a call of ours in the background will tell, no caller's needs to
    refused_code: str | None = None  # the last refusal's code, until a call succeeds
    last_error: str | None = None

    def state(self, now: float) -> State:
        if self.open_until is None:
            return "closed"
        return "open" if now < self.open_until else "half_open"

    def allows(self, now: float, *, despite_probe: bool = False) -> bool:
        """Whether a call may be tried now. Asking changes nothing; `begin` takes the probe's place."""
        if now < self.busy_until:
            return False
        state = self.state(now)
        if state == "half_open":
            if self.is_probed and not despite_probe:
                return False
            return self.probing_since is None or now - self.probing_since > PROBE_S
        return state == "closed"

    def begin(self, now: float) -> None:
        if self.state(now) == "half_open":
            self.probing_since = now

    def succeeded(self, now: float) -> None:
        if self.open_until is not None:
            self.outcomes.clear()
        self.outcomes.append((now, True))
        self.open_until, self.probing_since, self.open_s = None, None, OPEN_S
        self.refused_code = self.last_error = None

    def cancelled(self) -> None:
        """The caller went away: says nothing about the provider."""
        self.probing_since = None

    def failed(self, error: ProviderFailed, now: float) -> None:
        self.last_error = error.code
        if isinstance(error, ProviderRefused):
            self.refused_code = error.code
            self.probing_since = None
            return
        if isinstance(error, ProviderBusy):
            self.busy_until = max(self.busy_until, now + float(error.context.get("retry_after_s", 1.0)))
            self.probing_since = None
            return
        if self.open_until is not None:  # the probe failed: wait longer
            self.open_s = min(self.open_s * 2, MAX_OPEN_S)
            self.open_until, self.probing_since = now + self.open_s, None
            return
        self.outcomes.append((now, False))
        recent = [ok for at, ok in self.outcomes if now - at <= WINDOW_S]
        failures = recent.count(False)
        if failures >= MIN_FAILURES and failures >= MIN_SHARE * len(recent):
            self.open_until = now + self.open_s


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
