"""A server on a port of its own that speaks OpenAI's API, with a knob for everything that can go wrong."""

import asyncio
import base64
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from struct import pack
from typing import Any, ClassVar

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from .meaning import tokens, vector
from .server import Emulator, Fault, HttpAnswer, dripped
from .whole import whole_json


def chunk(delta: dict[str, Any] | None = None, finish: str | None = None, **more: Any) -> dict[str, Any]:
    """One `chat.completion.chunk` as OpenAI's specification has it."""
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1763700000,
        "model": "emulated",
        "system_fingerprint": "fp_1",
        "choices": [{"index": 0, "delta": delta or {}, "logprobs": None, "finish_reason": finish}],
        **more,
    }


USAGE = {
    "prompt_tokens": 20,
    "completion_tokens": 5,
    "total_tokens": 25,
    "prompt_tokens_details": {"cached_tokens": 8},
    "completion_tokens_details": {"reasoning_tokens": 2},
}
USAGE_CHUNK = {**chunk(), "choices": [], "usage": USAGE}
WORDS = ["Please", " take", " a", " seat", "."]
TOOL_DELTAS = [
    {
        "tool_calls": [
            {"index": 0, "id": "call_a", "type": "function", "function": {"name": "find_slot", "arguments": ""}}
        ]
    },
    {"tool_calls": [{"index": 0, "function": {"arguments": '{"day":'}}]},
    {"tool_calls": [{"index": 0, "function": {"arguments": '"monday"}'}}]},
    {
        "tool_calls": [
            {"index": 1, "id": "call_b", "type": "function", "function": {"name": "end_call", "arguments": "{}"}}
        ]
    },
]


@dataclass(frozen=True)
class Scripted:
    """What an emulated model does with one request: it says something, then asks for tools."""

    text: str = ""
    calls: Sequence[tuple[str, Any]] = ()  # (name, arguments)

    def deltas(self) -> Iterator[dict[str, Any]]:
        for word in self.text.split(" ") if self.text else ():
            yield {"content": f"{word} "}
        for index, (name, arguments) in enumerate(self.calls):
            given = arguments if isinstance(arguments, str) else orjson.dumps(arguments).decode()
            call = {"index": index, "id": f"call_{index}_{name}", "type": "function"}
            yield {"tool_calls": [{**call, "function": {"name": name, "arguments": ""}}]}
            for start in range(0, len(given), 9):  # in pieces, as they come
                yield {"tool_calls": [{"index": index, "function": {"arguments": given[start : start + 9]}}]}


Script = Callable[[dict[str, Any]], Scripted]


def sse(value: Any, end: str = "\n\n") -> bytes:
    return b"data: " + (value if isinstance(value, bytes) else orjson.dumps(value)) + end.encode()


def packed(vector: Sequence[float]) -> str:
    return base64.b64encode(pack(f"<{len(vector)}f", *vector)).decode()


class OpenAIEmulator(Emulator):
    """Chat, embeddings, transcriptions, speech, models. `objection` says what a vendor of this dialect refuses."""

    vendor: ClassVar[str] = "openai_compatible"
    prefix = "/v1"
    listed: ClassVar[Sequence[Mapping[str, Any]]] = ({"id": "some-model"}, {"id": "some-vectors"})

    def __init__(self, key: str = "right-key") -> None:
        super().__init__(key)
        self.words = list(WORDS)
        self.transcripts: deque[str] = deque()
        self.script: Script | None = None  # what the model does, by the body of the request

    def routes(self) -> Sequence[tuple[str, HttpAnswer]]:
        return (
            ("/chat/completions", self._chat),
            ("/embeddings", self._embeddings),
            ("/audio/transcriptions", self._transcriptions),
            ("/audio/speech", self._speech),
            ("/models", self._models),
        )

    def objection(self, what: str, body: Mapping[str, Any]) -> Response | None:
        """What is answered instead to a request (for `chat`, `embeddings`, …) that the vendor would not take."""
        return None

    def streams_transcripts(self, body: Mapping[str, Any]) -> bool:
        return False

    def framed(self, value: dict[str, Any]) -> dict[str, Any]:
        """A chunk as this server has it."""
        return value

    def ending(self, finish: str, *, has_usage: bool) -> list[dict[str, Any]]:
        """The chunks that close an answer."""
        return [chunk(finish=finish), *([USAGE_CHUNK] if has_usage else [])]

    async def _refused(self, request: Request, fault: Fault, what: str, body: Any) -> Response | None:
        return await self.refused(request, fault, body) or self.objection(what, body)

    def forget(self) -> None:
        super().forget()
        self.transcripts.clear()
        self.script = None

    async def _chat(self, request: Request) -> Response:
        fault, body = self.fault_of(request), orjson.loads(await request.body())
        refusal = await self._refused(request, fault, "chat", body)
        if refusal is not None:
            return refusal
        if fault.name == "whole" or not body.get("stream"):
            message = {"role": "assistant", "content": "".join(self.words), "refusal": None}
            return JSONResponse(
                {
                    "id": "1",
                    "object": "chat.completion",
                    "created": 1,
                    "model": body["model"],
                    "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}],
                    "usage": USAGE,
                }
            )
        return StreamingResponse(self._counted(self._stream(fault, body)), media_type="text/event-stream")

    async def _counted(self, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        self.open_streams += 1
        try:
            async for piece in pieces:
                yield piece
        finally:
            self.open_streams -= 1

    async def _stream(self, fault: Fault, body: dict[str, Any]) -> AsyncIterator[bytes]:
        end = "\r\n\r\n" if fault.name == "crlf" else "\n\n"
        yield b": keep-alive" + end.encode()
        if fault.name == "stall_body":
            await asyncio.sleep(fault.stall_s)
        if fault.name == "empty":
            yield sse(b"[DONE]")
            return
        yield sse(self.framed(chunk({"role": "assistant", "content": "", "refusal": None})), end)
        deltas = self.script(body) if self.script and fault.name == "none" else None
        asks_tools = fault.name == "tools" or bool(deltas and deltas.calls)
        if fault.name == "tools" or deltas is not None:
            for delta in TOOL_DELTAS if deltas is None else deltas.deltas():
                yield sse(self.framed(chunk(delta)))
        else:
            async for piece in self._words(fault, end):
                yield piece
            if fault.name == "cut_quietly":
                return
        for last in self.ending("tool_calls" if asks_tools else "stop", has_usage=fault.name != "no_usage"):
            yield sse(self.framed(last), end)
        if fault.name != "no_done":
            yield sse(b"[DONE]", end)

    async def _words(self, fault: Fault, end: str) -> AsyncIterator[bytes]:
        for number, word in enumerate(self.words):
            if number == 2:
                async for piece in self._middle(fault):
                    yield piece
            data = sse(self.framed(chunk({"content": word})), end)
            async for drop in dripped(fault, data, 7):
                yield drop

    async def _middle(self, fault: Fault) -> AsyncIterator[bytes]:
        match fault.name:
            case "stall_middle" | "stall_body":
                await asyncio.sleep(fault.stall_s)
            case "cut":
                await asyncio.sleep(0.02)  # what was sent so far leaves first
                raise ConnectionAbortedError
            case "malformed":
                yield b'data: {"choices": [{"delta": {"content": "bro\n\n'
            case "huge_line":
                for _ in range(40):
                    yield b"x" * 100_000
            case "endless":
                while True:
                    yield b": still thinking\n\n"
                    await asyncio.sleep(0.01)
            case "error_chunk":
                yield sse(
                    {"error": {"message": "The model crashed on: private words", "type": "server_error", "code": 500}}
                )

    async def _embeddings(self, request: Request) -> Response:
        fault, body = self.fault_of(request), orjson.loads(await request.body())
        refusal = await self._refused(request, fault, "embeddings", body)
        if refusal is not None:
            return refusal
        texts = body["input"] if isinstance(body["input"], list) else [body["input"]]
        vectors = [vector(t, body.get("dimensions") or 64, 2.0) for t in texts]
        is_packed = body.get("encoding_format") == "base64"
        rows = [
            {"object": "embedding", "index": i, "embedding": packed(v) if is_packed else v}
            for i, v in enumerate(vectors)
        ]
        if fault.name == "malformed":
            rows = rows[1:]
        used = sum(map(tokens, texts))
        answer = {
            "object": "list",
            "data": rows[::-1],
            "model": body["model"],
            "usage": {"prompt_tokens": used, "total_tokens": used},
        }
        if fault.name == "no_usage":
            del answer["usage"]
        return whole_json(self, fault, answer)

    async def _models(self, request: Request) -> Response:
        refusal = await self._refused(request, self.fault_of(request), "models", {})
        rows = [{"object": "model", "created": 1763700000, "owned_by": "emulated", **row} for row in self.listed]
        return refusal or JSONResponse({"object": "list", "data": rows})

    async def _transcriptions(self, request: Request) -> Response:
        fault = self.fault_of(request)
        async with request.form() as form:
            fields: dict[str, Any] = {k: v for k, v in form.items() if isinstance(v, str)}
            fields |= {k: form.getlist(k) for k in fields if k.endswith("[]")}
            wav = await form["file"].read()  # type: ignore[union-attr]
        refusal = await self._refused(request, fault, "transcriptions", {**fields, "wav": wav})
        if refusal is not None:
            return refusal
        text = self.transcripts.popleft() if self.transcripts else f"{(len(wav) - 44) // 2} samples"
        if self.streams_transcripts(fields):
            said = self._counted(self._transcript(fault, text))
            return StreamingResponse(said, media_type="text/event-stream")
        whole = b'{"text": ["bro' if fault.name == "malformed" else orjson.dumps({"text": text})
        return StreamingResponse(self._json(fault, whole), media_type="application/json")

    async def _transcript(self, fault: Fault, text: str) -> AsyncIterator[bytes]:
        if fault.name == "stall_body":
            yield b": \n\n"
            await asyncio.sleep(fault.stall_s)
        if fault.name == "empty":
            return
        for number, word in enumerate(text.split(" ") if text else ()):
            if number == 1:
                async for piece in self._middle(fault):
                    yield piece
                if fault.name == "cut_quietly":
                    return
            delta = {"type": "transcript.text.delta", "delta": word if number == 0 else f" {word}"}
            async for drop in dripped(fault, sse(delta), 9):
                yield drop
        usage = {"type": "tokens", "input_tokens": 14, "output_tokens": 5, "total_tokens": 19}
        yield sse({"type": "transcript.text.done", "text": text, "usage": usage})

    async def _json(self, fault: Fault, whole: bytes) -> AsyncIterator[bytes]:
        if fault.name == "empty":
            return
        if fault.name in ("stall_body", "stall_middle", "cut", "cut_quietly", "error_chunk"):
            yield whole[:5]
            async for piece in self._middle(fault):
                yield piece
            if fault.name in ("cut_quietly", "error_chunk"):
                return
            whole = whole[5:]
        async for drop in dripped(fault, whole, 2):
            yield drop

    async def _speech(self, request: Request) -> Response:
        fault, body = self.fault_of(request), orjson.loads(await request.body())
        refusal = await self._refused(request, fault, "speech", body)
        if refusal is not None:
            return refusal
        return StreamingResponse(self._counted(self._pcm(fault)), media_type="audio/pcm")

    async def _pcm(self, fault: Fault) -> AsyncIterator[bytes]:
        if fault.name == "empty":
            return
        if fault.name == "stall_body":
            yield b""  # the headers go out
            await asyncio.sleep(fault.stall_s)
        if fault.name in ("malformed", "error_chunk"):
            yield b'{"error": {"message": "private words are no sound"}}' * 200
            return
        for number in range(6):
            if number == 3 and fault.name in ("stall_middle", "cut", "cut_quietly"):
                async for piece in self._middle(fault):
                    yield piece
                if fault.name == "cut_quietly":
                    return
            async for drop in dripped(fault, b"\1\2" * 1_199 + b"\3", 12):  # odd lengths, as TCP pleases
                yield drop
            await asyncio.sleep(0.002)
        yield b"\4" * 6


EMULATOR = OpenAIEmulator
