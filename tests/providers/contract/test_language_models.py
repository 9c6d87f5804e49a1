"""What every language model promises, whatever its vendor's protocol."""

import asyncio
from contextlib import aclosing
from pathlib import Path
from typing import Any

import orjson
import pytest

from auricle.providers.call import Served
from auricle.providers.ports import (
    ChatMessage,
    Finish,
    LanguageRequest,
    ProviderFailed,
    ReasoningDelta,
    TextDelta,
    ToolCall,
    ToolSpec,
    Usage,
)
from tests.emulators.server import Fault
from tests.providers.contract.conftest import (
    all_of,
    assert_a_busy_vendor_says_for_how_long,
    assert_a_wrong_key_is_refused,
    assert_an_outage_is_not_our_fault,
    nothing_left,
)
from tests.providers.contract.vendors import Case, Running, able

ASK = LanguageRequest([ChatMessage("system", "Be kind."), ChatMessage("user", "Where do I sit?")])
TOOLS = [
    ToolSpec("find_slot", "Finds a free appointment.", {"type": "object", "properties": {"day": {"type": "string"}}}),
    ToolSpec("end_call", "Ends the call.", {"type": "object", "properties": {}}),
]
FORM = {
    "type": "object",
    "properties": {"ear": {"type": "string", "enum": ["left", "right"]}, "days": {"type": "integer"}},
    "required": ["ear", "days"],
    "additionalProperties": False,
}

over_the_wire = pytest.mark.parametrize("case", able("llm"), ids=str)


async def answer(it: Running, request: LanguageRequest = ASK) -> list[Any]:
    return await all_of(it.router.generate(it.call(), request))


def text_of(events: list[Any]) -> str:
    return "".join(e.text for e in events if isinstance(e, TextDelta))


@pytest.mark.parametrize("case", able("llm", emulated=False), ids=str)
async def test_an_answer_is_words_one_finish_and_one_usage_in_this_order(it: Running) -> None:
    events = await answer(it)
    assert isinstance(events[0], Served)
    assert all(isinstance(e, TextDelta | ReasoningDelta) for e in events[1:-2])
    assert text_of(events).strip()
    assert events[-2] == Finish("stop") and isinstance(events[-1], Usage)
    assert [r.status for r in it.records] == ["ok"]


@over_the_wire
async def test_the_words_come_as_the_model_says_them_and_are_counted(it: Running) -> None:
    events = await answer(it)
    assert text_of(events) == "".join(it.emulator.words)
    assert events[-1] == it.case.llm.usage
    record, usage = it.records[0], it.case.llm.usage
    assert (record.input_tokens, record.output_tokens) == (usage.input_tokens, usage.output_tokens)
    assert (record.cached_tokens, record.reasoning_tokens) == (usage.cached_tokens, usage.reasoning_tokens)
    assert record.model and record.first_ms is not None


@over_the_wire
async def test_pieces_cut_anywhere_give_the_same_answer(it: Running) -> None:
    it.emulator.next(Fault("drip"))
    assert text_of(await answer(it)) == "".join(it.emulator.words)


@pytest.mark.parametrize("case", [c for c in able("llm") if c.llm.has_tools], ids=str)
async def test_tool_calls_arrive_whole_and_their_results_are_taken(it: Running) -> None:
    it.emulator.next(Fault("tools"))
    events = await answer(it, LanguageRequest(ASK.messages, tools=TOOLS))
    calls = [e for e in events if isinstance(e, ToolCall)]
    assert [(c.name, orjson.loads(c.arguments)) for c in calls] == [("find_slot", {"day": "monday"}), ("end_call", {})]
    assert len({c.id for c in calls}) == 2
    assert events[-2] == Finish("tools")
    results = [ChatMessage("tool", '{"slot": "10:30"}', (), c.id) for c in calls]
    again = [*ASK.messages, ChatMessage("assistant", "One moment.", tuple(calls)), *results]
    events = await answer(it, LanguageRequest(again, tools=TOOLS))
    assert text_of(events) == "".join(it.emulator.words)
    assert "10:30" in repr(it.emulator.requests[-1]["body"])


@pytest.mark.parametrize("case", [c for c in able("llm") if c.llm.has_forms], ids=str)
async def test_an_answer_by_a_schema_is_its_json_and_the_schema_reaches_the_vendor(it: Running) -> None:
    it.emulator.words = ['{"ear": ', '"left", ', '"days": 3}']
    events = await answer(it, LanguageRequest(ASK.messages, response_schema=FORM))
    assert orjson.loads(text_of(events)) == {"ear": "left", "days": 3}
    assert events[-2] == Finish("stop")
    assert any(set(p) == {"ear", "days"} for p in _properties(it.emulator.requests[-1]["body"]))


def _properties(part: Any) -> list[Any]:
    """The `properties` of every schema within a body."""
    if isinstance(part, list):
        return [p for one in part for p in _properties(one)]
    if not isinstance(part, dict):
        return []
    own = [part["properties"]] if isinstance(part.get("properties"), dict) else []
    return own + [p for value in part.values() for p in _properties(value)]


@over_the_wire
async def test_a_cancelled_answer_leaves_nothing_and_is_metered_once(it: Running) -> None:
    it.emulator.next(Fault("stall_middle"))
    has_begun = asyncio.Event()

    async def listen() -> None:
        async with aclosing(it.router.generate(it.call(), ASK)) as events:
            async for one in events:
                if isinstance(one, TextDelta):
                    has_begun.set()

    async with nothing_left(it):
        task = asyncio.create_task(listen())
        await has_begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert [r.status for r in it.records] == ["cancelled"]


@over_the_wire
async def test_an_error_after_the_first_words_is_told_without_the_vendors_prose(it: Running) -> None:
    it.emulator.next(Fault("error_chunk"))
    with pytest.raises(ProviderFailed) as caught:
        await answer(it)
    assert "private" not in f"{caught.value!r} {caught.value.context} {caught.value.__cause__!r}"
    assert [r.status for r in it.records] == ["failed"]


@over_the_wire
async def test_a_refused_key_is_a_configuration_error(case: Case, tmp_path: Path) -> None:
    await assert_a_wrong_key_is_refused(case, tmp_path, answer)


@over_the_wire
async def test_a_busy_vendor_says_for_how_long(it: Running) -> None:
    await assert_a_busy_vendor_says_for_how_long(it, answer)


@over_the_wire
async def test_an_outage_is_told_apart_from_a_refusal(it: Running) -> None:
    await assert_an_outage_is_not_our_fault(it, answer)
