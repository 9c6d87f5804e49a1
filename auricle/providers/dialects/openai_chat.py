"""OpenAI's chat completions as they come back on the wire.

`ChatStream` is a state machine without I/O: lines in, events out. It is tolerant of what vLLM, Ollama, llama.cpp, Groq
and others leave out or do differently; what it refuses is silence where an answer should be, and half a tool call.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from auricle.providers.dialects.thoughts import Thoughts
from auricle.providers.dialects.tool_calls import ToolCallParts
from auricle.providers.ports import (
    Finish,
    LanguageEvent,
    ProviderBusy,
    ProviderFailed,
    ProviderGarbled,
    ProviderRefused,
    ReasoningDelta,
    TextDelta,
    Usage,
)
from auricle.providers.refusals import UNPAID, failure, vendor_code

_REASONS = {
    "length": "length",
    "max_tokens": "length",
    "content_filter": "filtered",
    "tool_calls": "tools",
    "function_call": "tools",
}
_NOTHING: tuple[LanguageEvent, ...] = ()


class ChatStream:
    """Reads one streamed answer."""

    def __init__(self) -> None:
        self.is_done = False  # `[DONE]` was seen: nothing more will come
        self._held = b""  # data of an event that spans several lines
        self._reason: str | None = None
        self._usage: Mapping[str, Any] | None = None
        self._tools = ToolCallParts()
        self._thoughts = Thoughts()
        self._said = False

    def line(self, line: bytes) -> Sequence[LanguageEvent]:
        """The events in one line of the stream."""
        if line.startswith(b"data:"):
            data = line[5:].strip()
            if data == b"[DONE]":
                self.is_done = True
                return _NOTHING
            return self._data(data)
        if not line:
            if self._held:
                raise ProviderGarbled("The answer holds something that is not JSON.")
            return _NOTHING
        if line.startswith(b"{"):  # an error or a whole answer without the framing
            return self._data(line)
        return _NOTHING  # comments, keep-alives, `event:`, `id:`, `retry:`

    def end(self) -> Sequence[LanguageEvent]:
        """What closes the answer: whole tool calls, `Finish`, `Usage`. Raises where the answer was cut short."""
        if self._held:
            raise ProviderGarbled("The answer ends inside an event.")
        if self._reason is None and not (self.is_done and (self._said or self._tools)):
            raise ProviderFailed("The answer was cut short.")
        calls = self._tools.whole(is_cut=self._reason == "length")
        reason = _REASONS.get(self._reason or "", "stop")
        if calls and reason == "stop":  # Ollama and others finish tool calls with "stop"
            reason = "tools"
        return (*self._thoughts.end(), *calls, Finish(reason), usage_of(self._usage))  # type: ignore[arg-type]

    def whole(self, body: bytes) -> Sequence[LanguageEvent]:
        """The events of an answer that came in one piece although a stream was asked for."""
        return self._data(body)

    def _data(self, data: bytes) -> Sequence[LanguageEvent]:
        if not data:
            return _NOTHING
        try:
            chunk = orjson.loads(self._held + data if self._held else data)
        except orjson.JSONDecodeError:
            if self._held or not data.startswith(b"{"):
                raise ProviderGarbled("The answer holds something that is not JSON.") from None
            self._held = data + b"\n"
            return _NOTHING
        self._held = b""
        try:
            return self._chunk(chunk)
        except (AttributeError, TypeError, KeyError, IndexError):
            raise ProviderGarbled("The answer does not have the form of a chat completion.") from None

    def _chunk(self, chunk: dict[str, Any]) -> Sequence[LanguageEvent]:
        usage = chunk.get("usage")
        if usage:
            self._usage = usage
        choices = chunk.get("choices")
        if not choices:
            self._without_choices(chunk)
            return _NOTHING
        choice = choices[0]
        if choice.get("index"):  # a second answer nobody asked for
            return _NOTHING
        delta = choice.get("delta") or choice.get("message")
        events: list[LanguageEvent] = []
        if delta:
            self._delta(delta, events)
        reason = choice.get("finish_reason")
        if reason:
            self._reason = str(reason)
            self._without_choices(chunk)
        return events

    def _delta(self, delta: dict[str, Any], events: list[LanguageEvent]) -> None:
        content = delta.get("content")
        if content:
            self._said = True
            text = content if type(content) is str else _joined(content)
            if self._thoughts.is_over:
                events.append(TextDelta(text))
            else:
                events += self._thoughts.add(text)
            if len(delta) == 1:  # the usual chunk
                return
        thought = delta.get("reasoning_content") or delta.get("reasoning")
        if thought:
            events.append(ReasoningDelta(thought if type(thought) is str else _joined(thought)))
        calls = delta.get("tool_calls")
        if calls:
            self._tools.add(calls)

    def _without_choices(self, chunk: dict[str, Any]) -> None:
        """Usage at the end, an error in the middle, or Groq's own field."""
        own = chunk.get("x_groq") or {}
        self._usage = own.get("usage") or self._usage
        error = chunk.get("error") or own.get("error")
        if error:
            # Hugging Face's server writes prose there, and the kind beside it.
            raise failure_in_stream(error if isinstance(error, dict) else {"type": chunk.get("error_type")})
        if chunk.get("object") == "error":  # older vLLM, without a frame around it
            raise failure_in_stream(chunk)


def failure_in_stream(error: Any) -> ProviderFailed:
    """The failure for an error that came after status 200."""
    number = error.get("code") if isinstance(error, dict) else None
    if isinstance(number, int) and 400 <= number < 600:
        return failure(number)
    code = vendor_code({"error": error}) or ""
    if "rate_limit" in code or "overloaded" in code:
        return ProviderBusy("The provider asks us to slow down.", vendor_code=code)
    if code.startswith("invalid_") or "not_found" in code or code == "validation" or code in UNPAID:
        return ProviderRefused("The provider refuses our key or our request.", vendor_code=code)
    return ProviderFailed("The provider had an error of its own.", vendor_code=code)


def usage_of(usage: Mapping[str, Any] | None) -> Usage:
    """OpenAI's usage object in our words; what it does not say stays unknown."""
    if not isinstance(usage, dict):
        return Usage()
    asked = usage.get("prompt_tokens_details") or {}
    answered = usage.get("completion_tokens_details") or {}
    if not (isinstance(asked, dict) and isinstance(answered, dict)):
        asked, answered = {}, {}
    return Usage(
        input_tokens=_count(usage.get("prompt_tokens")),
        output_tokens=_count(usage.get("completion_tokens")),
        cached_tokens=_count(asked.get("cached_tokens")),
        reasoning_tokens=_count(answered.get("reasoning_tokens")),
    )


def _count(value: Any) -> int | None:
    return value if type(value) is int and value >= 0 else None


def _joined(parts: Any) -> str:
    """Content given as a list of parts (Mistral does so): their texts."""
    if not isinstance(parts, list):
        raise ProviderGarbled("The answer does not have the form of a chat completion.")
    return "".join(str(p.get("text") or "") for p in parts if isinstance(p, dict))
