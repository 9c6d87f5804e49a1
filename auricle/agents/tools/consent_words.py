"""What is said around a tool without a model, and whether the patient said yes.

A yes is asked of the patient's own words by code: no model, and nothing a model was made to say, can give it.
"""

import functools
import importlib.resources
from typing import Any

import yaml

from auricle.voice.backchannel import words_of
from auricle.voice.trivial import trivial_kind

MAX_YES_WORDS = 25  # a yes is short; in a long utterance the word may stand for anything
YES_WITHIN = 8  # and it comes early


@functools.cache
def _phrases() -> dict[str, dict[str, Any]]:
    text = (importlib.resources.files("auricle.agents.tools") / "phrases.yaml").read_text("utf-8")
    phrases: dict[str, dict[str, Any]] = yaml.safe_load(text)
    for own in phrases.values():
        for kind in ("assent", "refusal", "bye"):
            own[kind] = frozenset(tuple(words_of(phrase)) for phrase in own[kind])
    return phrases


def _own(language: str) -> dict[str, Any]:
    phrases = _phrases()
    return phrases.get(language.split("-")[0].lower(), phrases["en"])


def say(phrase: str, language: str, **facts: str) -> str:
    """A phrase of `phrases.yaml` in a language, else in English."""
    text: str = _own(language)[phrase]
    return text.format_map({name: value.replace("{", "(").replace("}", ")") for name, value in facts.items()})


def affirms(said: str, language: str) -> bool:
    """Whether an utterance is a plain yes: a word of assent early in it, and nowhere one that refuses or changes."""
    words = words_of(said)
    kind = trivial_kind(said, language)
    if kind == "decline" or said.rstrip().endswith(("?", "؟")) or _has(words, "refusal", language):
        return False
    return kind == "agree" or (len(words) <= MAX_YES_WORDS and _has(words[:YES_WITHIN], "assent", language))


def takes_leave(said: str, language: str) -> bool:
    """Whether the patient says goodbye, or that nothing more is wanted."""
    return trivial_kind(said, language) in ("decline", "thanks") or _has(words_of(said), "bye", language)


def _has(words: list[str], kind: str, language: str) -> bool:
    known = _own(language)[kind] | _phrases()["en"][kind]
    return any(tuple(words[start : start + length]) in known for start in range(len(words)) for length in range(1, 5))
