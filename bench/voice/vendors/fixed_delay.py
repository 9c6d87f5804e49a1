"""A vendor of the load bench: speech and language with fixed delays, in the server's process. Never shipped.

`bench/voice/server.py` adds this folder to the registry's; the product then uses it as any other vendor, so that
routing, deadlines, metering and every adapter's contract are part of what is measured.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from typing import Any

import numpy as np

from auricle.providers.account import Account
from auricle.providers.ports import (
    Audio,
    EndOfSpeech,
    Finish,
    LanguageEvent,
    LanguageRequest,
    TextDelta,
    Transcript,
    Usage,
)
from auricle.providers.vendor import Vendor
from bench.voice.delays import (
    FINAL_AFTER_S,
    FIRST_SOUND_S,
    FIRST_TOKEN_S,
    HEARD,
    HEARD_WORDS_PER_S,
    INTERIM_EVERY_S,
    TOKEN_S,
    TOKENS,
    VOICE_PIECE_S,
    VOICE_RATE_HZ,
    VOICE_SPEED,
    WORD_S,
    tone,
)

LOUD = 300
STEP_S = 0.020
PIECE = tone(VOICE_RATE_HZ, VOICE_PIECE_S)


class Hear:
    """Knows the words of the speech by its length. Works on the clock of the audio, without timers."""

    def __init__(self, _: Account) -> None:
        pass

    async def transcribe(
        self,
        audio: AsyncIterator[bytes | EndOfSpeech],
        *,
        rate_hz: int,
        language: str,
        model: str | None,
        keyterms: Sequence[str] = (),
    ) -> AsyncGenerator[Transcript | Usage, None]:
        step = int(rate_hz * STEP_S)
        speech_s = quiet_s = heard_s = 0.0
        next_interim_s, is_complete = INTERIM_EVERY_S, False
        async for piece in audio:
            if isinstance(piece, EndOfSpeech):
                yield Transcript(words(speech_s), is_final=True, language=language)
                speech_s, quiet_s, next_interim_s, is_complete = 0.0, 0.0, INTERIM_EVERY_S, False
                continue
            samples = np.frombuffer(piece, "<i2")
            heard_s += len(samples) / rate_hz
            for at in range(0, len(samples), step):
                if samples[at : at + step].max() > LOUD:
                    gap_s = quiet_s if speech_s else 0.0
                    speech_s, quiet_s, is_complete = speech_s + gap_s + STEP_S, 0.0, False
                else:
                    quiet_s += STEP_S
            if speech_s >= next_interim_s:
                next_interim_s = speech_s + INTERIM_EVERY_S
                yield Transcript(words(speech_s), is_final=False, language=language)
            elif quiet_s >= FINAL_AFTER_S and speech_s and not is_complete:
                is_complete = True
                yield Transcript(words(speech_s), is_final=False, language=language)
        yield Usage(audio_s=heard_s)


def words(speech_s: float) -> str:
    return " ".join(HEARD[: max(1, round(speech_s * HEARD_WORDS_PER_S))]) if speech_s else ""


class Write:
    """Tokens come at their time whether or not somebody reads them, as from a socket."""

    def __init__(self, _: Account) -> None:
        pass

    async def generate(self, request: LanguageRequest) -> AsyncGenerator[LanguageEvent, None]:
        loop = asyncio.get_running_loop()
        due = loop.time() + FIRST_TOKEN_S
        for token in TOKENS:
            if (wait_s := due - loop.time()) > 0:
                await asyncio.sleep(wait_s)
            yield TextDelta(token)
            due += TOKEN_S
        yield Finish("stop")
        yield Usage(input_tokens=sum(len(m.content) // 4 for m in request.messages), output_tokens=len(TOKENS))


class Speak:
    def __init__(self, _: Account) -> None:
        pass

    async def speak(
        self, text: str, *, voice: str | None, language: str, settings: Mapping[str, Any] | None = None
    ) -> AsyncGenerator[Audio | Usage, None]:
        loop = asyncio.get_running_loop()
        due = loop.time() + FIRST_SOUND_S
        for _ in range(max(1, round(len(text.split()) * WORD_S / VOICE_PIECE_S))):
            if (wait_s := due - loop.time()) > 0:
                await asyncio.sleep(wait_s)
            yield Audio(PIECE, VOICE_RATE_HZ)
            due += VOICE_PIECE_S / VOICE_SPEED
        yield Usage(characters=len(text))


VENDOR = Vendor("fixed_delay", stt=Hear, llm=Write, tts=Speak, needs_key=False, needs_url=False)
