"""Groq: open models answered fast, and Whisper for whole utterances."""

from auricle.providers.account import Account
from auricle.providers.dialects.openai_api import EFFORT, Chat
from auricle.providers.dialects.openai_audio import WHISPER_LANGUAGES, ChunkedTranscriber
from auricle.providers.dialects.openai_request import Habits, family
from auricle.providers.vendor import Vendor

_LIMIT = "max_completion_tokens"

# Usage comes by itself, in a field of Groq's own. A schema is kept to only in one piece, and never along with tools.
_HABITS = (
    ("openai/gpt-oss-", Habits(_LIMIT, effort="low", counts_unasked=True, streams_forms=False)),
    (
        "qwen/",  # without a format its thinking would stand between the words
        Habits(_LIMIT, effort="none", counts_unasked=True, streams_forms=False, also={"reasoning_format": "parsed"}),
    ),
    ("", Habits(_LIMIT, counts_unasked=True, streams_forms=False)),
)


def chat(account: Account) -> Chat:
    return Chat(account, lambda model: family(_HABITS, model))


VENDOR = Vendor(
    "groq",
    llm=chat,
    stt=ChunkedTranscriber,
    url="https://api.groq.com/openai/v1",
    models={"llm": "openai/gpt-oss-120b", "stt": "whisper-large-v3"},
    languages={"stt": WHISPER_LANGUAGES},
    formats={"stt": ("wav",)},
    options={
        EFFORT: "how much a model thinks: low, medium or high (gpt-oss), also none (qwen); unset: as little as it can"
    },
)
