"""A bound on many short waits with one timer, for a fraction of what `asyncio.timeout` around each would cost.

A call waits for its client 75 times a second; a timer and three look-ups of the running loop for each wait were a
sixth of all that a call costs.
"""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


class Patience:
    """Ends any wait that lasts longer than `seconds`."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()
        self._since: dict[asyncio.Task[object], float] = {}
        self._overdue: set[asyncio.Task[object]] = set()
        self._timer: asyncio.TimerHandle | None = None

    async def wait(self, what: Awaitable[T]) -> T:
        """What `what` gives. Raises `TimeoutError`."""
        task = asyncio.current_task()
        assert task is not None
        cancelling = task.cancelling()
        self._since[task] = self._loop.time()
        if self._timer is None:
            self._timer = self._loop.call_later(self._seconds, self._look)
        try:
            return await what
        except asyncio.CancelledError:
            if task in self._overdue and task.uncancel() <= cancelling:  # otherwise somebody else wants us to stop
                raise TimeoutError from None
            raise
        finally:
            del self._since[task]
            self._overdue.discard(task)

    def give_up(self) -> None:
        """End all waits that are on now, as if their time were over."""
        for task in self._since:
            if task not in self._overdue:
                self._overdue.add(task)
                task.cancel()

    def _look(self) -> None:
        self._timer = None
        now = self._loop.time()
        for task, since in self._since.items():
            if task not in self._overdue and now - since >= self._seconds:
                self._overdue.add(task)
                task.cancel()
        waiting = [since for task, since in self._since.items() if task not in self._overdue]
        if waiting:
            self._timer = self._loop.call_at(min(waiting) + self._seconds, self._look)
