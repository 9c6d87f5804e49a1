"""What a vendor file declares of itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from auricle.providers.account import BEARER, Account, Auth
from auricle.providers.ports import (
    Capability,
    Embedder,
    LanguageModel,
    Reranker,
    SpeechToText,
    TextToSpeech,
    Translator,
)

CAPABILITIES: tuple[Capability, ...] = ("stt", "llm", "tts", "embedding", "translation", "rerank")


@dataclass(frozen=True, slots=True)
class Vendor:
    """What a vendor can do: for each capability a constructor that takes an `Account`.

    `languages` names the languages of a capability (ISO 639-1); one that is not named there takes any. `models` holds
    the model of a capability for accounts that name none; `formats` and `settings` are what an administrator is shown.
    """

    name: str
    stt: Callable[[Account], SpeechToText] | None = None
    llm: Callable[[Account], LanguageModel] | None = None
    tts: Callable[[Account], TextToSpeech] | None = None
    embedding: Callable[[Account], Embedder] | None = None
    translation: Callable[[Account], Translator] | None = None
    rerank: Callable[[Account], Reranker] | None = None
    url: str | None = None
    auth: Auth = BEARER  # how the key is sent
    headers: Mapping[str, str] = field(default_factory=dict)  # sent with every request, as a version of the API
    needs_key: bool = True
    needs_url: bool = True  # False: works in this process
    always_there: bool = False  # usable without being set up
    languages: Mapping[Capability, frozenset[str]] = field(default_factory=dict)
    models: Mapping[Capability, str] = field(default_factory=dict)
    formats: Mapping[Capability, tuple[str, ...]] = field(default_factory=dict)  # of audio, as the vendor names them
    settings: Mapping[Capability, Mapping[str, str]] = field(default_factory=dict)  # an agent may set: name → meaning
    options: Mapping[str, str] = field(default_factory=dict)  # an account may set: name → meaning

    @property
    def capabilities(self) -> tuple[Capability, ...]:
        return tuple(c for c in CAPABILITIES if self.constructor(c) is not None)

    def constructor(self, capability: Capability) -> Callable[[Account], Any] | None:
        constructor: Callable[[Account], Any] | None = getattr(self, capability)
        return constructor

    def speaks(self, capability: Capability, language: str) -> bool:
        known = self.languages.get(capability)
        return known is None or language.partition("-")[0].lower() in known
