"""Keeps one reply from being silent: a filler when sound is late, a limit where nothing moves any more."""

import asyncio
from collections.abc import Callable

PROGRESS_STEP_S = 0.1


class Deadlines:
    """The two timers of a reply. Without sound by `deadline_s` it is asked to `fill`; where its sources make no
    progress for twice that, or no sound for four times that, the block under `limit` ends in `TimeoutError`.
    """

    def __init__(self, deadline_s: float, fill: Callable[[], None]) -> None:
        self._deadline_s, self._fill = deadline_s, fill
        self._loop = asyncio.get_running_loop()
        self._limit: asyncio.Timeout | None = None
        self._filler: asyncio.TimerHandle | None = None
        self._sound_due = 0.0

    def limit(self) -> asyncio.Timeout:
        self._limit = asyncio.timeout(2 * self._deadline_s)
        self._sound_due = self._loop.time() + 4 * self._deadline_s
        return self._limit

    def progress(self, *, audible: bool = False) -> None:
        """Allow as long again; words that nobody hears, not for ever. The timer is moved in steps: a token costs less
        than a timer.
        """
        if self._limit is not None:
            now, set_for = self._loop.time(), self._limit.when()
            if audible:
                self._sound_due = now + 4 * self._deadline_s
            due = min(now + 2 * self._deadline_s, self._sound_due)
            if set_for is None or due - set_for > PROGRESS_STEP_S:
                self._limit.reschedule(due)

    def wait_for_listener(self) -> None:
        """What follows is no fault of the sources: no limit until there is progress again."""
        if self._limit is not None:
            self._limit.reschedule(None)

    def expect_sound(self) -> None:
        self._filler = self._loop.call_later(self._deadline_s, self._overdue)

    def sounding(self) -> None:
        """There is sound, or none is wanted any more."""
        if self._filler is not None:
            self._filler.cancel()
            self._filler = None

    def over(self) -> None:
        self._limit = None
        self.sounding()

    def _overdue(self) -> None:
        self._filler = None
        self._fill()
