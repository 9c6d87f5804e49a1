"""Hugging Face: any model that its router finds a host for, or an endpoint of the owner's (for OpenBioLLM, say).

An endpoint's address is the account's `url`, as its page shows it, with or without `/v1`.
"""

from collections.abc import Sequence
from typing import Any, Literal
from urllib.parse import quote

from auricle.providers.account import Account
from auricle.providers.dialects.openai_api import EFFORT, Chat
from auricle.providers.dialects.vectors import batches, stacked, total, unit
from auricle.providers.ports import Embeddings, Usage
from auricle.providers.vendor import Vendor

# What its server for embeddings takes at once unless its owner says otherwise: 32 texts, 2 MB of JSON.
MOST_TEXTS, MOST_CHARACTERS = 32, 200_000


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
        body: dict[str, Any] = {"normalize": True, "truncate": True}
        prompt = self._account.options.get(f"{task}_prompt")
        if prompt:
            body["prompt_name"] = prompt
        path = "/" if self._account.has_own_url else f"/hf-inference/models/{quote(name)}/pipeline/feature-extraction"
        parts, used = [], []
        for batch in batches(texts, most=MOST_TEXTS, most_characters=MOST_CHARACTERS):
            async with self._account.stream(path, json={**body, "inputs": list(batch)}) as reply:
                parts.append(unit(await reply.json(), len(batch)))
                counted = reply.header("x-compute-tokens") or ""  # of an endpoint; the router's hosts don't tell
                used.append(int(counted) if counted.isascii() and counted.isdigit() else None)
        return Embeddings(stacked(parts), Usage(input_tokens=total(used)))


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
