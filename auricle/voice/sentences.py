"""Cuts a streamed answer into pieces to speak, as early as can be: no waiting for the token after the full stop.

Only where the last characters leave it open (the point of "2.5 mg", of "500 mg.", an initial) is what follows awaited.
The first piece may be a clause, so that the voice starts sooner. Abbreviations of all languages: `abbreviations.yaml`.
"""

import functools
import importlib.resources
import unicodedata
from typing import Literal

import yaml

ENDS = ".?!।॥؟…\n"
CLAUSE_ENDS = ",;:，،"
CLOSERS = "\"'”’)]}»"
OPENERS = "([{“‘«"
NUMBER_SIGNS = ".,:/-"
FIRST_CLAUSE_WORDS = 4
LIST_NUMBER_WORDS = 1  # "1." is not a sentence
MAX_CHARS = 300
SAFE_BACK_CHARS = 40

Kind = Literal["titles", "units", "counters"]


@functools.cache
def _abbreviations() -> dict[str, Kind]:
    table = yaml.safe_load((importlib.resources.files("auricle.voice") / "abbreviations.yaml").read_text("utf-8"))
    kinds: tuple[Kind, ...] = ("counters", "units", "titles")  # the strictest last: it wins
    return {word: kind for kind in kinds for own in table.values() for word in own.get(kind, ())}


class SentenceCutter:
    def __init__(self, *, clause_first: bool = True) -> None:
        """`clause_first`: the first piece may be a clause; else all are sentences."""
        self._rest = ""
        self._first = clause_first
        self._from = 0  # what stands before is no end

    def feed(self, delta: str) -> list[str]:
        """Take the next piece of the answer, give the sentences that are now complete."""
        self._rest += delta
        found: list[str] = []
        while (cut := self._next_cut()) is not None:
            self._take(cut, found)
        return found

    def finish(self) -> list[str]:
        found: list[str] = []
        self._take(len(self._rest), found)
        return found

    def _take(self, cut: int, found: list[str]) -> None:
        piece, self._rest, self._from = self._rest[:cut].strip(), self._rest[cut:], 0
        piece = piece.lstrip(CLOSERS + " ")
        if any(c.isalnum() for c in piece):
            found.append(piece)
            self._first = False

    def _next_cut(self) -> int | None:
        text = self._rest
        for at in range(self._from, len(text)):
            self._from = at
            is_end = self._is_end(at)
            if is_end is None:
                break  # only what comes next can tell
            if is_end:
                end = at + 1
                while end < len(text) and text[end] in CLOSERS + ENDS:
                    end += 1
                return end
        else:
            self._from = len(text)
        return _forced_cut(text) if len(text) > MAX_CHARS else None

    def _is_end(self, at: int) -> bool | None:
        """Whether a piece ends with this character; None where that depends on what is still to come."""
        c = self._rest[at]
        if c == ".":
            return self._point_ends(at)
        if c in ENDS:
            return True
        return self._clause_ends(at) if self._first and c in CLAUSE_ENDS else False

    def _point_ends(self, at: int) -> bool | None:
        text, after = self._rest, self._rest[at + 1 : at + 2]
        if after and not after.isspace() and after not in CLOSERS + ENDS:
            return False  # 2.5, example.org
        word = text[text.rfind(" ", 0, at) + 1 : at].rsplit("\n", 1)[-1].lstrip(CLOSERS + OPENERS).lower()
        if not word:
            return True if after else None  # the point of " .5"
        if word[-1].isdigit():
            return len(text[:at].split()) > LIST_NUMBER_WORDS if after else None
        if (kind := _abbreviations().get(word)) is not None:
            return _ends_after(kind, text[at + 1 :])
        letters = [c for c in word if c.isalpha()]
        if len(letters) == 1 and "." not in word:
            if _is_initial(letters[0]):
                return False
            return True if after else None  # "है.", or the first letter of "मि.ग्रा."
        return "." not in word or len(letters) > 2 * (word.count(".") + 1)  # "b.p."

    def _clause_ends(self, at: int) -> bool | None:
        after = self._rest[at + 1 : at + 2]
        if after and not after.isspace():
            return False  # 1,000 or 10:30
        if not after and self._rest[at - 1 : at].isdigit():
            return None
        return len(self._rest[:at].split()) >= FIRST_CLAUSE_WORDS


def _is_initial(letter: str) -> bool:
    """Names are shortened to one letter in Latin and southern scripts; elsewhere such a word ends many a sentence."""
    return letter < "\u0250" or "\u0b80" <= letter <= "\u0d7f"


def _ends_after(kind: Kind, rest: str) -> bool | None:
    """Whether an abbreviation ends the sentence, by what follows its point."""
    if kind == "titles":
        return False
    following = rest.lstrip(CLOSERS + " ")[:1]
    if not following:
        return None
    if following in ENDS:
        return True
    return following.isupper() if kind == "units" else not following.isdigit()


def _forced_cut(text: str) -> int:
    """Where to cut what will not end: at a space, else where no number and no letter with its signs is torn."""
    space = text.rfind(" ", 1, MAX_CHARS)
    if space > 0:
        return space
    for cut in range(MAX_CHARS, MAX_CHARS - SAFE_BACK_CHARS, -1):
        before, after = text[cut - 1], text[cut]
        in_number = (before.isdigit() or before in NUMBER_SIGNS) and (after.isdigit() or after in NUMBER_SIGNS)
        if not in_number and not unicodedata.category(after).startswith("M"):
            return cut
    return MAX_CHARS
