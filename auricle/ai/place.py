"""One address of the AI service, and how it went there lately."""

import logging
from dataclasses import dataclass, field

from auricle.ai.port import AIUnavailable, Busy
from auricle.breaker import Breaker, State
from auricle.log import event
from auricle.telemetry import AI_BREAKERS

log = logging.getLogger(__name__)

IN_A_ROW = 3  # one that falls silent after much good work has few failures for long
FIRST_OPEN_S, LONGEST_OPEN_S = 4.0, 30.0  # nobody speaks to it live: it is looked for soon, and not for ever longer
NUMBERS = {"closed": 0, "half_open": 1, "open": 2}


class AIAway(AIUnavailable):
    """The AI service was away a moment ago, and is left alone for now."""

    code = "ai.away"


@dataclass(slots=True)
class Place:
    """An address with its breaker. What changes is logged and shown in the metrics, by the address's number."""

    url: str
    number: int
    breaker: Breaker = field(default_factory=lambda: Breaker(FIRST_OPEN_S, LONGEST_OPEN_S, IN_A_ROW))
    told: State = "closed"

    def state(self, now: float) -> State:
        return self.breaker.state(now)

    def away(self, now: float) -> AIUnavailable:
        """Why nobody may ask here now."""
        if now < self.breaker.busy_until:
            return Busy(retry_after_s=round(self.away_s(now), 1))
        return AIAway(reason=self.breaker.last_error)

    def away_s(self, now: float) -> float:
        """For how long nobody may ask here."""
        return max(self.breaker.busy_until, self.breaker.open_until or 0.0, now) - now

    def begin(self, now: float) -> None:
        self.breaker.begin(now)
        self._tell(now)

    def succeeded(self, now: float) -> None:
        self.breaker.succeeded(now)
        self._tell(now)

    def refused(self, code: str) -> None:
        self.breaker.refused(code)
        event(log, "the AI service refuses us", logging.ERROR, error_code=code, place=self.number)

    def busy(self, error: Busy, now: float) -> None:
        self.breaker.busy(error.code, now, float(error.context.get("retry_after_s", 1.0)))

    def broke(self, code: str, now: float) -> None:
        self.breaker.broke(code, now)
        self._tell(now)

    def _tell(self, now: float) -> None:
        state = self.breaker.state(now)
        if state == self.told:
            return
        self.told = state
        AI_BREAKERS.labels(place=str(self.number)).set(NUMBERS[state])
        level = logging.INFO if state == "closed" else logging.WARNING
        code = self.breaker.last_error
        event(log, "breaker of the AI service", level, outcome=state, place=self.number, error_code=code)
