"""Many waits under one timer."""

import asyncio

import pytest

from auricle.channels.patience import Patience


async def test_a_wait_that_ends_in_time_gives_its_value() -> None:
    patience = Patience(5.0)
    assert await patience.wait(asyncio.sleep(0, "heard")) == "heard"


async def test_a_wait_that_lasts_too_long_is_a_timeout_and_not_a_cancellation() -> None:
    patience = Patience(0.03)
    with pytest.raises(TimeoutError):
        await patience.wait(asyncio.sleep(60))
    task = asyncio.current_task()
    assert task is not None and not task.cancelling()
    assert await patience.wait(asyncio.sleep(0, "again")) == "again"


async def test_short_waits_before_it_do_not_shorten_or_save_a_long_one() -> None:
    patience, loop = Patience(0.1), asyncio.get_running_loop()
    for _ in range(8):
        await patience.wait(asyncio.sleep(0.01))
    begun = loop.time()
    with pytest.raises(TimeoutError):
        await patience.wait(asyncio.sleep(60))
    assert loop.time() - begun >= 0.099


async def test_only_the_overdue_one_of_several_waiting_tasks_is_ended() -> None:
    patience, released = Patience(0.1), asyncio.Event()

    async def later() -> bool:
        await asyncio.sleep(0.06)
        return await patience.wait(released.wait())

    younger = asyncio.create_task(later())
    with pytest.raises(TimeoutError):
        await patience.wait(asyncio.sleep(60))
    released.set()
    assert await younger


async def test_cancelling_a_waiting_task_from_outside_stays_a_cancellation() -> None:
    patience = Patience(60)
    waiting = asyncio.create_task(patience.wait(asyncio.sleep(60)))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
