"""The offline voice: espeak-ng in every language of the platform, ~60 ms pieces, first one within a millisecond."""

import asyncio
import re
import threading
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from importlib.util import find_spec
from typing import Any

from auricle.providers.ports import Audio, ProviderRefused, Timing, Timings, Usage
from auricle.providers.vendors.offline.espeak import Manner, Phoneme, espeak, espeak_thread

# All eleven spoken in a trial with espeak-ng 1.52; the Indian ones are understandable, not pleasant.
VOICES: Mapping[str, str] = {
    "en": "en-us",
    "hi": "hi",
    "ta": "ta",
    "te": "te",
    "bn": "bn",
    "mr": "mr",
    "gu": "gu",
    "kn": "kn",
    "ml": "ml",
    "pa": "pa",
    "or": "or",
}
REGIONS: Mapping[str, str] = {"en-in": "en-gb", "en-gb": "en-gb", "en-us": "en-us"}
USUAL_WORDS_PER_MINUTE = 165
PIECE_CHARACTERS = 300  # one hold of the library: about 20 s of speech, computed in some 20 ms
LONGEST_CHARACTERS = 5_000
_VOICE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8}){0,2}(\+[A-Za-z0-9]{1,12})?")
_BREATH = re.compile(r"[.?!।॥,;:]\s")


class OfflineTextToSpeech:
    """`TextToSpeech` by espeak-ng. `voice` is an espeak voice ("en-gb", "hi+f3"), else the language's usual one.

    Settings: `pace` (0.5 to 2, 1 is usual), `pitch` and `pitch_range` (0 to 100), `volume` (0 to 2).
    """

    async def speak(
        self, text: str, *, voice: str | None, language: str, settings: Mapping[str, Any] | None = None
    ) -> AsyncGenerator[Audio | Timings | Usage, None]:
        if find_spec("espeakng_loader") is None:
            raise ProviderRefused("The offline voice is not installed: `uv sync --group speech`.")
        if len(text) > LONGEST_CHARACTERS:
            raise ProviderRefused("This text is too long for one call.", characters=len(text))
        manner = manner_of(voice, language, settings or {})
        rate_hz, spoken_samples = 0, 0
        for piece in pieces(text):
            rate_hz, chunks, phonemes = await _synthesised(piece, manner)
            piece_s = spoken_samples / rate_hz
            spoken_samples += sum(map(len, chunks)) // 2
            for number, pcm in enumerate(chunks):
                yield Audio(pcm, rate_hz)
                if number == 0 and phonemes:
                    yield _timings(phonemes, piece_s, spoken_samples / rate_hz)
        yield Usage(characters=len(text), audio_s=spoken_samples / rate_hz if rate_hz else 0.0)


def manner_of(voice: str | None, language: str, settings: Mapping[str, Any]) -> Manner:
    """Our settings in espeak's units; what is not a number in its range is refused."""
    if voice is None:
        region = language.lower()
        voice = REGIONS.get(region) or VOICES.get(region.split("-")[0])
        if voice is None:
            raise ProviderRefused("The offline voice does not speak this language.", language=language)
    elif not _VOICE.fullmatch(voice):  # the library would read a file of this name
        raise ProviderRefused("This is not a name of an offline voice.")
    return Manner(
        voice=voice,
        words_per_minute=round(USUAL_WORDS_PER_MINUTE * _number(settings, "pace", 1.0, 0.5, 2.0)),
        pitch=round(_number(settings, "pitch", 50, 0, 100)),
        pitch_range=round(_number(settings, "pitch_range", 50, 0, 100)),
        volume=round(100 * _number(settings, "volume", 1.0, 0.0, 2.0)),
    )


def _number(settings: Mapping[str, Any], name: str, usual: float, least: float, most: float) -> float:
    value = settings.get(name, usual)
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise ProviderRefused("A voice setting is out of its range.", setting=name, least=least, most=most)
    return value


def pieces(text: str) -> Iterator[str]:
    """Cut a long text where a breath fits. One piece is one hold of the library."""
    start = 0
    while start < len(text):
        end = len(text)
        if end - start > PIECE_CHARACTERS:
            window = text[start : start + PIECE_CHARACTERS]
            breath = max((m.end() for m in _BREATH.finditer(window)), default=0)
            end = start + (breath or window.rfind(" ") + 1 or PIECE_CHARACTERS)
        if text[start:end].strip():
            yield text[start:end]
        start = end


async def _synthesised(piece: str, manner: Manner) -> tuple[int, list[bytes], list[Phoneme]]:
    """The whole speech of one piece: some milliseconds of work, stopped at the next chunk if nobody waits any more."""
    chunks: list[bytes] = []
    phonemes: list[Phoneme] = []
    wanted = threading.Event()
    wanted.set()

    def take(pcm: bytes, begun: list[Phoneme]) -> bool:
        phonemes.extend(begun)
        if pcm:
            chunks.append(pcm)
        return wanted.is_set()

    def work() -> int:
        if wanted.is_set():
            espeak().speak(piece, manner, take)
        return espeak().rate_hz

    try:
        rate_hz = await asyncio.get_running_loop().run_in_executor(espeak_thread(), work)
    finally:
        wanted.clear()
    return rate_hz, chunks, phonemes


def _timings(phonemes: Sequence[Phoneme], from_s: float, until_s: float) -> Timings:
    """Each sound lasts until the next; `from_s` is where the piece begins in its sentence, `until_s` where it ends."""
    starts = [from_s + at_s for _, at_s in phonemes]
    ends = [*starts[1:], until_s]
    return Timings(tuple(map(Timing, (sound for sound, _ in phonemes), starts, ends)), by="sounds")
