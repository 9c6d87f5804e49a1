"""A live recognizer's socket: audio goes out while transcripts come in. For the adapters of vendors that work so.

    ends = Ends()
    async with (
        self._account.socket("/listen", params=…) as socket,
        beside(socket, self._tell(socket, audio, ends)),
        aclosing(ends.messages(socket)) as messages,
    ):
        async for message in messages:
            …  # yield a `Transcript`; for the one that answers an end of speech call `ends.answered()`
    yield Usage(…)

`_tell` is the adapter's own: it reads the audio, sends the vendor's frames, calls `ends.told(at_s)` before it tells the
vendor that speech has ended, and says goodbye when there is no more audio. Break out of the loop or return at the
vendor's goodbye. However the block ends, the sending has ended with it; what failed in the sending is raised.

Some vendors say nothing to an end of speech for which they have nothing left to say. Where an adapter knows that this
may be so (never merely because the vendor is slow: that is the router's to judge), it calls `ends.within(seconds)`, and
`messages` gives `OVERDUE` once they have passed: the adapter then answers that end itself.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import orjson

from auricle.providers.ports import ProviderFailed, ProviderGarbled
from auricle.providers.socket import ProviderSocket


class Overdue:
    """Comes between messages when the oldest end of speech will get no answer from the vendor."""


OVERDUE = Overdue()


@asynccontextmanager
async def beside(socket: ProviderSocket, sending: Coroutine[Any, Any, None]) -> AsyncGenerator[None, None]:
    """Run `sending` as long as the block lasts. Where it fails the socket is closed, so that reading ends too."""
    failure: Exception | None = None

    async def sent() -> None:
        nonlocal failure
        try:
            await sending
        except Exception as error:
            failure = error
            await socket.finish()

    task = asyncio.create_task(sent(), name="audio-to-recognizer")
    try:
        yield
    except ProviderFailed as error:
        if failure is None or isinstance(failure, ProviderFailed):  # of both, what was read tells more
            failure = error
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        sending.close()  # where it was cancelled before it began
    if failure is not None:
        raise failure


class Ends:
    """The ends of speech that the vendor was told of and has not answered, oldest first."""

    def __init__(self) -> None:
        self.at_s: deque[float] = deque()  # where they were, on the clock of the audio sent
        self._due: float | None = None  # loop time
        self._reading: asyncio.Timeout | None = None
        self._was_answered = asyncio.Event()

    def __bool__(self) -> bool:
        return bool(self.at_s)

    def told(self, at_s: float) -> None:
        self.at_s.append(at_s)

    def answered(self) -> bool:
        """A final was given. False where no end of speech had asked for it."""
        self.within(None)
        if not self.at_s:
            return False
        self.at_s.popleft()
        self._was_answered.set()
        return True

    async def settled(self) -> None:
        """Return once all are answered: for vendors whose goodbye would leave them open."""
        while self.at_s:
            self._was_answered.clear()
            await self._was_answered.wait()

    def within(self, wait_s: float | None) -> None:
        """The oldest end may rightly get no answer: give it so long. None: it gets one."""
        self._due = None if wait_s is None else asyncio.get_running_loop().time() + wait_s
        if self._reading is not None and not self._reading.expired():
            self._reading.reschedule(self._due)

    async def messages(self, socket: ProviderSocket) -> AsyncGenerator[Any, None]:
        """What the vendor says, read as JSON, until it closes the socket as agreed; `OVERDUE` in between."""
        while True:
            message: str | bytes | None
            try:
                async with asyncio.timeout_at(self._due) as self._reading:
                    message = await socket.receive()
            except TimeoutError:
                self._due = None
                if self.at_s:
                    yield OVERDUE
                continue
            finally:
                self._reading = None
            if message is None:
                return
            try:
                yield orjson.loads(message)
            except orjson.JSONDecodeError:
                raise ProviderGarbled("The provider sent something that is not JSON.") from None
