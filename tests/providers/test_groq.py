"""Groq: what each model is asked, forms in one piece, models that are gone."""

from collections.abc import AsyncIterator
from pathlib import Path

import orjson
import pytest

from auricle.providers.call import Call, Choice
from auricle.providers.ports import (
    ChatMessage,
    LanguageRequest,
    ProviderRefused,
    ReasoningDelta,
    TextDelta,
    ToolSpec,
    Usage,
)
from tests.emulators.groq import Groq
from tests.emulators.openai_chat import WORDS
from tests.emulators.server import Fault
from tests.providers.contract.conftest import all_of
from tests.providers.contract.vendors import Case, Running, running

ASK = LanguageRequest([ChatMessage("user", "Where do I sit?")], temperature=0.3, max_tokens=100)
FORM = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": False}


@pytest.fixture
async def it(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(Case("groq", Groq), tmp_path) as made:
        yield made


def call(model: str) -> Call:
    return Call(None, [Choice("it", model)], retries=0)


@pytest.mark.parametrize(
    ("model", "effort", "limit"),
    [("openai/gpt-oss-20b", "low", 2_100), ("qwen/qwen3.8-27b", "none", 100), ("moonshotai/kimi-k2", None, 100)],
)
async def test_each_model_thinks_as_little_as_it_can(it: Running, model: str, effort: str | None, limit: int) -> None:
    events = await all_of(it.router.generate(call(model), ASK))
    assert "".join(e.text for e in events if isinstance(e, TextDelta)) == "".join(WORDS)
    body = it.emulator.requests[-1]["body"]
    assert (body.get("reasoning_effort"), body["max_completion_tokens"], body["temperature"]) == (effort, limit, 0.3)
    assert "stream_options" not in body
    assert events[-1] == Usage(20, 5, 8, 2)  # from the field of Groq's own


async def test_without_usage_it_stays_unknown(it: Running) -> None:
    it.emulator.next(Fault("no_usage"))
    assert (await all_of(it.router.generate(it.call(), ASK)))[-1] == Usage()


async def test_a_form_comes_in_one_piece_and_tools_come_streamed(it: Running) -> None:
    it.emulator.words = ['{"n": ', "7}"]
    events = await all_of(it.router.generate(it.call(), LanguageRequest(ASK.messages, response_schema=FORM)))
    assert orjson.loads("".join(e.text for e in events if isinstance(e, TextDelta))) == {"n": 7}
    assert it.emulator.requests[-1]["body"]["stream"] is False
    assert events[-1] == Usage(20, 5, 8, 2)
    await all_of(it.router.generate(it.call(), LanguageRequest(ASK.messages, tools=[ToolSpec("x", "finds", FORM)])))
    assert it.emulator.requests[-1]["body"]["stream"] is True


@pytest.mark.parametrize("model", ["llama-3.3-70b-versatile", "llama-3.1-8b-instant"])
async def test_a_model_that_is_gone_is_a_setting_to_correct(it: Running, model: str) -> None:
    with pytest.raises(ProviderRefused) as caught:
        await all_of(it.router.generate(call(model), ASK))
    assert caught.value.context["vendor_code"] == "model_not_found"


async def test_an_effort_that_a_model_does_not_know_is_a_setting_to_correct(tmp_path: Path) -> None:
    async with running(Case("groq", Groq, {"options": {"reasoning_effort": "none"}}), tmp_path) as it:
        with pytest.raises(ProviderRefused):
            await all_of(it.router.generate(it.call(), ASK))


async def test_thinking_is_no_words(it: Running) -> None:
    it.emulator.words = ["<think>They are lost.</think>", "Here."]
    events = await all_of(it.router.generate(it.call(), ASK))
    assert [e.text for e in events if isinstance(e, TextDelta)] == ["Here."]
    assert [e.text for e in events if isinstance(e, ReasoningDelta)] == ["They are lost."]
