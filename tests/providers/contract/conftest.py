"""What the suites of the ports share. Each is parametrised by `case`; `it` is that case, running."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import pytest

from auricle.providers.ports import ProviderBusy, ProviderFailed, ProviderRefused
from tests.begun import tasks_begun
from tests.emulators.server import Fault
from tests.providers.contract.vendors import Case, Running, running

Use = Callable[[Running], Awaitable[object]]


@pytest.fixture
async def it(case: Case, tmp_path: Path) -> AsyncIterator[Running]:
    async with running(case, tmp_path) as made:
        yield made


async def all_of(events: AsyncGenerator[object, None]) -> list[object]:
    async with aclosing(events):
        return [e async for e in events]


@asynccontextmanager
async def nothing_left(it: Running) -> AsyncIterator[None]:
    """What is begun in the block is gone soon after: tasks of ours, and streams and sockets at the vendor."""
    with tasks_begun() as running:
        yield
        async with asyncio.timeout(10):
            while it.emulator.open_streams or running():
                await asyncio.sleep(0.01)


async def assert_a_wrong_key_is_refused(case: Case, folder: Path, use: Use) -> None:
    async with running(case, folder, key="wrong-secret-key") as it:
        with pytest.raises(ProviderRefused) as caught:
            await use(it)
        assert "wrong-secret-key" not in f"{caught.value!r} {caught.value.context} {caught.value.__cause__!r}"
        assert [r.status for r in it.records] == ["refused"]


async def assert_a_busy_vendor_says_for_how_long(it: Running, use: Use) -> None:
    it.emulator.next(Fault("status", 429, {"retry-after": "7"}))
    with pytest.raises(ProviderBusy) as caught:
        await use(it)
    assert caught.value.context["retry_after_s"] == 7.0
    assert [r.status for r in it.records] == ["busy"]


async def assert_an_outage_is_not_our_fault(it: Running, use: Use) -> None:
    it.emulator.next(Fault("status", 503))
    with pytest.raises(ProviderFailed) as caught:
        await use(it)
    assert type(caught.value) is ProviderFailed
    assert [r.status for r in it.records] == ["failed"]
