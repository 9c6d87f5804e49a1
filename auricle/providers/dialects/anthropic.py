"""Anthropic's messages as they are on the wire: what we send, and the stream of events that comes back.

`MessageStream` is a state machine without I/O: lines in, events out. What is on one model and off the next (thinking,
temperature, forms, forced tools) is told by its name; a name that is not known is taken for a newer model.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from auricle.providers.dialects.forms import ANSWER, BY_TOOL, answer_tool, narrowed
from auricle.providers.dialects.tool_calls import ToolCallParts, arguments_of
from auricle.providers.dialects.turns import Turn, instructions, turns
from auricle.providers.ports import (
    ANY_TOOL,
    ChatMessage,
    Finish,
    LanguageEvent,
    LanguageRequest,
    ProviderFailed,
    ProviderGarbled,
    ReasoningDelta,
    TextDelta,
    ToolSpec,
    Usage,
)
from auricle.providers.refusals import failure, vendor_code

THINKING_ROOM = 4_096  # tokens of thought count towards the limit: an answer must still fit behind them
_REASONS = {
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tools",
    "refusal": "filtered",
}
_STATUS = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "timeout_error": 504,
    "overloaded_error": 529,
}
_NOTHING: tuple[LanguageEvent, ...] = ()


@dataclass(frozen=True, slots=True)
class Manner:
    """What a model lets be set. `quiet` is the kind of `thinking` that keeps it from thinking before it answers; an
    empty one is to say nothing, None that nothing keeps it."""

    quiet: str | None = None
    takes_temperature: bool = False
    takes_schemas: bool = True
    takes_orders: bool = False  # may be made to call a tool


# Anthropic's model pages of October and November 2026. The first that fits the beginning of a name counts.
_MANNERS = (
    (r"claude-3|claude-(?:opus|sonnet)-4-(?:[01]\b|20)", Manner("", True, False, True)),
    (r"claude-(?:opus|sonnet|haiku)-4-[56]\b", Manner("", True, True, True)),
    (r"claude-opus-4-[78]\b", Manner("", False, True, True)),
    (r"claude-sonnet-5-5\b", Manner("between_tools")),
    (r"claude-opus-5-5\b", Manner()),
    (r"claude-haiku-5-5\b|claude-(?:opus|sonnet)-5\b", Manner("disabled", False, True, True)),
)


def manner_of(model: str) -> Manner:
    return next((manner for name, manner in _MANNERS if re.match(name, model)), Manner())


def message_body(request: LanguageRequest, model: str, options: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The body of a streaming request. `options` are the account's: `thinking` (`adaptive`) and `effort`."""
    manner, options = manner_of(model), options or {}
    thinks = manner.quiet is None or bool(options.get("thinking"))
    body: dict[str, Any] = {
        "model": model,
        "max_tokens": request.max_tokens + (THINKING_ROOM if thinks else 0),
        "messages": [_turn(turn) for turn in turns(request.messages)],
        "stream": True,
    }
    if manner.takes_temperature and not thinks:
        body["temperature"] = min(request.temperature, 1.0)
    if options.get("thinking"):
        body["thinking"] = {"type": options["thinking"], "display": "summarized"}
    elif manner.quiet:
        body["thinking"] = {"type": manner.quiet}
    output: dict[str, Any] = {}
    if effort := options.get("effort") or ("low" if manner.quiet is None and not options.get("thinking") else None):
        output["effort"] = effort
    system, tools = instructions(request.messages), list(request.tools)
    if request.response_schema is not None:
        written = narrowed(request.response_schema) if manner.takes_schemas else None
        if written is not None:
            output["format"] = {"type": "json_schema", "schema": written}
        else:
            tools.append(answer_tool(request.response_schema))
            system = f"{system}\n\n{BY_TOOL}".strip()
            if manner.takes_orders and not thinks:
                order = {"type": "any"} if request.tools else {"type": "tool", "name": ANSWER}
                body["tool_choice"] = {**order, "disable_parallel_tool_use": True}
    elif not tools and (names := _called(request.messages)):
        # Calls in a conversation are refused where no tool is declared.
        tools = [ToolSpec(name, "", {"type": "object"}) for name in names]
        body["tool_choice"] = {"type": "none"}
    if system:
        body["system"] = system
    if tools:
        body["tools"] = [_tool(tool) for tool in tools]
        body |= _order(request.must_call if not thinks else None, manner)
    if output:
        body["output_config"] = output
    return body


def _order(tool: str | None, manner: Manner) -> dict[str, Any]:
    """A tool that must be called, to a model that can be made to."""
    if tool is None or not manner.takes_orders:
        return {}
    return {"tool_choice": {"type": "any"} if tool == ANY_TOOL else {"type": "tool", "name": tool}}


def _called(messages: Sequence[ChatMessage]) -> list[str]:
    return list(dict.fromkeys(call.name for m in messages for call in m.tool_calls))


def _tool(tool: ToolSpec) -> dict[str, Any]:
    return {
        "name": tool.name,
        "description": tool.description,
        "input_schema": {"type": "object", **tool.parameters},
    }


def _turn(turn: Turn) -> dict[str, Any]:
    return {"role": turn.by, "content": [block for message in turn.messages for block in _blocks(message)]}


def _blocks(message: ChatMessage) -> list[dict[str, Any]]:
    if message.role == "tool":
        return [{"type": "tool_result", "tool_use_id": _id(message.tool_call_id), "content": message.content}]
    blocks: list[dict[str, Any]] = []
    if message.content.strip():
        blocks.append({"type": "text", "text": message.content})
    for call in message.tool_calls:
        blocks.append(
            {"type": "tool_use", "id": _id(call.id), "name": call.name, "input": arguments_of(call.arguments)}
        )
    return blocks


def _id(call_id: str | None) -> str:
    """An id in Anthropic's alphabet: another vendor may have made it."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", call_id or "") or "call"


class MessageStream:
    """Reads one streamed answer. The arguments of the tool that stands for an answer are its text."""

    def __init__(self) -> None:
        self.is_done = False  # `message_stop` was seen: nothing more will come
        self._reason: str | None = None
        self._usage: dict[str, Any] = {}
        self._tools = ToolCallParts()
        self._answers: set[int] = set()  # indexes of blocks that are the answer by a tool
        self._kinds: dict[int, str] = {}

    def line(self, line: bytes) -> Sequence[LanguageEvent]:
        """The events in one line of the stream."""
        if not line.startswith(b"data:"):
            return _NOTHING  # `event:` says what the data says too; comments; the blank line
        try:
            return self._event(orjson.loads(line[5:]))
        except orjson.JSONDecodeError:
            raise ProviderGarbled("The answer holds something that is not JSON.") from None
        except (AttributeError, TypeError, KeyError):
            raise ProviderGarbled("The answer does not have the form of a message.") from None

    def end(self) -> Sequence[LanguageEvent]:
        """What closes the answer: whole tool calls, `Finish`, `Usage`. Raises where the answer was cut short."""
        if self._reason is None:
            raise ProviderFailed("The answer was cut short.")
        reason = _REASONS.get(self._reason, "stop")
        calls = self._tools.whole(is_cut=reason == "length")
        if reason == "tools" and not calls:
            reason = "stop"
        return (*calls, Finish(reason), self._counted())  # type: ignore[arg-type]

    def _event(self, event: dict[str, Any]) -> Sequence[LanguageEvent]:
        match event["type"]:
            case "content_block_delta":
                return self._delta(event["index"], event["delta"])
            case "content_block_start":
                return self._start(event["index"], event["content_block"])
            case "message_start":
                self._count(event["message"].get("usage"))
            case "message_delta":
                self._reason = event["delta"].get("stop_reason") or self._reason
                self._count(event.get("usage"))
            case "message_stop":
                self.is_done = True
            case "error":
                raise failure_in_stream(event.get("error"))
        return _NOTHING  # ping, content_block_stop, and what is new

    def _start(self, index: int, block: dict[str, Any]) -> Sequence[LanguageEvent]:
        self._kinds[index] = block["type"]
        if block["type"] == "tool_use":
            if block["name"] == ANSWER:
                self._answers.add(index)
            else:
                self._tools.add([{"index": index, "id": block["id"], "function": {"name": block["name"]}}])
        elif block["type"] == "text" and block.get("text"):
            return (TextDelta(_text(block["text"])),)
        return _NOTHING

    def _delta(self, index: int, delta: dict[str, Any]) -> Sequence[LanguageEvent]:
        match delta["type"]:
            case "text_delta":
                return (TextDelta(_text(delta["text"])),)
            case "thinking_delta":
                return (ReasoningDelta(_text(delta["thinking"])),) if delta["thinking"] else _NOTHING
            case "input_json_delta":
                piece = _text(delta["partial_json"])
                if index in self._answers:
                    return (TextDelta(piece),) if piece else _NOTHING
                if self._kinds.get(index) == "tool_use":
                    self._tools.add([{"index": index, "function": {"arguments": piece}}])
        return _NOTHING

    def _count(self, usage: Any) -> None:
        """Counts are cumulative; what a later event leaves out, or says is null, an earlier one has said."""
        if isinstance(usage, dict):
            self._usage |= {key: value for key, value in usage.items() if value is not None}

    def _counted(self) -> Usage:
        details = self._usage.get("output_tokens_details")
        asked = _number(self._usage.get("input_tokens"))
        kept, read = (_number(self._usage.get(f"cache_{of}_input_tokens")) for of in ("creation", "read"))
        return Usage(
            input_tokens=None if asked is None else asked + (kept or 0) + (read or 0),
            output_tokens=_number(self._usage.get("output_tokens")),
            cached_tokens=read,
            reasoning_tokens=_number(details.get("thinking_tokens")) if isinstance(details, dict) else None,
        )


def failure_in_stream(error: Any) -> ProviderFailed:
    """The failure for an error that came after status 200."""
    code = vendor_code({"error": error})
    return failure(_STATUS.get(code or "", 500), code)


def _text(value: Any) -> str:
    if type(value) is not str:
        raise TypeError
    return value


def _number(value: Any) -> int | None:
    return value if type(value) is int and value >= 0 else None
