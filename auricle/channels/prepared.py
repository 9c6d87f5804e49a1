"""Apologies and fillers, spoken once at start and kept: what a call still has when every provider is gone."""

import importlib.resources
import logging
from collections.abc import Mapping
from contextlib import aclosing
from functools import cache

import numpy as np
import yaml

from auricle.log import event
from auricle.providers.call import Call, Choice
from auricle.providers.ports import Audio, ProviderFailed
from auricle.providers.routing import Router
from auricle.voice.ports import Prepared

log = logging.getLogger(__name__)

FALLBACK = "en"
TONE_HZ, TONE_S, RATE_HZ = 440.0, 0.6, 16_000


@cache
def phrases() -> Mapping[str, Mapping[str, str]]:
    text = (importlib.resources.files("auricle.channels") / "prepared.yaml").read_text("utf-8")
    table: Mapping[str, Mapping[str, str]] = yaml.safe_load(text)
    return table


def apology_text(language: str) -> str:
    return phrases().get(language, phrases()[FALLBACK])["apology"]


class PreparedSpeech:
    """The spoken phrases of this process. `render` fills it; before, and without any speech, a soft tone serves."""

    def __init__(self) -> None:
        self._spoken: dict[tuple[str, str], Prepared] = {}

    async def render(self, router: Router) -> None:
        """Speak every phrase with the offline voice. A language it does not have keeps the tone."""
        for language, kinds in phrases().items():
            for kind, text in kinds.items():
                call = Call(None, [Choice("offline")], language, retries=0)
                try:
                    self._spoken[language, kind] = Prepared(text, await spoken(router, call, text))
                except ProviderFailed as error:
                    event(log, "no prepared phrase", logging.WARNING, error_code=error.code, reason=language)

    def apology(self, language: str) -> Prepared:
        return self._phrase(language, "apology") or Prepared(apology_text(language), tone())

    def filler(self, language: str) -> Prepared | None:
        return self._phrase(language, "filler")

    def _phrase(self, language: str, kind: str) -> Prepared | None:
        return self._spoken.get((language, kind)) or self._spoken.get((FALLBACK, kind))


async def spoken(router: Router, call: Call, text: str) -> Audio:
    pcm, rate_hz = bytearray(), RATE_HZ
    async with aclosing(router.speak(call, text)) as pieces:
        async for piece in pieces:
            if isinstance(piece, Audio):
                pcm += piece.pcm
                rate_hz = piece.rate_hz
    return Audio(bytes(pcm), rate_hz)


def tone() -> Audio:
    t = np.arange(int(TONE_S * RATE_HZ)) / RATE_HZ
    wave = 4000 * np.sin(2 * np.pi * TONE_HZ * t) * np.sin(np.pi * t / TONE_S)
    return Audio(wave.astype("<i2").tobytes(), RATE_HZ)
