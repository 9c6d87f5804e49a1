"""OpenAI's endpoints for chat, embeddings and models, which many vendors and servers have under the same paths."""

import base64
import binascii
from collections.abc import AsyncGenerator, Callable, Sequence
from datetime import date
from typing import Any, Literal

import numpy as np

from auricle.providers.account import Account
from auricle.providers.dialects.openai_chat import ChatStream, usage_of
from auricle.providers.dialects.openai_request import PLAIN, Habits, chat_body
from auricle.providers.dialects.vectors import Floats, batches, in_order, stacked, total, unit
from auricle.providers.ports import (
    Embeddings,
    LanguageEvent,
    LanguageRequest,
    Offered,
    ProviderGarbled,
    Usage,
)

EFFORT = "reasoning_effort"  # an account's option
# Of one request for embeddings. OpenAI takes 2,048 texts and 300,000 tokens; others tell no limit.
MOST_TEXTS, MOST_CHARACTERS = 1_024, 250_000


class Chat:
    """Chat completions, streamed."""

    def __init__(self, account: Account, habits: Callable[[str], Habits] = lambda _: PLAIN, prefix: str = "") -> None:
        """`habits` gives those of a model by its name; `prefix` stands before every path."""
        self._account, self._habits, self._prefix = account, habits, prefix

    async def generate(self, request: LanguageRequest) -> AsyncGenerator[LanguageEvent, None]:
        model = self._account.model("llm", request.model)
        body = chat_body(request, model, self._habits(model), self._account.options.get(EFFORT))
        stream = ChatStream()
        async with self._account.stream(f"{self._prefix}/chat/completions", json=body) as reply:
            if reply.content_type == "application/json":  # in one piece, whatever was asked for
                for event in stream.whole(await reply.body()):
                    yield event
            elif reply.content_type not in ("text/event-stream", "", "text/plain", "application/octet-stream"):
                raise ProviderGarbled("The provider did not answer with a stream of events.")
            else:
                async for lines in reply.lines():
                    for line in lines:
                        for event in stream.line(line):
                            yield event
                    if stream.is_done:
                        break
            for event in stream.end():
                yield event
            await reply.drain()

    async def models(self) -> Sequence[Offered]:
        """What the account may use now."""
        answer = await self._account.get(f"{self._prefix}/models")
        rows = answer.get("data") if isinstance(answer, dict) else None
        if not isinstance(rows, list):
            raise ProviderGarbled("The answer is not a list of models.")
        return [
            Offered(row["id"], _day(row.get("shutdown_date")))
            for row in rows
            if isinstance(row, dict) and isinstance(row.get("id"), str)
        ]


class Embed:
    """Embeddings, normalised here because not every server does it. `encoding` base64 halves what is to be read."""

    def __init__(self, account: Account, encoding: Literal["float", "base64"] = "float", prefix: str = "") -> None:
        self._account, self._encoding, self._prefix = account, encoding, prefix

    async def embed(
        self, texts: Sequence[str], *, task: Literal["query", "document"], model: str | None = None
    ) -> Embeddings:
        body: dict[str, Any] = {"model": self._account.model("embedding", model), "encoding_format": self._encoding}
        asked = self._account.whole("dimensions")
        if asked is not None:
            body["dimensions"] = asked
        parts, used = [], []
        for batch in batches(texts, most=MOST_TEXTS, most_characters=MOST_CHARACTERS):
            answer = await self._account.post(f"{self._prefix}/embeddings", json={**body, "input": list(batch)})
            parts.append(vectors_of(answer, len(batch)))
            used.append(usage_of(answer.get("usage")).input_tokens)
        return Embeddings(stacked(parts), Usage(input_tokens=total(used)))


def vectors_of(answer: Any, count: int) -> Floats:
    """The normalised vectors of an answer, in the order of the texts."""
    try:
        rows = answer["data"]
        if any("index" in row for row in rows):  # without any they are in order
            found = in_order(rows, "embedding", count)
        else:
            found = [row["embedding"] for row in rows]
        return unit([_vector(one) for one in found], count)
    except (KeyError, TypeError, ValueError, binascii.Error):
        raise ProviderGarbled("The answer does not hold one vector for each text.") from None


def _vector(given: Any) -> Any:
    return np.frombuffer(base64.b64decode(given, validate=True), "<f4") if isinstance(given, str) else given


def _day(text: Any) -> date | None:
    try:
        return date.fromisoformat(text)
    except (TypeError, ValueError):
        return None
