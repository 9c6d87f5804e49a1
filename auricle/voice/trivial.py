"""Utterances that need no knowledge, and the few that need no model either. Lists by language in `trivial.yaml`."""

import functools
import importlib.resources
from typing import Any

import yaml

from auricle.voice.backchannel import words_of

MAX_WORDS = 8
BRIEF = frozenset({"agree", "decline", "thanks", "presence"})  # said as a whole, and in any language
MAY_BE_ANSWERS = frozenset({"agree", "decline", "thanks"})  # to a question of the agent


@functools.cache
def _lists() -> dict[str, dict[str, Any]]:
    text = (importlib.resources.files("auricle.voice") / "trivial.yaml").read_text("utf-8")
    lists: dict[str, dict[str, Any]] = yaml.safe_load(text)
    for own in lists.values():
        own["kinds"] = {tuple(words_of(phrase)): kind for kind, phrases in own["phrases"].items() for phrase in phrases}
    return lists


def _own(language: str) -> dict[str, Any]:
    lists = _lists()
    return lists.get(language.split("-")[0].lower(), lists["en"])


def trivial_kind(text: str, language: str) -> str | None:
    """`agree`, `decline`, `thanks`, `presence` or `identity` where the utterance is no more than that, else None.

    Said twice ("okay okay", "thank you, thank you") or strung together ("okay, thank you") counts as its last kind.
    """
    rest = tuple(words_of(text))
    if not rest or len(rest) > MAX_WORDS:
        return None
    kind: str | None = None
    while rest:
        for length in range(len(rest), 0, -1):
            found = _own(language)["kinds"].get(rest[:length]) or _lists()["en"]["kinds"].get(rest[:length])
            if found:
                kind, rest = found, rest[length:]
                break
        else:
            return None
    return kind


def canned_reply(text: str, language: str, *, after_question: bool) -> str | None:
    """What to say without asking a model, or None. After a question of the agent "thanks" may be an answer."""
    kind = trivial_kind(text, language)
    if kind is None or (after_question and kind in MAY_BE_ANSWERS):
        return None
    reply: str | None = _own(language)["replies"].get(kind)
    return reply
