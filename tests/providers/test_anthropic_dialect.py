"""Anthropic's messages as a state machine and as bodies: what is sent, and what is made of what comes."""

import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auricle.providers.dialects.anthropic import THINKING_ROOM, MessageStream, message_body
from auricle.providers.dialects.forms import ANSWER
from auricle.providers.ports import (
    ChatMessage,
    Finish,
    LanguageEvent,
    LanguageRequest,
    ProviderBusy,
    ProviderFailed,
    ProviderGarbled,
    ProviderRefused,
    ProviderTimeout,
    ReasoningDelta,
    TextDelta,
    ToolCall,
    ToolSpec,
    Usage,
)

FORM = {
    "type": "object",
    "properties": {"n": {"type": "integer", "minimum": 1}},
    "required": ["n"],
    "additionalProperties": False,
}
ANY_NAMES = {"type": "object", "properties": {"drugs": {"type": "object", "additionalProperties": {"type": "string"}}}}
USER = ChatMessage("user", "Where do I sit?")
CALL = ToolCall("call:1", "find_slot", '{"day":"monday"}')
SPEC = ToolSpec("find_slot", "Finds a free appointment.", {"properties": {"day": {"type": "string"}}})


def read(*events: bytes | dict) -> list[LanguageEvent]:
    stream, found = MessageStream(), []
    for event in events:
        found += stream.line(event if isinstance(event, bytes) else b"data: " + orjson.dumps(event))
    return [*found, *stream.end()]


def delta(index: int = 0, **fields: object) -> dict:
    return {"type": "content_block_delta", "index": index, "delta": fields}


def says(text: str) -> dict:
    return delta(type="text_delta", text=text)


def begins(index: int, **block: object) -> dict:
    return {"type": "content_block_start", "index": index, "content_block": block}


def stops(reason: str | None = "end_turn", **usage: object) -> dict:
    return {"type": "message_delta", "delta": {"stop_reason": reason}, "usage": usage}


STOP = stops()


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b": comment",
        b"event: message_start",
        {"type": "ping"},
        {"type": "content_block_stop", "index": 0},
        {"type": "something_of_next_year", "index": "x"},
        begins(3, type="redacted_thinking", data="x"),
        begins(3, type="text", text=""),
        delta(type="signature_delta", signature="x"),
        delta(type="thinking_delta", thinking=""),
        delta(9, type="input_json_delta", partial_json='{"server": "tool"}'),
    ],
)
def test_events_without_words_say_nothing(line: bytes | dict) -> None:
    assert read(says("A"), line, STOP) == [TextDelta("A"), Finish("stop"), Usage()]


def test_thoughts_are_told_apart_from_words() -> None:
    events = read(begins(0, type="thinking"), delta(type="thinking_delta", thinking="hm"), says("A"), STOP)
    assert events[:2] == [ReasoningDelta("hm"), TextDelta("A")]


def test_a_block_may_begin_with_its_text() -> None:
    assert read(begins(0, type="text", text="A"), STOP)[0] == TextDelta("A")


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("refusal", "filtered"),
        ("tool_use", "stop"),  # but no tool was called
    ],
)
def test_each_reason_to_stop_has_our_name(said: str, meant: str) -> None:
    assert read(says("A"), stops(said))[1] == Finish(meant)


def test_calls_of_tools_are_put_together_and_told_whole() -> None:
    events = read(
        says("One moment."),
        begins(1, type="tool_use", id="toolu_1", name="find_slot", input={}),
        delta(1, type="input_json_delta", partial_json=""),
        delta(1, type="input_json_delta", partial_json='{"day":'),
        delta(1, type="input_json_delta", partial_json='"monday"}'),
        begins(2, type="tool_use", id="toolu_2", name="end_call", input={}),
        stops("tool_use"),
    )
    assert events[1:4] == [
        ToolCall("toolu_1", "find_slot", '{"day":"monday"}'),
        ToolCall("toolu_2", "end_call", "{}"),
        Finish("tools"),
    ]


def test_half_a_call_is_garbled_unless_the_length_limit_cut_it() -> None:
    half = begins(0, type="tool_use", id="a", name="x"), delta(type="input_json_delta", partial_json='{"n":')
    with pytest.raises(ProviderGarbled):
        read(*half, stops("tool_use"))
    assert read(*half, stops("max_tokens")) == [Finish("length"), Usage()]


def test_the_arguments_of_the_answering_tool_are_the_answers_text() -> None:
    events = read(
        begins(0, type="tool_use", id="a", name=ANSWER),
        delta(type="input_json_delta", partial_json=""),
        delta(type="input_json_delta", partial_json='{"n":'),
        delta(type="input_json_delta", partial_json="1}"),
        stops("tool_use"),
    )
    assert events == [TextDelta('{"n":'), TextDelta("1}"), Finish("stop"), Usage()]


def test_what_is_cached_counts_as_asked_and_a_later_null_takes_nothing_back() -> None:
    start = {"input_tokens": 10, "cache_creation_input_tokens": 3, "cache_read_input_tokens": 7, "output_tokens": 1}
    end = {"input_tokens": None, "cache_read_input_tokens": None, "output_tokens": 42}
    events = read(
        {"type": "message_start", "message": {"usage": start}},
        says("A"),
        stops(**end, output_tokens_details={"thinking_tokens": 30}),
    )
    assert events[-1] == Usage(20, 42, 7, 30)


@pytest.mark.parametrize("usage", ["many", [1], {"input_tokens": "7"}, {"input_tokens": -1}, {"input_tokens": 1.5}])
def test_nonsense_in_usage_is_unknown(usage: object) -> None:
    assert read({"type": "message_start", "message": {"usage": usage}}, STOP)[-1] == Usage()


@pytest.mark.parametrize("events", [[], [says("A")], [says("A"), {"type": "message_stop"}], [says("A"), stops(None)]])
def test_an_answer_without_a_reason_to_stop_was_cut_short(events: list[dict]) -> None:
    with pytest.raises(ProviderFailed) as caught:
        read(*events)
    assert type(caught.value) is ProviderFailed


@pytest.mark.parametrize(
    ("kind", "failure"),
    [
        ("overloaded_error", ProviderBusy),
        ("rate_limit_error", ProviderBusy),
        ("api_error", ProviderFailed),
        ("timeout_error", ProviderTimeout),
        ("authentication_error", ProviderRefused),
        ("billing_error", ProviderRefused),
        ("invalid_request_error", ProviderRefused),
        ("something_new", ProviderFailed),
        (None, ProviderFailed),
    ],
)
def test_an_error_in_the_stream_has_its_type_and_not_its_prose(kind: str | None, failure: type) -> None:
    with pytest.raises(ProviderFailed) as caught:
        read(says("A"), {"type": "error", "error": {"type": kind, "message": "chest pain"}})
    assert type(caught.value) is failure and "chest" not in repr(caught.value.context)


@pytest.mark.parametrize(
    "line",
    [
        b"data: nonsense",
        b"data: [1]",
        b"data: 4",
        b'data: {"index": 0}',
        b'data: {"type": "content_block_delta", "index": 0}',
        b'data: {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": 5}}',
        b'data: {"type": "content_block_delta", "index": {}, "delta": {"type": "input_json_delta"}}',
        b'data: {"type": "message_start", "message": 5}',
    ],
)
def test_nonsense_is_garbled(line: bytes) -> None:
    with pytest.raises(ProviderGarbled):
        read(line, STOP)


KINDS = ["content_block_delta", "content_block_start", "message_start", "message_delta", "error", "ping", "tool_use"]


@given(
    st.lists(
        st.binary(max_size=60)
        | st.recursive(
            st.none() | st.integers() | st.sampled_from([*KINDS, "text_delta", "input_json_delta", "thinking_delta"]),
            lambda s: (
                st.lists(s, max_size=3)
                | st.dictionaries(
                    st.sampled_from(
                        [
                            "type",
                            "index",
                            "delta",
                            "content_block",
                            "message",
                            "usage",
                            "stop_reason",
                            "text",
                            "partial_json",
                            "thinking",
                            "name",
                            "id",
                            "error",
                        ]
                    ),
                    s,
                    max_size=5,
                )
            ),
            max_leaves=12,
        ).map(lambda v: b"data: " + json.dumps(v).encode()),
        max_size=6,
    )
)
def test_whatever_comes_ends_in_events_or_in_a_provider_failure(lines: list[bytes]) -> None:
    try:
        events = read(*lines)
    except ProviderFailed:
        return
    assert isinstance(events[-1], Usage) and isinstance(events[-2], Finish)


# ── what is sent ──────────────────────────────────────────────────────────────────────────────────────────────────
def body(
    *messages: ChatMessage, model: str = "claude-haiku-5-5", options: dict | None = None, **fields: object
) -> dict:
    return message_body(LanguageRequest(messages or [USER], **fields), model, options)  # type: ignore[arg-type]


def test_instructions_stand_apart_and_turns_alternate() -> None:
    sent = body(
        ChatMessage("system", "Be kind."),
        ChatMessage("assistant", "Good morning."),
        ChatMessage("user", "My ear"),
        ChatMessage("system", "Knowledge."),
        ChatMessage("user", "hurts."),
        ChatMessage("user", " "),
    )
    assert sent["system"] == "Be kind.\n\nKnowledge."
    assert [m["role"] for m in sent["messages"]] == ["user", "assistant", "user"]
    assert [b["text"] for b in sent["messages"][2]["content"]] == ["My ear", "hurts."]


def test_a_conversation_ends_with_the_user() -> None:
    assert body(USER, ChatMessage("assistant", "There."))["messages"][-1]["role"] == "user"
    assert [m["role"] for m in body(ChatMessage("system", "Be kind."))["messages"]] == ["user"]


def test_results_of_tools_are_the_users_in_the_vendors_alphabet() -> None:
    sent = body(
        USER,
        ChatMessage("assistant", "", (CALL, ToolCall("b", "end_call", "nonsense"))),
        ChatMessage("tool", "10:30", (), "call:1"),
        ChatMessage("tool", "", (), "b"),
        tools=[SPEC],
    )
    assert sent["messages"][1]["content"] == [
        {"type": "tool_use", "id": "call_1", "name": "find_slot", "input": {"day": "monday"}},
        {"type": "tool_use", "id": "b", "name": "end_call", "input": {}},
    ]
    assert [b["tool_use_id"] for b in sent["messages"][2]["content"]] == ["call_1", "b"]
    assert sent["tools"][0]["input_schema"] == {"type": "object", "properties": {"day": {"type": "string"}}}


def test_where_no_tool_is_offered_any_more_those_of_the_conversation_are_declared_and_forbidden() -> None:
    sent = body(USER, ChatMessage("assistant", "", (CALL, CALL)), ChatMessage("tool", "10:30", (), "call:1"))
    assert [t["name"] for t in sent["tools"]] == ["find_slot"] and sent["tool_choice"] == {"type": "none"}


@pytest.mark.parametrize(
    ("model", "thinking", "effort", "temperature", "room"),
    [
        ("claude-haiku-5-5", {"type": "disabled"}, None, None, 0),
        ("claude-sonnet-5-5", {"type": "between_tools"}, None, None, 0),
        ("claude-sonnet-5", {"type": "disabled"}, None, None, 0),
        ("claude-opus-5", {"type": "disabled"}, None, None, 0),
        ("claude-opus-5-5", None, "low", None, THINKING_ROOM),
        ("claude-fable-5-1", None, "low", None, THINKING_ROOM),
        ("claude-of-next-year", None, "low", None, THINKING_ROOM),
        ("claude-opus-4-8", None, None, None, 0),
        ("claude-haiku-4-5-20251001", None, None, 0.3, 0),
        ("claude-sonnet-4-6", None, None, 0.3, 0),
        ("claude-sonnet-4-20250514", None, None, 0.3, 0),
        ("claude-3-5-haiku-latest", None, None, 0.3, 0),
    ],
)
def test_a_model_is_kept_from_thinking_as_it_allows(
    model: str, thinking: object, effort: str | None, temperature: float | None, room: int
) -> None:
    sent = body(model=model, max_tokens=100)
    assert sent.get("thinking") == thinking and sent.get("temperature") == temperature
    assert sent.get("output_config", {}).get("effort") == effort
    assert sent["max_tokens"] == 100 + room


def test_an_owner_may_let_a_model_think() -> None:
    sent = body(options={"thinking": "adaptive", "effort": "high"}, max_tokens=100)
    assert sent["thinking"] == {"type": "adaptive", "display": "summarized"}
    assert sent["output_config"] == {"effort": "high"} and sent["max_tokens"] == 100 + THINKING_ROOM


def test_a_form_is_written_natively_with_its_limits_as_words() -> None:
    sent = body(response_schema=FORM, tools=[SPEC])
    written = sent["output_config"]["format"]
    assert written["type"] == "json_schema"
    assert written["schema"]["properties"]["n"] == {"type": "integer", "description": '{"minimum":1}'}
    assert [t["name"] for t in sent["tools"]] == ["find_slot"] and "tool_choice" not in sent


@pytest.mark.parametrize("model", ["claude-3-5-haiku-latest", "claude-opus-4-1"])
def test_a_model_that_takes_no_schema_is_made_to_call_the_answering_tool(model: str) -> None:
    sent = body(model=model, response_schema=FORM)
    assert "output_config" not in sent
    assert sent["tools"] == [{"name": ANSWER, "description": "Takes the answer.", "input_schema": FORM}]
    assert sent["tool_choice"] == {"type": "tool", "name": ANSWER, "disable_parallel_tool_use": True}
    assert body(model=model, response_schema=FORM, tools=[SPEC])["tool_choice"]["type"] == "any"


def test_a_form_with_any_names_goes_by_the_tool_and_a_model_that_takes_no_orders_is_told() -> None:
    assert body(response_schema=ANY_NAMES)["tool_choice"]["name"] == ANSWER
    told = body(ChatMessage("system", "Be kind."), USER, model="claude-sonnet-5-5", response_schema=ANY_NAMES)
    assert "tool_choice" not in told and ANSWER in told["system"] and told["system"].startswith("Be kind.")
