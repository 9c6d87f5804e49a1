"""A second provider beside one that is slow to begin: who is heard, what is metered, and when there is none."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest

from auricle.providers.call import Choice
from auricle.providers.ports import END_OF_SPEECH, Audio, EndOfSpeech, ProviderTimeout, TextDelta, Transcript
from auricle.settings import Hedging, Timeouts
from tests.emulators.openai_chat import WORDS, Fault, OpenAIEmulator
from tests.providers.conftest import ASK, FOLLOWED, PATIENT, Setup, all_of, routed, served, soon

SOON = Hedging(after_s=0.05, share=0.5)
SLOW = Fault("stall_first")
SENTENCE_BYTES = 6 * 2_399 + 6


@pytest.fixture
async def hedged(emulators: tuple[OpenAIEmulator, OpenAIEmulator], tmp_path: Path) -> AsyncIterator[Setup]:
    async with routed(*emulators, tmp_path, hedging=SOON) as made:
        yield made
        await soon(lambda: not (made.main.open_streams or made.spare.open_streams))


def words(events: list[object]) -> str:
    return "".join(e.text for e in events if isinstance(e, TextDelta))


async def test_a_model_that_is_slow_to_begin_is_overtaken_by_the_next(hedged: Setup) -> None:
    hedged.main.next(SLOW)
    events = await all_of(hedged.router.generate(hedged.call("main", "spare"), ASK))
    assert served(events) == ["spare"]
    assert words(events) == "".join(WORDS)
    assert sorted(hedged.statuses) == [("main", "cancelled"), ("spare", "ok")]
    assert {r.provider: r.attempt for r in hedged.records} == {"main": 1, "spare": 2}


async def test_a_voice_that_is_slow_to_begin_is_overtaken_and_only_one_is_heard(hedged: Setup) -> None:
    hedged.main.next(Fault("stall_body"))
    events = await all_of(hedged.router.speak(hedged.call("main", "spare"), "Good morning."))
    assert served(events) == ["spare"]
    assert sum(len(e.pcm) for e in events if isinstance(e, Audio)) == SENTENCE_BYTES
    assert sorted(hedged.statuses) == [("main", "cancelled"), ("spare", "ok")]


async def test_the_first_is_heard_where_it_speaks_before_the_second(hedged: Setup) -> None:
    hedged.main.next(Fault("stall_first", stall_s=0.5))
    hedged.spare.next(SLOW)
    events = await all_of(hedged.router.generate(hedged.call("main", "spare"), ASK))
    assert served(events) == ["main"]
    assert words(events) == "".join(WORDS)
    assert sorted(hedged.statuses) == [("main", "ok"), ("spare", "cancelled")]


async def test_nobody_is_asked_beside_one_that_answers_in_time(
    emulators: tuple[OpenAIEmulator, OpenAIEmulator], tmp_path: Path
) -> None:
    async with routed(*emulators, tmp_path, hedging=Hedging(after_s=30, share=0.5)) as setup:
        setup.spare.forget()
        assert served(await all_of(setup.router.generate(setup.call("main", "spare"), ASK))) == ["main"]
        assert not setup.spare.requests


async def test_a_second_that_fails_leaves_the_first_its_time(hedged: Setup) -> None:
    hedged.main.next(Fault("stall_first", stall_s=0.4))
    hedged.spare.next(Fault("status", 500))
    events = await all_of(hedged.router.generate(hedged.call("main", "spare"), ASK))
    assert served(events) == ["main"]
    assert sorted(hedged.statuses) == [("main", "ok"), ("spare", "failed")]


async def test_a_first_that_fails_leaves_the_second_its_time(
    emulators: tuple[OpenAIEmulator, OpenAIEmulator], tmp_path: Path
) -> None:
    times = Timeouts(connect_s=1.0, first_s=2.0, gap_s=2.0, total_s=10.0)
    async with routed(*emulators, tmp_path, hedging=Hedging(after_s=1.0, share=0.5)) as setup:
        setup.main.next(SLOW)
        setup.spare.next(Fault("stall_first", stall_s=1.5))  # so from 1.0 to 2.5; the first gives up at 2.0
        events = await all_of(setup.router.generate(setup.call("main", "spare", timeouts=times), ASK))
        assert served(events) == ["spare"]
        assert setup.statuses == [("main", "timeout"), ("spare", "ok")]


async def test_where_both_fail_the_last_failure_is_raised_and_each_is_metered_once(hedged: Setup) -> None:
    hedged.main.next(SLOW)
    hedged.spare.next(Fault("status", 500))
    with pytest.raises(ProviderTimeout):
        await all_of(hedged.router.generate(hedged.call("main", "spare", timeouts=FOLLOWED), ASK))
    assert sorted(hedged.statuses) == [("main", "timeout"), ("spare", "failed")]


async def test_a_second_that_breaks_off_after_its_first_words_is_not_replaced(hedged: Setup) -> None:
    hedged.main.next(SLOW, SLOW)
    hedged.spare.next(Fault("cut"))
    events: list[object] = []
    with pytest.raises(Exception, match="connection"):
        async with aclosing(hedged.router.generate(hedged.call("main", "spare", retries=1), ASK)) as given:
            async for one in given:
                events.append(one)
    assert served(events) == ["spare"]
    assert sorted(hedged.statuses) == [("main", "cancelled"), ("spare", "failed")]


@pytest.mark.parametrize("when", ["both are silent", "the second speaks"])
async def test_a_caller_who_leaves_in_a_race_leaves_nothing_and_each_is_metered_once(hedged: Setup, when: str) -> None:
    hedged.main.next(SLOW)
    hedged.spare.next(SLOW if when == "both are silent" else Fault("stall_middle"))
    heard = asyncio.Event()

    async def listen() -> None:
        async with aclosing(hedged.router.generate(hedged.call("main", "spare"), ASK)) as events:
            async for one in events:
                if isinstance(one, TextDelta):
                    heard.set()

    task = asyncio.create_task(listen())
    await soon(lambda: bool(hedged.spare.requests) and (when == "both are silent" or heard.is_set()))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert sorted(hedged.statuses) == [("main", "cancelled"), ("spare", "cancelled")]
    assert not [t for t in asyncio.all_tasks() if t.get_name() == "second-provider"]


async def test_hedging_stays_within_its_share_of_the_calls(
    emulators: tuple[OpenAIEmulator, OpenAIEmulator], tmp_path: Path
) -> None:
    async with routed(*emulators, tmp_path, hedging=Hedging(after_s=0.02, share=0.05)) as setup:
        setup.main.always(Fault("stall_first", stall_s=0.15))
        for _ in range(21):
            await all_of(setup.router.generate(setup.call("main", "spare"), ASK))
        assert len(setup.spare.requests) == 2  # one that a process begins with, and one for twenty calls


@pytest.mark.parametrize(
    ("hedging", "may_hedge", "names"),
    [
        (Hedging(after_s=0.05, share=0), True, ("main", "spare")),
        (SOON, False, ("main", "spare")),
        (SOON, True, ("main", "offline")),
    ],
    ids=["by the settings", "by the agent", "with a last resort, which would always be first"],
)
async def test_no_race_is_run_where_none_is_wanted(
    emulators: tuple[OpenAIEmulator, OpenAIEmulator],
    tmp_path: Path,
    hedging: Hedging,
    may_hedge: bool,
    names: tuple[str, ...],
) -> None:
    async with routed(*emulators, tmp_path, hedging=hedging) as setup:
        setup.main.next(Fault("stall_first", stall_s=0.3))
        call = replace(setup.call(*names), may_hedge=may_hedge)
        assert served(await all_of(setup.router.generate(call, ASK))) == ["main"]
        assert setup.statuses == [("main", "ok")]


async def test_a_provider_that_is_out_of_order_is_not_asked_beside_another(hedged: Setup) -> None:
    hedged.spare.always(Fault("status", 500))
    for _ in range(3):
        with pytest.raises(Exception, match="error of its own"):
            await all_of(hedged.router.generate(hedged.call("spare"), ASK))
    asked = len(hedged.spare.requests)
    hedged.main.next(Fault("stall_first", stall_s=0.3))
    assert served(await all_of(hedged.router.generate(hedged.call("main", "spare"), ASK))) == ["main"]
    assert len(hedged.spare.requests) == asked


async def test_a_recognizer_never_races(hedged: Setup) -> None:
    async def speech() -> AsyncIterator[bytes | EndOfSpeech]:
        yield bytes(6_400)
        yield END_OF_SPEECH

    hedged.main.next(Fault("stall_first", stall_s=0.4))
    events = await all_of(hedged.router.transcribe(hedged.call("main", "spare"), speech(), rate_hz=16_000))
    assert [e.is_final for e in events if isinstance(e, Transcript)] == [True]
    assert not hedged.spare.requests


async def test_without_a_time_of_its_own_a_provider_gets_what_it_usually_needs(
    emulators: tuple[OpenAIEmulator, OpenAIEmulator], tmp_path: Path
) -> None:
    usual = Hedging(share=0.5, least_s=0.05, most_s=5.0)
    async with routed(*emulators, tmp_path, hedging=usual) as setup:
        call = setup.call("main", "spare", timeouts=PATIENT)
        for _ in range(20):
            await all_of(setup.router.generate(call, ASK))
        assert not setup.spare.requests
        setup.main.next(Fault("stall_first", stall_s=15.0))
        assert served(await all_of(setup.router.generate(call, ASK))) == ["spare"]
        by = {r.provider: r.total_ms for r in setup.records[-2:]}
        assert by["main"] < 5_000  # not what a provider that is not known gets


async def test_choices_with_other_models_are_paced_apart(hedged: Setup) -> None:
    hedged.main.next(Fault("stall_first", stall_s=0.4))
    call = replace(hedged.call(), choices=[Choice("main", "large"), Choice("main", "small")])
    events = await all_of(hedged.router.generate(call, ASK))
    assert [r["body"]["model"] for r in hedged.main.requests] == ["large", "small"]
    assert words(events) == "".join(WORDS)
