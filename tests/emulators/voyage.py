"""Voyage AI's embeddings and reranking on a port of its own."""

import base64
import struct
from collections.abc import Sequence
from typing import Any, ClassVar

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from .meaning import likeness, tokens, vector
from .server import Emulator, HttpAnswer
from .whole import whole_json

MOST_TEXTS, MOST_TOKENS = 128, 120_000
MOST_RANKED, MOST_RANKED_TOKENS = 1_000, 600_000
DIMENSIONS = (256, 512, 1024, 2048)
FIELDS = {
    "embeddings": {"input", "model", "input_type", "truncation", "output_dimension", "output_dtype", "encoding_format"},
    "rerank": {"query", "documents", "model", "top_k", "return_documents", "truncation"},
}


class VoyageEmulator(Emulator):
    """Strict as the vendor is: every refusal is `{"detail": …}`."""

    vendor: ClassVar[str] = "voyage"
    prefix = "/v1"
    wrong_key = (401, {"detail": "Provided API key is invalid."})

    def routes(self) -> Sequence[tuple[str, HttpAnswer]]:
        return (("/embeddings", self._embeddings), ("/rerank", self._rerank))

    async def _embeddings(self, request: Request) -> Response:
        fault, body = self.fault_of(request), _read(await request.body())
        refusal = await self.refused(request, fault, body) or _wrong_embedding(body)
        if refusal is not None:
            return refusal
        texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
        dimension = body.get("output_dimension") or 1024
        rows: list[dict[str, Any]] = [
            {"object": "embedding", "embedding": vector(text, dimension), "index": index}
            for index, text in enumerate(texts)
        ]
        if body.get("encoding_format") == "base64":
            for row in rows:
                row["embedding"] = base64.b64encode(struct.pack(f"<{dimension}f", *row["embedding"])).decode()
        if fault.name == "malformed":
            rows = rows[1:]
        usage = {"total_tokens": sum(map(tokens, texts))}
        answer = {"object": "list", "data": rows, "model": body["model"], "usage": usage}
        if fault.name == "no_usage":
            del answer["usage"]
        return whole_json(self, fault, answer)

    async def _rerank(self, request: Request) -> Response:
        fault, body = self.fault_of(request), _read(await request.body())
        refusal = await self.refused(request, fault, body) or _wrong_ranking(body)
        if refusal is not None:
            return refusal
        rows = [
            {"relevance_score": likeness(body["query"], text), "index": index}
            for index, text in enumerate(body["documents"])
        ]
        rows = sorted(rows, key=lambda row: -row["relevance_score"])[: body.get("top_k")]
        if fault.name == "malformed":
            rows[0]["index"] = 4_711
        used = sum(map(tokens, body["documents"])) + tokens(body["query"]) * len(body["documents"])
        answer = {"object": "list", "data": rows, "model": body["model"], "usage": {"total_tokens": used}}
        if fault.name == "no_usage":
            del answer["usage"]
        return whole_json(self, fault, answer)


def _read(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None


def _refusal(why: str) -> JSONResponse:
    return JSONResponse({"detail": why}, 400)


def _wrong_embedding(body: Any) -> Response | None:
    if not isinstance(body, dict) or not set(body) <= FIELDS["embeddings"] or not isinstance(body.get("model"), str):
        return _refusal("The request body is not valid: a model, and no unknown fields.")
    texts = [body["input"]] if isinstance(body.get("input"), str) else body.get("input")
    if not isinstance(texts, list) or not texts or not all(isinstance(t, str) and t for t in texts):
        return _refusal("Input cannot contain empty strings or empty lists.")
    if len(texts) > MOST_TEXTS or (len(texts) > 1 and sum(map(tokens, texts)) > MOST_TOKENS):
        return _refusal("The batch is too large.")
    if body.get("input_type") not in (None, "query", "document"):
        return _refusal("Value provided for input_type is not one of query, document.")
    if body.get("output_dimension") not in (None, *DIMENSIONS):
        return _refusal("Value provided for output_dimension is not supported.")
    if body.get("output_dtype") not in (None, "float") or body.get("encoding_format") not in (None, "base64"):
        return _refusal("This emulator makes floats only.")
    return None


def _wrong_ranking(body: Any) -> Response | None:
    if not isinstance(body, dict) or not set(body) <= FIELDS["rerank"] or not isinstance(body.get("model"), str):
        return _refusal("The request body is not valid: a model, and no unknown fields.")
    query, texts = body.get("query"), body.get("documents")
    if not isinstance(query, str) or not isinstance(texts, list) or not texts:
        return _refusal("A query and documents are needed.")
    if not all(isinstance(t, str) and t for t in texts):
        return _refusal("Documents cannot contain empty strings.")
    if len(texts) > MOST_RANKED or tokens(query) * len(texts) + sum(map(tokens, texts)) > MOST_RANKED_TOKENS:
        return _refusal("The request is too large.")
    return None


EMULATOR = VoyageEmulator
