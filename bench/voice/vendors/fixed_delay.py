"""A vendor of the load bench: speech and language with fixed delays, in the server's process. Never shipped.

`bench/voice/server.py` adds this folder to the registry's; the product then uses it as any other vendor, so that
routing, deadlines, metering and every adapter's contract are part of what is measured.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from typing import Any

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
    FIRST_SOUND_S,
    FIRST_TOKEN_S,
    TOKEN_S,
    TOKENS,
    VOICE_PIECE_S,
    VOICE_RATE_HZ,
    VOICE_SPEED,
    WORD_S,
    tone,
)
from bench.voice.recognizer import Recognizer

PIECE = tone(VOICE_RATE_HZ, VOICE_PIECE_S)


class Hear:
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
        recognizer = Recognizer(rate_hz)
        async for piece in audio:
            if isinstance(piece, EndOfSpeech):
                yield Transcript(recognizer.final(), is_final=True, language=language)
            elif (words := recognizer.interim(piece)) is not None:
                yield Transcript(words, is_final=False, language=language)
        yield Usage(audio_s=recognizer.heard_s)


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
