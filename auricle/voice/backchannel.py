"""Words that say "I am listening", not "stop": one list a language, `backchannels.yaml`."""

import functools
import importlib.resources
import re
import unicodedata

import yaml

# Letters with their vowel signs: `\w` alone would cut Indian words at every sign.
WORD = re.compile(r"[^\s.,!?;:…\-–—।॥؟\"'’()\[\]]+")
NO_JOINERS = {0x200C: None, 0x200D: None}
MAX_WORDS = 4


@functools.cache
def _words() -> dict[str, frozenset[str]]:
    text = (importlib.resources.files("auricle.voice") / "backchannels.yaml").read_text("utf-8")
    lists: dict[str, list[str]] = yaml.safe_load(text)
    return {language: frozenset(word for one in words for word in words_of(one)) for language, words in lists.items()}


def words_of(text: str) -> list[str]:
    """The words of an utterance, in lower case, composed, without joiners, the two Devanagari nasal signs as one."""
    return WORD.findall(unicodedata.normalize("NFC", text.lower()).translate(NO_JOINERS).replace("ँ", "ं"))


def is_backchannel(text: str, language: str) -> bool:
    """Whether all that was said are a few listening sounds. English ones count in every language."""
    said = words_of(text)
    if not said or len(said) > MAX_WORDS:
        return False
    known = _words()
    own = known.get(language.split("-")[0].lower(), frozenset())
    return all(word in own or word in known["en"] for word in said)
