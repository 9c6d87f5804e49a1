"""Sockets opened before they are needed: while a greeting is spoken, those that the first turn will use shake hands."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from auricle.log import event
from auricle.providers.account import Account

log = logging.getLogger(__name__)

AT_ONCE = 50  # calls; beyond these a call opens its sockets when it needs them, as it does without any


class Ahead:
    """The openings under way in this process; nobody waits for them, and no failure comes of them."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_over = False

    @property
    def is_full(self) -> bool:
        return self._is_over or len(self._tasks) >= AT_ONCE

    def open(self, first: Callable[[], Awaitable[Sequence[Account]]]) -> None:
        """Open one socket to each host of those whom `first` finds."""
        task = asyncio.create_task(opened(first), name="sockets-ahead")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def aclose(self) -> None:
        self._is_over = True
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def opened(first: Callable[[], Awaitable[Sequence[Account]]]) -> None:
    try:
        hosts = {account.origin: account for account in await first() if account.origin}
        await asyncio.gather(*[account.open_ahead() for account in hosts.values()])
    except Exception as error:  # the turn will meet it again, where it is dealt with
        event(log, "sockets could not be opened ahead", logging.WARNING, error=type(error).__name__)
