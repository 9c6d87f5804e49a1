"""Answers by a schema: natively, by a tool or told, checked by us, and asked for once more where they are wrong."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from auricle.errors import Misconfigured
from auricle.providers.by_form import ByForm
from auricle.providers.dialects.forms import ANSWER, by_tool, narrowed
from auricle.providers.ports import (
    ChatMessage,
    Finish,
    LanguageEvent,
    LanguageRequest,
    ProviderRefused,
    TextDelta,
    ToolCall,
    ToolSpec,
    Usage,
)
from auricle.providers.structured import NotByForm, structured
from tests.emulators.anthropic import AnthropicEmulator
from tests.emulators.google import GoogleEmulator
from tests.emulators.openai_chat import OpenAIEmulator, Scripted
from tests.providers.contract.vendors import Case, Running, running

FORM = {
    "type": "object",
    "properties": {"ear": {"type": "string", "enum": ["left", "right"]}, "days": {"type": "integer", "minimum": 1}},
    "required": ["ear", "days"],
    "additionalProperties": False,
}
ASK = LanguageRequest([ChatMessage("user", "My left ear hurts since three days.")], response_schema=FORM)
RIGHT = {"ear": "left", "days": 3}
GIVEN = {"llm": "some-model"}
CASES = [
    Case("openai_compatible", OpenAIEmulator, GIVEN, note="native"),
    Case("openai_compatible", OpenAIEmulator, {**GIVEN, "options": {"forms": "tool"}}, note="by-tool"),
    Case("openai_compatible", OpenAIEmulator, {**GIVEN, "options": {"forms": "told"}}, note="told"),
    Case("anthropic", AnthropicEmulator, note="native"),
    Case("anthropic", AnthropicEmulator, {"llm": "claude-3-5-haiku-latest"}, note="by-tool"),
    Case("google", GoogleEmulator),
]


@pytest.fixture(params=CASES, ids=str)
async def it(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Running]:
    async with running(request.param, tmp_path) as made:
        yield made


def answering(*answers: Any) -> Callable[[dict[str, Any]], Scripted]:
    """A model that answers so, one after the other, by the tool where it is offered one."""
    left = list(answers)

    def script(body: dict[str, Any]) -> Scripted:
        answer = left.pop(0) if len(left) > 1 else left[0]
        text = answer if isinstance(answer, str) else orjson.dumps(answer).decode()
        return Scripted(calls=[(ANSWER, text)]) if ANSWER in repr(body.get("tools")) else Scripted(text)

    return script


async def test_a_valid_answer_is_taken_at_once(it: Running) -> None:
    it.emulator.script = answering(RIGHT)
    assert await structured(it.router, it.call(), ASK) == RIGHT
    assert len(it.records) == 1


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"ear": "left", "days": 0}, "At $.days: minimum must be 1."),
        ({"ear": "both", "days": 3}, 'At $.ear: enum must be ["left","right"].'),
        ({"ear": "left"}, 'At $: required must be ["ear","days"].'),
        ({"ear": "left", "days": 3, "name": "Asha"}, "At $: additionalProperties must be false."),
    ],
)
async def test_a_wrong_answer_is_sent_back_once_with_what_is_wrong(it: Running, wrong: dict, told: str) -> None:
    it.emulator.script = answering(wrong, RIGHT)
    assert await structured(it.router, it.call(), ASK) == RIGHT
    first, second = (r["body"] for r in it.emulator.requests)
    assert told not in _texts(first) and told in _texts(second)
    assert orjson.dumps(wrong).decode() in _texts(second)
    assert len(it.records) == 2


async def test_two_wrong_answers_are_an_error_that_says_nothing_of_them(it: Running) -> None:
    it.emulator.script = answering({"ear": "both ears of Asha Rao", "days": 3})
    with pytest.raises(NotByForm) as caught:
        await structured(it.router, it.call(), ASK)
    assert caught.value.context["reason"] == "enum"
    assert "Asha" not in f"{caught.value!r} {caught.value.context} {caught.value.__cause__!r}"
    assert len(it.records) == 2  # once more, and no more


def _texts(body: dict[str, Any]) -> str:
    """Every text of a body, as it was before it was written as JSON."""
    if isinstance(body, str):
        return body
    if isinstance(body, dict):
        return "\n".join(_texts(v) for v in body.values())
    return "\n".join(_texts(v) for v in body) if isinstance(body, list) else ""


# ── over one emulator ─────────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
async def told(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(CASES[2], tmp_path) as made:
        yield made


@pytest.mark.parametrize("around", ["Here it is: {} Is that well?", "```json\n{}\n```", "  {}\n"])
async def test_words_and_marks_around_an_answer_are_overlooked(told: Running, around: str) -> None:
    told.emulator.script = answering(around.replace("{}", orjson.dumps(RIGHT).decode()))
    assert await structured(told.router, told.call(), ASK) == RIGHT
    assert len(told.records) == 1


@pytest.mark.parametrize("said", ["I can't say.", "[1, 2]", '{"ear": "left", "days": 3', "{} {}", '"left"'])
async def test_what_is_not_one_object_is_asked_for_again(told: Running, said: str) -> None:
    told.emulator.script = answering(said, RIGHT)
    assert await structured(told.router, told.call(), ASK) == RIGHT
    assert "It is not one JSON object." in _texts(told.emulator.requests[1]["body"])


async def test_a_model_that_is_told_sees_the_schema_and_the_api_does_not(told: Running) -> None:
    told.emulator.script = answering(RIGHT)
    await structured(told.router, told.call(), ASK)
    body = told.emulator.requests[0]["body"]
    assert "response_format" not in body and orjson.dumps(FORM).decode() in body["messages"][0]["content"]


async def test_a_call_without_a_schema_is_our_own_mistake(told: Running) -> None:
    with pytest.raises(ValueError, match="schema"):
        await structured(told.router, told.call(), LanguageRequest([]))


async def test_a_filtered_answer_is_not_asked_for_again(tmp_path: Path) -> None:
    async with running(CASES[5], tmp_path) as google:
        google.emulator.block_reason = "SAFETY"
        with pytest.raises(NotByForm) as caught:
            await structured(google.router, google.call(), ASK)
        assert caught.value.context["reason"] == "filtered" and len(google.records) == 1


async def test_the_offline_model_refuses_a_form_and_says_so(tmp_path: Path) -> None:
    async with running(Case("offline"), tmp_path) as offline:
        with pytest.raises(ProviderRefused):
            await structured(offline.router, offline.call(), ASK)


async def test_a_way_that_there_is_not_is_a_configuration_error(tmp_path: Path) -> None:
    case = Case("openai_compatible", OpenAIEmulator, {**GIVEN, "options": {"forms": "please"}})
    async with running(case, tmp_path) as it:
        with pytest.raises(Misconfigured):
            it.adapters.adapter("llm")


class Model:
    """A model that says what it is given to say."""

    def __init__(self, *events: LanguageEvent) -> None:
        self.events, self.asked = events, LanguageRequest([])

    async def generate(self, request: LanguageRequest) -> AsyncIterator[LanguageEvent]:
        self.asked = request
        for event in self.events:
            yield event


async def test_other_tools_stay_tools_beside_the_answering_one() -> None:
    look = ToolCall("a", "look", "{}")
    model = Model(ToolCall("b", ANSWER, '{"days":3}'), look, Finish("tools"), Usage())
    request = LanguageRequest([], tools=[ToolSpec("look", "", {})], response_schema=FORM)
    events = [e async for e in ByForm(model, by_tool).generate(request)]  # type: ignore[arg-type]
    assert events == [TextDelta('{"days":3}'), look, Finish("tools"), Usage()]
    assert [t.name for t in model.asked.tools] == ["look", ANSWER] and model.asked.response_schema is None


async def test_a_request_without_a_form_goes_through_untouched() -> None:
    model = Model(ToolCall("a", "look", "{}"), Finish("tools"), Usage())
    request = LanguageRequest([ChatMessage("user", "x")])
    assert [e async for e in ByForm(model, by_tool).generate(request)] == list(model.events)  # type: ignore[arg-type]
    assert model.asked is request


# ── what constrained writing knows ────────────────────────────────────────────────────────────────────────────────
def test_a_schema_is_narrowed_to_what_constrained_writing_knows() -> None:
    wide = {
        "type": "object",
        "title": "Case",
        "properties": {
            "days": {"type": "integer", "description": "Whole days.", "minimum": 1, "default": 2},
            "on": {"type": "string", "format": "date"},
            "like": {"type": "string", "format": "poem", "maxLength": 9},
            "side": {"oneOf": [{"const": "left"}, {"const": "right"}, {"type": "null"}]},
            "drugs": {"type": "array", "minItems": 1, "maxItems": 5, "items": {"$ref": "#/$defs/drug"}},
        },
        "$defs": {"drug": {"type": "object", "properties": {"name": {"type": "string", "minLength": 1}}}},
    }
    assert narrowed(wide) == {
        "type": "object",
        "title": "Case",
        "properties": {
            "days": {"type": "integer", "description": 'Whole days. {"minimum":1}'},
            "on": {"type": "string", "format": "date"},
            "like": {"type": "string", "description": '{"format":"poem","maxLength":9}'},
            "side": {"anyOf": [{"const": "left"}, {"const": "right"}, {"type": "null"}]},
            "drugs": {
                "type": "array",
                "minItems": 1,
                "items": {"$ref": "#/$defs/drug"},
                "description": '{"maxItems":5}',
            },
        },
        "$defs": {
            "drug": {
                "type": "object",
                "properties": {"name": {"type": "string", "description": '{"minLength":1}'}},
                "additionalProperties": False,
            }
        },
        "additionalProperties": False,
    }


@pytest.mark.parametrize(
    "open_",
    [
        {},
        {"type": "object"},
        {"type": "object", "properties": {"a": {"type": "object", "additionalProperties": True}}},
        {"type": "array", "items": True},
        {"type": "object", "properties": {"a": True}},
    ],
)
def test_a_schema_that_lets_anything_in_can_not_be_narrowed(open_: dict) -> None:
    assert narrowed(open_) is None
