"""A server that speaks Anthropic's messages API, as strict about a request as the vendor is."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, ClassVar

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from .openai_chat import Scripted
from .server import Emulator, Fault, HttpAnswer, dripped

WORDS = ["Please", " take", " a", " seat", "."]
VERSIONS = ("2023-06-01", "2026-10-21")
USAGE = {
    "cache_creation": None,
    "cache_creation_input_tokens": 0,
    "cache_read_input_tokens": 8,
    "inference_geo": None,
    "input_tokens": 12,
    "output_tokens": 1,
    "server_tool_use": None,
    "service_tier": "standard",
}
DELTA_USAGE = {
    "cache_creation_input_tokens": None,
    "cache_read_input_tokens": None,
    "input_tokens": None,
    "output_tokens": 5,
    "output_tokens_details": {"thinking_tokens": 2},
    "server_tool_use": None,
}
CALLS = Scripted(calls=[("find_slot", {"day": "monday"}), ("end_call", {})])
KINDS = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
    500: "api_error",
    504: "timeout_error",
    529: "overloaded_error",
}
UNSAMPLED = re.compile(r"claude-opus-4-[78]|claude-(opus|sonnet|haiku)-5|claude-(fable|mythos)")
UNFORCED = re.compile(r"claude-(sonnet|opus)-5-5|claude-(fable|mythos)")
QUIET = {"claude-sonnet-5-5": {"adaptive", "between_tools"}, "claude-opus-5-5": {"adaptive"}}


def error(status: int, message: str = "no") -> dict[str, Any]:
    """The vendor's form of an error."""
    kind = KINDS.get(status, "api_error" if status >= 500 else "invalid_request_error")
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}


def message(model: str, content: Sequence[Any] = (), reason: str | None = None) -> dict[str, Any]:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "content": list(content),
        "model": model,
        "stop_reason": reason,
        "stop_sequence": None,
        "stop_details": None,
        "container": None,
        "usage": USAGE,
    }


def sse(event: dict[str, Any], end: str = "\n") -> bytes:
    return f"event: {event['type']}{end}data: {orjson.dumps(event).decode()}{end}{end}".encode()


class AnthropicEmulator(Emulator):
    """The messages API. Keep `words` for what it says; a `script` decides by the body of the request."""

    vendor: ClassVar[str] = "anthropic"
    credential = "x-api-key: {key}"
    wrong_key = (401, error(401, "invalid x-api-key"))

    def __init__(self, key: str = "right-key") -> None:
        super().__init__(key)
        self.words = list(WORDS)
        self.thoughts: list[str] = []
        self.script: Callable[[dict[str, Any]], Scripted] | None = None
        self.sent_events: list[dict[str, Any]] = []  # for the judge

    def routes(self) -> Sequence[tuple[str, HttpAnswer]]:
        return (("/v1/messages", self._messages),)

    def forget(self) -> None:
        super().forget()
        self.script = None
        self.words, self.thoughts = list(WORDS), []
        self.sent_events.clear()

    def is_authorized(self, connection: Any) -> bool:
        # The vendor's newer clients send the key as a bearer's.
        bearer = connection.headers.get("authorization") == f"Bearer {self.key}"
        return bearer or super().is_authorized(connection)

    async def _messages(self, request: Request) -> Response:
        fault, body = self.fault_of(request), orjson.loads(await request.body())
        if fault.name == "status" and fault.body is None:
            fault = Fault("status", fault.status, fault.headers, error(fault.status))
        refusal = await self.refused(request, fault, body)
        if refusal is not None:
            return refusal
        complaint = self._complaint(request, body)
        if complaint is not None:
            return JSONResponse(error(400, complaint), 400)
        if not body.get("stream"):
            content = [{"type": "text", "text": "".join(self.words), "citations": None}]
            return JSONResponse(message(body["model"], content, "end_turn"))
        return StreamingResponse(self._counted(self._stream(fault, body)), media_type="text/event-stream")

    def _complaint(self, request: Request, body: dict[str, Any]) -> str | None:
        version, model = request.headers.get("anthropic-version"), str(body.get("model", ""))
        for name in ("model", "max_tokens", "messages"):
            if name not in body:
                return f"{name}: Field required"
        if version not in VERSIONS:
            return "anthropic-version: header is required"
        if "temperature" in body and (version != VERSIONS[0] or UNSAMPLED.match(model)):
            return "`temperature` is deprecated for this model."
        kind = body.get("thinking", {}).get("type")
        if kind and kind not in QUIET.get(model, {"adaptive", "disabled", "enabled"}):
            return f'"thinking.type.{kind}" is not supported for this model.'
        if UNFORCED.match(model) and body.get("tool_choice", {}).get("type") in ("any", "tool"):
            return "tool_choice: forced tool use is not supported for this model."
        return _complaint_of_messages(body)

    async def _counted(self, events: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        self.open_streams += 1
        try:
            async for piece in events:
                yield piece
        finally:
            self.open_streams -= 1

    def _event(self, kind: str, **fields: Any) -> dict[str, Any]:
        event = {"type": kind, **fields}
        self.sent_events.append(event)
        return event

    async def _stream(self, fault: Fault, body: dict[str, Any]) -> AsyncIterator[bytes]:
        end = "\r\n" if fault.name == "crlf" else "\n"
        if fault.name == "stall_body":
            yield b""  # the headers go out
            await asyncio.sleep(fault.stall_s)
        if fault.name == "empty":
            yield sse(self._event("message_stop"))
            return
        yield sse(self._event("message_start", message=message(body["model"])), end)
        yield sse(self._event("ping"), end)
        says = self._says(fault, body)
        index = 0
        async for block in self._blocks(says):
            async for piece in self._block(fault, index, *block, end):
                yield piece
            if fault.name == "cut_quietly":
                return
            index += 1
        reason = "tool_use" if says is not None and says.calls else "end_turn"
        delta = {"container": None, "stop_details": None, "stop_reason": reason, "stop_sequence": None}
        usage = {**DELTA_USAGE, "output_tokens": 5}
        yield sse(self._event("message_delta", delta=delta, usage=usage), end)
        if fault.name != "no_done":
            yield sse(self._event("message_stop"), end)

    def _says(self, fault: Fault, body: dict[str, Any]) -> Scripted | None:
        """What the model does; None: it says `words`, as arguments where it was made to call a tool."""
        if fault.name == "tools":
            return CALLS
        if self.script is not None and fault.name == "none":
            return self.script(body)
        choice = body.get("tool_choice", {})
        if choice.get("type") == "tool":
            return Scripted(calls=[(choice["name"], "".join(self.words))])
        return None

    async def _blocks(self, says: Scripted | None) -> AsyncIterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
        """Each block of the answer: how it starts, and its deltas."""
        if self.thoughts:
            thinks = [{"type": "thinking_delta", "thinking": thought} for thought in self.thoughts]
            signed = {"type": "signature_delta", "signature": "c2lnbmF0dXJl"}
            yield {"type": "thinking", "thinking": "", "signature": ""}, [*thinks, signed]
        words = self.words if says is None else [f"{word} " for word in says.text.split()]
        if words:
            yield {"type": "text", "text": "", "citations": None}, [{"type": "text_delta", "text": w} for w in words]
        for number, (name, arguments) in enumerate(says.calls if says else ()):
            text = arguments if isinstance(arguments, str) else orjson.dumps(arguments).decode()
            pieces = ["", *(text[at : at + 9] for at in range(0, len(text), 9))] if text != "{}" else [""]
            start = {"type": "tool_use", "id": f"toolu_{number}", "name": name, "input": {}}
            yield (
                {**start, "caller": {"type": "direct"}},
                [{"type": "input_json_delta", "partial_json": piece} for piece in pieces],
            )

    async def _block(
        self, fault: Fault, index: int, start: dict[str, Any], deltas: list[dict[str, Any]], end: str
    ) -> AsyncIterator[bytes]:
        yield sse(self._event("content_block_start", index=index, content_block=start), end)
        for number, delta in enumerate(deltas):
            if number == 2:
                async for piece in self._middle(fault):
                    yield piece
                if fault.name == "cut_quietly":
                    return
            data = sse(self._event("content_block_delta", index=index, delta=delta), end)
            async for drop in dripped(fault, data, 7):
                yield drop
        yield sse(self._event("content_block_stop", index=index), end)

    async def _middle(self, fault: Fault) -> AsyncIterator[bytes]:
        match fault.name:
            case "stall_middle":
                await asyncio.sleep(fault.stall_s)
            case "cut":
                await asyncio.sleep(0.02)  # what was sent so far leaves first
                raise ConnectionAbortedError
            case "malformed":
                yield b'event: content_block_delta\ndata: {"type": "content_bl\n\n'
            case "huge_line":
                for _ in range(40):
                    yield b"x" * 100_000
            case "endless":
                while True:
                    yield b'event: ping\ndata: {"type": "ping"}\n\n'
                    await asyncio.sleep(0.01)
            case "error_chunk":
                yield sse(error(fault.status, "Overloaded while reading: private words"))


def _complaint_of_messages(body: dict[str, Any]) -> str | None:
    messages = body["messages"]
    if not messages or messages[0]["role"] != "user":
        return 'messages: first message must use the "user" role'
    if messages[-1]["role"] != "user":
        return "This model does not support assistant message prefill. The conversation must end with a user message."
    open_calls: set[str] = set()
    for at, one in enumerate(messages):
        blocks = one["content"] if isinstance(one["content"], list) else [{"type": "text", "text": one["content"]}]
        if any(b["type"] == "text" and not b["text"].strip() for b in blocks):
            return f"messages.{at}: text content blocks must contain non-whitespace text"
        answered = {b["tool_use_id"] for b in blocks if b["type"] == "tool_result"}
        if answered != open_calls:
            return f"messages.{at}: `tool_use` ids were found without `tool_result` blocks immediately after"
        open_calls = {b["id"] for b in blocks if b["type"] == "tool_use"}
        if open_calls and not body.get("tools"):
            return "Requests which include `tool_use` or `tool_result` blocks must define tools"
    return None


EMULATOR = AnthropicEmulator
