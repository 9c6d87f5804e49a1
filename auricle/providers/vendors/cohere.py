"""Cohere's second API: embeddings and reranking."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from auricle.providers.account import Account
from auricle.providers.dialects.vectors import batches, scores, stacked, total, unit
from auricle.providers.ports import Embeddings, ProviderGarbled, Reranked, Usage
from auricle.providers.vendor import Vendor

MOST_TEXTS = 96  # of one request
MOST_CHARACTERS = 400_000  # no limit is told; this keeps a request well below the size that gateways take
MOST_RANKED = 1_000
INPUT_TYPES = {"query": "search_query", "document": "search_document"}


class Embed:
    """Embeddings, batch after batch."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._dimension = account.whole("dimensions")

    async def embed(
        self, texts: Sequence[str], *, task: Literal["query", "document"], model: str | None = None
    ) -> Embeddings:
        body: dict[str, Any] = {
            "model": self._account.model("embedding", model),
            "input_type": INPUT_TYPES[task],
            "embedding_types": ["float"],
        }
        if self._dimension is not None:
            body["output_dimension"] = self._dimension
        parts, used = [], []
        for batch in batches(texts, most=MOST_TEXTS, most_characters=MOST_CHARACTERS):
            answer = await self._account.post("/v2/embed", json={**body, "texts": list(batch)})
            parts.append(unit(_part(answer, "embeddings").get("float"), len(batch)))
            used.append(_billed(answer, "input_tokens"))
        return Embeddings(stacked(parts), Usage(input_tokens=total(used)))


class Rerank:
    """Scores between 0 and 1. They are made text by text, so those of several batches can be compared.

    Cohere bills searches: one query with up to 100 pieces of about 500 tokens is one. They are our `requests`.
    """

    def __init__(self, account: Account) -> None:
        self._account = account

    async def rerank(self, query: str, texts: Sequence[str], *, model: str | None = None) -> Reranked:
        body = {"model": self._account.model("rerank", model), "query": query}
        parts, used = [np.empty(0, np.float32)], []
        for batch in batches(texts, most=MOST_RANKED, most_characters=MOST_CHARACTERS):
            answer = await self._account.post("/v2/rerank", json={**body, "documents": list(batch)})
            parts.append(scores(answer.get("results") if isinstance(answer, dict) else None, len(batch)))
            used.append(_billed(answer, "search_units"))
        return Reranked(np.concatenate(parts), Usage(requests=total(used)))


def _part(answer: Any, name: str) -> dict[str, Any]:
    part = answer.get(name) if isinstance(answer, dict) else None
    if not isinstance(part, dict):
        raise ProviderGarbled("The answer lacks a part.", part=name)
    return part


def _billed(answer: Any, unit: str) -> int | None:
    """How much of a unit a request is billed; Cohere gives whole numbers as 12 or 12.0. None where it does not say."""
    meta = answer.get("meta")
    units = meta.get("billed_units") if isinstance(meta, dict) else None
    count = units.get(unit) if isinstance(units, dict) else None
    if isinstance(count, bool) or not isinstance(count, int | float) or count < 0 or not float(count).is_integer():
        return None
    return int(count)


VENDOR = Vendor(
    "cohere",
    embedding=Embed,
    rerank=Rerank,
    url="https://api.cohere.com",
    models={"embedding": "embed-v4.0", "rerank": "rerank-v4.0-pro"},
    options={"dimensions": "length of the vectors: 256, 512, 1024 or 1536 (usual)."},
)
