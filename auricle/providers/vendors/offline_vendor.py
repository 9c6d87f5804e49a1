"""What works without any key or network, in this process. Always there; its libraries are loaded at the first call."""

from typing import TYPE_CHECKING

from auricle.providers.account import Account
from auricle.providers.vendor import Vendor

if TYPE_CHECKING:
    from auricle.providers.ports import Embedder, LanguageModel, SpeechToText, TextToSpeech


def hear(account: Account) -> "SpeechToText":
    from auricle.providers.vendors.offline import OfflineSpeechToText

    return OfflineSpeechToText(account.models_path)


def write(_: Account) -> "LanguageModel":
    from auricle.providers.vendors.offline import OfflineLanguageModel

    return OfflineLanguageModel()


def speak(_: Account) -> "TextToSpeech":
    from auricle.providers.vendors.offline import OfflineTextToSpeech

    return OfflineTextToSpeech()


def embed(account: Account) -> "Embedder":
    from auricle.providers.vendors.offline import OfflineEmbedder

    return OfflineEmbedder(account.models_path)


VENDOR = Vendor(
    "offline",
    stt=hear,
    llm=write,
    tts=speak,
    embedding=embed,
    needs_key=False,
    needs_url=False,
    always_there=True,
    languages={"stt": frozenset({"en"})},
)
