"""The order of attempts at the providers of one call: breakers, retries with full jitter, the next in the list."""

import asyncio
import logging
import random
import time
from collections import deque
from collections.abc import Sequence

from auricle.providers.breaker import Breaker, Breakers, RetryBudget
from auricle.providers.call import Call, Choice, NoProvider, Served
from auricle.providers.choice import Configured
from auricle.providers.metering import Meter, Record, status_of
from auricle.providers.ports import Capability, ProviderBusy, ProviderFailed, ProviderGarbled

log = logging.getLogger(__name__)

BACKOFF_S = 0.15
MAX_BACKOFF_S = 1.0


class Attempt:
    """One try at one provider. Used as a context manager, it tells breaker and meter how it ended, exactly once."""

    def __init__(
        self,
        call: Call,
        capability: Capability,
        choice: Choice,
        provider: Configured,
        number: int,
        breaker: Breaker,
        record: Record,
        model: str | None,
    ) -> None:
        self.choice, self.provider, self.number, self.breaker = choice, provider, number, breaker
        self.model = choice.model or model or provider.model(capability)
        self.meter = Meter(call, capability, provider.account, self.model, number)
        self._record = record

    def __enter__(self) -> "Attempt":
        self.breaker.begin(time.monotonic())
        return self

    @property
    def served(self) -> Served:
        return Served(self.choice.provider, self.model, self.number)

    def bug(self, error: Exception) -> ProviderGarbled:
        """What an adapter raised that is none of ours, as the failure of its provider."""
        named = {"provider": self.choice.provider, "error": type(error).__name__}
        log.error("adapter failed", exc_info=error, extra={"fields": named})
        return ProviderGarbled("The provider's answer could not be read.", reason=type(error).__name__)

    def hung_up(self) -> None:
        """The caller ended a live stream that had answered all it was asked: that is not a cancelled call."""
        self.breaker.succeeded(time.monotonic())
        self.meter.close("ok", self._record)

    def __exit__(self, _: type[BaseException] | None, error: BaseException | None, __: object) -> None:
        now = time.monotonic()
        if error is None:
            self.breaker.succeeded(now)
        elif isinstance(error, ProviderFailed):
            self.breaker.failed(error, now)
        elif isinstance(error, Exception):
            self.breaker.failed(ProviderFailed(), now)
        else:
            self.breaker.cancelled()
        self.meter.close(status_of(error), self._record)


class Attempts:
    """Gives one attempt after the other until one succeeds or none is left."""

    def __init__(
        self,
        call: Call,
        capability: Capability,
        able: Sequence[tuple[Choice, Configured]],
        breakers: Breakers,
        budget: RetryBudget,
        record: Record,
        model: str | None = None,
    ) -> None:
        self._call, self._capability, self._able = call, capability, able
        self._breakers, self._budget, self._record, self._model = breakers, budget, record, model
        self._number = 0
        self._retries = 0
        self._last: ProviderFailed | None = None
        self._current: tuple[Choice, Configured] | None = None
        self._queue = deque(able)
        budget.call()

    def begin_again(self) -> None:
        """The stream got on: should the present provider fail later, every other one may be tried anew."""
        self._queue = deque(entry for entry in self._able if entry is not self._current)
        self._last, self._retries = None, 0

    async def next(self) -> Attempt:
        """The next attempt, after a pause where it repeats the last provider. Raises the last failure at the end."""
        while self._queue:
            entry = self._queue.popleft()
            if self._call.is_check or self._breaker(entry[1]).allows(time.monotonic()):
                return self._attempt(entry)
        if self._last is None or self._current is None:
            raise NoProvider("Every provider of the list is out of order now.", capability=self._capability)
        if not self._may_retry(self._last):
            raise self._last
        self._retries += 1
        await asyncio.sleep(self._pause_s(self._last))
        return self._attempt(self._current)

    def failed(self, error: ProviderFailed) -> None:
        """Remember why the present attempt failed."""
        if self._current is not None:
            error.context.setdefault("provider", self._current[0].provider)
        self._last = error

    def _attempt(self, entry: tuple[Choice, Configured]) -> Attempt:
        self._number += 1
        self._current = entry
        choice, provider = entry
        return Attempt(
            self._call,
            self._capability,
            choice,
            provider,
            self._number,
            self._breaker(provider),
            self._record,
            self._model,
        )

    def _breaker(self, provider: Configured) -> Breaker:
        account = provider.account
        return self._breakers.of((self._call.organization_id, account.name, account.fingerprint))

    def _may_retry(self, error: ProviderFailed) -> bool:
        return (
            error.retryable
            and self._retries < self._call.retries
            and _asked_pause_s(error) <= MAX_BACKOFF_S
            and self._budget.take()
        )

    def _pause_s(self, error: ProviderFailed) -> float:
        jitter = random.uniform(0.0, min(MAX_BACKOFF_S, BACKOFF_S * 2**self._retries))
        return _asked_pause_s(error) + jitter


def _asked_pause_s(error: ProviderFailed) -> float:
    return float(error.context.get("retry_after_s", 0.0)) if isinstance(error, ProviderBusy) else 0.0
