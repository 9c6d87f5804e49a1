"""Any server that speaks OpenAI's API: vLLM, Ollama, llama.cpp, LM Studio, a gateway. `url` ends in `/v1`."""

from collections.abc import AsyncGenerator, Sequence
from typing import Any, Literal

import numpy as np

from auricle.providers.account import Account
from auricle.providers.dialects.openai_audio import ChunkedTranscriber, Speaker
from auricle.providers.dialects.openai_chat import ChatStream, chat_body, usage_of
from auricle.providers.ports import Embeddings, LanguageEvent, LanguageRequest, ProviderGarbled
from auricle.providers.vendor import Vendor


class Chat:
    """Chat completions, streamed."""

    def __init__(self, account: Account) -> None:
        self._account = account

    async def generate(self, request: LanguageRequest) -> AsyncGenerator[LanguageEvent, None]:
        body = chat_body(request, self._account.model("llm", request.model))
        stream = ChatStream()
        async with self._account.stream("/chat/completions", json=body) as reply:
            if reply.content_type == "application/json":  # a server that does not stream
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


class Embed:
    """Embeddings, normalised here because not every server does it."""

    def __init__(self, account: Account) -> None:
        self._account = account

    async def embed(
        self, texts: Sequence[str], *, task: Literal["query", "document"], model: str | None = None
    ) -> Embeddings:
        body = {"model": self._account.model("embedding", model), "input": list(texts), "encoding_format": "float"}
        answer = await self._account.post("/embeddings", json=body)
        return Embeddings(_vectors(answer, len(texts)), usage_of(answer.get("usage")))


def _vectors(answer: Any, count: int) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    try:
        rows = sorted(answer["data"], key=lambda row: row["index"])
        vectors = np.asarray([row["embedding"] for row in rows], dtype=np.float32)
        if [row["index"] for row in rows] != list(range(count)):
            raise ValueError
    except (KeyError, TypeError, ValueError):
        raise ProviderGarbled("The answer does not hold one vector for each text.") from None
    norms = np.linalg.norm(vectors, axis=1, keepdims=True) if vectors.ndim == 2 else np.zeros(1)
    if not (np.isfinite(norms).all() and (norms > 0).all()):
        raise ProviderGarbled("The answer holds a vector without a direction.")
    return np.asarray(vectors / norms, dtype=np.float32)


VENDOR = Vendor("openai_compatible", llm=Chat, embedding=Embed, stt=ChunkedTranscriber, tts=Speaker, needs_key=False)
