"""Words and clauses of spoken or written text, with their offsets. Works without capitals or punctuation."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

# Letters of the Indic blocks with their vowel signs, which Python's \w leaves out; danda (0964, 0965) is punctuation.
# No letter is in two of the classes: a word could be read in 2**letters ways, and a pattern would try them all.
LETTER = r"[^\W\d_\u0900-\u0dff]|[\u0900-\u0963\u0971-\u097f\u0980-\u0dff]|\u200d"
_WORD = re.compile(rf"\[[A-Z]+_\d+\]|\d+(?:,\d{{2,3}})*(?:\.\d+)?|(?:{LETTER})+(?:['’](?:{LETTER})+)?")
_CLAUSE_END = re.compile(r"(?<!\d)\.(?=\s|$)|\.(?=\s+\D|\s*$)|[?!।॥;\n]+")
MASK = re.compile(r"\[[A-Z]+_\d+\]")


@dataclass(frozen=True, slots=True)
class Token:
    text: str  # as it stands
    word: str  # lower case, plain apostrophe
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Clause:
    """A piece of an utterance between sentence marks, trimmed."""

    text: str
    start: int
    end: int
    asked: bool  # ended by a question mark


def tokens(text: str) -> list[Token]:
    return [Token(m[0], m[0].lower().replace("’", "'"), m.start(), m.end()) for m in _WORD.finditer(text)]


def words(text: str) -> list[str]:
    return [token.word for token in tokens(text)]


def clauses(text: str) -> list[Clause]:
    """Split at sentence marks; a text without any is one clause."""
    found: list[Clause] = []
    start = 0
    for mark in [*_CLAUSE_END.finditer(text), None]:
        end = mark.start() if mark else len(text)
        piece = text[start:end]
        if piece.strip():
            left = start + len(piece) - len(piece.lstrip())
            found.append(Clause(piece.strip(), left, left + len(piece.strip()), bool(mark and "?" in mark[0])))
        start = mark.end() if mark else end
    return found


def phrase_at(stream: Sequence[Token], index: int, phrase: Sequence[str]) -> bool:
    """Does the phrase, as lower-case words, stand at this place?"""
    if index + len(phrase) > len(stream):
        return False
    return all(stream[index + offset].word == word for offset, word in enumerate(phrase))
