"""The chat stream as a state machine: lines in, events out, with all that servers leave out or do differently."""

import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auricle.providers.dialects.openai_chat import ChatStream
from auricle.providers.dialects.openai_request import Habits, chat_body, family
from auricle.providers.ports import (
    ANY_TOOL,
    ChatMessage,
    Finish,
    LanguageEvent,
    LanguageRequest,
    ProviderBusy,
    ProviderFailed,
    ProviderGarbled,
    ProviderRefused,
    ReasoningDelta,
    TextDelta,
    ToolCall,
    ToolSpec,
    Usage,
)


def read(*lines: bytes | dict) -> list[LanguageEvent]:
    stream, events = ChatStream(), []
    for line in lines:
        events += stream.line(line if isinstance(line, bytes) else b"data: " + orjson.dumps(line))
    return [*events, *stream.end()]


def delta(finish: str | None = None, **said: object) -> dict:
    return {"choices": [{"delta": said, "finish_reason": finish}]}


def tool(**fields: object) -> dict:
    return delta(tool_calls=[fields])


STOP = delta("stop")


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b": ping",
        b"event: message",
        b"id: 4",
        b"retry: 100",
        b"data:",
        b"data: ",
        b'data: {"choices": []}',
        b'data: {"choices": [{"delta": {}}]}',
        b'data: {"choices": [{"delta": {"content": null, "role": null}}]}',
        b'data: {"choices": null}',
        b'data: {"choices": [{"index": 1, "delta": {"content": "B"}}]}',
    ],
)
def test_lines_without_words_say_nothing(line: bytes) -> None:
    assert read(delta(content="A"), line, STOP) == [TextDelta("A"), Finish("stop"), Usage()]


def test_data_without_a_space_and_without_blank_lines_is_read() -> None:
    assert read(b'data:{"choices":[{"delta":{"content":"A"}}]}', STOP)[0] == TextDelta("A")


def test_an_event_in_several_data_lines_is_read() -> None:
    assert read(b'data: {"choices": [{"delta":', b'data: {"content": "A"}}]}', b"", STOP)[0] == TextDelta("A")


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_reasoning_is_told_apart_from_words(field: str) -> None:
    assert read(delta(**{field: "hm", "content": None}), delta(content="A"), STOP)[:2] == [
        ReasoningDelta("hm"),
        TextDelta("A"),
    ]


def test_content_in_parts_is_joined() -> None:
    assert read(delta(content=[{"type": "text", "text": "A"}, {"type": "text", "text": "B"}]), STOP)[0] == TextDelta(
        "AB"
    )


@pytest.mark.parametrize(
    ("said", "meant"),
    [("stop", "stop"), ("length", "length"), ("content_filter", "filtered"), ("eos", "stop"), ("max_tokens", "length")],
)
def test_each_reason_to_finish_has_our_name(said: str, meant: str) -> None:
    assert read(delta(content="A"), delta(said))[1] == Finish(meant)


def test_usage_in_any_chunk_counts_and_the_last_one_wins() -> None:
    early = {**delta(content="A"), "usage": {"prompt_tokens": 5, "completion_tokens": 1}}
    late = {"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 2, "prompt_tokens_details": None}}
    assert read(early, STOP, late)[-1] == Usage(5, 2)


def test_usage_in_groqs_own_field_counts() -> None:
    assert read(delta(content="A"), {**STOP, "x_groq": {"usage": {"prompt_tokens": 7, "completion_tokens": 3}}})[
        -1
    ] == Usage(7, 3)


@pytest.mark.parametrize("usage", ["many", [1], {"prompt_tokens": "7"}, {"prompt_tokens": -1}, {"prompt_tokens": 1.5}])
def test_nonsense_in_usage_is_unknown(usage: object) -> None:
    assert read(delta(content="A"), {**STOP, "usage": usage})[-1] == Usage()


def test_done_without_a_reason_ends_an_answer_that_said_something() -> None:
    assert read(delta(content="A"), b"data: [DONE]") == [TextDelta("A"), Finish("stop"), Usage()]


def test_tool_calls_without_index_are_told_apart_by_their_ids() -> None:
    events = read(
        tool(id="a", function={"name": "x", "arguments": '{"n":'}),
        tool(function={"arguments": "1}"}),
        tool(id="b", function={"name": "y", "arguments": "{}"}),
        delta("tool_calls"),
    )
    assert events[:3] == [ToolCall("a", "x", '{"n":1}'), ToolCall("b", "y", "{}"), Finish("tools")]


def test_a_tool_call_with_arguments_as_an_object_no_id_and_finish_stop_is_read() -> None:
    assert read(tool(function={"name": "x", "arguments": {"n": 1}}), STOP)[:2] == [
        ToolCall("call_0", "x", '{"n":1}'),
        Finish("tools"),
    ]


def test_a_tool_call_without_arguments_has_an_empty_object() -> None:
    assert read(tool(index=0, id="a", function={"name": "x"}), STOP)[0] == ToolCall("a", "x", "{}")


def test_half_a_tool_call_is_garbled_unless_the_length_limit_cut_it() -> None:
    half = tool(index=0, id="a", function={"name": "x", "arguments": '{"n":'})
    with pytest.raises(ProviderGarbled):
        read(half, delta("tool_calls"))
    assert read(half, delta("length")) == [Finish("length"), Usage()]


def test_tool_calls_are_bounded() -> None:
    with pytest.raises(ProviderGarbled):
        read(*[tool(index=i, id=str(i), function={"name": "x"}) for i in range(33)])
    with pytest.raises(ProviderGarbled):
        read(*[tool(index=0, function={"name": "x", "arguments": "x" * 100_000})] * 3)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"code": 429, "message": "slow"}, ProviderBusy),
        ({"code": 503}, ProviderFailed),
        ({"code": 401}, ProviderRefused),
        ({"type": "rate_limit_exceeded"}, ProviderBusy),
        ({"type": "overloaded_error"}, ProviderBusy),
        ({"code": "invalid_api_key"}, ProviderRefused),
        ({"code": "model_not_found"}, ProviderRefused),
        ({"message": "boom"}, ProviderFailed),
        ("boom", ProviderFailed),
    ],
)
@pytest.mark.parametrize("framed", [True, False])
def test_an_error_in_the_stream_has_its_type(error: object, kind: type, framed: bool) -> None:
    line = (b"data: " if framed else b"") + orjson.dumps({"error": error})
    with pytest.raises(ProviderFailed) as caught:
        read(delta(content="A"), line)
    assert type(caught.value) is kind


@pytest.mark.parametrize(
    "line",
    [
        b"data: nonsense",
        b'data: {"choices": 4}',
        b'data: {"choices": ["x"]}',
        b"data: [1]",
        b'data: {"choices": [{"delta": "x"}]}',
        b'data: {"choices": [{"delta": {"content": 5}}]}',
        b'data: {"choices": [{"delta": {"content": "\xff"}}]}',
    ],
)
def test_nonsense_is_garbled(line: bytes) -> None:
    with pytest.raises(ProviderGarbled):
        read(line, b"", STOP)


@given(
    st.lists(
        st.binary(max_size=60)
        | st.binary(max_size=40).map(lambda b: b"data: " + b)
        | st.recursive(
            st.none() | st.integers() | st.text(max_size=5),
            lambda s: (
                st.lists(s, max_size=3)
                | st.dictionaries(
                    st.sampled_from(
                        [
                            "choices",
                            "delta",
                            "content",
                            "error",
                            "usage",
                            "tool_calls",
                            "index",
                            "function",
                            "finish_reason",
                            "x_groq",
                            "message",
                        ]
                    ),
                    s,
                    max_size=4,
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


def test_the_request_has_the_form_that_openai_asks_for() -> None:
    call = ToolCall("a", "x", "{}")
    strict = {
        "type": "object",
        "properties": {"n": {"type": "integer"}},
        "required": ["n"],
        "additionalProperties": False,
    }
    request = LanguageRequest(
        [ChatMessage("system", "Be kind."), ChatMessage("assistant", "", (call,)), ChatMessage("tool", "7", (), "a")],
        tools=[ToolSpec("x", "finds", {"type": "object"})],
        response_schema=strict,
        max_tokens=9,
    )
    body = chat_body(request, "m")
    assert body["messages"][1] == {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "a", "type": "function", "function": {"name": "x", "arguments": "{}"}}],
    }
    assert body["messages"][2] == {"role": "tool", "content": "7", "tool_call_id": "a"}
    assert body["stream_options"] == {"include_usage": True} and body["max_tokens"] == 9
    assert body["response_format"]["json_schema"]["strict"] is True


@pytest.mark.parametrize(
    ("must_call", "sent"),
    [(None, None), (ANY_TOOL, "required"), ("x", {"type": "function", "function": {"name": "x"}})],
)
def test_a_tool_that_must_be_called_is_named(must_call: str | None, sent: object) -> None:
    request = LanguageRequest([], tools=[ToolSpec("x", "finds", {"type": "object"})], must_call=must_call)
    assert chat_body(request, "m").get("tool_choice") == sent


def test_a_schema_with_optional_fields_is_not_sent_as_strict() -> None:
    loose = {"type": "object", "properties": {"n": {"type": "integer"}}}
    assert (
        chat_body(LanguageRequest([], response_schema=loose), "m")["response_format"]["json_schema"]["strict"] is False
    )


TALK = LanguageRequest([ChatMessage("user", "Hello")], temperature=0.3, max_tokens=100)
TOOL = LanguageRequest(TALK.messages, tools=[ToolSpec("x", "finds", {"type": "object"})])


def test_a_model_that_thinks_gets_room_for_it_and_no_temperature_where_it_takes_none() -> None:
    habits = Habits(limit_field="max_completion_tokens", effort="low", temperature="unthinking")
    body = chat_body(TALK, "m", habits)
    assert (body["reasoning_effort"], body["max_completion_tokens"]) == ("low", 2_100)
    assert "temperature" not in body and "max_tokens" not in body
    quick = chat_body(TALK, "m", habits, effort="none")
    assert (quick["reasoning_effort"], quick["max_completion_tokens"], quick["temperature"]) == ("none", 100, 0.3)


def test_tools_are_sent_with_the_only_effort_that_takes_them() -> None:
    habits = Habits(effort="low", effort_with_tools="none")
    assert chat_body(TALK, "m", habits, effort="high")["reasoning_effort"] == "high"
    assert chat_body(TOOL, "m", habits, effort="high")["reasoning_effort"] == "none"


def test_an_answer_by_a_schema_comes_in_one_piece_where_a_vendor_streams_none() -> None:
    form = LanguageRequest(TALK.messages, response_schema={"type": "object"})
    body = chat_body(form, "m", Habits(streams_forms=False))
    assert body["stream"] is False and "stream_options" not in body
    assert chat_body(TALK, "m", Habits(streams_forms=False))["stream"] is True


def test_the_first_family_that_a_name_begins_with_has_its_habits() -> None:
    mini, all_fives = Habits(effort="low"), Habits(effort="none")
    table = (("gpt-5-mini", mini), ("gpt-5", all_fives))
    assert family(table, "gpt-5-mini-2025-08-07") is mini
    assert family(table, "gpt-5.4") is all_fives
    assert family(table, "llama3.2") == Habits()


@pytest.mark.parametrize("cut", [1, 3, 8, 100])
def test_thinking_between_marks_is_told_apart_wherever_the_text_is_cut(cut: int) -> None:
    text = "\n<think>The patient </thinks of a cold.</think>\n\nPlease sit <think>here</think>."
    pieces = [delta(content=text[at : at + cut]) for at in range(0, len(text), cut)]
    events = read(*pieces, STOP)
    assert "".join(e.text for e in events if isinstance(e, TextDelta)) == "Please sit <think>here</think>."
    assert "".join(e.text for e in events if isinstance(e, ReasoningDelta)) == "The patient </thinks of a cold."


@pytest.mark.parametrize("text", ["<", "<th", "  <think", "\n", "<b>Sit</b>", "<thinking> is words"])
def test_what_only_looks_like_the_mark_of_thinking_is_words(text: str) -> None:
    events = read(*[delta(content=c) for c in text], STOP)
    assert "".join(e.text for e in events if isinstance(e, TextDelta)) == text


def test_thinking_that_never_ends_is_never_words() -> None:
    assert read(delta(content="<think>and so"), delta("length")) == [
        ReasoningDelta("and so"),
        Finish("length"),
        Usage(),
    ]


@pytest.mark.parametrize(
    ("chunk", "kind"),
    [
        ({"object": "error", "message": "private", "type": "BadRequestError", "code": 400}, ProviderRefused),
        ({"error": "private words", "error_type": "overloaded"}, ProviderBusy),
        ({"error": "private words", "error_type": "validation"}, ProviderRefused),
        ({"error": "private words", "error_type": "incomplete_generation"}, ProviderFailed),
        ({"error": {"code": "insufficient_quota", "message": "private"}}, ProviderRefused),
        ({**delta("stop"), "x_groq": {"error": "over_capacity"}}, ProviderFailed),
    ],
)
def test_every_servers_own_form_of_an_error_has_its_type_and_no_prose(chunk: dict, kind: type) -> None:
    with pytest.raises(ProviderFailed) as caught:
        read(delta(content="A"), chunk)
    assert type(caught.value) is kind
    assert "private" not in f"{caught.value!r} {caught.value.context}"
