"""Hugging Face: any model that its router finds a host for, or an endpoint of the owner's (for OpenBioLLM, say).

An endpoint's address is the account's `url`, as its page shows it, with or without `/v1`.
"""

from collections.abc import Sequence
from typing import Any, Literal
from urllib.parse import quote

import numpy as np

from auricle.providers.account import Account
from auricle.providers.dialects.openai_api import EFFORT, Chat, unit
from auricle.providers.ports import Embeddings, ProviderGarbled
from auricle.providers.vendor import Vendor


def chat(account: Account) -> Chat:
    return Chat(account, prefix="" if (account.url or "").endswith("/v1") else "/v1")


class Embed:
    """Feature extraction: by an endpoint made for it, else by Hugging Face's own hosts."""

    def __init__(self, account: Account) -> None:
        self._account = account

    async def embed(
        self, texts: Sequence[str], *, task: Literal["query", "document"], model: str | None = None
    ) -> Embeddings:
        name = self._account.model("embedding", model)
        body: dict[str, Any] = {"inputs": list(texts), "normalize": True, "truncate": True}
        prompt = self._account.options.get(f"{task}_prompt")
        if prompt:
            body["prompt_name"] = prompt
        path = "/" if self._account.has_own_url else f"/hf-inference/models/{quote(name)}/pipeline/feature-extraction"
        answer = await self._account.post(path, json=body)
        try:
            vectors = np.asarray(answer, dtype=np.float32)
        except (TypeError, ValueError):
            raise ProviderGarbled("The answer does not hold one vector for each text.") from None
        return Embeddings(unit(vectors, len(texts)))


VENDOR = Vendor(
    "huggingface",
    llm=chat,
    embedding=Embed,
    url="https://router.huggingface.co",
    # No models: what is hosted changes by the day, and an endpoint has its own.
    options={
        EFFORT: "how much a reasoning model thinks, as its host has it; unset: not sent",
        "query_prompt": "name of the embedding model's prompt for questions, where it has one",
        "document_prompt": "name of its prompt for passages",
    },
)
