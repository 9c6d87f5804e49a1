"""Names folded three ways, so that a name is found however it was written: as typed, by sound, by skeleton.

- `folded`: any script to plain Latin letters without case or marks ("आशा" and "Āshā" are both "asha");
- `sound`: what spelling leaves open is levelled ("Laxmee" and "Lakshmi" are both "laksmi");
- `skeleton`: consonants only, merged where Indian and Western spelling waver ("Vishwas" and "Biswas" are both "bsbs").

No rule has to be right about a language: both sides of a comparison pass the same ones.
"""

import re
import unicodedata

# The Indic blocks of Unicode share one layout (after ISCII), so one table by offset reads nine scripts.
INDIC_START, INDIC_END, INDIC_BLOCK = 0x0900, 0x0D7F, 0x80
INHERENT = (  # offsets 0x15 to 0x39
    "k", "kh", "g", "gh", "n", "ch", "chh", "j", "jh", "n", "t", "th", "d", "dh", "n", "t", "th", "d", "dh", "n",
    "n", "p", "ph", "b", "bh", "m", "y", "r", "r", "l", "l", "l", "v", "sh", "sh", "s", "h",
)  # fmt: skip
CONSONANTS = dict(enumerate(INHERENT, start=0x15)) | {
    0x58: "k", 0x59: "kh", 0x5A: "g", 0x5B: "z", 0x5C: "d", 0x5D: "dh", 0x5E: "f", 0x5F: "y",
}  # fmt: skip
VOWELS = {
    0x05: "a", 0x06: "a", 0x07: "i", 0x08: "i", 0x09: "u", 0x0A: "u", 0x0B: "ri", 0x0C: "li", 0x0D: "e", 0x0E: "e",
    0x0F: "e", 0x10: "ai", 0x11: "o", 0x12: "o", 0x13: "o", 0x14: "au", 0x60: "ri", 0x61: "li", 0x72: "a",
}  # fmt: skip
SIGNS = {
    0x3E: "a", 0x3F: "i", 0x40: "i", 0x41: "u", 0x42: "u", 0x43: "ri", 0x44: "ri", 0x45: "e", 0x46: "e", 0x47: "e",
    0x48: "ai", 0x49: "o", 0x4A: "o", 0x4B: "o", 0x4C: "au",
}  # fmt: skip
NASALS = {0x01: "n", 0x02: "n", 0x70: "n"}
VIRAMA, NUKTA = 0x4D, 0x3C
DOTTED = {"k": "k", "kh": "kh", "g": "g", "j": "z", "d": "d", "dh": "dh", "ph": "f"}  # a consonant with nukta
CHILLU = {0x0D7A: "n", 0x0D7B: "n", 0x0D7C: "r", 0x0D7D: "l", 0x0D7E: "l", 0x0D7F: "k", 0x09CE: "t"}
LATIN = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ı": "i"})

LEVELS = [  # applied in order to a folded word
    (r"x", "ks"),
    (r"ck|q", "k"),
    (r"tch", "ch"),
    (r"sch", "s"),
    (r"^kn|^gn(?=[aeiou])", "n"),
    (r"^wr", "r"),
    (r"igh", "i"),
    (r"(?<=[ao])w(?![aeiou])", "u"),
    (r"(?<=[ao])v$", "o"),
    (r"inh$", "ing"),
    (r"^(?:dny|jn|gy)", "g"),
    (r"(?<=[aeiou])(?:dny|jn)", "g"),
    (r"ph", "f"),
    (r"ksh", "ks"),
    (r"c(?=[eiy])", "s"),
    (r"c(?!h)", "k"),
    (r"(?<=[kgcjtdpbs])h", ""),
    (r"zh", "l"),
    (r"z", "j"),
    (r"w", "v"),
    (r"ee|ea|ie|ey$", "i"),
    (r"oo|ou", "u"),
    (r"y(?![aeiou])", "i"),
    (r"([a-z])\1+", r"\1"),
]
LEVELLED = [(re.compile(pattern), by) for pattern, by in LEVELS]
MERGED = str.maketrans({"v": "b", "f": "p", "z": "j"})
LONGEST_WORD, MOST_WORDS = 40, 8


def folded(name: str) -> tuple[str, ...]:
    """The words of a name in plain lower-case Latin letters and digits; other scripts' letters stay as they are."""
    latin = "".join(_latin_words(unicodedata.normalize("NFC", name)))
    plain = unicodedata.normalize("NFKD", latin).casefold().translate(LATIN)
    kept = "".join(c for c in plain if not unicodedata.combining(c) and c not in "'’`")
    words = "".join(c if c.isalnum() else " " for c in kept).split()
    return tuple(word[:LONGEST_WORD] for word in words[:MOST_WORDS])


def sound(word: str) -> str:
    """A folded word with what spelling leaves open levelled."""
    for pattern, by in LEVELLED:
        word = pattern.sub(by, word)
    return word


def skeleton(word: str) -> str:
    """The consonants of a word that sounds; an initial vowel, of whatever kind, is an `a`."""
    heard = sound(word).translate(MERGED)
    start = "a" if heard[:1] in tuple("aeiouy") else ""
    bare = re.sub(r"m(?=[^aeiouyhm])", "n", heard)
    bare = re.sub(r"g(?=[eiy])", "j", bare)
    bare = re.sub(r"(?<=.)h|[aeiouy]", "", bare)
    return start + re.sub(r"(.)\1+", r"\1", bare)


def _latin_words(name: str) -> list[str]:
    """Each run of an Indic script transliterated; everything else as it is."""
    out: list[str] = []
    run: list[str] = []
    for character in name + " ":
        if INDIC_START <= ord(character) <= INDIC_END or (run and character in "\u200c\u200d"):
            run.append(character)
            continue
        if run:
            out.append(_transliterated(run))
            run = []
        out.append(character)
    return out


def _transliterated(run: list[str]) -> str:
    """Indic letters to Latin ones. The inherent vowel is written inside a word and dropped at its end."""
    out: list[str] = []
    bare = False  # the last consonant still has its inherent vowel
    for code in map(ord, run):
        offset = (code - INDIC_START) % INDIC_BLOCK
        if code in CHILLU:
            out.append(("a" if bare else "") + CHILLU[code])
            bare = False
        elif offset in CONSONANTS:
            out.append(("a" if bare else "") + CONSONANTS[offset])
            bare = True
        elif offset == NUKTA and out:
            out[-1] = _dotted(out[-1])
        elif offset in SIGNS or offset == VIRAMA:
            out.append(SIGNS.get(offset, ""))
            bare = False
        elif offset in VOWELS or offset in NASALS:
            out.append(("a" if bare else "") + (VOWELS.get(offset) or NASALS[offset]))
            bare = False
    return "".join(out)


def _dotted(letters: str) -> str:
    inherent, consonant = ("a", letters[1:]) if letters[:1] == "a" else ("", letters)
    return inherent + DOTTED.get(consonant, consonant)
