"""Each way in which a language provider fails ends in the right error, in time, metered once."""

import asyncio
import time
from contextlib import aclosing
from itertools import pairwise

import pytest

from auricle.billing.pricing import cost_of
from auricle.providers.ports import (
    Finish,
    ProviderBusy,
    ProviderFailed,
    ProviderGarbled,
    ProviderRefused,
    ProviderTimeout,
    TextDelta,
    ToolCall,
    Usage,
)
from tests.emulators.openai_chat import WORDS, Fault
from tests.providers.conftest import ALONE, ASK, FOLLOWED, HALFWAY, PATIENT, Setup, all_of, routed, served, soon

FAULTS = {
    "a refused request": (Fault("status", 400), ProviderRefused, "refused"),
    "an unknown model": (Fault("status", 404), ProviderRefused, "refused"),
    "no right to use it": (Fault("status", 403), ProviderRefused, "refused"),
    "a redirect": (Fault("status", 302, {"location": "http://127.0.0.1:9/"}), ProviderRefused, "refused"),
    "too many requests": (Fault("status", 429, {"retry-after": "20"}), ProviderBusy, "busy"),
    "an overloaded server": (Fault("status", 529), ProviderBusy, "busy"),
    "an unpaid bill": (
        Fault("status", 429, body={"error": {"code": "insufficient_quota"}}),
        ProviderRefused,
        "refused",
    ),
    "a server error": (Fault("status", 500), ProviderFailed, "failed"),
    "a gateway time-out": (Fault("status", 504), ProviderTimeout, "timeout"),
    "silence before the first byte": (Fault("stall_first"), ProviderTimeout, "timeout"),
    "silence in the middle": (Fault("stall_middle"), ProviderTimeout, "timeout"),
    "keep-alives without words": (Fault("endless"), ProviderTimeout, "timeout"),
    "a socket cut in the middle": (Fault("cut"), ProviderFailed, "failed"),
    "an answer that just ends": (Fault("cut_quietly"), ProviderFailed, "failed"),
    "a malformed chunk": (Fault("malformed"), ProviderGarbled, "failed"),
    "a huge line": (Fault("huge_line"), ProviderGarbled, "failed"),
    "a page instead of a stream": (Fault("html"), ProviderGarbled, "failed"),
    "an error after status 200": (Fault("error_chunk"), ProviderFailed, "failed"),
    "nothing at all": (Fault("empty"), ProviderFailed, "failed"),
}
HANGING = ("stall_first", "stall_middle", "endless")


@pytest.mark.parametrize("name", FAULTS)
async def test_a_fault_ends_in_its_typed_error_within_its_deadline_metered_once(setup: Setup, name: str) -> None:
    fault, error_type, status = FAULTS[name]
    setup.main.next(fault)
    started = time.monotonic()
    with pytest.raises(ProviderFailed) as caught:
        await all_of(setup.router.generate(setup.call(timeouts=ALONE if fault.name in HANGING else PATIENT), ASK))
    assert type(caught.value) is error_type
    assert time.monotonic() - started < fault.stall_s
    assert setup.statuses == [("main", status)]


@pytest.mark.parametrize(
    "name", [n for n, (f, _, _) in FAULTS.items() if f.name in ("status", "stall_first", "html", "empty")]
)
async def test_a_fault_before_the_first_word_is_answered_by_the_next_provider(setup: Setup, name: str) -> None:
    fault, _, status = FAULTS[name]
    setup.main.next(fault)
    times = FOLLOWED if fault.name in HANGING else PATIENT
    events = await all_of(setup.router.generate(setup.call("main", "spare", timeouts=times), ASK))
    assert served(events) == ["spare"]
    assert "".join(e.text for e in events if isinstance(e, TextDelta)) == "".join(WORDS)
    assert setup.statuses == [("main", status), ("spare", "ok")]
    assert [r.attempt for r in setup.records] == [1, 2]


@pytest.mark.parametrize("name", ["stall_middle", "cut", "malformed", "error_chunk"])
async def test_a_fault_after_the_first_word_is_never_answered_by_another_provider(setup: Setup, name: str) -> None:
    setup.main.next(Fault(name))
    seen = []
    with pytest.raises(ProviderFailed):
        call = setup.call("main", "spare", timeouts=HALFWAY)
        async with aclosing(setup.router.generate(call, ASK)) as events:
            async for one in events:
                seen.append(one)
    assert served(seen) == ["main"]
    assert not setup.spare.requests


@pytest.mark.parametrize("name", ["none", "drip", "crlf", "no_done", "whole"])
async def test_every_tolerated_form_gives_the_same_answer(setup: Setup, name: str) -> None:
    setup.main.next(Fault(name))
    events = await all_of(setup.router.generate(setup.call(), ASK))
    assert "".join(e.text for e in events if isinstance(e, TextDelta)) == "".join(WORDS)
    assert events[-2:] == [Finish("stop"), Usage(20, 5, 8, 2)]
    record = setup.records[0]
    assert (record.status, record.input_tokens, record.output_tokens, record.cached_tokens) == ("ok", 20, 5, 8)
    assert record.model == "some-model"
    assert cost_of(record, ()).cost_usd is None  # a model nobody has a price for


async def test_missing_usage_is_unknown_and_not_nought(setup: Setup) -> None:
    setup.main.next(Fault("no_usage"))
    events = await all_of(setup.router.generate(setup.call(), ASK))
    assert events[-1] == Usage()
    assert setup.records[0].output_tokens is None


async def test_tool_calls_arrive_whole(setup: Setup) -> None:
    setup.main.next(Fault("tools"))
    events = await all_of(setup.router.generate(setup.call(), ASK))
    assert events[1:4] == [
        ToolCall("call_a", "find_slot", '{"day":"monday"}'),
        ToolCall("call_b", "end_call", "{}"),
        Finish("tools"),
    ]


async def test_an_unreachable_provider_is_replaced(setup: Setup) -> None:
    events = await all_of(setup.router.generate(setup.call("nobody", "spare"), ASK))
    assert served(events) == ["spare"]
    assert setup.statuses == [("nobody", "failed"), ("spare", "ok")]


async def test_the_last_provider_is_tried_again_after_a_passing_error(setup: Setup) -> None:
    setup.main.next(Fault("status", 503))
    events = await all_of(setup.router.generate(setup.call(retries=1), ASK))
    assert served(events) == ["main"]
    assert setup.statuses == [("main", "failed"), ("main", "ok")]


async def test_a_refusal_is_not_tried_again(setup: Setup) -> None:
    setup.main.next(Fault("status", 400))
    with pytest.raises(ProviderRefused):
        await all_of(setup.router.generate(setup.call(retries=3), ASK))
    assert len(setup.main.requests) == 1


async def test_a_cancelled_answer_is_metered_once_and_closes_its_socket(setup: Setup) -> None:
    setup.main.next(Fault("stall_middle"))
    heard = asyncio.Event()

    async def listen() -> None:
        async with aclosing(setup.router.generate(setup.call("main", "spare"), ASK)) as events:
            async for one in events:
                if isinstance(one, TextDelta):
                    heard.set()

    task = asyncio.create_task(listen())
    await heard.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert setup.statuses == [("main", "cancelled")]
    await soon(lambda: not setup.main.open_streams)


async def test_an_answer_that_is_left_early_is_metered_once_as_cancelled(setup: Setup) -> None:
    async with aclosing(setup.router.generate(setup.call(), ASK)) as events:
        async for one in events:
            if isinstance(one, TextDelta):
                break
    assert setup.statuses == [("main", "cancelled")]


async def test_time_that_the_listener_takes_is_not_the_providers(setup: Setup) -> None:
    async with aclosing(setup.router.generate(setup.call(timeouts=FOLLOWED), ASK)) as events:
        async for one in events:
            if isinstance(one, TextDelta) and one.text == WORDS[0]:
                await asyncio.sleep(FOLLOWED.gap_s + 0.1)
    assert setup.statuses == [("main", "ok")]


async def test_a_failing_usage_record_does_not_end_the_answer(setup: Setup) -> None:
    def full(_: object) -> None:
        raise RuntimeError("queue full")

    setup.router._record = full
    assert served(await all_of(setup.router.generate(setup.call(), ASK))) == ["main"]


async def test_no_key_and_no_prompt_gets_into_an_error(setup: Setup, tmp_path: object) -> None:
    async with routed(setup.main, setup.spare, tmp_path, key="wrong-secret-key") as wrong:  # type: ignore[arg-type]
        with pytest.raises(ProviderRefused) as caught:
            await all_of(wrong.router.generate(wrong.call(), ASK))
        said = f"{caught.value!r} {caught.value.context} {caught.value.__cause__!r}"
        assert "wrong-secret-key" not in said and "Where do I sit" not in said
        assert caught.value.context["vendor_code"] == "invalid_api_key"


async def test_one_socket_serves_answers_that_follow_each_other(setup: Setup) -> None:
    for _ in range(3):
        await all_of(setup.router.generate(setup.call(), ASK))
    ports = {r["port"] for r in setup.main.requests}
    assert len(ports) == 1


async def test_the_socket_of_one_key_is_used_by_another_without_its_cookies(setup: Setup) -> None:
    setup.main.next(Fault("status", 500, {"set-cookie": "tenant=one; Path=/"}))
    with pytest.raises(ProviderFailed):
        await all_of(setup.router.generate(setup.call(), ASK))
    await all_of(setup.router.generate(setup.call(), ASK))
    first, second = setup.main.requests
    assert "cookie" not in second["headers"]
    assert all(a["headers"]["authorization"] == b["headers"]["authorization"] for a, b in pairwise([first, second]))
