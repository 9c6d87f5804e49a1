"""What is late, and how much may be asked beyond what callers ask: plain numbers."""

import asyncio
from uuid import UUID

import pytest

from auricle.providers.budgets import MAX_BUDGETS, Budgets
from auricle.providers.deadlines import Watchdog
from auricle.providers.pace import ENOUGH, KEPT, MAX_KEYS, Pace
from auricle.providers.ports import ProviderTimeout


def test_too_few_answers_say_nothing_about_the_next() -> None:
    pace = Pace()
    for _ in range(ENOUGH - 1):
        pace.note("a", 1.0)
    assert pace.usual_s("a") is None
    pace.note("a", 1.0)
    assert pace.usual_s("a") == 1.0 and pace.usual_s("b") is None


def test_one_answer_in_twenty_is_later_than_usual() -> None:
    pace = Pace()
    for n in range(KEPT):
        pace.note("a", float(n))
    assert pace.usual_s("a") == 95.0


def test_old_answers_and_old_providers_are_forgotten() -> None:
    pace = Pace()
    for seconds in (9.0, 1.0):
        for _ in range(KEPT):
            pace.note("a", seconds)
    assert pace.usual_s("a") == 1.0
    for n in range(MAX_KEYS):
        pace.note(n, 1.0)
    assert pace.usual_s("a") is None


def test_each_organization_spends_its_own_budget_and_their_number_is_bounded() -> None:
    budgets = Budgets(0.05)
    mine = budgets.of(UUID(int=1), "llm")
    assert budgets.of(UUID(int=1), "llm") is mine
    assert [mine.hedges.take() for _ in range(2)] == [True, False]
    assert budgets.of(UUID(int=2), "llm").hedges.take() and budgets.of(UUID(int=1), "tts").hedges.take()
    for n in range(MAX_BUDGETS):
        budgets.of(UUID(int=n + 10), "llm")
    assert budgets.of(UUID(int=1), "llm") is not mine


async def test_an_interruption_that_was_swallowed_still_ends_the_wait_and_nothing_else() -> None:
    watchdog = Watchdog()

    async def deaf() -> str:
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            pass
        return "late"

    asyncio.get_running_loop().call_later(0.01, watchdog.interrupt, ProviderTimeout())
    with pytest.raises(ProviderTimeout):
        await watchdog.wait(deaf())
    task = asyncio.current_task()
    assert task is not None and task.cancelling() == 0
    assert await watchdog.wait(asyncio.sleep(0, "well")) == "well"
