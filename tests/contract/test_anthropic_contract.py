"""Our requests and our emulator's answers, judged by Anthropic's specification and by Anthropic's own SDK."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from auricle.providers.dialects.anthropic import message_body
from auricle.providers.ports import ANY_TOOL, ChatMessage, LanguageRequest, ToolCall, ToolSpec
from tests.contract.spec import judge
from tests.emulators.anthropic import WORDS, AnthropicEmulator, error, message
from tests.emulators.server import Fault
from tests.providers.contract.conftest import all_of
from tests.providers.contract.vendors import CASES, running

SPEC = "anthropic/openapi.yaml"
FORM = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 1}}, "required": ["n"]}
ANY_NAMES = {"type": "object", "properties": {"drugs": {"type": "object"}}}
CONVERSATION = [
    ChatMessage("system", "Be kind."),
    ChatMessage("assistant", "Good morning."),
    ChatMessage("user", "My ear hurts."),
    ChatMessage("assistant", "", (ToolCall("call:a", "find_slot", '{"day":"monday"}'),)),
    ChatMessage("tool", "10:30", (), "call:a"),
    ChatMessage("assistant", "At half past ten."),
]
TOOL = ToolSpec("find_slot", "Finds a free appointment.", {"properties": {"day": {"type": "string"}}})
REQUESTS = [
    LanguageRequest(CONVERSATION),
    LanguageRequest(CONVERSATION, tools=[TOOL]),
    LanguageRequest(CONVERSATION, tools=[TOOL], must_call="find_slot"),
    LanguageRequest(CONVERSATION, tools=[TOOL], must_call=ANY_TOOL),
    LanguageRequest(CONVERSATION, response_schema=FORM),
    LanguageRequest(CONVERSATION, response_schema=ANY_NAMES),
]


@pytest.fixture(scope="module")
async def server() -> AsyncIterator[AnthropicEmulator]:
    async with AnthropicEmulator() as running:
        yield running


def complaints(name: str, value: Any) -> list[str]:
    return judge(SPEC, f"/components/schemas/{name}").complaints(value)


@pytest.mark.slow
@pytest.mark.parametrize("request_", REQUESTS)
@pytest.mark.parametrize(
    "model", ["claude-haiku-5-5", "claude-sonnet-4-6", "claude-3-5-haiku-latest", "claude-opus-5-5"]
)
@pytest.mark.parametrize("options", [{}, {"thinking": "adaptive", "effort": "high"}])
def test_every_form_of_our_request_is_valid(request_: LanguageRequest, model: str, options: dict) -> None:
    assert complaints("CreateMessageParams", message_body(request_, model, options)) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "spoil",
    [
        {"max_tokens": None},
        {"messages": [{"role": "system", "content": "x"}]},
        {"stop": "x"},
        {"tools": [{"name": "a b", "input_schema": {"type": "object"}}]},
        {"output_config": {"format": {"type": "json_schema"}}},
    ],
)
def test_the_judge_refuses_what_is_wrong(spoil: dict) -> None:
    assert complaints("CreateMessageParams", message_body(LanguageRequest(CONVERSATION), "m") | spoil)


@pytest.mark.slow
async def test_all_that_goes_between_us_and_the_emulator_is_as_specified(tmp_path: Path) -> None:
    case = next(c for c in CASES if c.vendor == "anthropic")
    async with running(case, tmp_path) as it:
        it.emulator.thoughts = ["The waiting room", " is on the left."]
        for fault, request in [("none", REQUESTS[0]), ("tools", REQUESTS[1]), ("none", REQUESTS[3])]:
            it.emulator.next(Fault(fault))  # type: ignore[arg-type]
            await all_of(it.router.generate(it.call(), request))
        assert {e["type"] for e in it.emulator.sent_events} >= {"ping", "message_start", "content_block_stop"}
        bodies = [r["body"] for r in it.emulator.requests]
        assert len(bodies) == 3
        assert [c for body in bodies for c in complaints("CreateMessageParams", body)] == []
        assert [c for e in it.emulator.sent_events for c in complaints("MessageStreamEvent", e)] == []
    assert complaints("ErrorResponse", error(529)) == []
    assert complaints("Message", message("m", [{"type": "text", "text": "A", "citations": None}], "end_turn")) == []


async def test_anthropics_own_client_reads_the_emulators_stream(server: AnthropicEmulator) -> None:
    anthropic = pytest.importorskip("anthropic", reason="the Anthropic SDK is not installed")
    asked = {"model": "claude-haiku-5-5", "max_tokens": 100, "messages": [{"role": "user", "content": "x"}]}
    async with anthropic.AsyncAnthropic(api_key=server.key, base_url=server.url, max_retries=0) as client:
        server.thoughts = ["hm"]
        async with client.messages.stream(**asked) as stream:
            assert "".join([piece async for piece in stream.text_stream]) == "".join(WORDS)
            whole = await stream.get_final_message()
        assert whole.stop_reason == "end_turn" and whole.content[0].thinking == "hm"
        assert (whole.usage.input_tokens, whole.usage.output_tokens, whole.usage.cache_read_input_tokens) == (12, 5, 8)
        server.thoughts = []
        server.next(Fault("tools"))
        tools = [{"name": n, "input_schema": {"type": "object"}} for n in ("find_slot", "end_call")]
        async with client.messages.stream(**asked, tools=tools) as stream:
            calls = [b for b in (await stream.get_final_message()).content if b.type == "tool_use"]
        assert [(c.name, c.input) for c in calls] == [("find_slot", {"day": "monday"}), ("end_call", {})]
        assert (await client.messages.create(**asked)).content[0].text == "".join(WORDS)


async def test_anthropics_own_client_sees_the_emulators_refusals_as_its_own(server: AnthropicEmulator) -> None:
    anthropic = pytest.importorskip("anthropic", reason="the Anthropic SDK is not installed")
    asked: dict[str, Any] = {
        "model": "claude-haiku-5-5",
        "max_tokens": 9,
        "messages": [{"role": "user", "content": "x"}],
    }
    async with anthropic.AsyncAnthropic(api_key="wrong", base_url=server.url, max_retries=0) as client:
        with pytest.raises(anthropic.AuthenticationError):
            await client.messages.create(**asked)
    async with anthropic.AsyncAnthropic(api_key=server.key, base_url=server.url, max_retries=0) as client:
        server.next(Fault("status", 429, {"retry-after": "1"}))
        with pytest.raises(anthropic.RateLimitError):
            await client.messages.create(**asked)
        with pytest.raises(anthropic.BadRequestError, match="temperature"):
            await client.messages.create(**asked, extra_body={"temperature": 0.2})
        with pytest.raises(anthropic.BadRequestError, match="prefill"):
            await client.messages.create(
                **asked | {"messages": [*asked["messages"], {"role": "assistant", "content": "a"}]}
            )
        server.next(Fault("error_chunk", 529))
        with pytest.raises(anthropic.APIStatusError):
            async with client.messages.stream(**asked) as stream:
                await stream.get_final_message()
