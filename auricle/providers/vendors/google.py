"""Google: Gemini's language models and embeddings; voices, ears and translation of its cloud (`google_cloud/`)."""

from collections.abc import AsyncGenerator, Sequence
from typing import Any, Literal
from urllib.parse import quote

from auricle.errors import Misconfigured
from auricle.providers.account import Account
from auricle.providers.dialects.gemini import ContentStream, content_body, count_of
from auricle.providers.dialects.vectors import batches, stacked, total, unit
from auricle.providers.ports import Capability, Embeddings, LanguageEvent, LanguageRequest, ProviderGarbled, Usage
from auricle.providers.vendor import Vendor
from auricle.providers.vendors.google_cloud.access import ACCESS
from auricle.providers.vendors.google_cloud.speech import LANGUAGES, SETTINGS, Recognize, Speak
from auricle.providers.vendors.google_cloud.translate import Translate

DIMENSIONS = 768
MOST_TEXTS, MOST_CHARACTERS = 100, 80_000
TASKS = {"query": "RETRIEVAL_QUERY", "document": "RETRIEVAL_DOCUMENT"}
# The second generation takes its task as words before the text.
PREFIXES = {"query": "task: search result | query: ", "document": "title: none | text: "}


class Chat:
    """Gemini's generateContent, streamed."""

    def __init__(self, account: Account) -> None:
        self._account = account

    async def generate(self, request: LanguageRequest) -> AsyncGenerator[LanguageEvent, None]:
        model = self._account.model("llm", request.model)
        body = content_body(request, model, self._account.options.get("thinking"))
        stream = ContentStream(model)
        path = f"{_model_path(model)}:streamGenerateContent"
        async with self._account.stream(path, json=body, params={"alt": "sse"}) as reply:
            if reply.content_type not in ("text/event-stream", "application/json"):  # JSON: an error after all
                raise ProviderGarbled("The provider did not answer with a stream of events.")
            async for lines in reply.lines():
                for line in lines:
                    for event in stream.line(line):
                        yield event
            for event in stream.end():
                yield event


class Embed:
    """Gemini's embeddings, cut to the account's dimensions and therefore normalised again."""

    def __init__(self, account: Account) -> None:
        self._account = account
        dimensions = account.options.get("dimensions", str(DIMENSIONS))
        if not dimensions.isdecimal():
            raise Misconfigured("The dimensions of embeddings are a number.", provider=account.name)
        self._dimensions = int(dimensions)

    async def embed(
        self, texts: Sequence[str], *, task: Literal["query", "document"], model: str | None = None
    ) -> Embeddings:
        name = self._account.model("embedding", model)
        vectors, counts = [], []
        for batch in batches(texts, most=MOST_TEXTS, most_characters=MOST_CHARACTERS):
            body = {"requests": [self._request(text, task, name) for text in batch]}
            answer = await self._account.post(f"{_model_path(name)}:batchEmbedContents", json=body)
            vectors.append(unit(_values(answer), len(batch)))
            counts.append(count_of(answer.get("usageMetadata"), "promptTokenCount"))
        return Embeddings(stacked(vectors), Usage(input_tokens=total(counts)))

    def _request(self, text: str, task: Literal["query", "document"], model: str) -> dict[str, Any]:
        asked: dict[str, Any] = {"model": f"models/{model}", "outputDimensionality": self._dimensions}
        if model == "gemini-embedding-001":
            return {**asked, "content": {"parts": [{"text": text}]}, "taskType": TASKS[task]}
        return {**asked, "content": {"parts": [{"text": PREFIXES[task] + text}]}}


def _model_path(model: str) -> str:
    return f"/v1beta/models/{quote(model.removeprefix('models/'), safe='')}"


def _values(answer: Any) -> list[Any]:
    try:
        return [one["values"] for one in answer["embeddings"]]
    except (KeyError, TypeError):
        raise ProviderGarbled("The answer does not hold one vector for each text.") from None


def languages_of(capability: Capability, model: str) -> frozenset[str] | None:
    """Its medical recognizers hear English alone."""
    return frozenset({"en"}) if capability == "stt" and model.startswith("medical_") else None


VENDOR = Vendor(
    "google",
    llm=Chat,
    embedding=Embed,
    tts=Speak,
    stt=Recognize,
    translation=Translate,
    url="https://generativelanguage.googleapis.com",
    auth=ACCESS,
    models={
        "llm": "gemini-3.8-flash",
        "embedding": "gemini-embedding-001",
        "tts": "Chirp3-HD",
        "stt": "default",
        "translation": "nmt",
    },
    languages={"tts": LANGUAGES, "stt": LANGUAGES},
    model_languages=languages_of,
    formats={"tts": ("LINEAR16",), "stt": ("LINEAR16",)},
    settings={"tts": SETTINGS},
    options={
        "thinking": "minimal, low, medium or high: how long a model thinks, where it can; unset: as little as it can",
        "dimensions": "of embeddings: 768 (unset), 1536 or 3072",
        "project": "for translation with a service account; unset: the account's own",
        "location": "for translation with a service account, as us-central1; unset: global",
    },
)
