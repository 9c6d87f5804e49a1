"""Providers that are out of order are asked in the background, not by a patient's turn."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from auricle.providers import breaker, probing
from auricle.providers.breaker import Breaker
from auricle.providers.call import NoProvider
from auricle.providers.ports import ProviderFailed
from tests.emulators.openai_chat import Fault, OpenAIEmulator
from tests.providers.conftest import ASK, CLINIC, Setup, all_of, routed, served, soon

Emulators = tuple[OpenAIEmulator, OpenAIEmulator]
BROKEN = Fault("status", 500)


@pytest.fixture
async def probed(emulators: Emulators, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Setup]:
    monkeypatch.setattr(breaker, "OPEN_S", 0.2)
    monkeypatch.setattr(probing, "JITTER_S", 0.1)
    async with routed(*emulators, tmp_path) as made:
        yield made


async def put_out_of_order(setup: Setup) -> None:
    setup.main.always(BROKEN)
    for _ in range(3):
        with pytest.raises(ProviderFailed):
            await all_of(setup.router.generate(setup.call(), ASK))


def mains(setup: Setup) -> Breaker:
    return setup.router.breakers.seen("main", CLINIC)[0]


def half_open(setup: Setup) -> bool:
    return mains(setup).state(time.monotonic()) == "half_open"


async def test_a_provider_that_works_again_is_found_out_without_a_caller(probed: Setup) -> None:
    await put_out_of_order(probed)
    probed.main.always(None)
    await soon(lambda: mains(probed).open_until is None)
    assert len(probed.main.requests) == 4
    sample = probed.main.requests[-1]["body"]
    assert sample["messages"][0]["content"] != ASK.messages[0].content and sample["max_tokens"] == 16
    record = probed.records[-1]
    assert (record.status, record.organization_id, record.consultation_id) == ("ok", CLINIC, None)
    assert served(await all_of(probed.router.generate(probed.call("main", "spare"), ASK))) == ["main"]


async def test_while_it_stays_broken_callers_are_served_by_the_next_and_only_probes_ask_it(probed: Setup) -> None:
    await put_out_of_order(probed)
    for _ in range(3):
        asked = len(probed.main.requests)
        await soon(lambda asked=asked: len(probed.main.requests) > asked)  # type: ignore[misc]
        await soon(lambda: not mains(probed).is_probed)
        call = probed.call("main", "spare")
        assert served(await all_of(probed.router.generate(call, ASK))) == ["spare"]
    assert [r["body"]["max_tokens"] for r in probed.main.requests[3:]] == [16, 16, 16]
    assert all(status != "ok" for name, status in probed.statuses if name == "main")


async def test_what_nobody_asks_for_is_not_probed_again(probed: Setup) -> None:
    await put_out_of_order(probed)
    await soon(lambda: len(probed.main.requests) == 4 and half_open(probed))
    await asyncio.sleep(0.5)
    assert len(probed.main.requests) == 4


async def test_an_account_may_refuse_probes_and_then_a_callers_turn_finds_out(
    emulators: Emulators, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(breaker, "OPEN_S", 0.2)
    async with routed(*emulators, tmp_path, probe=False) as setup:
        await put_out_of_order(setup)
        setup.main.always(None)
        await soon(lambda: half_open(setup))
        assert len(setup.main.requests) == 3
        assert served(await all_of(setup.router.generate(setup.call("main", "spare"), ASK))) == ["main"]


async def test_a_caller_with_nobody_else_to_ask_need_not_wait_for_the_probe(
    probed: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probing, "JITTER_S", 60.0)
    await put_out_of_order(probed)
    with pytest.raises(NoProvider):
        await all_of(probed.router.generate(probed.call(), ASK))
    await soon(lambda: half_open(probed))
    probed.main.always(None)
    assert served(await all_of(probed.router.generate(probed.call(), ASK))) == ["main"]


async def test_a_refused_key_is_never_probed(emulators: Emulators, tmp_path: Path) -> None:
    async with routed(*emulators, tmp_path, key="wrong") as setup:
        for _ in range(5):
            with pytest.raises(ProviderFailed):
                await all_of(setup.router.generate(setup.call(), ASK))
        assert not [t for t in asyncio.all_tasks() if t.get_name() == "probe"]


async def test_the_number_of_probes_is_bounded_and_the_end_stops_them(
    emulators: Emulators, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probing, "MAX_WAITING", 0)
    async with routed(*emulators, tmp_path) as setup:
        await put_out_of_order(setup)
        assert not mains(setup).is_probed
    monkeypatch.undo()
    async with routed(*emulators, tmp_path) as setup:
        await put_out_of_order(setup)
        assert [t for t in asyncio.all_tasks() if t.get_name() == "probe"]
    assert not [t for t in asyncio.all_tasks() if t.get_name() == "probe"]
    emulators[0].forget()
