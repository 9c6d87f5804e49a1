"""Azure's voices over its speech service's REST interface: SSML goes out, raw PCM streams back.

The option `region` makes the URL. An account with a domain of its own sets that as the URL instead, with its path:
`https://<name>.cognitiveservices.azure.com/tts`.
"""

import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from auricle.providers.account import Account
from auricle.providers.dialects.samples import Samples
from auricle.providers.ports import Audio, ProviderGarbled, ProviderRefused, Usage, Voice
from auricle.providers.vendor import Vendor

RATE_HZ = 24_000
FORMAT = "raw-24khz-16bit-mono-pcm"
PROSODY = ("rate", "pitch", "volume")
EXPRESSION = ("style", "styledegree", "role")
NO_SOUND = ("text/html", "application/json", "text/plain")

# The voice of a language where none is chosen; its locale is the beginning of its name.
USUAL_VOICES = {
    "en": "en-IN-NeerjaNeural",
    "hi": "hi-IN-SwaraNeural",
    "ta": "ta-IN-PallaviNeural",
    "te": "te-IN-ShrutiNeural",
    "bn": "bn-IN-TanishaaNeural",
    "mr": "mr-IN-AarohiNeural",
    "gu": "gu-IN-DhwaniNeural",
    "kn": "kn-IN-SapnaNeural",
    "ml": "ml-IN-SobhanaNeural",
    "pa": "pa-IN-VaaniNeural",
    "or": "or-IN-SubhasiniNeural",
    "as": "as-IN-YashicaNeural",
    "ur": "ur-IN-GulNeural",
    "ne": "ne-NP-HemkalaNeural",
    "si": "si-LK-ThiliniNeural",
    "ar": "ar-AE-FatimaNeural",
    "de": "de-DE-KatjaNeural",
    "es": "es-ES-ElviraNeural",
    "fa": "fa-IR-DilaraNeural",
    "fr": "fr-FR-DeniseNeural",
    "id": "id-ID-GadisNeural",
    "it": "it-IT-ElsaNeural",
    "ms": "ms-MY-YasminNeural",
    "nl": "nl-NL-ColetteNeural",
    "pl": "pl-PL-ZofiaNeural",
    "pt": "pt-BR-FranciscaNeural",
    "ru": "ru-RU-SvetlanaNeural",
    "sw": "sw-KE-ZuriNeural",
    "th": "th-TH-PremwadeeNeural",
    "tr": "tr-TR-EmelNeural",
    "vi": "vi-VN-HoaiMyNeural",
}
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Speak:
    """`TextToSpeech` in linear PCM."""

    def __init__(self, account: Account) -> None:
        self._account = account

    async def speak(
        self, text: str, *, voice: str | None, language: str, settings: Mapping[str, Any] | None = None
    ) -> AsyncGenerator[Audio | Usage, None]:
        usual = USUAL_VOICES.get(language.partition("-")[0].lower())
        if usual is None:
            raise ProviderRefused("No voice is known for this language.", language=language)
        said = markup(text, voice or usual, locale_of(usual), settings or {})
        samples = Samples(RATE_HZ)
        headers = {"content-type": "application/ssml+xml", "x-microsoft-outputformat": FORMAT}
        body = ssml(said, voice or usual, locale_of(usual)).encode()
        async with self._account.stream("/cognitiveservices/v1", content=body, headers=headers) as reply:
            if reply.content_type in NO_SOUND:
                raise ProviderGarbled("The provider did not answer with raw PCM.")
            async for piece in reply.pieces():
                for audio in samples.feed(piece):
                    yield audio
        yield Usage(characters=len(said))  # the vendor counts markup within the voice, too

    async def voices(self) -> Sequence[Voice]:
        """The voices of the region, but for those that are about to go."""
        listed = await self._account.get("/cognitiveservices/voices/list")
        try:
            return [_voice(row) for row in listed if row.get("Status") != "Deprecated"]
        except (KeyError, TypeError, AttributeError):
            raise ProviderGarbled("The answer is not a list of voices.") from None


def locale_of(voice: str) -> str:
    """`hi-IN` of `hi-IN-SwaraNeural`."""
    return "-".join(voice.split("-")[:2])


def markup(text: str, voice: str, locale: str, settings: Mapping[str, Any]) -> str:
    """What stands within the voice: the text as text, in the manner and the language asked for."""
    said = escape(_NOT_XML.sub(" ", text))
    if prosody := _attributes(settings, PROSODY):
        said = f"<prosody{prosody}>{said}</prosody>"
    if "Multilingual" in voice and locale_of(voice) != locale:
        said = f"<lang xml:lang={quoteattr(locale)}>{said}</lang>"
    if expression := _attributes(settings, EXPRESSION):
        said = f"<mstts:express-as{expression}>{said}</mstts:express-as>"
    return said


def ssml(said: str, voice: str, locale: str) -> str:
    return (
        '<speak version="1.0" xmlns="http://www.w3.org/2001/10/synthesis" '
        f'xmlns:mstts="https://www.w3.org/2001/mstts" xml:lang={quoteattr(locale)}>'
        f"<voice name={quoteattr(_NOT_XML.sub(' ', voice))}>{said}</voice></speak>"
    )


def _attributes(settings: Mapping[str, Any], names: Sequence[str]) -> str:
    given = {name: _NOT_XML.sub(" ", str(settings[name])) for name in names if settings.get(name) is not None}
    return "".join(f" {name}={quoteattr(value)}" for name, value in given.items())


def _voice(row: Mapping[str, Any]) -> Voice:
    locales = [row["Locale"], *row.get("SecondaryLocaleList", ())]
    languages = tuple(dict.fromkeys(locale.partition("-")[0].lower() for locale in locales))
    genders = {"Female": "female", "Male": "male", "Neutral": "neutral"}
    return Voice(
        row["ShortName"],
        row["DisplayName"],
        tuple(code for code in languages if len(code) == 2),
        genders.get(row.get("Gender", "")),  # type: ignore[arg-type]
    )


VENDOR = Vendor(
    "azure",
    url="https://{region}.tts.speech.microsoft.com",
    auth="ocp-apim-subscription-key: {key}",
    tts=Speak,
    models={"tts": "neural"},  # a voice is its own model: this is what the price is known by
    languages={"tts": frozenset(USUAL_VOICES)},
    formats={"tts": (FORMAT,)},
    settings={
        "tts": {
            "rate": "speed: 0.5 to 2, or +10%, or x-slow, slow, medium, fast, x-fast",
            "pitch": "as +5% or -2st, or x-low, low, medium, high, x-high",
            "volume": "0 to 100, or +10%, or silent, soft, medium, loud",
            "style": "as the voice has it: cheerful, empathetic, calm, customerservice, …",
            "styledegree": "0.01 to 2: how much of the style; 1 is usual",
            "role": "as the voice has it: YoungAdultFemale, SeniorMale, …",
        }
    },
    options={"region": "the region of the speech resource, as centralindia; not needed where the URL is set"},
)
