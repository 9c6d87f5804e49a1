"""Refuse a call rather than degrade those that run: by their number, and by how late the event loop runs."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from auricle.errors import Unavailable

TICK_S = 0.05
WINDOW_TICKS = 60  # three seconds
RETRY_AFTER_S = 5


# What a core is rated at that runs the voice-activity network as fast as the one the bench's figures are from.
REFERENCE_CALLS, REFERENCE_FRAME_S = 60, 40e-6
FEWEST_CALLS, MOST_CALLS = 4, 400


def rated_calls(frame_s: float) -> int:
    """The calls that a core can hold which takes so long for a frame of voice activity, the largest of its loads."""
    return min(MOST_CALLS, max(FEWEST_CALLS, round(REFERENCE_CALLS * REFERENCE_FRAME_S / frame_s)))


class Busy(Unavailable):
    """All lines are busy; try again in a moment."""

    code = "voice.busy"


class LagMeter:
    """How late timers fire: the second worst of the last three seconds, so that a single hiccup refuses nobody."""

    def __init__(self) -> None:
        self._late_s = [0.0] * WINDOW_TICKS
        self._next = 0

    @property
    def lag_s(self) -> float:
        return sorted(self._late_s)[-2]

    def note(self, late_s: float) -> None:
        self._late_s[self._next] = max(0.0, late_s)
        self._next = (self._next + 1) % WINDOW_TICKS

    async def run(self) -> None:
        """Measure until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + TICK_S
            await asyncio.sleep(TICK_S)
            self.note(loop.time() - due)


class Admission:
    def __init__(self, rated_calls: int, max_lag_s: float, lag_s: Callable[[], float]) -> None:
        self._rated_calls, self._max_lag_s = rated_calls, max_lag_s
        self._lag_s = lag_s
        self.calls = 0

    def check(self) -> None:
        """Raise `Busy` where a call started now would be refused."""
        if self.calls >= self._rated_calls:
            raise Busy(reason="calls", retry_after_s=RETRY_AFTER_S)
        if self._lag_s() > self._max_lag_s:
            raise Busy(reason="lag", retry_after_s=RETRY_AFTER_S)

    @contextmanager
    def call(self) -> Iterator[None]:
        """Hold a line for the length of the block. Raises `Busy`."""
        self.check()
        self.calls += 1
        try:
            yield
        finally:
            self.calls -= 1
