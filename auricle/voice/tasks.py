"""The tasks of one session: all in one group, and all ended with it."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from auricle.voice.ports import ChannelClosed


class SessionTasks:
    def __init__(self, group: asyncio.TaskGroup, closed: Callable[[], None]) -> None:
        """`closed` is told when a task finds that the client is gone. Any other failure ends the group."""
        self._group, self._closed = group, closed
        self._running: set[asyncio.Task[None]] = set()

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = self._group.create_task(self._until_closed(work))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        task.add_done_callback(lambda _: work.close())  # one cancelled before it began would never be awaited
        return task

    def later(self, seconds: float, act: Callable[[], None]) -> asyncio.TimerHandle:
        """Act in a task of the session, so that a failure ends it rather than vanish in the loop's handler."""

        async def work() -> None:
            act()

        return asyncio.get_running_loop().call_later(seconds, lambda: self.spawn(work()))

    def cancel(self) -> None:
        for task in self._running:
            task.cancel()

    async def _until_closed(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except ChannelClosed:
            self._closed()
