"""Gemini's content as a state machine and as bodies: what is sent, and what is made of what comes."""

import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auricle.providers.dialects.gemini import NO_SIGNATURE, THINKING_ROOM, ContentStream, content_body
from auricle.providers.ports import (
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

MODEL = "gemini-3.8-flash"
USER = ChatMessage("user", "Where do I sit?")
FORM = {"type": "object", "properties": {"n": {"type": "integer"}}}


def read(*pieces: bytes | dict) -> list[LanguageEvent]:
    stream, found = ContentStream(MODEL), []
    for one in pieces:
        found += stream.line(one if isinstance(one, bytes) else b"data: " + orjson.dumps(one))
    return [*found, *stream.end()]


def piece(*parts: dict, finish: str | None = None, **more: object) -> dict:
    return {"candidates": [{"content": {"parts": list(parts)}, "finishReason": finish}], **more}


def says(text: str) -> dict:
    return piece({"text": text})


def calls(name: str, **fields: object) -> dict:
    return {"functionCall": {"name": name, **fields}}


STOP = piece(finish="STOP")


@pytest.mark.parametrize(
    "line",
    [b"", b": comment", {}, {"candidates": []}, {"candidates": None}, piece({"text": ""}), piece({"inlineData": {}})],
)
def test_pieces_without_words_say_nothing(line: bytes | dict) -> None:
    assert read(says("A"), line, STOP) == [TextDelta("A"), Finish("stop"), Usage()]


def test_thoughts_are_told_apart_from_words() -> None:
    assert read(piece({"text": "hm", "thought": True}, {"text": "A"}), STOP)[:2] == [
        ReasoningDelta("hm"),
        TextDelta("A"),
    ]


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("STOP", "stop"),
        ("MAX_TOKENS", "length"),
        ("SAFETY", "filtered"),
        ("RECITATION", "filtered"),
        ("PROHIBITED_CONTENT", "filtered"),
        ("SPII", "filtered"),
        ("LANGUAGE", "filtered"),
    ],
)
def test_each_reason_to_finish_has_our_name(said: str, meant: str) -> None:
    assert read(says("A"), piece(finish=said))[1] == Finish(meant)


def test_a_question_that_is_blocked_is_an_answer_that_was_filtered() -> None:
    assert read({"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 7}}) == [
        Finish("filtered"),
        Usage(7),
    ]


@pytest.mark.parametrize("reason", ["MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "MISSING_THOUGHT_SIGNATURE"])
def test_a_call_that_the_vendor_could_not_read_is_garbled(reason: str) -> None:
    with pytest.raises(ProviderGarbled):
        read(piece(finish=reason))


@pytest.mark.parametrize(
    "pieces", [[], [says("A")], [piece(finish="OTHER")], [piece(finish="FINISH_REASON_UNSPECIFIED")]]
)
def test_an_answer_without_a_reason_that_we_know_was_cut_short(pieces: list[dict]) -> None:
    with pytest.raises(ProviderFailed) as caught:
        read(*pieces)
    assert type(caught.value) is ProviderFailed


def test_calls_of_tools_keep_their_ids_and_what_the_model_signed_them_with() -> None:
    first = {**calls("find_slot", id="fc-1", args={"day": "monday"}), "thoughtSignature": "c2ln"}
    events = read(piece(first, calls("end_call")), STOP)
    assert events[:3] == [
        ToolCall("fc-1", "find_slot", '{"day":"monday"}', f"{MODEL}:c2ln"),
        ToolCall("call_1_end_call", "end_call", "{}"),
        Finish("tools"),
    ]


def test_calls_are_bounded() -> None:
    with pytest.raises(ProviderGarbled):
        read(piece(*[calls("x")] * 33), STOP)
    with pytest.raises(ProviderGarbled):
        read(piece(calls("x", args={"a": "x" * 300_000})), STOP)


def test_thoughts_count_as_written() -> None:
    usage = {
        "promptTokenCount": 20,
        "candidatesTokenCount": 3,
        "thoughtsTokenCount": 30,
        "cachedContentTokenCount": 8,
        "totalTokenCount": 53,
    }
    assert read(says("A"), {**STOP, "usageMetadata": usage})[-1] == Usage(20, 33, 8, 30)
    assert read({**says("A"), "usageMetadata": {"promptTokenCount": 20}}, STOP)[-1] == Usage(20)


@pytest.mark.parametrize("usage", ["many", [1], {"promptTokenCount": "7"}, {"promptTokenCount": -1}])
def test_nonsense_in_usage_is_unknown(usage: object) -> None:
    assert read(says("A"), {**STOP, "usageMetadata": usage})[-1] == Usage()


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"code": 429, "message": "chest pain", "status": "RESOURCE_EXHAUSTED"}, ProviderBusy),
        ({"code": 503, "message": "chest pain"}, ProviderFailed),
        ({"code": 400, "status": "INVALID_ARGUMENT"}, ProviderRefused),
        ({"message": "chest pain"}, ProviderFailed),
        ({"code": "chest pain"}, ProviderFailed),
        ("chest pain", ProviderFailed),
    ],
)
@pytest.mark.parametrize("framing", [b"data: %b", b"%b", b"[%b]"])
def test_an_error_in_the_stream_has_its_type_and_not_its_prose(error: object, kind: type, framing: bytes) -> None:
    with pytest.raises(ProviderFailed) as caught:
        read(says("A"), framing % orjson.dumps({"error": error}))
    assert type(caught.value) is kind and "chest" not in repr(caught.value.context)


@pytest.mark.parametrize(
    "line",
    [
        b"data: nonsense",
        b"data: [1]",
        b"data: 4",
        b'{"nonsense',
        b'data: {"candidates": 4}',
        b'data: {"candidates": [4]}',
        b'data: {"candidates": [{"content": {"parts": [4]}}]}',
        b'data: {"candidates": [{"content": {"parts": [{"text": 4}]}}]}',
        b'data: {"candidates": [{"content": {"parts": [{"functionCall": {}}]}}]}',
        b'data: {"candidates": [{"content": {"parts": [{"functionCall": {"name": "x", "args": [1]}}]}}]}',
    ],
)
def test_nonsense_is_garbled(line: bytes) -> None:
    with pytest.raises(ProviderGarbled):
        read(line, STOP)


@given(
    st.lists(
        st.binary(max_size=60)
        | st.recursive(
            st.none() | st.integers() | st.text(max_size=5) | st.sampled_from(["STOP", "SAFETY"]),
            lambda s: (
                st.lists(s, max_size=3)
                | st.dictionaries(
                    st.sampled_from(
                        [
                            "candidates",
                            "content",
                            "parts",
                            "text",
                            "thought",
                            "functionCall",
                            "name",
                            "args",
                            "finishReason",
                            "promptFeedback",
                            "blockReason",
                            "usageMetadata",
                            "error",
                            "code",
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


# ── what is sent ──────────────────────────────────────────────────────────────────────────────────────────────────
def body(*messages: ChatMessage, model: str = MODEL, thinking: str | None = None, **fields: object) -> dict:
    return content_body(LanguageRequest(messages or [USER], **fields), model, thinking)  # type: ignore[arg-type]


def asked(*calls_: ToolCall, model: str = MODEL) -> list[dict]:
    results = [ChatMessage("tool", f"result of {c.id}", (), c.id) for c in calls_]
    return body(USER, ChatMessage("assistant", "One moment.", calls_), *results, model=model)["contents"]


def test_instructions_stand_apart_and_the_user_begins_and_ends() -> None:
    sent = body(ChatMessage("system", "Be kind."), ChatMessage("assistant", "Good morning."))
    assert sent["systemInstruction"] == {"parts": [{"text": "Be kind."}]}
    assert [c["role"] for c in sent["contents"]] == ["user", "model", "user"]


def test_a_call_goes_back_with_its_signature_and_its_result_with_its_name() -> None:
    contents = asked(
        ToolCall("fc-1", "find_slot", '{"day":"monday"}', f"{MODEL}:c2ln"), ToolCall("b", "end_call", "{}")
    )
    assert contents[1]["parts"] == [
        {"text": "One moment."},
        {
            "functionCall": {"id": "fc-1", "name": "find_slot", "args": {"day": "monday"}},
            "thoughtSignature": "c2ln",
        },
        {"functionCall": {"id": "b", "name": "end_call", "args": {}}},
    ]
    assert contents[2]["parts"][0]["functionResponse"] == {
        "id": "fc-1",
        "name": "find_slot",
        "response": {"result": "result of fc-1"},
    }
    assert contents[2]["parts"][1]["functionResponse"]["name"] == "end_call"


@pytest.mark.parametrize("signature", [None, "gemini-4-argon:c2ln", "another vendor's"])
def test_what_another_model_called_is_marked_so(signature: str | None) -> None:
    parts = asked(ToolCall("a", "x", "{}", signature), ToolCall("b", "y", "{}"))[1]["parts"]
    assert [p.get("thoughtSignature") for p in parts[1:]] == [NO_SIGNATURE, None]
    assert "thoughtSignature" not in repr(asked(ToolCall("a", "x", "{}", signature), model="gemini-2.5-flash"))


@pytest.mark.parametrize(
    ("model", "wanted", "thinking", "temperature", "room"),
    [
        (MODEL, None, {"thinkingLevel": "LOW"}, None, THINKING_ROOM),
        (MODEL, "high", {"thinkingLevel": "HIGH", "includeThoughts": True}, None, THINKING_ROOM),
        ("gemini-flash-latest", None, {"thinkingLevel": "LOW"}, None, THINKING_ROOM),
        ("gemini-2.5-flash", None, {"thinkingBudget": 0}, 0.3, 0),
        ("gemini-2.5-flash-lite", None, {"thinkingBudget": 0}, 0.3, 0),
        ("gemini-2.5-pro", None, {"thinkingBudget": 128}, 0.3, THINKING_ROOM),
        ("gemini-2.5-pro", "low", {"thinkingBudget": -1, "includeThoughts": True}, 0.3, THINKING_ROOM),
        ("gemini-2.0-flash", "low", None, 0.3, 0),
        ("gemma-4-31b-it", None, None, 0.3, 0),
    ],
)
def test_a_model_is_kept_from_thinking_as_it_allows(
    model: str, wanted: str | None, thinking: object, temperature: float | None, room: int
) -> None:
    config = body(model=model, thinking=wanted, max_tokens=100)["generationConfig"]
    assert config.get("thinkingConfig") == thinking and config.get("temperature") == temperature
    assert config["maxOutputTokens"] == 100 + room


def test_tools_and_forms_are_declared_by_json_schema() -> None:
    tools = [ToolSpec("find_slot", "Finds.", FORM), ToolSpec("end_call", "Ends.", {"type": "object", "properties": {}})]
    sent = body(tools=tools, response_schema=FORM)
    assert sent["tools"] == [
        {
            "functionDeclarations": [
                {"name": "find_slot", "description": "Finds.", "parametersJsonSchema": FORM},
                {"name": "end_call", "description": "Ends."},
            ]
        }
    ]
    config = sent["generationConfig"]
    assert (config["responseMimeType"], config["responseJsonSchema"]) == ("application/json", FORM)
