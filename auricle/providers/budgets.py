"""How much may be asked beyond what callers ask: retries and seconds, as a share of an organization's calls."""

from collections import OrderedDict
from dataclasses import dataclass
from uuid import UUID

from auricle.providers.ports import Capability

MAX_BUDGETS = 10_000
RETRY_SHARE, MOST_RETRIES = 0.1, 10.0
MOST_HEDGES = 5.0


class Budget:
    """A share of all calls, so that what it pays for never makes an outage worse. A token bucket without a clock."""

    def __init__(self, share: float, most: float, first: float | None = None) -> None:
        """`most`: how many may be saved up; `first`: how many there are before any call."""
        self._share, self._most, self._tokens = share, most, most if first is None else first

    def call(self) -> None:
        self._tokens = min(self._most, self._tokens + self._share)

    def take(self) -> bool:
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True


@dataclass(frozen=True, slots=True)
class Extra:
    """What may be asked beside the calls of one organization for one capability."""

    retries: Budget
    hedges: Budget

    def call(self) -> None:
        self.retries.call()
        self.hedges.call()


class Budgets:
    """One `Extra` for each organization and capability: nobody's outage spends what is another's."""

    def __init__(self, hedge_share: float) -> None:
        self._hedge_share = hedge_share
        self._by_key: OrderedDict[tuple[UUID | None, Capability], Extra] = OrderedDict()

    def of(self, organization_id: UUID | None, capability: Capability) -> Extra:
        key = (organization_id, capability)
        extra = self._by_key.get(key)
        if extra is None:
            hedges = Budget(self._hedge_share, MOST_HEDGES, first=1.0 if self._hedge_share else 0.0)
            extra = self._by_key[key] = Extra(Budget(RETRY_SHARE, MOST_RETRIES), hedges)
            if len(self._by_key) > MAX_BUDGETS:
                self._by_key.popitem(last=False)
        else:
            self._by_key.move_to_end(key)
        return extra
