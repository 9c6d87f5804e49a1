"""Names that a list has, wherever they stand: those that are no word of talk or medicine besides."""

from collections.abc import Iterator

from auricle.ai.privacy.spans import Span
from auricle.ai.privacy.tagger.features import is_known, listed_names, pieces
from auricle.ai.privacy.vocabulary import plain_script

_MIN_LETTERS = 3  # of a Latin name; "al", "jo" and "om" are too often something else


def listed(text: str) -> Iterator[Span]:
    names = listed_names()
    for piece in pieces(text, 0, len(text)):
        low = piece.text.lower().replace("’", "'")
        bare = low.removesuffix("'s")
        plain = plain_script(bare)
        if not any(plain in of_kind for of_kind in names.values()) or is_known(low):
            continue
        if len(bare) >= _MIN_LETTERS or not bare.isascii():
            yield Span(piece.start, piece.start + len(bare), "PERSON", 6)
