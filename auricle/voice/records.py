"""Keeps finished turns until they are stored: off the hot path, retried, bounded, and never silently lost."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable

from auricle.errors import Unavailable
from auricle.log import event
from auricle.voice.ports import TurnRecord

log = logging.getLogger(__name__)

MAX_WAITING = 64
FIRST_RETRY_S, LONGEST_RETRY_S = 0.1, 5.0
LAST_CHANCE_S = 15.0


class TurnsNotStored(Unavailable):
    """Turns of this conversation could not be stored."""

    code = "session.turns_not_stored"

    def __init__(self, turns: tuple[TurnRecord, ...]) -> None:
        super().__init__(count=len(turns))
        self.turns = turns


class Recorder:
    def __init__(self, store: Callable[[TurnRecord], Awaitable[None]]) -> None:
        self._store = store
        self._waiting: deque[TurnRecord] = deque()
        self._storing = False

    def add(self, turn: TurnRecord) -> bool:
        """Returns whether a task has to be started on `store_all`."""
        self._waiting.append(turn)
        return not self._storing

    def is_full(self) -> bool:
        """So many turns wait that the conversation must not go on unrecorded."""
        return len(self._waiting) >= MAX_WAITING

    async def store_all(self) -> None:
        """Store what waits, in order, retrying for ever. A turn leaves the queue only when it is stored."""
        if self._storing:
            return
        self._storing = True
        pause_s = FIRST_RETRY_S
        try:
            while self._waiting:
                try:
                    await self._store(self._waiting[0])
                except Exception:
                    event(log, "a turn could not be stored yet", logging.WARNING, count=len(self._waiting))
                    log.debug("storing a turn failed", exc_info=True)
                    await asyncio.sleep(pause_s)
                    pause_s = min(LONGEST_RETRY_S, pause_s * 2)
                else:
                    self._waiting.popleft()
                    pause_s = FIRST_RETRY_S
        finally:
            self._storing = False

    async def finish(self, *, last_chance_s: float = LAST_CHANCE_S) -> None:
        """The session is over: a last chance. Raises `TurnsNotStored` with what is left."""
        try:
            async with asyncio.timeout(last_chance_s):
                await self.store_all()
        except TimeoutError:
            raise TurnsNotStored(tuple(self._waiting)) from None
