"""What is said when the knowledge does not hold the answer, in the language of whoever asked."""

import functools
import importlib.resources

import yaml

from auricle.knowledge.known import Verdict
from auricle.voice.language import CLEAR, detect

ENGLISH = "en"


@functools.cache
def _phrases() -> dict[str, dict[str, str]]:
    text = (importlib.resources.files("auricle.knowledge") / "admissions.yaml").read_text("utf-8")
    phrases: dict[str, dict[str, str]] = yaml.safe_load(text)
    return phrases


def _own(language: str) -> dict[str, str]:
    phrases = _phrases()
    return phrases.get(language.split("-")[0].lower(), phrases[ENGLISH])


def languages() -> tuple[str, ...]:
    """Those in which we can say that we do not know."""
    return tuple(_phrases())


def not_known(language: str) -> str:
    return _own(language)["not_known"]


def admission(verdict: Verdict, language: str) -> str:
    """That it is not known, or a question back where a word was probably misheard. English where we lack the words."""
    if asks_back(verdict):
        return _own(language)["did_you_mean"].replace("{word}", verdict.suggestion)
    return not_known(language)


def asks_back(verdict: Verdict) -> bool:
    return verdict.level == "confirm" and bool(verdict.suggestion)


def spoken_in(question: str) -> str:
    """The language of a question: by its script; in Latin letters by its small words, where these are clear."""
    found = detect(question)
    if found is None or found.language not in _phrases():
        return ENGLISH
    is_latin = not any(ch.isalpha() and ord(ch) >= 0x900 for ch in question)
    return ENGLISH if is_latin and found.confidence < CLEAR else found.language
