"""Cuts a streamed answer into pieces to speak, as early as can be: no waiting for the token after the full stop.

Only where the last character leaves it open (the point of "2.5 mg", an initial) is the next one awaited. The first
piece may be a clause, so that the voice starts sooner.
"""

import re

ENDS = ".?!।॥؟…\n"
CLAUSE_ENDS = ",;:，،"
CLOSERS = "\"'”’)]}»"
FIRST_CLAUSE_WORDS = 4
LIST_NUMBER_WORDS = 1  # "1." is not a sentence
MAX_CHARS = 300
# Words whose point ends no sentence. Units ("500 mg.") and days are left out: they end sentences often enough.
ABBREVIATIONS = frozenset(
    [
        "dr",
        "mr",
        "mrs",
        "ms",
        "prof",
        "st",
        "sr",
        "jr",
        "vs",
        "etc",
        "nos",
        "fig",
        "approx",
        "dept",
        "tel",
        "ext",
        "hosp",
    ]
    + [
        "inc",
        "ltd",
        "vol",
        "tab",
        "tabs",
        "cap",
        "caps",
        "inj",
        "syp",
        "susp",
        "resp",
        "wt",
        "ht",
        "dx",
        "rx",
        "hx",
        "tx",
    ]
    + ["sx", "pt", "pts", "jan", "feb", "apr", "aug", "sept", "oct", "nov", "dec", "डॉ", "श्री"]
)
_LAST_WORD = re.compile(r"(\S+)$")


class SentenceCutter:
    def __init__(self) -> None:
        self._rest = ""
        self._first = True

    def feed(self, delta: str) -> list[str]:
        """Take the next piece of the answer, give the sentences that are now complete."""
        self._rest += delta
        found: list[str] = []
        start = max(0, len(self._rest) - len(delta) - 2)  # a point that was left open may be decided now
        while (cut := self._next_cut(start)) is not None:
            self._take(cut, found)
            start = 0
        return found

    def finish(self) -> list[str]:
        found: list[str] = []
        self._take(len(self._rest), found)
        return found

    def _take(self, cut: int, found: list[str]) -> None:
        piece, self._rest = self._rest[:cut].strip(), self._rest[cut:]
        piece = piece.lstrip(CLOSERS + " ")
        if any(c.isalnum() for c in piece):
            found.append(piece)
            self._first = False

    def _next_cut(self, start: int) -> int | None:
        text = self._rest
        for at in range(start, len(text)):
            c = text[at]
            if (c in ENDS and self._ends_here(at)) or (self._first and c in CLAUSE_ENDS and self._is_clause(at)):
                end = at + 1
                while end < len(text) and text[end] in CLOSERS + ENDS:
                    end += 1
                return end
        if len(text) > MAX_CHARS:
            space = text.rfind(" ", 1, MAX_CHARS)
            return space if space > 0 else MAX_CHARS
        return None

    def _ends_here(self, at: int) -> bool:
        text = self._rest
        if text[at] != ".":
            return True
        before, after = text[:at], text[at + 1 : at + 2]
        if after and not after.isspace() and after not in CLOSERS + ENDS:
            return False  # 2.5, example.org
        match = _LAST_WORD.search(before)
        if match is None:
            return True
        word = match[1].lstrip(CLOSERS + "([{“‘").lower()
        if word[-1:].isdigit():
            return bool(after) and len(before.split()) > LIST_NUMBER_WORDS
        return not (word in ABBREVIATIONS or len(word) == 1 or (len(word) <= 4 and "." in word))

    def _is_clause(self, at: int) -> bool:
        after = self._rest[at + 1 : at + 2]
        if (after and not after.isspace()) or (not after and self._rest[at - 1 : at].isdigit()):
            return False  # 1,000 or 10:30
        return len(self._rest[:at].split()) >= FIRST_CLAUSE_WORDS
