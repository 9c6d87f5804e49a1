"""Deadlines on the waits of one provider call, for next to nothing a token.

`asyncio.timeout` around every event costs a timer each; here one timer a call looks, when it fires, whether the wait
that is under way is overdue, and otherwise sleeps on.
"""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from auricle.providers.ports import ProviderTimeout

E = TypeVar("E")


class Watchdog:
    """Ends a wait that lasts past `deadline` (loop time) with `ProviderTimeout`; time between waits is free."""

    def __init__(self) -> None:
        self.deadline: float | None = None
        self.phase = "first"
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self._waiting: asyncio.Task[object] | None = None
        self._fired = False

    def now(self) -> float:
        return self._loop.time()

    def expect(self, deadline: float | None, phase: str) -> None:
        """Set the deadline of the wait under way and of those to come."""
        self.deadline, self.phase = deadline, phase
        if deadline is not None and (self._timer is None or deadline < self._timer_at):
            self._arm(deadline)

    def _arm(self, at: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = at
        self._timer = self._loop.call_at(at, self._fire)

    def _fire(self) -> None:
        self._timer = None
        if self.deadline is None:
            return
        if self._loop.time() + 1e-3 < self.deadline:
            self._arm(self.deadline)
        elif self._waiting is not None and not self._fired:
            self._fired = True
            self._waiting.cancel()

    async def wait(self, what: Awaitable[E]) -> E:
        """What `what` gives. Raises `ProviderTimeout` past the deadline."""
        task = asyncio.current_task()
        assert task is not None
        cancelling = task.cancelling()
        if self.deadline is not None and self._timer is None:
            self._arm(self.deadline)
        self._waiting = task
        try:
            return await what
        except BaseException:
            if self._fired:
                self._fired = False
                if task.uncancel() <= cancelling:  # otherwise somebody else wants us to stop too
                    raise ProviderTimeout("The provider took too long.", phase=self.phase) from None
            raise
        finally:
            self._waiting = None

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
