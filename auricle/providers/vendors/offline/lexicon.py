"""How medical and hearing-care words sound, where the recogniser's own dictionary lacks them."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import yaml

LEXICON = Path(__file__).with_name("lexicon.yaml")


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


def pronunciations(keyterms: Sequence[str]) -> list[tuple[str, str]]:
    """What to teach for this call, beyond the lexicon: nothing yet known about a word means no pronunciation."""
    return []
