"""How medical and hearing-care words sound, where the recogniser's own dictionary lacks them."""

import asyncio
import re
from collections.abc import Sequence
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path

import yaml

from auricle.providers.vendors.offline.espeak import espeak, espeak_thread

MOST_KEYTERMS = 100
_STRESS = re.compile("[ˈˌ\u200d͡]")
_WORD = re.compile(r"[a-z][a-z']{1,29}")
LEXICON = Path(__file__).with_name("lexicon.yaml")
SOUNDS = Path(__file__).with_name("sounds.yaml")


@cache
def lexicon() -> tuple[tuple[str, str], ...]:
    """Words and their pronunciations in ARPAbet without stress; a second pronunciation is called `word(2)`."""
    with LEXICON.open(encoding="utf-8") as file:
        entries: dict[str, str | list[str]] = yaml.safe_load(file)
    taught: list[tuple[str, str]] = []
    for word, phones in entries.items():
        variants = [phones] if isinstance(phones, str) else phones
        taught += [(word if number == 1 else f"{word}({number})", sound) for number, sound in enumerate(variants, 1)]
    return tuple(taught)


async def pronunciations(keyterms: Sequence[str]) -> list[tuple[str, str]]:
    """What to teach for one call beyond the lexicon: the words of the key terms as espeak-ng would say them.

    The decoder leaves out those that it knows. Without espeak-ng nothing is taught.
    """
    words = {word for term in keyterms[:MOST_KEYTERMS] for word in _WORD.findall(term.casefold())}
    unknown = sorted(words - {word for word, _ in lexicon()})
    if not unknown or find_spec("espeakng_loader") is None:
        return []
    return await asyncio.get_running_loop().run_in_executor(espeak_thread(), _pronounced, tuple(unknown))


@lru_cache(maxsize=256)
def _pronounced(words: tuple[str, ...]) -> list[tuple[str, str]]:
    said = ((word, arpabet(espeak().ipa(word))) for word in words)
    return [(word, phones) for word, phones in said if phones]


@cache
def _sounds() -> dict[str, str]:
    with SOUNDS.open(encoding="utf-8") as file:
        sounds: dict[str, str] = yaml.safe_load(file)
    return sounds


def arpabet(ipa: str) -> str:
    """espeak-ng's American English in the recogniser's phones. A sound that English has not is left out."""
    sounds, phones = _sounds(), list[str]()
    rest = _STRESS.sub("", ipa)
    while rest:
        length = next((n for n in range(min(3, len(rest)), 0, -1) if rest[:n] in sounds), 0)
        if length:
            phones.append(sounds[rest[:length]])
        rest = rest[max(1, length) :]
    return " ".join(phones)
