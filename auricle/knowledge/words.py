"""Words, terms and character grams of any script we search in. Pure; used by ranking, not-knowing and citations."""

import re
import unicodedata
from functools import lru_cache

from auricle.patients.fold import folded, skeleton

# \w leaves out the vowel signs of Indic scripts, which would cut their words to pieces; danda and joiners are no part.
WORD = re.compile(r"(?:[^\W_]|[\u0300-\u036f\u0900-\u0963\u0966-\u0df3])+")
INDIC = re.compile("[\u0900-\u0d7f]")
# Joiners, and in Devanagari the nukta, are often left out in writing; anusvara stands for chandrabindu as often.
UNWRITTEN = str.maketrans({"\u200c": None, "\u200d": None, "\u093c": None, "\u0901": "\u0902"})

ENGLISH = """
a about am an and any are as at be been being by can could did do does for from had has have he her his how i if in into
is it its me my no not of on or our please she should so some tell than that the their them then there they this to us
was we were what when where which who why will with would you your
"""
HINDI = """
है हैं था थी थे हो हूँ हूं का की के को में से पर ने और या तो भी ही यह वह ये वे इस उस क्या कैसे कब कहाँ कहां कौन क्यों कितना कितनी कितने
मैं मुझे मेरा मेरी मेरे हम हमें आप आपका आपकी आपके कर करना करें करे होता होती होते लिए एक जो कि अगर चाहिए बताइए बताएं बताओ सकता
सकती सकते सकूँ रहा रही रहे गया गई गए
"""
STOP_WORDS = frozenset((ENGLISH + HINDI).translate(UNWRITTEN).split())

SUFFIXES = ("ingly", "edly", "ing", "ies", "ed", "es", "ly", "s")


def words(text: str) -> list[str]:
    """Words in normal form: NFKC, case folded, spelling variants of Devanagari made one."""
    return WORD.findall(unicodedata.normalize("NFKC", text).casefold().translate(UNWRITTEN))


def terms(text: str) -> list[str]:
    """The words that carry meaning, as stems. A text of stop words only has none."""
    return [stem(word) for word in words(text) if word not in STOP_WORDS]


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """A light English stem ("batteries" → "batteri", "cleaned" → "clean"); other scripts pass unchanged."""
    if not word.isascii() or len(word) < 4:
        return word
    for suffix in SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 3:
            if suffix == "ies":
                return word[:-2]
            if suffix == "s" and word.endswith(("ss", "us", "is")):
                break
            word = word[: -len(suffix)]
            break
    if len(word) > 4 and word[-1] == word[-2] and word[-1] not in "lsz":
        word = word[:-1]
    if len(word) > 3 and word[-1] in "ey":
        word = word[:-1] + ("i" if word[-1] == "y" else "")
    return word


def grams(word: str, length: int = 4) -> list[str]:
    """Character grams of a word within its boundaries; a short word is one gram."""
    bounded = f"^{word}$"
    return [bounded[i : i + length] for i in range(max(1, len(bounded) - length + 1))]


@lru_cache(maxsize=50_000)
def sounds(word: str, length: int = 4) -> tuple[str, ...]:
    """The consonants of a word of any Indic or the Latin script, in grams and at last whole; a word of one has none.

    "टोपामैक्स" and "Topamax" share all, "लक्षण" and its plural "लक्षणों" too.
    """
    consonants = "".join(map(skeleton, folded(word)))
    return (*grams(consonants, length), f"={consonants}") if len(consonants) > 1 else ()


def is_indic(text: str) -> bool:
    """Whether any letter of a text is Indic."""
    return INDIC.search(text) is not None


@lru_cache(maxsize=50_000)  # an organization's words come again with every question
def _pairs(word: str) -> frozenset[str]:
    return frozenset(grams(word, 2))


def likeness(one: str, other: str) -> float:
    """How alike two words look, 0..1: Dice over character pairs, which one wrong letter lowers only a little."""
    if one == other:
        return 1.0
    mine, theirs = _pairs(one), _pairs(other)
    return 2 * len(mine & theirs) / (len(mine) + len(theirs))


def is_slip(one: str, other: str) -> bool:
    """Whether two words differ by one slip at most: a letter left out, put in or wrong, or two neighbours exchanged."""
    if len(one) > len(other):
        one, other = other, one
    start = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))
    mine, theirs = one[start:], other[start:]
    if len(one) < len(other):
        return mine == theirs[1:]
    return mine[1:] == theirs[1:] or (mine[:2] == theirs[1::-1] and mine[2:] == theirs[2:])


def is_mostly_latin(text: str) -> bool:
    """Whether the letters of a text are mainly Latin (a text without letters counts as such)."""
    letters = [ch for ch in text if ch.isalpha()]
    latin = sum(ch < "\u0250" or "\u1e00" <= ch <= "\u1eff" for ch in letters)
    return 2 * latin >= len(letters)
