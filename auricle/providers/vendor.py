"""What a vendor file declares of itself."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from auricle.errors import Misconfigured
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
_OPEN = re.compile(r"\{([a-z_]+)\}")  # what a URL leaves to an account's options
_HOST_PART = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z")


@dataclass(frozen=True, slots=True)
class Vendor:
    """What a vendor can do: for each capability a constructor that takes an `Account`.

    `languages` names the languages of a capability (ISO 639-1); one that is not named there takes any. `made_for` names
    those that it was built for: where nobody has chosen, it is asked first for them and after the others for the rest.
    `models` holds the model of a capability for accounts that name none; `formats` and `settings` are what an
    administrator is shown. `url` may leave parts of the host open, as `{region}`: an account's options fill them.
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
    is_here: Callable[[Path], bool] | None = None  # usable so once it finds in the folder of models what it needs
    by_socket: frozenset[Capability] = frozenset()  # always over a WebSocket of its own for each turn
    forms: Literal["native", "tool", "told"] = "native"  # how its models are made to answer by a JSON schema
    languages: Mapping[Capability, frozenset[str]] = field(default_factory=dict)
    model_languages: Callable[[Capability, str], frozenset[str] | None] | None = None  # of a model, where they differ
    made_for: Mapping[Capability, frozenset[str]] = field(default_factory=dict)
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

    def speaks(self, capability: Capability, language: str, model: str | None = None) -> bool:
        """Whether it knows a language, with the model that would be asked."""
        code = language.partition("-")[0].lower()
        of_model = self.model_languages(capability, model) if self.model_languages and model else None
        return all(code in known for known in (self.languages.get(capability), of_model) if known is not None)

    def rank(self, capability: Capability, *languages: str) -> int:
        """Where it stands in an order that nobody has chosen: made for a language, for any, for others."""
        own = self.made_for.get(capability)
        if own is None:
            return 1
        return 0 if any(language.partition("-")[0].lower() in own for language in languages) else 2

    def address(self, options: Mapping[str, str]) -> str | None:
        """Its URL for an account with these options. Raises `Misconfigured`: the key goes to what is named there."""
        if self.url is None:
            return None
        for name in _OPEN.findall(self.url):
            if not _HOST_PART.match(options.get(name, "")):
                raise Misconfigured("This provider needs a URL, or an option that its own is made of.", option=name)
        return self.url.format_map(options)
