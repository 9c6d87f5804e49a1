"""Answers that come as a stream (words, speech): a deadline a phase, and the next provider before the first words."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

from auricle.providers.attempts import Attempt, Attempts
from auricle.providers.call import Served
from auricle.providers.deadlines import Watchdog
from auricle.providers.hedging import GaveWay, Patience, Second
from auricle.providers.ports import Audio, ProviderFailed, ProviderGarbled, ProviderTimeout, ReasoningDelta, Usage
from auricle.settings import Timeouts

_NOT_YET_WORDS = (Served, ReasoningDelta)  # after these another provider may still begin anew

E = TypeVar("E")


@dataclass(frozen=True, slots=True)
class Streaming(Generic[E]):
    """One call: who may be asked, how and how fast. `ask` puts what the guard allows to the adapter."""

    begin: Callable[[], Awaitable[Attempts]]
    ask: Callable[[Attempt], Awaitable[AsyncGenerator[E, None]]]
    timeouts: Timeouts
    patience: Patience


async def stream(call: Streaming[E]) -> AsyncGenerator[Served | E, None]:
    """The events of the first provider that gets as far as words. Once it has, its failure is the stream's."""
    attempts = await call.begin()
    while True:
        attempt, watchdog = await attempts.next(), Watchdog()
        second = Second(attempts, partial(_once, call, attempts), partial(watchdog.interrupt, GaveWay()))
        if attempts.has_another:
            second.start_after(call.patience.after_s(attempt))
        first = _once(call, attempts, attempt, watchdog, second.not_needed)
        has_spoken = False
        try:
            for heard in (first, second.events()):
                try:
                    async with aclosing(heard) as events:
                        async for one in events:
                            has_spoken = has_spoken or not isinstance(one, _NOT_YET_WORDS)
                            yield one
                    return
                except GaveWay:
                    continue
                except ProviderFailed:
                    if has_spoken:
                        raise
        finally:
            await second.aclose()


def _nobody_waits() -> None:
    return None


async def _once(
    call: Streaming[E],
    attempts: Attempts,
    attempt: Attempt,
    watchdog: Watchdog | None = None,
    begun: Callable[[], None] = _nobody_waits,
) -> AsyncGenerator[Served | E, None]:
    """One provider's events; `begun` is called at the first. What an adapter raises that is none of ours is its
    answer's fault, or its own."""
    meter, timeouts, watchdog = attempt.meter, call.timeouts, watchdog or Watchdog()
    total_at = watchdog.now() + timeouts.total_s
    watchdog.expect(min(watchdog.now() + timeouts.first_s, total_at), "first")
    is_first, is_closed = True, False
    try:
        with attempt:
            try:
                async with aclosing(await watchdog.wait(call.ask(attempt))) as events:
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
                            call.patience.note(attempt)
                            begun()
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
    except (ProviderFailed, GaveWay) as error:
        if is_first and isinstance(error, ProviderTimeout | GaveWay):
            call.patience.note(attempt)
        if isinstance(error, ProviderFailed):
            attempts.failed(attempt, error)
        raise
    finally:
        watchdog.close()
    yield meter.usage  # type: ignore[misc]
