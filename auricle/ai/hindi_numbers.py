"""Hindi numerals, in Devanagari and as they are typed in Latin letters."""

import unicodedata
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from auricle.ai.tokens import Token, words

HINDI = {
    word: value
    for value, word in enumerate(
        words(
            "शून्य एक दो तीन चार पांच छह सात "
            "आठ नौ दस ग्यारह बारह तेरह चौदह पंद्रह "
            "सोलह सत्रह अठारह उन्नीस बीस इक्कीस बाईस तेईस "
            "चौबीस पच्चीस छब्बीस सत्ताईस अट्ठाईस उनतीस तीस इकतीस "
            "बत्तीस तैंतीस चौंतीस पैंतीस छत्तीस सैंतीस अड़तीस उनतालीस "
            "चालीस इकतालीस बयालीस तैंतालीस चौवालीस पैंतालीस छियालीस सैंतालीस "
            "अड़तालीस उनचास पचास इक्यावन बावन तिरपन चौवन पचपन "
            "छप्पन सत्तावन अट्ठावन उनसठ साठ इकसठ बासठ तिरसठ "
            "चौंसठ पैंसठ छियासठ सड़सठ अड़सठ उनहत्तर सत्तर इकहत्तर "
            "बहत्तर तिहत्तर चौहत्तर पचहत्तर छिहत्तर सतहत्तर अठहत्तर उनासी "
            "अस्सी इक्यासी बयासी तिरासी चौरासी पचासी छियासी सत्तासी "
            "अट्ठासी नवासी नब्बे इक्यानवे बानवे तिरानवे चौरानवे पचानवे "
            "छियानवे सत्तानवे अट्ठानवे निन्यानवे "
        )
    )
} | {"पाँच": 5, "छः": 6, "छे": 6}  # fmt: skip
HINDI_SCALES = {"सौ": 100, "हज़ार": 1_000, "हजार": 1_000, "लाख": 100_000}
HINDI_HALVES = {"आधा": Fraction(1, 2), "आधी": Fraction(1, 2), "डेढ़": Fraction(3, 2), "ढाई": Fraction(5, 2)}
QUARTERS = {"सवा": Fraction(1, 4), "साढ़े": Fraction(1, 2), "पौने": Fraction(-1, 4)}  # more than the number that follows

_LATIN = {
    word: value
    for value, spellings in {
        1: "ek", 2: "do", 3: "teen tin", 4: "char chaar", 5: "paanch panch", 6: "chhe chhah chhey", 7: "saat",
        8: "aath", 9: "nau", 10: "das dus", 11: "gyarah", 12: "barah baarah", 13: "terah", 14: "chaudah", 15: "pandrah",
        20: "bees", 25: "pachees pacchis", 30: "tees", 40: "chalis chaalis", 50: "pachas pachaas", 60: "saath",
        70: "sattar", 80: "assi", 90: "nabbe",
    }.items()
    for word in words(spellings)
}  # fmt: skip
_LATIN_SCALES = {"sau": 100, "hazaar": 1_000, "hazar": 1_000, "lakh": 100_000}
_LATIN_HALVES = {"aadha": Fraction(1, 2), "aadhi": Fraction(1, 2), "dedh": Fraction(3, 2), "dhai": Fraction(5, 2),
                 "adhai": Fraction(5, 2)}  # fmt: skip
_LATIN_QUARTERS = {"sava": Fraction(1, 4), "sadhe": Fraction(1, 2), "saadhe": Fraction(1, 2), "paune": Fraction(-1, 4)}
_LATIN_BEGIN = frozenset({*_LATIN, *_LATIN_HALVES, *_LATIN_QUARTERS})
# Many are spelt like English words ("do", "teen"): they are numbers only before one of these.
_COUNTED = frozenset(
    words(
        "din dino dinon hafte hafton haftey mahine mahino mahinon saal saalo saalon salon ghante ghanton baar bar "
        "goli goliyan mg milligram milligrams ml chammach boond"
    )
)


def plain_hindi(word: str) -> str:
    """One spelling of letters with a dot below, which have two in Unicode."""
    return word if word.isascii() else unicodedata.normalize("NFC", word)


def more(quarter: Fraction, value: Decimal) -> Decimal:
    """ "साढ़े तीन" is 3.5, "साढ़े तीन सौ" 350."""
    scale = next((s for s in (100_000, 1_000, 100) if value >= s and value % s == 0), 1)
    added = quarter * scale
    return value + Decimal(added.numerator) / Decimal(added.denominator)


def latin_number(stream: Sequence[Token], at: int) -> tuple[Decimal, int] | None:
    """A number in Latin letters from here, and how many words it takes: "teen din", "paanch sau", "dedh saal"."""
    if stream[at].word not in _LATIN_BEGIN:
        return None
    total, group, used = Fraction(0), Fraction(-1), 0
    quarter = _LATIN_QUARTERS.get(stream[at].word)
    start = at + 1 if quarter is not None else at
    scaled = False
    for token in stream[start : start + 6]:
        scale = _LATIN_SCALES.get(token.word)
        value = _LATIN.get(token.word, _LATIN_HALVES.get(token.word))
        if scale is not None and (group >= 0 or quarter is not None):
            total, group, scaled = total + (group if group > 0 else 1) * scale, Fraction(-1), True
        elif value is not None and group < 0:
            group = Fraction(value)
        else:
            break
        used += 1
    if used == 0:
        return None
    following = stream[start + used].word if start + used < len(stream) else ""
    if following not in _COUNTED and not scaled:
        return None
    number = total + max(group, Fraction(0))
    value_said = Decimal(number.numerator) / Decimal(number.denominator)
    if quarter is not None:
        value_said = more(quarter, value_said)
    return value_said, start - at + used
