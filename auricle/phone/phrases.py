"""What callers hear before any conversation, and how a line's own notice stands before the text that ships."""

import functools
import importlib.resources
from collections.abc import Mapping
from typing import Any

import yaml

FALLBACK = "en"


@functools.cache
def phrases() -> Mapping[str, Mapping[str, str]]:
    text = (importlib.resources.files("auricle.phone") / "phrases.yaml").read_text("utf-8")
    table: Mapping[str, Mapping[str, str]] = yaml.safe_load(text)
    return table


def later(language: str) -> str:
    return phrases().get(language, phrases()[FALLBACK])["later"]


def notice_of(own: Mapping[str, Any], language: str) -> str:
    """What is said first: the line's own words in this language, else those that ship in it, else English."""
    if language in own:
        return str(own[language])
    if language in phrases():
        return phrases()[language]["notice"]
    return str(own.get(FALLBACK) or phrases()[FALLBACK]["notice"])
