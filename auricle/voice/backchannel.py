"""Words that say "I am listening", not "stop": one list a language, `backchannels.yaml`."""

import functools
import importlib.resources
import re

import yaml

# Letters with their vowel signs: `\w` alone would cut Indian words at every sign.
WORD = re.compile(r"[^\s.,!?;:…\-–—।॥؟\"'’()\[\]]+")
MAX_WORDS = 4


@functools.cache
def _words() -> dict[str, frozenset[str]]:
    text = (importlib.resources.files("auricle.voice") / "backchannels.yaml").read_text("utf-8")
    return {language: frozenset(words) for language, words in yaml.safe_load(text).items()}


def words_of(text: str) -> list[str]:
    """The words of an utterance, in lower case, the two Devanagari nasal signs taken as one."""
    return WORD.findall(text.lower().replace("ँ", "ं"))


def is_backchannel(text: str, language: str) -> bool:
    """Whether all that was said are a few listening sounds. English ones count in every language."""
    said = words_of(text)
    if not said or len(said) > MAX_WORDS:
        return False
    known = _words()
    own = known.get(language.split("-")[0].lower(), frozenset())
    return all(word in own or word in known["en"] for word in said)
