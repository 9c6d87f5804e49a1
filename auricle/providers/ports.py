"""The ports to speech, language and embedding providers. They speak our units; an adapter only translates.

Every streaming method is an async generator that ends with one `Usage`. Failures are `ProviderFailed`. Timeouts,
retries, failover, metering and the masking guard are the router's (`providers/routing.py`), never an adapter's.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, ClassVar, Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from auricle.errors import Unavailable

Capability = Literal["stt", "llm", "tts", "embedding", "translation", "rerank"]


class ProviderFailed(Unavailable):
    """A provider did not do its work."""

    code = "provider.failed"
    retryable: ClassVar[bool] = True


class ProviderTimeout(ProviderFailed):
    """A provider took too long."""

    code = "provider.timeout"


class ProviderRefused(ProviderFailed):
    """A provider refuses our key or our request: a configuration error, not an outage."""

    code = "provider.refused"
    retryable = False


class ProviderBusy(ProviderFailed):
    """A provider asks us to slow down. `context["retry_after_s"]` says for how long, where it told."""

    code = "provider.busy"


class ProviderGarbled(ProviderFailed):
    """A provider answered something its own specification does not allow."""

    code = "provider.garbled"


@dataclass(frozen=True, slots=True)
class Usage:
    """What one call consumed, raw. `None` is unknown, never 0."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None
    audio_s: float | None = None
    characters: int | None = None
    requests: int | None = None  # for what is priced by the call (reranking)


# ── speech to text ────────────────────────────────────────────────────────────────────────────────────────────────
class EndOfSpeech:
    """Sent between audio pieces when our VAD heard the speaker stop: finish the utterance now."""


END_OF_SPEECH = EndOfSpeech()


@dataclass(frozen=True, slots=True)
class Transcript:
    """A piece of what was heard. Interims replace one another; a final closes the utterance (its text may be empty)."""

    text: str
    is_final: bool
    start_s: float | None = None  # on the clock of the audio that was sent
    end_s: float | None = None
    language: str | None = None
    confidence: float | None = None
    end_of_turn: bool = False  # the vendor's own turn detection says the speaker is done


class Identifying(str):
    """A keyterm that tells who the patient is. It may stand in no URL: proxies and vendors write those down."""

    __slots__ = ()


def anonymous(terms: Sequence[str]) -> list[str]:
    """The terms that do not tell who the patient is."""
    return [term for term in terms if not isinstance(term, Identifying)]


class SpeechToText(Protocol):
    def transcribe(
        self,
        audio: AsyncIterator[bytes | EndOfSpeech],
        *,
        rate_hz: int,
        language: str,
        model: str | None,
        keyterms: Sequence[str] = (),
    ) -> AsyncGenerator[Transcript | Usage, None]:
        """Transcribe a live stream of PCM16 mono pieces. Each `END_OF_SPEECH` is answered by exactly one final.

        `keyterms` are words to be listened for, the most telling first; some may be `Identifying`.
        """
        ...


# ── language ──────────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class ToolCall:
    id: str
    name: str
    arguments: str  # JSON text, complete
    signature: str | None = None  # opaque: its maker wants it back with the call


@dataclass(frozen=True, slots=True)
class ChatMessage:
    role: Literal["system", "user", "assistant", "tool"]
    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None


@dataclass(frozen=True, slots=True)
class ToolSpec:
    name: str
    description: str
    parameters: Mapping[str, Any]  # JSON schema


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of the organization's knowledge offered to the model: data, never instructions."""

    chunk_id: str
    document_id: str
    title: str
    text: str
    page: int | None = None
    start: int = 0  # character offsets of `text` in the document's extracted text
    end: int = 0
    score: float = 0.0


ANY_TOOL = "*"  # one of those that are offered


@dataclass(frozen=True, slots=True)
class LanguageRequest:
    messages: Sequence[ChatMessage]
    model: str | None = None
    temperature: float = 0.3
    max_tokens: int = 300
    tools: Sequence[ToolSpec] = ()
    response_schema: Mapping[str, Any] | None = None
    language: str = "en"
    passages: Sequence[Passage] = ()  # also rendered into `messages`; the offline model quotes them
    known: bool = True  # False: retrieval says that the knowledge does not hold the answer
    questions: Sequence[str] = ()  # the agent's intake questions, for the offline model
    must_call: str | None = None  # the name of a tool that the answer has to call, or `ANY_TOOL`; no adapter need obey


@dataclass(frozen=True, slots=True)
class TextDelta:
    text: str


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    text: str


@dataclass(frozen=True, slots=True)
class Finish:
    reason: Literal["stop", "length", "tools", "filtered"]


LanguageEvent = TextDelta | ReasoningDelta | ToolCall | Finish | Usage


class LanguageModel(Protocol):
    def generate(self, request: LanguageRequest) -> AsyncGenerator[LanguageEvent, None]:
        """Stream one answer: deltas and whole tool calls, one `Finish`, one `Usage`."""
        ...


@dataclass(frozen=True, slots=True)
class Offered:
    """A model that its vendor lists now. `shutdown` is the day announced for its end, where one is."""

    id: str
    shutdown: date | None = None


class Models(Protocol):
    """Offered by an adapter that can list its vendor's models."""

    async def models(self) -> Sequence[Offered]: ...


# ── text to speech ────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class Audio:
    """PCM16 little-endian mono."""

    pcm: bytes
    rate_hz: int = 24_000


class Timing(NamedTuple):
    """When a stretch of speech sounds, on the clock of its sentence's audio."""

    text: str  # a letter or a word as written; or a sound in the International Phonetic Alphabet, empty for a pause
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Timings:
    """Stretches of the speech in their order. Comes behind the first of the audio that it is about; not every vendor
    has it."""

    told: tuple[Timing, ...]
    by: Literal["letters", "sounds"] = "letters"


class TextToSpeech(Protocol):
    def speak(
        self, text: str, *, voice: str | None, language: str, settings: Mapping[str, Any] | None = None
    ) -> AsyncGenerator[Audio | Timings | Usage, None]:
        """Stream the speech of one sentence."""
        ...


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice that an account may speak with. `languages` are ISO 639-1; none named: any."""

    id: str
    name: str
    languages: tuple[str, ...] = ()
    gender: Literal["female", "male", "neutral"] | None = None
    models: tuple[str, ...] = ()  # the models it belongs to; none named: all


class Voices(Protocol):
    """Offered by a `TextToSpeech` that can list its voices."""

    async def voices(self) -> Sequence[Voice]: ...


# ── translation ───────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class Translated:
    text: str
    usage: Usage = field(default_factory=Usage)


class Translator(Protocol):
    async def translate(self, text: str, *, source: str, target: str, model: str | None = None) -> Translated:
        """Translate a few sentences between two languages (ISO 639-1), saying nothing else."""
        ...


# ── embeddings ────────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class Embeddings:
    vectors: NDArray[np.float32]  # [n, dimension], L2-normalised
    usage: Usage = field(default_factory=Usage)


class Embedder(Protocol):
    async def embed(
        self, texts: Sequence[str], *, task: Literal["query", "document"], model: str | None = None
    ) -> Embeddings:
        """Embed texts in their order."""
        ...


# ── reranking ─────────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class Reranked:
    scores: NDArray[np.float32]  # [n], one for each text in the order given; higher is nearer
    usage: Usage = field(default_factory=Usage)


class Reranker(Protocol):
    async def rerank(self, query: str, texts: Sequence[str], *, model: str | None = None) -> Reranked:
        """Score each text for how well it answers the query."""
        ...
