"""Google Cloud's voices and ears over REST. Neither streams there: streaming is gRPC's alone.

So a sentence comes in one piece, and an utterance goes in one when our own voice activity says that it is over.
"""

import base64
import re
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from typing import Any

from auricle.providers.account import Account
from auricle.providers.dialects.gemini import failure_in_stream
from auricle.providers.dialects.pieces import pieces
from auricle.providers.dialects.samples import from_base64
from auricle.providers.dialects.utterances import parts
from auricle.providers.dialects.wav import samples_of
from auricle.providers.ports import (
    Audio,
    EndOfSpeech,
    ProviderGarbled,
    ProviderRefused,
    Transcript,
    Usage,
    Voice,
)

VOICES_URL = "https://texttospeech.googleapis.com/v1/voices"
SYNTHESIZE_URL = "https://texttospeech.googleapis.com/v1/text:synthesize"
RECOGNIZE_URL = "https://speech.googleapis.com/v1/speech:recognize"
LANGUAGES = frozenset({"en", "hi", "ta", "te", "bn", "mr", "gu", "kn", "ml", "pa", "ur"})
RATE_HZ = 24_000
PIECE_BYTES = 4_800  # 100 ms
MOST_CHARACTERS = 1_600  # of one request: it takes 5,000 bytes, and Indian scripts have three a character
MOST_S = 50.0  # a request takes a minute of sound
MOST_TERMS, MOST_TERM_CHARACTERS = 500, 100
SETTINGS = {
    "speakingRate": "0.25 to 2: how fast, 1 as the voice was made",
    "pitch": "-20 to 20 semitones; not with Chirp",
    "volumeGainDb": "-96 to 16",
    "effectsProfileId": "a list, as `telephony-class-application`",
}
# Names of voices are <locale>-<family>-<name>, as hi-IN-Chirp3-HD-Aoede or en-IN-Wavenet-A.
_VOICE = re.compile(r"([a-z]{2,3}-(?:[A-Z][a-z]{3}-)?[A-Z]{2})-(.+)-([^-]+)\Z")
_GENDERS = {"FEMALE": "female", "MALE": "male", "NEUTRAL": "neutral"}


class Speak:
    """Text to speech. The account's model is a family of voices, which is also what is paid by."""

    def __init__(self, account: Account) -> None:
        self._account = account

    async def speak(
        self, text: str, *, voice: str | None, language: str, settings: Mapping[str, Any] | None = None
    ) -> AsyncGenerator[Audio | Usage, None]:
        asked = dict(settings or {})
        name, locale = voice_name(voice, self._account.model("tts", asked.pop("model", None)), language)
        body = {
            "voice": {"name": name, "languageCode": locale},
            "audioConfig": {
                "audioEncoding": "LINEAR16",
                "sampleRateHertz": RATE_HZ,
                **{key: value for key, value in asked.items() if key in SETTINGS},
            },
        }
        for piece in pieces(text, MOST_CHARACTERS):
            answer = await self._account.post(SYNTHESIZE_URL, json={"input": {"text": piece}, **body})
            sound = answer.get("audioContent") if isinstance(answer, dict) else None
            pcm, rate_hz = samples_of(from_base64(sound))
            for start in range(0, len(pcm), PIECE_BYTES):
                yield Audio(pcm[start : start + PIECE_BYTES], rate_hz)
        yield Usage(characters=len(text))

    async def voices(self) -> Sequence[Voice]:
        answer = await self._account.get(VOICES_URL)
        try:
            return [_voice(one) for one in answer["voices"]]
        except (KeyError, TypeError, AttributeError):
            raise ProviderGarbled("The answer is no list of voices.") from None


def voice_name(voice: str | None, family: str, language: str) -> tuple[str, str]:
    """The whole name of a voice and its locale. A bare name, as `Aoede`, is the family's in the call's language."""
    whole = _VOICE.match(voice or "")
    if whole is None:
        usual = "Aoede" if family.startswith("Chirp") else "A"
        return f"{_locale(language)}-{family}-{voice or usual}", _locale(language)
    if whole[2] != family:
        # Families cost from 4 to 30 dollars a million characters: what is spoken must be what is counted.
        raise ProviderRefused("The voice is of another family than the model.", model=family, voice=voice)
    return whole[0], whole[1]


def _voice(one: dict[str, Any]) -> Voice:
    whole = _VOICE.match(one["name"])
    spoken = dict.fromkeys(code.partition("-")[0] for code in one["languageCodes"])
    return Voice(
        one["name"],
        whole[3] if whole else one["name"],
        tuple(code for code in spoken if len(code) == 2),
        _GENDERS.get(one.get("ssmlGender", "")),  # type: ignore[arg-type]
        (whole[2],) if whole else (),
    )


class Recognize:
    """Speech to text, an utterance at a time."""

    def __init__(self, account: Account) -> None:
        self._account = account

    async def transcribe(
        self,
        audio: AsyncIterator[bytes | EndOfSpeech],
        *,
        rate_hz: int,
        language: str,
        model: str | None,
        keyterms: Sequence[str] = (),
    ) -> AsyncGenerator[Transcript | Usage, None]:
        config = self._config(rate_hz, language, self._account.model("stt", model), keyterms)
        said, heard_s = "", 0.0
        async with aclosing(parts(audio, rate_hz, MOST_S)) as cut:
            async for part in cut:
                if part.pcm:
                    said = f"{said} {await self._text(part.pcm, config)}".strip()
                heard_s = part.end_s
                yield Transcript(said, part.is_last, part.start_s, part.end_s, language)
                if part.is_last:
                    said = ""
        yield Usage(audio_s=heard_s)

    def _config(self, rate_hz: int, language: str, model: str, keyterms: Sequence[str]) -> dict[str, Any]:
        config: dict[str, Any] = {
            "encoding": "LINEAR16",
            "sampleRateHertz": rate_hz,
            "languageCode": _heard_locale(language, model),
            "model": model,
            "enableAutomaticPunctuation": True,
        }
        if keyterms:
            phrases = [term[:MOST_TERM_CHARACTERS] for term in keyterms[:MOST_TERMS]]
            config["speechContexts"] = [{"phrases": phrases}]
        return config

    async def _text(self, pcm: bytes, config: Mapping[str, Any]) -> str:
        body = {"config": config, "audio": {"content": base64.b64encode(pcm).decode()}}
        answer = await self._account.post(RECOGNIZE_URL, json=body)
        try:
            if "error" in answer:
                raise failure_in_stream(answer)
            results = answer.get("results", ())  # nothing heard: no results at all
            best = [result["alternatives"][0]["transcript"] for result in results if result.get("alternatives")]
            return " ".join(text.strip() for text in best).strip()
        except (AttributeError, TypeError, KeyError, IndexError):
            raise ProviderGarbled("The answer is no recognition.") from None


def _locale(language: str) -> str:
    """`hi` → `hi-IN`; a region that is given stays: `en-GB`."""
    return language if "-" in language else f"{language}-IN"


def _heard_locale(language: str, model: str) -> str:
    if model.startswith("medical_"):
        return "en-US"  # its only language
    return "pa-Guru-IN" if language == "pa" else _locale(language)
