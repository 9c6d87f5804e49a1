"""Bulbul's voices: a streamed answer over HTTP for each sentence, or a socket for each, by the account's option."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from auricle.providers.account import Account
from auricle.providers.dialects.pieces import pieces
from auricle.providers.dialects.samples import Samples, from_base64
from auricle.providers.ports import Audio, ProviderGarbled, ProviderRefused, Timings, Usage, Voice
from auricle.providers.vendors.sarvam_speech import SPOKEN, code_of, failed

RATE_HZ = 24_000
MOST_CHARACTERS = 2_500  # of one text; bulbul:v2 takes 1,500
MOST_OF_V2 = 1_500
NEWEST_WITHOUT_PERSONAS = "bulbul:v3"
SETTINGS = ("pace", "temperature", "pitch", "loudness", "enable_preprocessing", "dict_id")


class Speak:
    """`TextToSpeech` in linear PCM."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def speak(
        self, text: str, *, voice: str | None, language: str, settings: Mapping[str, Any] | None = None
    ) -> AsyncGenerator[Audio | Timings | Usage, None]:
        given = settings or {}
        model = self._account.model("tts", given.get("model"))
        asked = {
            "language_code": code_of(language, SPOKEN),
            "speaker": voice or usual_voice(model, language),
            "speech_sample_rate": RATE_HZ,
            "output_audio_codec": "linear16",
            **{name: given[name] for name in SETTINGS if name in given},
        }
        by = self._over_socket if self._account.options.get("tts_wire") == "socket" else self._over_http
        return by(text, model, asked)

    async def voices(self) -> Sequence[Voice]:
        """The vendor's published voices: it has no list to be asked for."""
        return known_voices()

    async def _over_http(self, text: str, model: str, asked: dict[str, Any]) -> AsyncGenerator[Audio | Usage, None]:
        for piece in pieces(text, most(model)):
            body = {"text": piece, "model": model, **asked}
            samples = Samples(RATE_HZ, may_be_wav=True)
            async with self._account.stream("/text-to-speech/stream", json=body) as reply:
                if reply.content_type in ("application/json", "text/html"):
                    raise ProviderGarbled("The provider did not answer with raw PCM.")
                async for data in reply.pieces():
                    for audio in samples.feed(data):
                        yield audio
        yield Usage(characters=len(text))

    async def _over_socket(self, text: str, model: str, asked: dict[str, Any]) -> AsyncGenerator[Audio | Usage, None]:
        params = {"model": model, "send_completion_event": "true"}
        samples = Samples(RATE_HZ, may_be_wav=True)
        async with self._account.socket("/text-to-speech/ws", params=params) as socket:
            await socket.send_json({"type": "config", "data": asked})
            for piece in pieces(text, most(model)):
                await socket.send_json({"type": "text", "data": {"text": piece}})
            await socket.send_json({"type": "flush"})
            is_whole = False
            async for told in socket.json():
                match told:
                    case {"type": "audio", "data": {"audio": sound}}:
                        for audio in samples.feed(from_base64(sound)):
                            yield audio
                    case {"type": "event", "data": {"event_type": "final"}}:
                        is_whole = True
                        break
                    case {"type": "error", "data": {**error}}:
                        raise failed(error)
                    case {"type": str()}:
                        pass
                    case _:
                        raise ProviderGarbled("The provider sent something that it does not specify.")
            if not is_whole:
                raise ProviderGarbled("The provider stopped in the middle of a sentence.")
        yield Usage(characters=len(text))


def most(model: str) -> int:
    return MOST_OF_V2 if model == "bulbul:v2" else MOST_CHARACTERS


def usual_voice(model: str, language: str) -> str:
    """The voice for a language where none is chosen: of the newest model that is known for one that is not."""
    usual: Mapping[str, str] = _table()["usual"].get(model, _table()["usual"][NEWEST_WITHOUT_PERSONAS])
    voice = usual.get(language.partition("-")[0].lower(), usual.get("any"))
    if voice is None:
        raise ProviderRefused("No voice of this model speaks the language.", model=model, language=language)
    return voice


@cache
def known_voices() -> Sequence[Voice]:
    found = []
    for model, by_gender in _table()["voices"].items():
        for gender, names in by_gender.items():
            for name in names.split():
                told = gender if gender in ("female", "male") else None
                found.append(Voice(name, name.replace("_", " ").title(), _languages_of(name), told, (model,)))
    return tuple(found)


def _languages_of(name: str) -> tuple[str, ...]:
    """The languages of a voice by its name: `simran_enhi_customer` speaks English and Hindi, `ritu` all of them."""
    if "_" not in name:
        return tuple(sorted(SPOKEN))
    codes = name.split("_")[1]
    return tuple(codes[at : at + 2] for at in range(0, len(codes), 2))


@cache
def _table() -> Mapping[str, Any]:
    text = files("auricle.providers.vendors.sarvam_speech").joinpath("voices.yaml").read_text(encoding="utf-8")
    table: Mapping[str, Any] = yaml.safe_load(text)
    return table
