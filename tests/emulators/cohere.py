"""Cohere's second API on a port of its own: embeddings and reranking."""

import math
from collections.abc import Sequence
from typing import Any, ClassVar
from uuid import uuid4

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from .meaning import likeness, tokens, vector
from .server import Emulator, HttpAnswer
from .whole import whole_json

MOST_TEXTS = 96
INPUT_TYPES = ("search_document", "search_query", "classification", "clustering", "image")
DIMENSIONS = (256, 512, 1024, 1536)
LENGTH = 3.0  # of its vectors: nobody promises 1
FIELDS = {
    "embed": {
        "model", "input_type", "texts", "embedding_types", "output_dimension", "truncate", "max_tokens", "priority",
    },
    "rerank": {"model", "query", "documents", "top_n", "max_tokens_per_doc", "priority"},
}  # fmt: skip


class CohereEmulator(Emulator):
    """Strict as the vendor is: every refusal is `{"id": …, "message": …}`."""

    vendor: ClassVar[str] = "cohere"
    wrong_key = (401, {"id": "0", "message": "invalid api token"})

    def routes(self) -> Sequence[tuple[str, HttpAnswer]]:
        return (("/v2/embed", self._embed), ("/v2/rerank", self._rerank))

    async def _embed(self, request: Request) -> Response:
        fault, body = self.fault_of(request), _read(await request.body())
        refusal = await self.refused(request, fault, body) or _wrong_embedding(body)
        if refusal is not None:
            return refusal
        dimension = body.get("output_dimension") or 1536
        rows = [vector(text, dimension, LENGTH) for text in body["texts"]]
        if fault.name == "malformed":
            rows = rows[1:]
        answer = {
            "id": str(uuid4()),
            "embeddings": {"float": rows},
            "texts": body["texts"],
            "meta": _meta(input_tokens=sum(map(tokens, body["texts"]))),
            "response_type": "embeddings_by_type",
        }
        if fault.name == "no_usage":
            del answer["meta"]
        return whole_json(self, fault, answer)

    async def _rerank(self, request: Request) -> Response:
        fault, body = self.fault_of(request), _read(await request.body())
        refusal = await self.refused(request, fault, body) or _wrong_ranking(body)
        if refusal is not None:
            return refusal
        rows = [
            {"index": index, "relevance_score": likeness(body["query"], text)}
            for index, text in enumerate(body["documents"])
        ]
        rows = sorted(rows, key=lambda row: -row["relevance_score"])[: body.get("top_n")]
        if fault.name == "malformed":
            rows[0]["index"] = 4_711
        pieces = sum(math.ceil(tokens(text) / 500) for text in body["documents"])
        answer = {"id": str(uuid4()), "results": rows, "meta": _meta(search_units=math.ceil(pieces / 100))}
        if fault.name == "no_usage":
            del answer["meta"]
        return whole_json(self, fault, answer)


def _read(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None


def _meta(**billed: int) -> dict[str, Any]:
    return {"api_version": {"version": "2"}, "billed_units": billed}


def _refusal(why: str) -> JSONResponse:
    return JSONResponse({"id": str(uuid4()), "message": why}, 400)


def _wrong_embedding(body: Any) -> Response | None:
    if not isinstance(body, dict) or not set(body) <= FIELDS["embed"] or not isinstance(body.get("model"), str):
        return _refusal("invalid request: a model, and no unknown fields")
    texts = body.get("texts")
    if not isinstance(texts, list) or not texts or not all(isinstance(t, str) and t for t in texts):
        return _refusal("invalid request: texts must be a list of non-empty strings")
    if len(texts) > MOST_TEXTS:
        return _refusal(f"invalid request: total number of texts must be at most {MOST_TEXTS}")
    if body.get("input_type") not in INPUT_TYPES:
        return _refusal("invalid request: a valid input_type must be provided with this model")
    if body.get("output_dimension") not in (None, *DIMENSIONS):
        return _refusal("invalid request: output_dimension is not supported")
    if body.get("embedding_types") not in (None, ["float"]):
        return _refusal("this emulator makes floats only")
    return None


def _wrong_ranking(body: Any) -> Response | None:
    if not isinstance(body, dict) or not set(body) <= FIELDS["rerank"] or not isinstance(body.get("model"), str):
        return _refusal("invalid request: a model, and no unknown fields")
    texts = body.get("documents")
    if not isinstance(body.get("query"), str) or not body["query"]:
        return _refusal("invalid request: query must not be empty")
    if not isinstance(texts, list) or not texts or not all(isinstance(t, str) for t in texts):
        return _refusal("invalid request: documents must be a list of strings")
    return None


EMULATOR = CohereEmulator
