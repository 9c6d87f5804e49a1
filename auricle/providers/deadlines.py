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
        self._ended_by: BaseException | None = None  # why the wait under way is being cancelled

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
        else:
            self.interrupt(ProviderTimeout("The provider took too long.", phase=self.phase))

    def interrupt(self, error: BaseException) -> None:
        """End the wait under way, where there is one, with this."""
        if self._waiting is not None and self._ended_by is None:
            self._ended_by = error
            self._waiting.cancel()

    async def wait(self, what: Awaitable[E]) -> E:
        """What `what` gives. Raises `ProviderTimeout` past the deadline, and what it was interrupted with."""
        task = asyncio.current_task()
        assert task is not None
        cancelling = task.cancelling()
        if self.deadline is not None and self._timer is None:
            self._arm(self.deadline)
        self._waiting = task
        try:
            given = await what
            if self._ended_by is None:
                return given
            raise asyncio.CancelledError  # swallowed, and meant for this wait alone
        except BaseException:
            if self._ended_by is not None:
                error, self._ended_by = self._ended_by, None
                if task.uncancel() <= cancelling:  # otherwise somebody else wants us to stop too
                    raise error from None
            raise
        finally:
            self._waiting = None

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
