"""A known name heard in another script: "Asha Rao" is also "आशा राव", and who is registered as "रवि" is also "Ravi"."""

from collections.abc import Iterator, Sequence
from functools import lru_cache

from auricle.ai.privacy.spans import Span
from auricle.ai.privacy.tagger.features import is_known
from auricle.ai.tokens import Token, tokens
from auricle.patients.fold import INDIC_END, INDIC_START, folded, skeleton, sound

_MIN_SOUND, _MIN_SKELETON = 3, 3


class Sounding:
    """Finds words that sound like a part of a name and are written in another script than it."""

    def __init__(self, names: Sequence[str]) -> None:
        parts = [token.text for name in names for token in tokens(name)]
        self._in_latin = _Sounds([part for part in parts if not _is_indic(part)])  # looked for in Indic words
        self._in_indic = _Sounds([part for part in parts if _is_indic(part)])  # looked for in Latin ones

    def find(self, text: str) -> Iterator[Span]:
        if not self._in_indic and (not self._in_latin or text.isascii()):
            return
        for token in tokens(text):
            wanted = self._in_latin if _is_indic(token.text) else self._in_indic
            if wanted and wanted.has(token):
                yield Span(token.start, token.end, "PERSON", 0)


class _Sounds:
    def __init__(self, parts: Sequence[str]) -> None:
        heard = [_heard(part) for part in parts]
        self._sounds = {a for a, _ in heard if len(a) >= _MIN_SOUND}
        self._skeletons = {b for _, b in heard if len(b) >= _MIN_SKELETON}

    def __bool__(self) -> bool:
        return bool(self._sounds)

    def has(self, token: Token) -> bool:
        """An everyday word must sound the same to the last vowel; another may differ in its vowels."""
        said, bare = _heard(token.text)
        return said in self._sounds or (bare in self._skeletons and not is_known(token.word))


@lru_cache(maxsize=20_000)
def _heard(word: str) -> tuple[str, str]:
    """How a word sounds, and its consonants. A last `a` is not always written."""
    plain = "".join(folded(word))
    return (sound(plain).removesuffix("a"), skeleton(plain)) if plain.isalpha() else ("", "")


def _is_indic(word: str) -> bool:
    return any(INDIC_START <= ord(c) <= INDIC_END for c in word)
