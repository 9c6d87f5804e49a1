"""The order of attempts at the providers of one call: breakers, retries with full jitter, the next in the list."""

import asyncio
import random
import time
from collections.abc import Callable, Iterator, Sequence

from auricle.providers.breaker import Breaker, Breakers, RetryBudget
from auricle.providers.call import Call, Choice, NoProvider
from auricle.providers.choice import Configured
from auricle.providers.metering import Meter, Record, status_of
from auricle.providers.ports import Capability, ProviderBusy, ProviderFailed

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
        self.model = choice.model or model or provider.account.models.get(capability)
        self.meter = Meter(call, capability, provider.account, self.model, number)
        self._record = record

    def __enter__(self) -> "Attempt":
        self.breaker.begin(time.monotonic())
        return self

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
        self._last: ProviderFailed | None = None
        self._tried: list[str] = []
        self._queue = self._in_order()
        budget.call()

    def _in_order(self) -> Iterator[tuple[Choice, Configured]]:
        yield from self._able

    def begin_again(self) -> None:
        """The stream got on: every provider may be tried anew for what comes next."""
        self._queue, self._tried, self._last, self._retries = self._in_order(), [], None, 0

    _retries = 0

    async def next(self) -> Attempt:
        """The next attempt, after a pause where it repeats the last provider. Raises the last failure at the end."""
        for choice, provider in self._queue:
            breaker = self._breaker(provider)
            if self._call.is_check or breaker.allows(time.monotonic()):
                return self._attempt(choice, provider, breaker)
        if self._last is None:
            raise NoProvider("Every provider of the list is out of order now.", capability=self._capability)
        last_choice, last_provider = self._able[-1]
        if self._may_retry(last_choice):
            self._retries += 1
            await asyncio.sleep(self._pause_s(self._last))
            return self._attempt(last_choice, last_provider, self._breaker(last_provider))
        raise self._last

    def failed(self, error: ProviderFailed) -> None:
        error.context.setdefault("provider", self._tried[-1])
        self._last = error

    def _attempt(self, choice: Choice, provider: Configured, breaker: Breaker) -> Attempt:
        self._number += 1
        self._tried.append(choice.provider)
        return Attempt(self._call, self._capability, choice, provider, self._number, breaker, self._record, self._model)

    def _breaker(self, provider: Configured) -> Breaker:
        account = provider.account
        return self._breakers.of((self._call.organization_id, account.name, account.fingerprint))

    def _may_retry(self, choice: Choice) -> bool:
        assert self._last is not None
        return (
            self._last.retryable
            and self._tried[-1] == choice.provider
            and self._retries < self._call.retries
            and self._pause_wanted_s(self._last) <= MAX_BACKOFF_S
            and self._budget.take()
        )

    @staticmethod
    def _pause_wanted_s(error: ProviderFailed) -> float:
        return float(error.context.get("retry_after_s", 0.0)) if isinstance(error, ProviderBusy) else 0.0

    def _pause_s(self, error: ProviderFailed) -> float:
        jitter = random.uniform(0.0, min(MAX_BACKOFF_S, BACKOFF_S * 2**self._retries))
        return self._pause_wanted_s(error) + jitter


AttemptsOf = Callable[[Call, Capability], Attempts]
