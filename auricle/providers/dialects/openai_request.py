"""The body of a chat completion as OpenAI-like vendors want it, with what families of models want otherwise."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from auricle.providers.ports import ANY_TOOL, ChatMessage, LanguageRequest

# Thinking counts against the limit of an answer: room for it is added, or a short answer would be thought away.
_THINKING_TOKENS = {
    "minimal": 1_000,
    "low": 2_000,
    "default": 4_000,
    "medium": 8_000,
    "high": 16_000,
    "xhigh": 32_000,
    "max": 32_000,
}


@dataclass(frozen=True, slots=True)
class Habits:
    """What a family of models takes otherwise than OpenAI's first ones did.

    `effort` is its `reasoning_effort` where the account names none, `effort_with_tools` the only one that it takes
    tools with. `temperature` says when it takes one: some do only while they don't think.
    """

    limit_field: str = "max_tokens"
    effort: str | None = None
    effort_with_tools: str | None = None
    temperature: Literal["always", "unthinking", "never"] = "always"
    counts_unasked: bool = False  # tells its usage without `stream_options`, which it refuses
    streams_forms: bool = True  # False: what is to keep to a schema comes in one piece
    also: Mapping[str, Any] = field(default_factory=dict)  # sent with every request


PLAIN = Habits()


def family(habits: Sequence[tuple[str, Habits]], model: str) -> Habits:
    """The habits of the first family whose prefix the model's name begins with."""
    return next((found for prefix, found in habits if model.startswith(prefix)), PLAIN)


def chat_body(
    request: LanguageRequest, model: str, habits: Habits = PLAIN, effort: str | None = None
) -> dict[str, Any]:
    """The body of a request for a streamed answer. `effort` is the account's own choice."""
    effort = effort or habits.effort
    if request.tools and habits.effort_with_tools:
        effort = habits.effort_with_tools
    is_thinking = effort not in (None, "none")
    is_streamed = habits.streams_forms or request.response_schema is None
    body: dict[str, Any] = {
        "model": model,
        "messages": [_message(m) for m in request.messages],
        habits.limit_field: request.max_tokens + _THINKING_TOKENS.get(effort or "none", 0),
        "stream": is_streamed,
        **habits.also,
    }
    if habits.temperature == "always" or (habits.temperature == "unthinking" and not is_thinking):
        body["temperature"] = request.temperature
    if effort is not None:
        body["reasoning_effort"] = effort
    if is_streamed and not habits.counts_unasked:
        body["stream_options"] = {"include_usage": True}
    if request.tools:
        body["tools"] = [
            {
                "type": "function",
                "function": {"name": t.name, "description": t.description, "parameters": dict(t.parameters)},
            }
            for t in request.tools
        ]
        if request.must_call:
            name = {"type": "function", "function": {"name": request.must_call}}
            body["tool_choice"] = "required" if request.must_call == ANY_TOOL else name
    if request.response_schema is not None:
        schema = dict(request.response_schema)
        body["response_format"] = {
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": schema, "strict": _fits_strict_mode(schema)},
        }
    return body


def _message(message: ChatMessage) -> dict[str, Any]:
    sent: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.tool_calls:
        sent["content"] = message.content or None
        sent["tool_calls"] = [
            {"id": c.id, "type": "function", "function": {"name": c.name, "arguments": c.arguments}}
            for c in message.tool_calls
        ]
    if message.tool_call_id is not None:
        sent["tool_call_id"] = message.tool_call_id
    return sent


def _fits_strict_mode(schema: Any) -> bool:
    """OpenAI's strict mode refuses a schema with optional or further properties anywhere."""
    if isinstance(schema, list):
        return all(_fits_strict_mode(part) for part in schema)
    if not isinstance(schema, dict):
        return True
    if "properties" in schema or schema.get("type") == "object":
        named = set(schema.get("properties", ()))
        if schema.get("additionalProperties") is not False or set(schema.get("required", ())) != named:
            return False
    return all(_fits_strict_mode(part) for part in schema.values())
