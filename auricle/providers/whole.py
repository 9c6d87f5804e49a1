"""Answers that come in one piece (vectors, translations, scores): the list of providers, one after the other."""

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from auricle.providers.attempts import Attempt, Attempts
from auricle.providers.deadlines import Watchdog
from auricle.providers.ports import ProviderFailed, Usage


class Answer(Protocol):
    @property
    def usage(self) -> Usage: ...


A = TypeVar("A", bound=Answer)


async def whole(
    attempts: Attempts,
    total_s: float,
    ask: Callable[[Attempt], Awaitable[A]],
    judge: Callable[[A], None],
) -> tuple[A, Attempt]:
    """The first answer that `judge` accepts, and whose it is. `judge` raises `ProviderGarbled` for what is none."""
    while True:
        attempt = await attempts.next()
        try:
            with attempt:
                answer = await _in_time(attempt, ask, total_s)
                judge(answer)
                attempt.meter.first()
                attempt.meter.usage = answer.usage
                return answer, attempt
        except ProviderFailed as error:
            attempts.failed(attempt, error)


async def _in_time(attempt: Attempt, ask: Callable[[Attempt], Awaitable[A]], total_s: float) -> A:
    watchdog = Watchdog()
    watchdog.expect(watchdog.now() + total_s, "total")
    try:
        return await watchdog.wait(ask(attempt))
    except ProviderFailed:
        raise
    except Exception as error:
        raise attempt.bug(error) from error
    finally:
        watchdog.close()
