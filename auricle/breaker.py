"""A circuit breaker: plain state, time as an argument.

What one is for (a provider's key, an address of the AI service) and which failures count is its owner's to say.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Literal

WINDOW_S = 60.0
MIN_FAILURES = 3
MIN_SHARE = 0.5
PROBE_S = 30.0  # a probe that never reported back is forgotten after this

State = Literal["closed", "open", "half_open"]


@dataclass(slots=True)
class Breaker:
    """Opens after repeated failures; lets one call through when its time is over, and waits longer if that fails.

    Repeated: three within a minute that are half of its calls; or, where that is set, so many in a row.
    """

    first_open_s: float
    longest_open_s: float
    in_a_row: int | None = None
    outcomes: deque[tuple[float, bool]] = field(default_factory=lambda: deque(maxlen=20))
    open_until: float | None = None
    open_s: float = field(init=False)
    busy_until: float = 0.0
    probing_since: float | None = None
    is_probed: bool = False  # a call of ours in the background will tell, no caller's needs to
    refused_code: str | None = None  # the last refusal's code, until a call succeeds
    last_error: str | None = None

    def __post_init__(self) -> None:
        self.open_s = self.first_open_s

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
        self.open_until, self.probing_since, self.open_s = None, None, self.first_open_s
        self.refused_code = self.last_error = None

    def cancelled(self) -> None:
        """The caller went away: says nothing about the other side."""
        self.probing_since = None

    def refused(self, code: str) -> None:
        """Our key or request was refused: opens nothing, but is remembered and shown."""
        self.last_error = self.refused_code = code
        self.probing_since = None

    def busy(self, code: str, now: float, for_s: float) -> None:
        """It asks to be left alone for so long."""
        self.last_error = code
        self.busy_until = max(self.busy_until, now + for_s)
        self.probing_since = None

    def broke(self, code: str, now: float) -> None:
        """A failure that counts."""
        self.last_error = code
        state = self.state(now)
        if state == "half_open":  # the probe failed: wait longer
            self.open_s = min(self.open_s * 2, self.longest_open_s)
            self.open_until, self.probing_since = now + self.open_s, None
        if state != "closed":  # what began before it opened tells nothing new
            return
        self.outcomes.append((now, False))
        recent = [ok for at, ok in self.outcomes if now - at <= WINDOW_S]
        failures = recent.count(False)
        is_row = self.in_a_row is not None and recent[-self.in_a_row :] == [False] * self.in_a_row
        if is_row or (failures >= MIN_FAILURES and failures >= MIN_SHARE * len(recent)):
            self.open_until = now + self.open_s
