"""Sarvam: recognition, voices and translation for the languages of India, and a language model.

Wherever the vendor is asked the key travels as `api-subscription-key`; a wrong one is a 403.
"""

from auricle.providers.account import Account
from auricle.providers.dialects.openai_api import Chat
from auricle.providers.dialects.openai_request import Habits
from auricle.providers.dialects.pieces import pieces
from auricle.providers.ports import LanguageModel, ProviderGarbled, Translated, Usage
from auricle.providers.vendor import Vendor
from auricle.providers.vendors.sarvam_speech import INDIAN, KNOWN, SPOKEN, code_of
from auricle.providers.vendors.sarvam_speech.hearing import Hear
from auricle.providers.vendors.sarvam_speech.speaking import Speak

MAYURA, SARVAM_TRANSLATE = "mayura:v1", "sarvam-translate:v1"
MOST_CHARACTERS = {MAYURA: 1_000}  # of one request; of the others:
MOST_OF_OTHERS = 2_000
# Its models think unless told not to, and the thinking eats the tokens of the answer.
UNTHINKING = Habits(counts_unasked=True, also={"reasoning_effort": None})


def write(account: Account) -> LanguageModel:
    return Chat(account, lambda _: UNTHINKING, prefix="/v1")


class Translate:
    """`Translator`. What is longer than the vendor takes is cut at ends of sentences."""

    def __init__(self, account: Account) -> None:
        self._account = account

    async def translate(self, text: str, *, source: str, target: str, model: str | None = None) -> Translated:
        name = self._account.model("translation", model)
        if name == MAYURA and not {_base(source), _base(target)} <= SPOKEN:
            name = SARVAM_TRANSLATE  # it knows all of them
        asked = {"model": name, "source_language_code": code_of(source), "target_language_code": code_of(target)}
        if name == MAYURA and "translation_mode" in self._account.options:
            asked["mode"] = self._account.options["translation_mode"]
        said, cut = [], pieces(text, MOST_CHARACTERS.get(name, MOST_OF_OTHERS))
        for piece in cut:
            answer = await self._account.post("/translate", json={"input": piece, **asked})
            translated = answer.get("translated_text") if isinstance(answer, dict) else None
            if not isinstance(translated, str) or not translated.strip():
                raise ProviderGarbled("The answer holds no translation.")
            said.append(translated.strip())
        return Translated(" ".join(said), Usage(characters=len(text), requests=len(cut)))


def _base(language: str) -> str:
    return language.partition("-")[0].lower()


VENDOR = Vendor(
    "sarvam",
    url="https://api.sarvam.ai",
    auth="api-subscription-key: {key}",
    stt=Hear,
    llm=write,
    tts=Speak,
    translation=Translate,
    by_socket=frozenset({"stt"}),
    # Its language model is asked only by whoever names it: an account for speech should not answer questions.
    models={"stt": "saaras:v4", "tts": "bulbul:v3", "translation": SARVAM_TRANSLATE},
    languages={"stt": KNOWN, "tts": SPOKEN, "translation": KNOWN},
    made_for={"stt": INDIAN, "tts": INDIAN, "translation": INDIAN},
    formats={"stt": ("linear16 8 kHz", "linear16 16 kHz"), "tts": ("linear16 24 kHz",)},
    settings={
        "tts": {
            "pace": "speed, 0.5 to 2 (bulbul:v2: 0.3 to 3); 1 is usual",
            "temperature": "0.01 to 1, liveliness; bulbul:v3 and v4-flash",
            "pitch": "-0.75 to 0.75; bulbul:v2 only",
            "loudness": "0.3 to 3; bulbul:v2 only",
            "enable_preprocessing": "true: English words and numbers are spoken as such; bulbul:v2 only",
            "dict_id": "a pronunciation dictionary of the account; bulbul:v3 and v4-flash",
        }
    },
    options={
        "mode": "what recognition writes: transcribe, translate (to English), verbatim, translit or codemix",
        "stt_socket": "live (with words while the patient speaks) or finals; unset: by the model",
        "stream_type": "fast, balanced or simulated (no words before the end); unset: fast",
        "tts_wire": "http or socket; unset: http, which keeps its connection from one sentence to the next",
        "translation_mode": "formal, modern-colloquial, classic-colloquial or code-mixed; mayura:v1 only",
        "reasoning_effort": "low, high or max: lets its language model think; unset: it does not",
    },
)
