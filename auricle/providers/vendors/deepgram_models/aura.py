"""Aura speaks over `POST /v1/speak`, whose body is the sound as it is made.

Deepgram has a WebSocket for this too. It pays where text comes in pieces; we have a whole sentence, and a request on a
connection that is kept open has its first sound a handshake earlier than a socket opened for the sentence.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any

from auricle.providers.account import Account
from auricle.providers.dialects.pieces import pieces
from auricle.providers.dialects.samples import Samples
from auricle.providers.ports import Audio, ProviderGarbled, ProviderRefused, Usage, Voice
from auricle.providers.vendors.deepgram_models.terms import base

RATE_HZ = 24_000
MOST_CHARACTERS = 2_000
DEFAULT_VOICE = "aura-2-thalia-en"
VOICES = {  # who speaks a language where neither agent nor account names a voice of it
    "en": DEFAULT_VOICE,
    "es": "aura-2-celeste-es",
    "de": "aura-2-viktoria-de",
    "nl": "aura-2-rhea-nl",
    "fr": "aura-2-agathe-fr",
    "it": "aura-2-livia-it",
    "ja": "aura-2-izanami-ja",
}
SETTINGS = ("speed",)
_GENDERS = {"feminine": "female", "masculine": "male", "neutral": "neutral"}


class Aura:
    """Text to speech by Aura-2. A voice is a model: `aura-2-<name>-<language>`."""

    def __init__(self, account: Account) -> None:
        self._account = account

    async def speak(
        self, text: str, *, voice: str | None, language: str, settings: Mapping[str, Any] | None = None
    ) -> AsyncGenerator[Audio | Usage, None]:
        asked = dict(settings or {})
        params: dict[str, Any] = {
            "model": self._voice(voice or asked.get("model"), base(language)),
            "encoding": "linear16",
            "container": "none",
            "sample_rate": RATE_HZ,
            "mip_opt_out": self._account.options.get("mip_opt_out", "true"),
            **{name: asked[name] for name in SETTINGS if name in asked},
        }
        for part in pieces(text, MOST_CHARACTERS):
            async with (
                self._account.stream("/v1/speak", params=params, json={"text": part}) as reply,
                aclosing(reply.pieces()) as body,
            ):
                if reply.content_type.startswith(("text/", "application/json")):
                    raise ProviderGarbled("The provider did not answer with raw PCM.")
                samples = Samples(RATE_HZ)
                async for piece in body:
                    for audio in samples.feed(piece):
                        yield audio
        yield Usage(characters=len(text))

    def _voice(self, named: Any, language: str) -> str:
        if named:
            return str(named)
        own = self._account.models.get("tts", DEFAULT_VOICE)
        if own.endswith(f"-{language}"):
            return own
        if language not in VOICES:
            raise ProviderRefused("No voice of this provider speaks this language.", language=language)
        return VOICES[language]

    async def voices(self) -> Sequence[Voice]:
        answer = await self._account.get("/v1/models")
        try:
            return [_voice_of(model) for model in answer["tts"]]
        except (KeyError, TypeError, AttributeError):
            raise ProviderGarbled("The provider's list of voices can't be read.") from None


def _voice_of(model: Mapping[str, Any]) -> Voice:
    tags = (model.get("metadata") or {}).get("tags") or ()
    gender: Any = next((_GENDERS[tag] for tag in tags if tag in _GENDERS), None)
    languages = tuple(dict.fromkeys(base(code) for code in model.get("languages") or ()))
    return Voice(model["canonical_name"], str(model["name"]).capitalize(), languages, gender)
