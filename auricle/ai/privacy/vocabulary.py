"""Words that are no names, and places that are: small lists of our own."""

import unicodedata
from functools import cache
from importlib import resources

import yaml

from auricle.ai.entities.lexicon import cue_phrases, lexicon


def plain_script(text: str) -> str:
    """Case, accents of Latin letters and the Devanagari nukta do not tell names apart."""
    folded = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in folded if not ("\u0300" <= c <= "\u036f") and c != "\u093c")


@cache
def common_words() -> frozenset[str]:
    """Everyday and medical words that a cue must not turn into a name."""
    cues = [
        cue_phrases("negation", "before"),
        cue_phrases("family"),
        cue_phrases("planned"),
        cue_phrases("answers", "yes"),
    ]
    spoken = {word for phrases in cues for phrase in phrases for word in phrase}
    medical = lexicon().vocabulary - frozenset(_load("also_names").split())
    return frozenset(_load("everyday").split()) | medical | spoken


@cache
def cities() -> frozenset[str]:
    return frozenset(plain_script(name.strip()) for name in _load("places").split(","))


def _load(name: str) -> str:
    text = resources.files(__package__).joinpath("words.yaml").read_text("utf-8")
    return str(yaml.safe_load(text)[name])
