"""A server on a port of its own that speaks OpenAI's API, with a knob for everything that can go wrong."""

import asyncio
import socket
from collections import deque
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

FaultName = Literal[
    "none",
    "status",
    "stall_first",
    "stall_middle",
    "cut",
    "malformed",
    "drip",
    "huge_line",
    "no_usage",
    "no_done",
    "tools",
    "html",
    "error_chunk",
    "crlf",
    "whole",
    "empty",
    "cut_quietly",
    "endless",
]


@dataclass(frozen=True)
class Fault:
    """What the server does with one request."""

    name: FaultName = "none"
    status: int = 500
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    stall_s: float = 30.0


def chunk(delta: dict[str, Any] | None = None, finish: str | None = None, **more: Any) -> dict[str, Any]:
    """One `chat.completion.chunk` as OpenAI's specification has it."""
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1763700000,
        "model": "emulated",
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


def sse(value: Any, end: str = "\n\n") -> bytes:
    return b"data: " + (value if isinstance(value, bytes) else orjson.dumps(value)) + end.encode()


class OpenAIEmulator:
    """`async with OpenAIEmulator() as server:`, then `server.url`; `server.next(Fault(…))` sets the next answer."""

    def __init__(self, key: str = "right-key") -> None:
        self.key = key
        self.requests: list[dict[str, Any]] = []
        self.words = list(WORDS)
        self.transcripts: deque[str] = deque()
        self._faults: deque[Fault] = deque()
        self._always: Fault | None = None
        self.open_streams = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/v1"

    def next(self, *faults: Fault) -> None:
        self._faults.extend(faults)

    def always(self, fault: Fault | None) -> None:
        self._always = fault

    def forget(self) -> None:
        """As after the start."""
        self._faults.clear()
        self.requests.clear()
        self.transcripts.clear()
        self._always = None

    async def __aenter__(self) -> "OpenAIEmulator":
        app = Starlette(
            routes=[
                Route("/v1/chat/completions", self._chat, methods=["POST"]),
                Route("/v1/embeddings", self._embeddings, methods=["POST"]),
                Route("/v1/audio/transcriptions", self._transcriptions, methods=["POST"]),
                Route("/v1/audio/speech", self._speech, methods=["POST"]),
            ]
        )
        listening = socket.socket()
        listening.bind(("127.0.0.1", 0))
        self._port = listening.getsockname()[1]
        config = uvicorn.Config(app, log_level="critical", lifespan="off", timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)
        self._server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        self._task = asyncio.create_task(self._server.serve(sockets=[listening]))
        while not self._server.started:
            await asyncio.sleep(0.005)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.should_exit = self._server.force_exit = True
        await self._task

    def _fault(self) -> Fault:
        return self._faults.popleft() if self._faults else self._always or Fault()

    async def _refusal(self, request: Request, fault: Fault, body: Any) -> Response | None:
        self.requests.append(
            {
                "path": request.url.path,
                "body": body,
                "headers": dict(request.headers),
                "port": request.client.port if request.client else 0,
            }
        )
        if request.headers.get("authorization") != f"Bearer {self.key}":
            return JSONResponse(
                {
                    "error": {
                        "message": f"Incorrect API key {request.headers.get('authorization')}",
                        "type": "invalid_request_error",
                        "code": "invalid_api_key",
                    }
                },
                401,
            )
        if fault.name == "status":
            body = fault.body or {"error": {"message": "no", "type": "server_error", "code": "emulated"}}
            return JSONResponse(body, fault.status, headers=dict(fault.headers))
        if fault.name == "html":
            return Response("<html>Welcome to the proxy</html>", media_type="text/html")
        if fault.name == "stall_first":
            await asyncio.sleep(fault.stall_s)
        return None

    async def _chat(self, request: Request) -> Response:
        fault, body = self._fault(), orjson.loads(await request.body())
        refusal = await self._refusal(request, fault, body)
        if refusal is not None:
            return refusal
        if fault.name == "whole":
            message = {"role": "assistant", "content": "".join(self.words), "refusal": None}
            return JSONResponse(
                {
                    "id": "1",
                    "object": "chat.completion",
                    "created": 1,
                    "model": body["model"],
                    "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
                    "usage": USAGE,
                }
            )
        return StreamingResponse(self._counted(self._stream(fault)), media_type="text/event-stream")

    async def _counted(self, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        self.open_streams += 1
        try:
            async for piece in pieces:
                yield piece
        finally:
            self.open_streams -= 1

    async def _stream(self, fault: Fault) -> AsyncIterator[bytes]:
        end = "\r\n\r\n" if fault.name == "crlf" else "\n\n"
        yield b": keep-alive" + end.encode()
        if fault.name == "empty":
            yield sse(b"[DONE]")
            return
        yield sse(chunk({"role": "assistant", "content": "", "refusal": None}), end)
        if fault.name == "tools":
            for delta in TOOL_DELTAS:
                yield sse(chunk(delta))
        else:
            async for piece in self._words(fault, end):
                yield piece
            if fault.name == "cut_quietly":
                return
        yield sse(chunk(finish="tool_calls" if fault.name == "tools" else "stop"), end)
        if fault.name != "no_usage":
            yield sse(USAGE_CHUNK, end)
        if fault.name != "no_done":
            yield sse(b"[DONE]", end)

    async def _words(self, fault: Fault, end: str) -> AsyncIterator[bytes]:
        for number, word in enumerate(self.words):
            if number == 2:
                async for piece in self._middle(fault):
                    yield piece
            data = sse(chunk({"content": word}), end)
            if fault.name == "drip":
                for at in range(0, len(data), 7):
                    yield data[at : at + 7]
                    await asyncio.sleep(0)
            else:
                yield data

    async def _middle(self, fault: Fault) -> AsyncIterator[bytes]:
        match fault.name:
            case "stall_middle":
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
        fault, body = self._fault(), orjson.loads(await request.body())
        refusal = await self._refusal(request, fault, body)
        if refusal is not None:
            return refusal
        texts = body["input"]
        rows = [{"object": "embedding", "index": i, "embedding": [len(t) + 1.0, 2.0, 3.0]} for i, t in enumerate(texts)]
        if fault.name == "malformed":
            rows = rows[1:]
        return JSONResponse(
            {
                "object": "list",
                "data": rows[::-1],
                "model": body["model"],
                "usage": {"prompt_tokens": 3 * len(texts), "total_tokens": 3 * len(texts)},
            }
        )

    async def _transcriptions(self, request: Request) -> Response:
        fault = self._fault()
        async with request.form() as form:
            fields = {k: v for k, v in form.items() if isinstance(v, str)}
            wav = await form["file"].read()  # type: ignore[union-attr]
        refusal = await self._refusal(request, fault, {**fields, "wav": wav})
        if refusal is not None:
            return refusal
        return JSONResponse(
            {"text": self.transcripts.popleft() if self.transcripts else f"{(len(wav) - 44) // 2} samples"}
        )

    async def _speech(self, request: Request) -> Response:
        fault, body = self._fault(), orjson.loads(await request.body())
        refusal = await self._refusal(request, fault, body)
        if refusal is not None:
            return refusal
        return StreamingResponse(self._counted(self._pcm(fault)), media_type="audio/pcm")

    async def _pcm(self, fault: Fault) -> AsyncIterator[bytes]:
        if fault.name == "empty":
            return
        for number in range(6):
            if number == 3 and fault.name in ("stall_middle", "cut"):
                async for piece in self._middle(fault):
                    yield piece
            yield b"\1\2" * 1_199 + b"\3"  # odd lengths, as TCP pleases
            await asyncio.sleep(0.002)
        yield b"\4" * 6
