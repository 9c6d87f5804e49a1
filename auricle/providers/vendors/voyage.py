"""Voyage AI: embeddings and reranking. A key made in MongoDB Atlas works at the URL `https://ai.mongodb.com/v1`."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from auricle.providers.account import Account
from auricle.providers.dialects.vectors import batches, in_order, scores, stacked, total, unit
from auricle.providers.ports import Embeddings, ProviderGarbled, Reranked, Usage
from auricle.providers.vendor import Vendor

# Of one request: 128 texts by the API's specification (later pages say 1,000), 120,000 tokens with the largest models.
# Indic scripts may take a token a character.
MOST_TEXTS, MOST_CHARACTERS = 128, 100_000
# 1,000 texts and 600,000 tokens, the query's counted with each text.
MOST_RANKED, MOST_RANKED_CHARACTERS = 1_000, 400_000


class Embed:
    """Embeddings, batch after batch."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._dimension = account.whole("dimensions")

    async def embed(
        self, texts: Sequence[str], *, task: Literal["query", "document"], model: str | None = None
    ) -> Embeddings:
        body: dict[str, Any] = {"model": self._account.model("embedding", model), "input_type": task}
        if self._dimension is not None:
            body["output_dimension"] = self._dimension
        parts, used = [], []
        for batch in batches(texts, most=MOST_TEXTS, most_characters=MOST_CHARACTERS):
            answer = _object(await self._account.post("/embeddings", json={**body, "input": list(batch)}))
            parts.append(unit(in_order(answer.get("data"), "embedding", len(batch)), len(batch)))
            used.append(_tokens(answer))
        return Embeddings(stacked(parts), Usage(input_tokens=total(used)))


class Rerank:
    """Scores between 0 and 1. They are made text by text, so those of several batches can be compared."""

    def __init__(self, account: Account) -> None:
        self._account = account

    async def rerank(self, query: str, texts: Sequence[str], *, model: str | None = None) -> Reranked:
        body = {"model": self._account.model("rerank", model), "query": query}
        parts, used = [np.empty(0, np.float32)], []
        most = max(1, min(MOST_RANKED, MOST_RANKED_CHARACTERS // 2 // (len(query) + 1)))
        for batch in batches(texts, most=most, most_characters=MOST_RANKED_CHARACTERS // 2):
            answer = _object(await self._account.post("/rerank", json={**body, "documents": list(batch)}))
            parts.append(scores(answer.get("data"), len(batch)))
            used.append(_tokens(answer))
        return Reranked(np.concatenate(parts), Usage(input_tokens=total(used), requests=len(used)))


def _object(answer: Any) -> dict[str, Any]:
    if not isinstance(answer, dict):
        raise ProviderGarbled("The answer is no JSON object.")
    return answer


def _tokens(answer: dict[str, Any]) -> Any:
    usage = answer.get("usage")
    return usage.get("total_tokens") if isinstance(usage, dict) else None


VENDOR = Vendor(
    "voyage",
    embedding=Embed,
    rerank=Rerank,
    url="https://api.voyageai.com/v1",
    models={"embedding": "voyage-4", "rerank": "rerank-2.5"},
    options={"dimensions": "length of the vectors: 256, 512, 1024 (usual) or 2048."},
)
