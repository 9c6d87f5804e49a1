"""From when letters or sounds of speech are heard to the shapes of a mouth that says them.

The shapes are the fifteen visemes of MPEG-4 face animation (ISO/IEC 14496-2, table C.1) under the names that Oculus
gave them, which most rigs of faces know. Sounds are in the International Phonetic Alphabet; letters are read roughly,
in Latin and in the scripts of India: what a lip reader sees is coarser than what is heard.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from math import isfinite
from typing import NamedTuple

from auricle.providers.ports import Timing, Timings

SHAPES = ("sil", "PP", "FF", "TH", "DD", "kk", "CH", "SS", "nn", "RR", "aa", "E", "ih", "oh", "ou")
SILENCE = "sil"
PAUSE_S = 0.12  # a shorter one closes no mouth
LEAST_S = 0.01  # between two shapes
MAX_AT_S = 60.0
MAX_WORD = 48  # letters; a longer one is read in parts


class Viseme(NamedTuple):
    """The mouth takes this shape, so many milliseconds after the sound that it belongs to begins."""

    shape: str
    at_ms: int


def _table(**shapes: str) -> dict[str, str]:
    return {sign: shape for shape, signs in shapes.items() for sign in signs.split()}


# ── sounds ────────────────────────────────────────────────────────────────────────────────────────────────────────
_SOUNDS = _table(
    PP="p b m ɓ",
    FF="f v ʋ ɱ",
    TH="θ ð",
    DD="t d ʈ ɖ ɾ ɽ",
    kk="k ɡ g ŋ x ɣ q",
    CH="tʃ dʒ tɕ dʑ ʃ ʒ ɕ ʑ ʂ ʐ c ɟ",
    SS="s z ts dz",
    nn="n l ɳ ɲ ɭ ɫ",
    RR="r ɹ ɻ ʀ ɚ ɝ",
    aa="a ɑ ɐ ʌ æ ɒ",
    E="e ɛ ə ɜ",
    ih="i ɪ j ɨ ᵻ y",
    oh="o ɔ ɵ",
    ou="u ʊ w ʉ ɯ",
)


@lru_cache(1_024)
def shapes_of_sound(sound: str) -> tuple[str, ...]:
    """The shapes of one sound in their order: two for a diphthong, none for a breath."""
    if not sound:
        return (SILENCE,)
    return tuple(shape for shape, _ in _read(unicodedata.normalize("NFD", sound), _SOUNDS, 2))


# ── letters ───────────────────────────────────────────────────────────────────────────────────────────────────────
_LATIN = _table(
    PP="b m p",
    FF="f v ph",
    TH="th",
    DD="d t",
    kk="c g k q x ng",
    CH="j sh ch tch sch",
    SS="s z",
    nn="l n kn",
    RR="r wr",
    aa="a igh",
    E="e ai ay ei ey",
    ih="i y ee ea ie",
    oh="o oa aw au",
    ou="u w oo ou ow wh",
) | {"gh": "", "h": ""}
_SOFT_C, _SILENT_E = re.compile(r"c(?=[eiy])"), re.compile(r"[aeiouy].*[^aeiou]e$")  # voice, take; not: the
# By the end of a letter's Unicode name, which all scripts of India share: DEVANAGARI LETTER KA, TAMIL LETTER KA.
_CONSONANTS = _table(
    PP="P PH B BH M",
    FF="V F",
    DD="T TH D DH TT TTH DD DDH DDDH RH RR",
    kk="K KH G GH NG Q KHH GHH",
    CH="C CH J JH SH SS",
    SS="S Z",
    nn="N NN NNN NY L LL LLL",
    RR="R",
    ih="Y YY",
    ou="W",
) | {"H": ""}
_OTHERS = _table(  # vowels, their signs, signs behind them, and what carries no vowel: VOCALIC R, CHILLU N
    aa="AA",
    E="A E AI",
    ih="I II",
    oh="O OO AU",
    ou="U UU",
    RR="R RR",
    nn="ANUSVARA TIPPI BINDI N NN L LL",
    kk="K",
)
_WITH_NUKTA = {"PP": "FF", "CH": "SS"}  # pha → fa, ja → za
_ROUND_A = ("BENGALI", "ORIYA")
_KEEPS_LAST_A = ("TAMIL", "TELUGU", "KANNADA", "MALAYALAM", "ORIYA")

Placed = tuple[str, float]  # a shape, and where in its word: in letters from the word's beginning


@lru_cache(4_096)
def shapes_of_word(word: str) -> tuple[Placed, ...]:
    """The shapes of one written word. A script that is not read here has none: then the sound itself must do."""
    if any(ord(letter) > 0x8FF for letter in word):
        return tuple(_indic(word))
    plain = "".join(unicodedata.normalize("NFD", letter)[0] for letter in word.lower())
    plain = _SOFT_C.sub("s", plain)
    if _SILENT_E.search(plain):
        plain = plain[:-1]
    return tuple((shape, float(at)) for shape, at in _read(plain, _LATIN, 3))


def _read(text: str, table: dict[str, str], longest: int) -> Iterator[tuple[str, int]]:
    """Shapes of the longest signs first, with the place of each in the text. Unknown signs have none."""
    at = 0
    while at < len(text):
        sign = next((s for n in range(longest, 0, -1) if (s := text[at : at + n]) in table), text[at])
        if shape := table.get(sign):
            yield shape, at
        at += len(sign)


def _indic(word: str) -> Iterator[Placed]:
    """A consonant carries an `a` unless a vowel's sign or a virama follows; in the north none at the end of a word."""
    for at, letter in enumerate(word):
        script, is_sign, name = _named(letter)
        if not is_sign and name.endswith("A") and (shape := _CONSONANTS.get(name[:-1])) is not None:
            behind = [_named(one) for one in word[at + 1 : at + 3]]
            if behind and behind[0][2] == "NUKTA":
                shape = _WITH_NUKTA.get(shape, shape)
                del behind[0]
            if shape:
                yield shape, float(at)
            if not behind and at > 0 and script not in _KEEPS_LAST_A:
                continue
            if not behind or behind[0][2] != "VIRAMA" and not behind[0][1]:
                yield ("oh" if script in _ROUND_A else "E"), at + 0.5
        elif shape := _OTHERS.get(name):
            yield shape, float(at)


@lru_cache(2_048)
def _named(letter: str) -> tuple[str, bool, str]:
    """Script, whether it is a vowel's sign, and the last word of a letter's name: DEVANAGARI, True, AA."""
    words = unicodedata.name(letter, "- -").split()
    return words[0], "VOWEL" in words, words[-1]


# ── one sentence ──────────────────────────────────────────────────────────────────────────────────────────────────
class Lips:
    """One sentence. Timings come in pieces that may break inside a word; visemes rise in time."""

    def __init__(self) -> None:
        self._word: list[Timing] = []
        self._last = ("", -1.0)
        self._ended_s = 0.0  # of what was timed so far

    def take(self, timings: Timings) -> list[Viseme]:
        found = self._sounds(timings.told) if timings.by == "sounds" else self._letters(timings.told)
        return list(self._rising(found))

    def finish(self) -> list[Viseme]:
        """What was held back, and the mouth closed where the last of it ends."""
        spelt = list(self._spelt())
        return list(self._rising([*spelt, (SILENCE, self._ended_s)] if self._ended_s > 0 else spelt))

    def _sounds(self, told: Sequence[Timing]) -> Iterator[tuple[str, float]]:
        for sound, start_s, end_s in told:
            shapes = shapes_of_sound(sound)
            for number, shape in enumerate(shapes):
                yield shape, start_s + number * (end_s - start_s) / len(shapes)
            self._ended_s = end_s

    def _letters(self, told: Sequence[Timing]) -> Iterator[tuple[str, float]]:
        for timing in told:
            for letter in _apart(timing):
                is_part = letter.text.isalpha() or unicodedata.category(letter.text)[0] == "M"
                if not is_part or len(self._word) >= MAX_WORD:
                    yield from self._spelt()
                if is_part:
                    self._word.append(letter)
                elif letter.text.isalnum():
                    self._ended_s = letter.end_s  # a digit sounds, but nobody knows how

    def _spelt(self) -> Iterator[tuple[str, float]]:
        """The shapes of the word that is complete now."""
        word, self._word = self._word, []
        if not word:
            return
        if word[0].start_s - self._ended_s >= PAUSE_S:
            yield SILENCE, self._ended_s
        for shape, at in shapes_of_word("".join(letter.text for letter in word)):
            letter = word[int(at)]
            yield shape, letter.start_s + (at - int(at)) * (letter.end_s - letter.start_s)
        self._ended_s = word[-1].end_s

    def _rising(self, found: Iterator[tuple[str, float]] | Sequence[tuple[str, float]]) -> Iterator[Viseme]:
        for shape, at_s in found:
            last, last_s = self._last
            if shape != last and isfinite(at_s) and max(0.0, last_s + LEAST_S) <= at_s <= MAX_AT_S:
                self._last = shape, at_s
                yield Viseme(shape, round(at_s * 1_000))


def _apart(timing: Timing) -> Iterator[Timing]:
    """A word that was timed as one, as letters that share its time."""
    text, start_s, end_s = timing
    share_s = (end_s - start_s) / max(1, len(text))
    for number, letter in enumerate(text):
        yield Timing(letter, start_s + number * share_s, start_s + (number + 1) * share_s)
