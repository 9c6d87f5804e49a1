"""Messages of one conversation are answered one after another, in the order they came; how many may wait is bounded."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from auricle.errors import Conflict

MOST_WAITING = 8
WAIT_S = 60.0


class TooManyWaiting(Conflict):
    """Too many messages of this session wait for their answer; wait for one of them."""

    code = "session.too_many_waiting"


class InOrder:
    """Of this process; a message that reaches another is stored whole all the same, after or before."""

    def __init__(self) -> None:
        self._queues: dict[UUID, tuple[asyncio.Lock, list[None]]] = {}

    @asynccontextmanager
    async def turn(self, conversation: UUID) -> AsyncIterator[None]:
        """Hold the conversation for the length of the block. Raises `TooManyWaiting`."""
        lock, waiting = self._queues.setdefault(conversation, (asyncio.Lock(), []))
        if len(waiting) > MOST_WAITING:
            raise TooManyWaiting
        waiting.append(None)
        try:
            try:
                async with asyncio.timeout(WAIT_S):
                    await lock.acquire()
            except TimeoutError:
                raise TooManyWaiting from None
            try:
                yield
            finally:
                lock.release()
        finally:
            waiting.pop()
            if not waiting:
                self._queues.pop(conversation, None)
