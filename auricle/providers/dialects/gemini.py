"""Gemini's generateContent as it is on the wire: what we send, and the stream of answers that comes back.

`ContentStream` is a state machine without I/O: lines in, events out. How a model is kept from thinking too long is told
by its name; a name that is not known is taken for a newer model.
"""

import re
from collections.abc import Sequence
from typing import Any

import orjson

from auricle.providers.dialects.tool_calls import MAX_ARGUMENT_CHARACTERS, MAX_CALLS, arguments_of
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
    ToolCall,
    ToolSpec,
    Usage,
)
from auricle.providers.refusals import failure, vendor_code

THINKING_ROOM = 4_096  # tokens of thought count towards the limit: an answer must still fit behind them
NO_SIGNATURE = "skip_thought_signature_validator"  # Google's own word for a call that another model made
_VERSION = re.compile(r"gemini-(\d+)(?:\.(\d+))?-?(pro|flash)?")
_NEWEST = (99, "")
_REASONS = {"STOP": "stop", "MAX_TOKENS": "length"}
_FILTERED = frozenset(
    {"SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY", "ESCALATION"}
)
_GARBLED = frozenset(
    {
        "MALFORMED_FUNCTION_CALL",
        "MALFORMED_RESPONSE",
        "UNEXPECTED_TOOL_CALL",
        "TOO_MANY_TOOL_CALLS",
        "MISSING_THOUGHT_SIGNATURE",
    }
)
_NOTHING: tuple[LanguageEvent, ...] = ()


def content_body(request: LanguageRequest, model: str, thinking: str | None = None) -> dict[str, Any]:
    """The body of a request. `thinking` is a level of the model's (`low`, `high`, …); unset: its least."""
    thoughts = thinking_config(model, thinking)
    config: dict[str, Any] = {"maxOutputTokens": request.max_tokens + (THINKING_ROOM if _thinks(thoughts) else 0)}
    if _version(model)[0] < 3:  # later models ignore it, or do worse with it (Google's guide to Gemini 3)
        config["temperature"] = request.temperature
    if thoughts:
        config["thinkingConfig"] = thoughts
    if request.response_schema is not None:
        config |= {"responseMimeType": "application/json", "responseJsonSchema": dict(request.response_schema)}
    names = {call.id: call.name for message in request.messages for call in message.tool_calls}
    body: dict[str, Any] = {
        "contents": [_content(turn, names, model) for turn in turns(request.messages)],
        "generationConfig": config,
    }
    if system := instructions(request.messages):
        body["systemInstruction"] = {"parts": [{"text": system}]}
    if request.tools:
        body["tools"] = [{"functionDeclarations": [_declaration(tool) for tool in request.tools]}]
        if request.must_call:
            named = {} if request.must_call == ANY_TOOL else {"allowedFunctionNames": [request.must_call]}
            body["toolConfig"] = {"functionCallingConfig": {"mode": "ANY", **named}}
    return body


def thinking_config(model: str, wanted: str | None) -> dict[str, Any] | None:
    """How long a model may think: as wanted, else the least that its kind allows; None where it doesn't think."""
    version, kind = _version(model)
    if version < 2.5:
        return None
    if version < 3:
        if wanted:
            return {"thinkingBudget": -1, "includeThoughts": True}
        return {"thinkingBudget": 128 if kind == "pro" else 0}
    return {"thinkingLevel": wanted.upper(), "includeThoughts": True} if wanted else {"thinkingLevel": "LOW"}


def _thinks(config: dict[str, Any] | None) -> bool:
    return bool(config) and config != {"thinkingBudget": 0}


def _version(model: str) -> tuple[float, str]:
    if not model.startswith("gemini"):
        return 0.0, ""  # an open model (gemma) behind the same door
    found = _VERSION.match(model)
    return (float(f"{found[1]}.{found[2] or 0}"), found[3] or "") if found else _NEWEST


def _declaration(tool: ToolSpec) -> dict[str, Any]:
    declared = {"name": tool.name, "description": tool.description}
    if not tool.parameters.get("properties"):
        return declared  # an object without properties is refused
    return {**declared, "parametersJsonSchema": dict(tool.parameters)}


def _content(turn: Turn, names: dict[str, str], model: str) -> dict[str, Any]:
    role = "model" if turn.by == "assistant" else "user"
    return {"role": role, "parts": [part for message in turn.messages for part in _parts(message, names, model)]}


def _parts(message: ChatMessage, names: dict[str, str], model: str) -> list[dict[str, Any]]:
    if message.role == "tool":
        called = message.tool_call_id or ""
        told = {"id": called, "name": names.get(called, called), "response": {"result": message.content}}
        return [{"functionResponse": told}]
    parts: list[dict[str, Any]] = [{"text": message.content}] if message.content.strip() else []
    signed = [_signature(call, model) for call in message.tool_calls]
    if signed and not any(signed) and _version(model)[0] >= 3:
        signed[0] = NO_SIGNATURE  # one is enough for calls side by side
    for call, signature in zip(message.tool_calls, signed, strict=True):
        part: dict[str, Any] = {
            "functionCall": {"id": call.id, "name": call.name, "args": arguments_of(call.arguments)},
        }
        parts.append({**part, "thoughtSignature": signature} if signature else part)
    return parts


def _signature(call: ToolCall, model: str) -> str | None:
    """What the same model signed a call with; another's would be refused."""
    maker, _, signature = (call.signature or "").partition(":")
    return signature if maker == model else None


class ContentStream:
    """Reads one streamed answer of `model`, which signs its calls."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._reason: str | None = None
        self._is_blocked = False
        self._usage: dict[str, Any] = {}
        self._calls: list[ToolCall] = []

    def line(self, line: bytes) -> Sequence[LanguageEvent]:
        """The events in one line of the stream."""
        if not line.startswith(b"data:"):
            if line.startswith((b"{", b"[")):  # an error without the framing
                raise failure_in_stream(_json(line))
            return _NOTHING
        try:
            return self._piece(_json(line[5:]))
        except (AttributeError, TypeError, KeyError, IndexError):
            raise ProviderGarbled("The answer does not have the form of a piece of content.") from None

    def end(self) -> Sequence[LanguageEvent]:
        """What closes the answer: whole tool calls, `Finish`, `Usage`. Raises where the answer was cut short."""
        reason = "filtered" if self._is_blocked or self._reason in _FILTERED else _REASONS.get(self._reason or "")
        if self._reason in _GARBLED:
            raise ProviderGarbled("The model's call of a tool can't be read.", vendor_code=self._reason)
        if reason is None:
            raise ProviderFailed("The answer was cut short.")
        if reason == "stop" and self._calls:
            reason = "tools"
        return (*self._calls, Finish(reason), self._counted())  # type: ignore[arg-type]

    def _piece(self, piece: dict[str, Any]) -> Sequence[LanguageEvent]:
        if "error" in piece:
            raise failure_in_stream(piece)
        self._usage = piece.get("usageMetadata") or self._usage
        if (piece.get("promptFeedback") or {}).get("blockReason"):
            self._is_blocked = True
        candidates = piece.get("candidates")
        if not candidates:
            return _NOTHING
        candidate = candidates[0]
        self._reason = candidate.get("finishReason") or self._reason
        parts = (candidate.get("content") or {}).get("parts") or ()
        return [event for part in parts for event in self._part(part)]

    def _part(self, part: dict[str, Any]) -> Sequence[LanguageEvent]:
        if "functionCall" in part:
            self._call(part["functionCall"], part.get("thoughtSignature"))
            return _NOTHING
        text = part.get("text")
        if not text:
            return _NOTHING
        if type(text) is not str:
            raise TypeError
        return (ReasoningDelta(text) if part.get("thought") else TextDelta(text),)

    def _call(self, call: dict[str, Any], signature: Any) -> None:
        arguments = call.get("args") or {}
        text = orjson.dumps(arguments).decode()
        if not isinstance(arguments, dict) or not isinstance(call["name"], str):
            raise TypeError
        if len(self._calls) >= MAX_CALLS or len(text) > MAX_ARGUMENT_CHARACTERS:
            raise ProviderGarbled("The answer asks for too many tool calls.")
        call_id = str(call.get("id") or f"call_{len(self._calls)}_{call['name']}")
        signed = f"{self._model}:{signature}" if isinstance(signature, str) else None
        self._calls.append(ToolCall(call_id, call["name"], text, signed))

    def _counted(self) -> Usage:
        """Thoughts are paid as answers but counted beside them."""
        said, thought = count_of(self._usage, "candidatesTokenCount"), count_of(self._usage, "thoughtsTokenCount")
        return Usage(
            input_tokens=count_of(self._usage, "promptTokenCount"),
            output_tokens=None if said is None and thought is None else (said or 0) + (thought or 0),
            cached_tokens=count_of(self._usage, "cachedContentTokenCount"),
            reasoning_tokens=thought,
        )


def failure_in_stream(body: Any) -> ProviderFailed:
    """The failure for an error that came after status 200."""
    error = body[0] if isinstance(body, list) and body else body
    found = error.get("error") if isinstance(error, dict) else None
    status = found.get("code") if isinstance(found, dict) else None
    known = isinstance(status, int) and 400 <= status < 600
    return failure(status if known else 500, vendor_code(error))  # type: ignore[arg-type]


def _json(data: bytes) -> Any:
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        raise ProviderGarbled("The answer holds something that is not JSON.") from None


def count_of(usage: Any, name: str) -> int | None:
    """A count of a usage object; what it does not say is unknown."""
    value = usage.get(name) if isinstance(usage, dict) else None
    return value if type(value) is int and value >= 0 else None
