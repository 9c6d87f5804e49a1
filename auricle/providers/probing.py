"""Small calls in the background to providers that are out of order, so that no patient's turn has to find out.

Only what somebody would have asked is probed: one call for each time that a breaker opened, or turned a caller away.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable

from auricle.errors import AuricleError
from auricle.providers.breaker import Breaker
from auricle.providers.call import Call, Choice
from auricle.providers.choice import Configured
from auricle.providers.ports import Capability

MAX_WAITING = 100  # beyond these a caller's turn is the probe, as it is without any
AT_ONCE = 4
JITTER_S = 2.0  # many processes and organizations may wait for the same provider

Trial = Callable[[Capability, Call], Awaitable[bool]]


class Probes:
    """The probes of a process. `trial` makes a small real call, whose outcome the breaker learns as of any other."""

    def __init__(self, trial: Trial) -> None:
        self._trial = trial
        self._tasks: set[asyncio.Task[None]] = set()
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._is_over = False

    def want(self, call: Call, capability: Capability, entry: tuple[Choice, Configured], breaker: Breaker) -> None:
        """Ask a provider that is out of order as soon as it may be asked again, where its account allows probes."""
        choice, provider = entry
        if breaker.state(time.monotonic()) == "closed" or breaker.is_probed or not provider.account.may_probe:
            return
        if self._is_over or len(self._tasks) >= MAX_WAITING:
            return
        asked = Call(call.organization_id, [choice], call.language, retries=0, is_check=True)
        breaker.is_probed = True
        task = asyncio.create_task(self._probe(asked, capability, breaker), name="probe")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _probe(self, call: Call, capability: Capability, breaker: Breaker) -> None:
        try:
            left_s = max(0.0, (breaker.open_until or 0.0) - time.monotonic())
            await asyncio.sleep(left_s + random.uniform(0.0, JITTER_S))
            async with self._turns:
                if breaker.state(time.monotonic()) == "half_open":  # else somebody else has found out
                    await self._trial(capability, call)
        except AuricleError:
            return  # the breaker knows
        finally:
            breaker.is_probed = False

    async def aclose(self) -> None:
        self._is_over = True
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
