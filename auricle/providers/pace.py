"""How long each provider usually takes to begin: plain numbers of its last answers, and what is late by them."""

from collections import OrderedDict, deque
from collections.abc import Hashable

KEPT = 100
ENOUGH = 20  # answers before their times say anything
USUAL = 0.95
MAX_KEYS = 2_000


class Pace:
    """The times to the first event, by whatever tells providers apart; the least recently used go first."""

    def __init__(self) -> None:
        self._seconds: OrderedDict[Hashable, deque[float]] = OrderedDict()

    def note(self, key: Hashable, seconds: float) -> None:
        """An answer began after this time, or had not begun by then."""
        noted = self._seconds.get(key)
        if noted is None:
            noted = self._seconds[key] = deque(maxlen=KEPT)
            if len(self._seconds) > MAX_KEYS:
                self._seconds.popitem(last=False)
        else:
            self._seconds.move_to_end(key)
        noted.append(seconds)

    def usual_s(self, key: Hashable) -> float | None:
        """The time within which 19 of 20 answers have begun; None while there were too few."""
        noted = self._seconds.get(key, ())
        if len(noted) < ENOUGH:
            return None
        return sorted(noted)[int(USUAL * len(noted))]
