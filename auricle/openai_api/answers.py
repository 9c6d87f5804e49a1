"""What clients of OpenAI's API are answered: whole, or as a stream of chunks."""

import base64
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, Literal
from uuid import uuid4

import numpy as np
import orjson
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from auricle.errors import AuricleError
from auricle.openai_api.complete import Work
from auricle.providers.ports import ToolCall
from auricle.web.problems import openai_error

DONE = b"data: [DONE]\n\n"


class Usage(BaseModel):
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class Beside(BaseModel):
    """What OpenAI's form has no place for."""

    red_flag: str | None = Field(description="The emergency that the answer is the script for. No model was asked.")
    language: str
    citations: list[dict[str, Any]]


class AnswerMessage(BaseModel):
    role: Literal["assistant"]
    content: str | None
    refusal: None = None
    tool_calls: list[dict[str, Any]] = []


class Choice(BaseModel):
    index: int
    message: AnswerMessage
    finish_reason: Literal["stop", "length", "tool_calls"]
    logprobs: None = None


class Completion(BaseModel):
    """An answer as `chat.completion`."""

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[Choice]
    usage: Usage | None = Field(None, description="Absent where the model did not count.")
    auricle: Beside


class Model(BaseModel):
    """A published agent, or the organization's embedder."""

    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str


class Models(BaseModel):
    object: Literal["list"] = "list"
    data: list[Model]


class Embedding(BaseModel):
    object: Literal["embedding"]
    index: int
    embedding: list[float] | str


class EmbeddingUsage(BaseModel):
    prompt_tokens: int
    total_tokens: int


class Embeddings(BaseModel):
    object: Literal["list"]
    model: str
    data: list[Embedding]
    usage: EmbeddingUsage | None = Field(description="Null where the embedder did not count.")


class Stream:
    """The chunks of one answer, all with the same head."""

    def __init__(self, work: Work, model: str, *, with_usage: bool) -> None:
        self._work, self._with_usage = work, with_usage
        self._head = head(model, "chat.completion.chunk")

    async def events(self, sentences: AsyncGenerator[str, None]) -> AsyncGenerator[bytes, None]:
        """Server-sent events. What goes wrong after the first is told in the stream, which then ends."""
        joint = ""
        try:
            async with aclosing(sentences):
                async for sentence in sentences:
                    if not joint:
                        yield self._chunk({"role": "assistant", "content": "", "refusal": None})
                    yield self._chunk({"content": joint + sentence})
                    joint = " "
        except AuricleError as error:  # the status went out long ago
            yield (
                b"data: " + orjson.dumps(openai_error(error.status, error.code, error.message, error.context)) + b"\n\n"
            )
            return
        if not joint:
            yield self._chunk({"role": "assistant", "content": None, "refusal": None})
        for index, call in enumerate(self._work.exchange.calls):
            yield self._chunk({"tool_calls": [{"index": index, **call_json(call)}]})
        yield self._chunk({}, finish_reason(self._work), auricle=beside(self._work))
        if self._with_usage and (usage := usage_json(self._work)):
            yield b"data: " + orjson.dumps({**self._head, "choices": [], "usage": usage}) + b"\n\n"
        yield DONE

    def _chunk(self, delta: dict[str, Any], finish: str | None = None, **more: Any) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return b"data: " + orjson.dumps({**self._head, "choices": [choice], **more}) + b"\n\n"


def whole(work: Work, model: str) -> dict[str, Any]:
    """The answer in one piece."""
    exchange = work.exchange
    message: dict[str, Any] = {"role": "assistant", "content": exchange.text or None, "refusal": None}
    if exchange.calls:
        message["tool_calls"] = [call_json(call) for call in exchange.calls]
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish_reason(work)}
    answer = {**head(model, "chat.completion"), "choices": [choice], "auricle": beside(work)}
    if usage := usage_json(work):
        answer["usage"] = usage
    return answer


def head(model: str, kind: str) -> dict[str, Any]:
    return {"id": f"chatcmpl-{uuid4().hex}", "object": kind, "created": int(time.time()), "model": model}


def beside(work: Work) -> dict[str, Any]:
    exchange = work.exchange
    return {"red_flag": exchange.red_flag, "language": work.talk.language, "citations": exchange.citations}


def call_json(call: ToolCall) -> dict[str, Any]:
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}


def finish_reason(work: Work) -> str:
    if work.exchange.calls:
        return "tool_calls"
    return "length" if work.program.was_cut else "stop"


def usage_json(work: Work) -> dict[str, int] | None:
    if work.tokens is None:
        return None
    read, written = work.tokens
    return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}


def embeddings(vectors: NDArray[np.float32], model: str, tokens: int | None, *, packed: bool) -> dict[str, Any]:
    """Vectors as OpenAI gives them, each an array; `packed`: its float32 in base64, as OpenAI's own client asks for."""
    rows = [base64.b64encode(row.astype("<f4").tobytes()).decode() if packed else row for row in vectors]
    data = [{"object": "embedding", "index": index, "embedding": row} for index, row in enumerate(rows)]
    usage = None if tokens is None else {"prompt_tokens": tokens, "total_tokens": tokens}
    return {"object": "list", "data": data, "model": model, "usage": usage}
