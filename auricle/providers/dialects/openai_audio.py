"""OpenAI's transcription and speech endpoints, which many local servers (speaches, vLLM, Kokoro, …) offer too."""

import struct
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import orjson

from auricle.providers.account import Account
from auricle.providers.dialects.openai_chat import failure_in_stream
from auricle.providers.dialects.samples import Samples
from auricle.providers.ports import Audio, EndOfSpeech, ProviderFailed, ProviderGarbled, Transcript, Usage
from auricle.providers.reply import Reply

MAX_UTTERANCE_S = 25.0  # a longer one is sent in parts, well below every vendor's file limit
SPEECH_RATE_HZ = 24_000
MOST_TERMS = 100
MOST_PROMPT_CHARACTERS = 800  # Whisper looks at no more than 224 tokens of it

# Languages that Whisper was made for, and that its interfaces take (Odia, for one, is refused).
_WHISPER = """
    en zh de es ru ko fr ja pt tr pl ca nl ar sv it id hi fi vi he uk el ms cs ro da hu ta no th ur hr bg lt la mi ml cy
    sk te fa lv bn sr az sl kn et mk br eu is hy ne mn bs kk sq sw gl mr pa si km sn yo so af oc ka be tg sd gu am yi lo
    uz fo ht ps tk nn mt sa lb my bo tl mg as tt ln ha ba jv su
"""
WHISPER_LANGUAGES = frozenset(_WHISPER.split())


@dataclass(frozen=True, slots=True)
class Ears:
    """How a family of transcription models is asked."""

    streams: bool = False  # gives words before the transcription is whole
    has_keywords: bool = False  # takes terms as a list, not as a prompt
    is_live: bool = False  # hears only over the realtime socket


PLAIN_EARS = Ears()


class ChunkedTranscriber:
    """Speech to text for vendors that take whole files: our own VAD says where an utterance ends."""

    def __init__(self, account: Account, ears: Callable[[str], Ears] = lambda _: PLAIN_EARS) -> None:
        """`ears` gives those of a model by its name."""
        self._account, self._ears = account, ears

    async def transcribe(
        self,
        audio: AsyncIterator[bytes | EndOfSpeech],
        *,
        rate_hz: int,
        language: str,
        model: str | None,
        keyterms: Sequence[str] = (),
    ) -> AsyncGenerator[Transcript | Usage, None]:
        form = self._form(self._account.model("stt", model), language, keyterms)
        limit_bytes = int(MAX_UTTERANCE_S * rate_hz) * 2
        pcm, said, heard_bytes, start_bytes = bytearray(), "", 0, 0
        async for piece in audio:
            if not isinstance(piece, EndOfSpeech):
                pcm += piece
                heard_bytes += len(piece)
                if len(pcm) < limit_bytes:
                    continue
            start_s, end_s = start_bytes / 2 / rate_hz, heard_bytes / 2 / rate_hz
            if pcm:
                text = ""
                async with aclosing(self._heard(bytes(pcm), rate_hz, form)) as texts:
                    async for text, is_whole in texts:
                        if not is_whole:
                            yield Transcript(f"{said} {text}".strip(), False, start_s, end_s, language)
                said = f"{said} {text}".strip()
                pcm.clear()
            is_final = isinstance(piece, EndOfSpeech)
            yield Transcript(said, is_final, start_s, end_s, language)
            if is_final:
                said, start_bytes = "", heard_bytes
        yield Usage(audio_s=heard_bytes / 2 / rate_hz)

    def _form(self, model: str, language: str, keyterms: Sequence[str]) -> dict[str, Any]:
        ears = self._ears(model)
        form: dict[str, Any] = {"model": model, "response_format": "json", "language": language[:2]}
        if ears.streams:
            form["stream"] = "true"
        if keyterms and ears.has_keywords:
            form["keywords[]"] = list(keyterms[:MOST_TERMS])
        elif keyterms:
            form["prompt"] = ", ".join(keyterms)[:MOST_PROMPT_CHARACTERS]
        return form

    async def _heard(self, pcm: bytes, rate_hz: int, form: Mapping[str, Any]) -> AsyncGenerator[tuple[str, bool], None]:
        """The text so far, again and again where the vendor streams it, and at the end the whole (True)."""
        wav = wav_header(len(pcm), rate_hz) + pcm
        asked = self._account.stream(
            "/audio/transcriptions", data=dict(form), files={"file": ("speech.wav", wav, "audio/wav")}
        )
        async with asked as reply:
            if reply.content_type == "text/event-stream":
                async with aclosing(_streamed_text(reply)) as texts:
                    async for one in texts:
                        yield one
                return
            answer = await reply.json()
            text = answer.get("text") if isinstance(answer, dict) else None
            if not isinstance(text, str):
                raise ProviderGarbled("The transcription holds no text.")
            yield text.strip(), True


async def _streamed_text(reply: Reply) -> AsyncGenerator[tuple[str, bool], None]:
    """What `transcript.text.delta` and `transcript.text.done` events say."""
    text = ""
    async for lines in reply.lines():
        for line in lines:
            if not line.startswith(b"data:") or line[5:].strip() in (b"", b"[DONE]"):
                continue
            try:
                event = orjson.loads(line[5:])
                if event.get("error"):
                    raise failure_in_stream(event["error"])
                if event.get("type") == "transcript.text.delta":
                    text += event["delta"]
                    yield text.strip(), False
                elif event.get("type") == "transcript.text.done":
                    yield event["text"].strip(), True
                    await reply.drain()
                    return
            except (orjson.JSONDecodeError, AttributeError, KeyError, TypeError):
                raise ProviderGarbled("The answer does not have the form of a transcription.") from None
    raise ProviderFailed("The transcription was cut short.")


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
            "voice": self.voice(voice),
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

    def voice(self, asked: str | None) -> Any:
        """A voice as the request names it."""
        return asked or "alloy"


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
