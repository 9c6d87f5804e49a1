"""A second provider asked beside one that is slow to begin: the first to speak is heard, the other one is cancelled.

The first one is read by the caller itself, so that an answer that comes in time costs nothing more; only the second has
a task and a queue.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Generic, TypeVar

from auricle.providers.attempts import Attempt, Attempts
from auricle.providers.pace import Pace
from auricle.providers.ports import ProviderFailed
from auricle.settings import Hedging
from auricle.telemetry import HEDGES

MAX_AHEAD = 64  # events of the second that wait for the caller

E = TypeVar("E")


class GaveWay(BaseException):
    """This provider is not the one that is heard. No failure, so no `Exception`: it is cancelled, and metered so."""


class Patience:
    """How long a silent provider is waited for alone: what it usually needs, within bounds."""

    def __init__(self, settings: Hedging) -> None:
        self._settings, self._pace = settings, Pace()

    def note(self, attempt: Attempt) -> None:
        """It has just begun, or is just given up."""
        self._pace.note(self._key(attempt), attempt.meter.elapsed_s)

    def after_s(self, attempt: Attempt) -> float:
        settings = self._settings
        if settings.after_s is not None:
            return settings.after_s
        usual_s = self._pace.usual_s(self._key(attempt))
        return settings.most_s if usual_s is None else min(max(usual_s, settings.least_s), settings.most_s)

    @staticmethod
    def _key(attempt: Attempt) -> tuple[str, ...]:
        account = attempt.provider.account
        return account.name, account.fingerprint, attempt.capability, attempt.model or ""


class Second(Generic[E]):
    """The second provider of one race: asked after a while, and what it says kept until somebody reads it."""

    def __init__(
        self, attempts: Attempts, ask: Callable[[Attempt], AsyncGenerator[E, None]], overtake: Callable[[], None]
    ) -> None:
        """`overtake` is called when it speaks, unless it was told before that it is not needed."""
        self._attempts, self._ask, self._overtake = attempts, ask, overtake
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._said: deque[E] = deque()
        self._changed, self._room = asyncio.Event(), asyncio.Event()
        self._failure: ProviderFailed | None = None
        self._is_needed, self._is_over, self._outcome = True, False, "lost"

    def start_after(self, seconds: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(seconds, self._start)

    def not_needed(self) -> None:
        """The first has begun."""
        self._is_needed = False
        if self._timer is not None:
            self._timer.cancel()
        if self._task is not None:
            self._task.cancel()

    def _start(self) -> None:
        attempt = self._attempts.beside()
        if attempt is not None:
            self._task = asyncio.create_task(self._run(attempt), name="second-provider")
            self._task.add_done_callback(lambda _: HEDGES.labels(attempt.capability, self._outcome).inc())

    async def _run(self, attempt: Attempt) -> None:
        try:
            async with aclosing(self._ask(attempt)) as events:
                async for one in events:
                    if self._outcome == "lost":
                        self._outcome = "won"
                        self._overtake()
                    self._said.append(one)
                    self._changed.set()
                    if len(self._said) >= MAX_AHEAD:
                        self._room.clear()
                        await self._room.wait()
        except ProviderFailed as error:
            self._failure, self._outcome = error, "failed"
        finally:
            self._is_over = True
            self._changed.set()

    async def events(self) -> AsyncGenerator[E, None]:
        """All that it says. Raises `GaveWay` where it was not asked, or is no longer needed."""
        if self._timer is not None:
            self._timer.cancel()
        if self._task is None or not self._is_needed:
            raise GaveWay
        while True:
            while self._said:
                yield self._said.popleft()
            if self._is_over:
                break
            self._room.set()
            self._changed.clear()
            await self._changed.wait()
        if self._failure is not None:
            raise self._failure
        self._task.result()

    async def aclose(self) -> None:
        self.not_needed()
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)
