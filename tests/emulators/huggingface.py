"""Hugging Face on a port of its own: an endpoint for text, one for vectors, and the router's path to them."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from .meaning import tokens, vector
from .openai_chat import OpenAIEmulator
from .server import Fault, HttpAnswer
from .whole import whole_json

MOST_TEXTS = 32  # of one request
EXTRACTION_FIELDS = {"inputs", "normalize", "prompt_name", "truncate", "truncation_direction"}


class HuggingFace(OpenAIEmulator):
    """Errors are prose with a kind beside it, as its servers write them."""

    vendor: ClassVar[str] = "huggingface"
    prefix = ""
    wrong_key = (401, {"error": "Invalid credentials in Authorization header: private words"})
    listed: ClassVar[Sequence[Mapping[str, Any]]] = ({"id": "openai/gpt-oss-120b"}, {"id": "Qwen/Qwen3.8-27B"})

    def routes(self) -> Sequence[tuple[str, HttpAnswer]]:
        chat = [(f"/v1{path}", answer) for path, answer in super().routes() if path in ("/chat/completions", "/models")]
        router = "/hf-inference/models/{model:path}/pipeline/feature-extraction"
        return (*chat, ("/", self._extract), (router, self._extract))

    def objection(self, what: str, body: Mapping[str, Any]) -> Response | None:
        if what == "chat" and not body.get("messages"):
            return JSONResponse({"error": "no messages: private words", "error_type": "validation"}, 422)
        return None

    def framed(self, value: dict[str, Any]) -> dict[str, Any]:
        """Every piece says who speaks, and every piece of a call which one it is."""
        for choice in value["choices"]:
            delta = choice["delta"] = {"role": "assistant", **choice["delta"]}
            if "tool_calls" in delta:
                delta["tool_calls"] = [
                    {**c, "id": f"call_{c['index']}", "type": "function"} for c in delta["tool_calls"]
                ]
            else:
                delta.setdefault("content", "")
        return value

    async def _extract(self, request: Request) -> Response:
        fault, body = self.fault_of(request), orjson.loads(await request.body())
        refusal = await self.refused(request, fault, body)
        if refusal is not None:
            return refusal
        if "inputs" not in body or set(body) - EXTRACTION_FIELDS:
            return JSONResponse({"error": "private words", "error_type": "Validation"}, 422)
        texts = body["inputs"] if isinstance(body["inputs"], list) else [body["inputs"]]
        if len(texts) > MOST_TEXTS:
            return JSONResponse({"error": "private words", "error_type": "Validation"}, 413)
        rows: Any = [vector(text, 64, 1.0 if body.get("normalize") else 2.0) for text in texts]
        if fault.name == "malformed":
            rows = rows[1:]
        elif fault.name == "error_chunk":  # what a model gives that was not made for sentences: a vector for each token
            rows = [[row, row] for row in rows]
        answer = whole_json(self, fault, rows)
        if fault.name != "no_usage":
            answer.headers["x-compute-tokens"] = str(sum(map(tokens, texts)))
        return answer


# What befalls one request on the way is the server's; this is what befalls a model that is still being loaded.
LOADING = Fault("status", 503, body={"error": "Model is currently loading", "estimated_time": 20.0})

EMULATOR = HuggingFace
