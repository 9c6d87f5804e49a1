"""OpenAI: chat, transcription live and of whole utterances, speech, embeddings."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from typing import Any

from auricle.providers.account import Account
from auricle.providers.dialects.openai_api import EFFORT, Chat, Embed
from auricle.providers.dialects.openai_audio import WHISPER_LANGUAGES, ChunkedTranscriber, Ears, Speaker
from auricle.providers.dialects.openai_realtime import LiveTranscriber
from auricle.providers.dialects.openai_request import Habits, family
from auricle.providers.ports import EndOfSpeech, Transcript, Usage, Voice
from auricle.providers.vendor import Vendor

_NEW = "max_completion_tokens"

# What models take, by the first prefix that fits (OpenAI's guide to its latest models, and refusals that users quote,
# September to November 2026). Where a model may be told not to think, it is: a patient waits for the first word.
_HABITS = (
    ("gpt-6-astra", Habits(_NEW, effort="low", temperature="unthinking")),  # takes tools by /responses only
    ("gpt-6.1-sol", Habits(_NEW, effort="low", temperature="unthinking")),  # the same
    ("gpt-6", Habits(_NEW, effort="none", effort_with_tools="none", temperature="unthinking")),
    ("gpt-5.1", Habits(_NEW, effort="none", temperature="unthinking")),
    ("gpt-5.2", Habits(_NEW, effort="none", temperature="unthinking")),
    ("gpt-5.", Habits(_NEW, effort="none", effort_with_tools="none", temperature="unthinking")),
    ("gpt-5", Habits(_NEW, effort="minimal", temperature="never")),
    ("chat-latest", Habits(_NEW, temperature="never")),
    ("o1", Habits(_NEW, effort="low", temperature="never")),
    ("o3", Habits(_NEW, effort="low", temperature="never")),
    ("o4", Habits(_NEW, effort="low", temperature="never")),
    ("", Habits(_NEW)),
)

_EARS = (
    ("gpt-live-transcribe", Ears(is_live=True, has_keywords=True)),
    ("gpt-realtime-whisper", Ears(is_live=True)),
    ("gpt-transcribe", Ears(streams=True, has_keywords=True)),
    ("gpt-", Ears(streams=True)),
    ("", Ears()),
)

_OLD_VOICES = ("alloy", "ash", "coral", "echo", "fable", "nova", "onyx", "sage", "shimmer")
_NEW_VOICES = ("ballad", "cedar", "marin", "verse")  # not with tts-1 and tts-1-hd


def _ears(model: str) -> Ears:
    return next(ears for prefix, ears in _EARS if model.startswith(prefix))


def chat(account: Account) -> Chat:
    return Chat(account, lambda model: family(_HABITS, model))


def embed(account: Account) -> Embed:
    return Embed(account, "base64")


class Hear:
    """By the realtime socket for models made for it, else utterance by utterance."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._live = LiveTranscriber(account, _ears)
        self._whole = ChunkedTranscriber(account, _ears)

    def transcribe(
        self,
        audio: AsyncIterator[bytes | EndOfSpeech],
        *,
        rate_hz: int,
        language: str,
        model: str | None,
        keyterms: Sequence[str] = (),
    ) -> AsyncGenerator[Transcript | Usage, None]:
        name = self._account.model("stt", model)
        by = self._live if _ears(name).is_live else self._whole
        return by.transcribe(audio, rate_hz=rate_hz, language=language, model=name, keyterms=keyterms)


class Speak(Speaker):
    """The built-in voices speak every language; one of an organization's own is named by its id (`voice_…`)."""

    def voice(self, asked: str | None) -> Any:
        return {"id": asked} if asked and asked.startswith("voice_") else super().voice(asked)

    async def voices(self) -> Sequence[Voice]:
        newer = ("gpt-4o-mini-tts", "gpt-4o-mini-tts-2025-12-15")
        return [Voice(name, name.title()) for name in _OLD_VOICES] + [
            Voice(name, name.title(), models=newer) for name in _NEW_VOICES
        ]


VENDOR = Vendor(
    "openai",
    llm=chat,
    stt=Hear,
    tts=Speak,
    embedding=embed,
    url="https://api.openai.com/v1",
    # No voice model: all of them end on 2027-01-06, and no successor was announced. An account may name one.
    models={"llm": "gpt-6-luna", "stt": "gpt-live-transcribe", "embedding": "text-embedding-3-small"},
    languages={"stt": WHISPER_LANGUAGES, "tts": WHISPER_LANGUAGES},
    formats={"stt": ("audio/pcm 24 kHz", "wav"), "tts": ("pcm 24 kHz",)},
    settings={
        "tts": {
            "speed": "0.25 to 4, 1 is usual",
            "instructions": "how to speak, in words (not with tts-1 and tts-1-hd)",
        }
    },
    options={
        EFFORT: "how much a reasoning model thinks (none, minimal, low, medium, high); unset: as little as it can",
        "dimensions": "length of the vectors of text-embedding-3 models",
    },
)
