"""Answers that come as a stream (words, speech): a deadline a phase, and the next provider before the first words."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import TypeVar

from auricle.providers.attempts import Attempt, Attempts
from auricle.providers.call import Served
from auricle.providers.deadlines import Watchdog
from auricle.providers.ports import Audio, ProviderFailed, ProviderGarbled, ReasoningDelta, Usage
from auricle.settings import Timeouts

_NOT_YET_WORDS = (Served, ReasoningDelta)  # after these another provider may still begin anew

E = TypeVar("E")
Ask = Callable[[Attempt], Awaitable[AsyncGenerator[E, None]]]  # what the guard allows, put to the adapter


async def stream(
    begin: Callable[[], Awaitable[Attempts]], timeouts: Timeouts, ask: Ask[E]
) -> AsyncGenerator[Served | E, None]:
    """The events of the first provider that gets as far as words. Once it has, its failure is the stream's."""
    attempts = await begin()
    while True:
        attempt = await attempts.next()
        is_committed = False
        try:
            async with aclosing(_once(attempt, timeouts, ask)) as events:
                async for one in events:
                    is_committed = is_committed or not isinstance(one, _NOT_YET_WORDS)
                    yield one
            return
        except ProviderFailed as error:
            attempts.failed(error)
            if is_committed:
                raise


async def _once(attempt: Attempt, timeouts: Timeouts, ask: Ask[E]) -> AsyncGenerator[Served | E, None]:
    """One provider's events. What an adapter raises that is none of ours is its answer's fault, or its own."""
    meter = attempt.meter
    with attempt:
        watchdog = Watchdog()
        total_at = watchdog.now() + timeouts.total_s
        watchdog.expect(min(watchdog.now() + timeouts.first_s, total_at), "first")
        is_first, is_closed = True, False
        try:
            async with aclosing(await watchdog.wait(ask(attempt))) as events:
                while True:
                    try:
                        one = await watchdog.wait(anext(events))
                    except StopAsyncIteration:
                        break
                    watchdog.expect(min(watchdog.now() + timeouts.gap_s, total_at), "gap")
                    if isinstance(one, Usage):
                        meter.usage, is_closed = one, True
                        continue
                    if is_first:
                        is_first = False
                        meter.first()
                        yield attempt.served
                    if isinstance(one, Audio):
                        meter.made_audio_s += len(one.pcm) / 2 / one.rate_hz
                    yield one
            if is_first or not is_closed:
                raise ProviderGarbled("The provider gave no answer.")
        except ProviderFailed:
            raise
        except Exception as error:
            raise attempt.bug(error) from error
        finally:
            watchdog.close()
    yield meter.usage  # type: ignore[misc]
