"""OpenAI's transcription and speech endpoints, which many local servers (speaches, vLLM, Kokoro, …) offer too."""

import struct
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from typing import Any

from auricle.providers.account import Account
from auricle.providers.dialects.samples import Samples
from auricle.providers.ports import Audio, EndOfSpeech, ProviderGarbled, Transcript, Usage

MAX_UTTERANCE_S = 25.0  # a longer one is sent in parts, well below every vendor's file limit
SPEECH_RATE_HZ = 24_000


class ChunkedTranscriber:
    """Speech to text for vendors that take whole files: our own VAD says where an utterance ends."""

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
        form = {"model": self._account.model("stt", model), "response_format": "json", "language": language[:2]}
        if keyterms:
            form["prompt"] = ", ".join(keyterms)[:800]
        limit_bytes = int(MAX_UTTERANCE_S * rate_hz) * 2
        pcm, said, heard_bytes, start_bytes = bytearray(), "", 0, 0
        async for piece in audio:
            if not isinstance(piece, EndOfSpeech):
                pcm += piece
                heard_bytes += len(piece)
                if len(pcm) < limit_bytes:
                    continue
            if pcm:
                said = f"{said} {await self._text(bytes(pcm), rate_hz, form)}".strip()
                pcm.clear()
            is_final = isinstance(piece, EndOfSpeech)
            yield Transcript(said, is_final, start_bytes / 2 / rate_hz, heard_bytes / 2 / rate_hz, language)
            if is_final:
                said, start_bytes = "", heard_bytes
        yield Usage(audio_s=heard_bytes / 2 / rate_hz)

    async def _text(self, pcm: bytes, rate_hz: int, form: Mapping[str, str]) -> str:
        wav = wav_header(len(pcm), rate_hz) + pcm
        answer = await self._account.post(
            "/audio/transcriptions", data=dict(form), files={"file": ("speech.wav", wav, "audio/wav")}
        )
        text = answer.get("text") if isinstance(answer, dict) else None
        if not isinstance(text, str):
            raise ProviderGarbled("The transcription holds no text.")
        return text.strip()


class Speaker:
    """Text to speech by `/audio/speech` as raw PCM, given on while it arrives."""

    def __init__(self, account: Account) -> None:
        self._account = account

    async def speak(
        self, text: str, *, voice: str | None, language: str, settings: Mapping[str, Any] | None = None
    ) -> AsyncGenerator[Audio | Usage, None]:
        asked = {key: value for key, value in (settings or {}).items() if key in ("speed", "instructions", "model")}
        body = {
            "model": self._account.model("tts", asked.pop("model", None)),
            "input": text,
            "voice": voice or "alloy",
            "response_format": "pcm",
            **asked,
        }
        async with self._account.stream("/audio/speech", json=body) as reply:
            if reply.content_type.startswith(("text/", "application/json", "audio/mp", "audio/wav", "audio/ogg")):
                raise ProviderGarbled("The provider did not answer with raw PCM.")
            samples = Samples(SPEECH_RATE_HZ)
            async for piece in reply.pieces():
                for audio in samples.feed(piece):
                    yield audio
        yield Usage(characters=len(text))


def wav_header(pcm_bytes: int, rate_hz: int) -> bytes:
    """The header of a PCM16 mono WAV file."""
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF",
        36 + pcm_bytes,
        b"WAVE",
        b"fmt ",
        16,
        1,
        1,
        rate_hz,
        rate_hz * 2,
        2,
        16,
        b"data",
        pcm_bytes,
    )
