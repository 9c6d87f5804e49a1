"""What a client sends and may not: told to it, not for every frame, and not for ever."""

from collections.abc import Awaitable, Callable

from auricle.errors import AuricleError

REFUSALS_PER_S = 1.0
MAX_REFUSALS = 500  # a client that sends so much rubbish is not a conversation


class Refusals:
    def __init__(self, tell: Callable[[AuricleError], Awaitable[None]], clock: Callable[[], float]) -> None:
        self._tell, self._clock = tell, clock
        self._count = 0
        self._told_at: float | None = None

    async def refuse(self, refusal: AuricleError) -> bool:
        """Returns whether there is hope left for this client."""
        self._count += 1
        if self._count >= MAX_REFUSALS:
            return False
        now = self._clock()
        if self._told_at is None or abs(now - self._told_at) >= 1 / REFUSALS_PER_S:
            self._told_at = now
            await self._tell(refusal)
        return True
