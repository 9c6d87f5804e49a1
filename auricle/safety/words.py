"""Brings what was said to plain words, so that the spellings of one word meet, in the eleven scripts we serve.

Lower case, canonical decomposition (two-part vowels of Tamil, Malayalam and Bengali, letters with nukta), no joiners,
nuktas, accents or apostrophes; Malayalam chillu letters as letter and virama, one nasal sign a script, one ya
in Odia and Bengali; one space between words and `|` where a clause ends. Words in Roman letters are folded once more
for the Indian languages, whose speakers spell by ear: "saans" is "sans", "valikkudhu" is "valikudu".
"""

import re
import unicodedata

BREAK = "|"  # stands for the end of a clause
_BREAKS, _JOINTS = ".?!;।॥؟\n,…", "'’‘ʼ`´"
_NUKTAS = "\u093c\u09bc\u0a3c\u0abc\u0b3c\u0cbc"
_CACHED_BELOW = 0x3000  # other characters are worked out each time, so that no text can fill the memory

_SAME = {
    # One nasal sign: candrabindu as anusvara, Gurmukhi tippi as bindi; the doubling addak is often left out.
    "ँ": "ं", "ঁ": "ং", "ਁ": "ਂ", "ੰ": "ਂ", "ੱ": "", "ઁ": "ં", "ଁ": "ଂ", "ఁ": "ం", "ఀ": "ం", "ಁ": "ಂ", "ഁ": "ം",
    # Malayalam chillu letters; the older spelling is letter, virama, joiner.
    "ൺ": "ണ്", "ൻ": "ന്", "ർ": "ര്", "ൽ": "ല്", "ൾ": "ള്", "ൿ": "ക്", "ൎ": "ര്",
    "ৎ": "ত্", "ৰ": "র", "ৱ": "ব", "ୟ": "ଯ", "ୱ": "ବ", "ଵ": "ବ", "ఱ": "ర", "ಱ": "ರ",
}  # fmt: skip

# A nasal letter before a stop of its own block is as often written with the nasal sign: हिन्दी, हिंदी.
_STOPS = (*range(0x15, 0x19), *range(0x1A, 0x1E), *range(0x1F, 0x23), *range(0x24, 0x28), *range(0x2A, 0x2E))
_NASAL_BLOCKS = (0x0900, 0x0980, 0x0A80, 0x0B00, 0x0C00, 0x0C80)
_NASAL = re.compile(
    f"[{''.join(chr(block + n) for block in _NASAL_BLOCKS for n in (0x19, 0x1E, 0x23, 0x28, 0x2E))}]"
    f"[{''.join(chr(block + 0x4D) for block in _NASAL_BLOCKS)}]"
    f"(?=[{''.join(chr(block + n) for block in _NASAL_BLOCKS for n in _STOPS)}])"
)
_LATIN = re.compile(r"[a-z]")
# How ears spell: long vowels, aspirates and doubled letters are written or not.
_FOLDS = (
    ("zh", "l"), ("th", "t"), ("dh", "d"), ("kh", "k"), ("gh", "g"), ("bh", "b"), ("ph", "p"), ("f", "p"), ("sh", "s"),
    ("ch", "c"), ("ck", "k"), ("q", "k"), ("w", "v"), ("z", "j"), ("aa", "a"), ("ee", "i"), ("ii", "i"), ("oo", "u"),
    ("uu", "u"), *((2 * c, c) for c in "bcdgjklmnprstvy"),
)  # fmt: skip


class _Plain(dict[int, str]):
    """What stands for a decomposed character: itself or its like, a space, the end of a clause, or nothing."""

    def __missing__(self, code: int) -> str:
        value = _plain_character(chr(code))
        if code < _CACHED_BELOW:
            self[code] = value
        return value


def _plain_character(c: str) -> str:
    category = unicodedata.category(c)
    if c in _SAME:
        return _SAME[c]
    if "\u0300" <= c <= "\u036f" or c in _NUKTAS or c in _JOINTS or category == "Cf":
        return ""
    if c.isalnum() or category in ("Mc", "Mn"):
        return c
    return f" {BREAK} " if c in _BREAKS else " "


_PLAIN = _Plain()
_BREAK_RUN = re.compile(r"\|(?: \|)+")


def plain(text: str) -> str:
    """The plain words, one space between, a space at either end."""
    words = unicodedata.normalize("NFD", text.lower()).translate(_PLAIN)
    if not words.isascii():
        words = _NASAL.sub(lambda match: chr((ord(match[0][0]) & ~0x7F) + 2), words)
        words = words.replace("\u0d46\u0d57", "\u0d57").replace("ു്", "്")  # Malayalam: two ways to write au and ŭ
    words = f" {' '.join(words.split())} "
    return _BREAK_RUN.sub(BREAK, words) if "| |" in words else words


def folded(words: str) -> str:
    """Plain words with those in Roman letters brought to one spelling. Their number does not change."""
    if not _LATIN.search(words):
        return words
    for written, kept in _FOLDS:
        words = words.replace(written, kept)
    return words


def spans(text: str) -> list[tuple[int, int]]:
    """Where each word and break of `plain(text)` stands in the text itself."""
    found: list[tuple[int, int]] = []
    is_break, is_open = False, False
    for at, original in enumerate(text):
        piece = unicodedata.normalize("NFD", original.lower()).translate(_PLAIN)
        if not piece:
            continue
        if piece.isspace():
            is_open = False
        elif BREAK in piece:
            if not is_break:
                found.append((at, at + 1))
            is_break, is_open = True, False
        else:
            start = found.pop()[0] if is_open else at
            found.append((start, at + 1))
            is_break, is_open = False, True
    return found
