"""Which script a stretch of text is written in: each needs its own font, and its own shaping."""

from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple


class Script(NamedTuple):
    """One script by its block in Unicode: ISO 15924 tag, the language it stands for, its font."""

    tag: str
    language: str
    font: str
    first: int
    last: int

    @property
    def complex(self) -> bool:
        """Whether letters change their form or order by their neighbours."""
        return self.first >= 0x0900 and self.last < 0x2000


LATIN = Script("Latn", "en", "NotoSans", 0, 0x08FF)
SIGNS = Script("Zmth", "en", "NotoSansMath", 0x2200, 0x22FF)  # at least, at most, about
SCRIPTS = (
    LATIN,
    SIGNS,
    Script("Deva", "hi", "NotoSansDevanagari", 0x0900, 0x097F),
    Script("Beng", "bn", "NotoSansBengali", 0x0980, 0x09FF),
    Script("Guru", "pa", "NotoSansGurmukhi", 0x0A00, 0x0A7F),
    Script("Gujr", "gu", "NotoSansGujarati", 0x0A80, 0x0AFF),
    Script("Orya", "or", "NotoSansOriya", 0x0B00, 0x0B7F),
    Script("Taml", "ta", "NotoSansTamil", 0x0B80, 0x0BFF),
    Script("Telu", "te", "NotoSansTelugu", 0x0C00, 0x0C7F),
    Script("Knda", "kn", "NotoSansKannada", 0x0C80, 0x0CFF),
    Script("Mlym", "ml", "NotoSansMalayalam", 0x0D00, 0x0D7F),
)
JOINERS = "\u200c\u200d"  # belong to the letters around them
DANDAS = "\u0964\u0965"  # stand in Devanagari's block and end sentences in every Indian script


def runs(text: str) -> Iterator[tuple[Script, str]]:
    """A text cut where its script changes; a danda or a joiner stays with what is before it."""
    script, marked = LATIN, []
    for character in text:
        if character not in JOINERS and not (character in DANDAS and script is not LATIN):
            script = script_of(character)
        marked.append((script, character))
    for found, group in groupby(marked, key=lambda one: one[0]):
        yield found, "".join(character for _, character in group)


def script_of(character: str) -> Script:
    point = ord(character)
    return next((s for s in SCRIPTS if s.first <= point <= s.last), LATIN)
