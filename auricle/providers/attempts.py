"""The order of attempts at the providers of one call: breakers, retries with full jitter, the next in the list."""

import asyncio
import logging
import random
import time
from collections import deque
from collections.abc import Sequence

from auricle.providers.breaker import Breaker, Breakers
from auricle.providers.budgets import Extra
from auricle.providers.call import Call, Choice, MaskLost, NoProvider, Served, Withheld
from auricle.providers.choice import Configured
from auricle.providers.masking.policy import OFF, Masking
from auricle.providers.metering import Meter, Record, status_of
from auricle.providers.ports import Capability, ProviderBusy, ProviderFailed, ProviderGarbled
from auricle.providers.probing import Probes

log = logging.getLogger(__name__)

BACKOFF_S = 0.15
MAX_BACKOFF_S = 1.0

Entry = tuple[Choice, Configured]


class Attempt:
    """One try at one provider. Used as a context manager, it tells breaker and meter how it ended, exactly once."""

    def __init__(
        self,
        call: Call,
        capability: Capability,
        entry: Entry,
        number: int,
        breaker: Breaker,
        record: Record,
        model: str | None,
        masking: Masking = OFF,
    ) -> None:
        self.capability, self.entry, self.number, self.breaker = capability, entry, number, breaker
        self.choice, self.provider = entry
        self.masking = masking if masking.covers(self.provider.account) else None  # None: all may be told as it is
        self.model = self.choice.model or model or self.provider.model(capability)
        self.meter = Meter(call, capability, self.provider.account, self.model, number)
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
        elif isinstance(error, Withheld | MaskLost):
            self.breaker.cancelled()  # ours, or one text's: no reason to ask this provider nothing else
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
        able: Sequence[Entry],
        breakers: Breakers,
        probes: Probes,
        extra: Extra,
        record: Record,
        model: str | None = None,
        masking: Masking = OFF,
    ) -> None:
        self._masking = masking
        self._call, self._capability, self._able = call, capability, able
        self._breakers, self._probes, self._extra = breakers, probes, extra
        self._record, self._model = record, model
        self._number = 0
        self._retries = 0
        self._last: tuple[Attempt, ProviderFailed] | None = None
        self._queue = deque(able)
        extra.call()

    def begin_again(self, by: Attempt) -> None:
        """The stream got on: should the present provider fail later, every other one may be tried anew."""
        self._queue = deque(entry for entry in self._able if entry is not by.entry)
        self._last, self._retries = None, 0

    async def next(self) -> Attempt:
        """The next attempt, after a pause where it repeats the last provider. Raises the last failure at the end."""
        while self._queue:
            entry = self._queue.popleft()
            if self._may_ask(entry):
                return self._attempt(entry)
        if self._last is None:
            return self._attempt(self._last_resort())
        failed, error = self._last
        if not self._may_retry(error):
            raise error
        self._retries += 1
        await asyncio.sleep(self._pause_s(error))
        return self._attempt(failed.entry)

    @property
    def has_another(self) -> bool:
        """Whether somebody could be asked beside the present provider: no last resort, which would always be first."""
        return self._call.may_hedge and any(not p.vendor.always_there for _, p in self._queue)

    def beside(self) -> Attempt | None:
        """The next attempt, to be made while the one before is still silent; None where none may be."""
        for entry in self._queue:
            if entry[1].vendor.always_there:
                return None
            if self._may_ask(entry):
                if not self._extra.hedges.take():
                    return None
                self._queue.remove(entry)
                return self._attempt(entry)
        return None

    def failed(self, attempt: Attempt, error: ProviderFailed) -> None:
        """Remember why an attempt failed."""
        error.context.setdefault("provider", attempt.choice.provider)
        self._last = attempt, error
        if not self._call.is_check:
            self._probes.want(self._call, self._capability, attempt.entry, attempt.breaker)

    def _breaker(self, entry: Entry) -> Breaker:
        account = entry[1].account
        return self._breakers.of((self._call.organization_id, account.name, account.fingerprint))

    def _may_ask(self, entry: Entry) -> bool:
        if self._call.is_check:
            return True
        breaker = self._breaker(entry)
        self._probes.want(self._call, self._capability, entry, breaker)
        return breaker.allows(time.monotonic())

    def _last_resort(self) -> Entry:
        """Nobody may be asked: then whoever is only waiting for a probe. Better a patient's turn than no turn."""
        for entry in self._able:
            if self._breaker(entry).allows(time.monotonic(), despite_probe=True):
                return entry
        raise NoProvider("Every provider of the list is out of order now.", capability=self._capability)

    def _attempt(self, entry: Entry) -> Attempt:
        self._number += 1
        breaker = self._breaker(entry)
        return Attempt(
            self._call, self._capability, entry, self._number, breaker, self._record, self._model, self._masking
        )

    def _may_retry(self, error: ProviderFailed) -> bool:
        return (
            error.retryable
            and self._retries < self._call.retries
            and _asked_pause_s(error) <= MAX_BACKOFF_S
            and self._extra.retries.take()
        )

    def _pause_s(self, error: ProviderFailed) -> float:
        jitter = random.uniform(0.0, min(MAX_BACKOFF_S, BACKOFF_S * 2**self._retries))
        return _asked_pause_s(error) + jitter


def _asked_pause_s(error: ProviderFailed) -> float:
    return float(error.context.get("retry_after_s", 0.0)) if isinstance(error, ProviderBusy) else 0.0
