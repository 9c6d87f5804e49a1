"""Numbers with their unit, and how often, how long and by which way something is taken. Spoken and written alike."""

import re
from dataclasses import dataclass
from decimal import Decimal

from auricle.ai.numbers import Number, find_numbers, plain

UNITS = {
    spoken: unit
    for unit, spellings in {
        "mg": "mg mgs milligram milligrams milligramme मिलीग्राम मि.ग्रा",
        "mcg": "mcg microgram micrograms µg ug",
        "g": "g gm gms gram grams ग्राम",
        "ml": "ml mls milliliter milliliters millilitre millilitres cc",
        "units": "unit units iu",
        "puffs": "puff puffs",
        "sprays": "spray sprays",
        "drops": "drop drops बूंद बूंदें",
        "tablets": "tablet tablets tab tabs pill pills गोली गोलियां goli",
        "capsules": "capsule capsules cap caps",
        "teaspoons": "teaspoon teaspoons tsp चम्मच",
        "sachets": "sachet sachets",
        "%": "% percent प्रतिशत",
        "mmHg": "mmhg",
        "dB": "db decibel decibels dbhl",
        "daPa": "dapa dekapascal dekapascals decapascal decapascals",
        "Hz": "hz hertz",
        "kHz": "khz kilohertz",
        "L": "liter liters litre litres",
        "kg": "kg kgs kilo kilos kilogram kilograms किलो",
        "lb": "lb lbs pound pounds",
        "cm": "cm centimeter centimeters centimetre centimetres",
        "mm": "mm millimeter millimeters",
        "bpm": "bpm beats",
        "°": "degree degrees °",
        "hours": "hour hours hr hrs घंटे घंटा ghante ghanton",
        "minutes": "minute minutes",
        "days": "day days दिन दिनों din dino dinon",
        "weeks": "week weeks hafte hafton haftey हफ्ते हफ्तों हफ़्ते सप्ताह",
        "months": "month months mahine mahino mahinon महीने महीनों",
        "years": "year years saal saalon साल सालों",
    }.items()
    for spoken in spellings.split()
}
DOSE_UNITS = frozenset(
    {"mg", "mcg", "g", "ml", "units", "puffs", "sprays", "drops", "tablets", "capsules", "teaspoons", "sachets", "%"}
)
SPANS = frozenset({"days", "weeks", "months", "years", "hours", "minutes"})
_UNIT = re.compile(r"[\s\-]{0,2}(°|%|[^\W\d_]+(?:[\u0900-\u097f])*)")
_PER = {"mg": "mg", "milligram": "mg", "milligrams": "mg", "g": "g", "gm": "g", "gram": "g", "grams": "g",
        "mmol": "mmol", "millimole": "mmol", "millimoles": "mmol", "meq": "mEq", "mcg": "mcg", "µg": "mcg", "ug": "mcg",
        "umol": "µmol", "µmol": "µmol", "ng": "ng", "pg": "pg", "miu": "mIU", "iu": "IU", "u": "U", "units": "U",
        "kg": "kg"}  # fmt: skip
_OF = {"dl": "dL", "deciliter": "dL", "decilitre": "dL", "l": "L", "liter": "L", "litre": "L", "ml": "mL",
       "milliliter": "mL", "millilitre": "mL", "m2": "m²", "m²": "m²"}  # fmt: skip
_ANY_PER, _ANY_OF = ("|".join(sorted(units, key=len, reverse=True)) for units in (_PER, _OF))
_CONCENTRATION = re.compile(rf"\s?({_ANY_PER})\s?(?:/|per)\s?({_ANY_OF})\b", re.IGNORECASE)
_DEGREES = re.compile(r"\s?(?:°|degrees?)?\s?(?:(fahrenheit|f)|(celsius|centigrade|c))\b(?!\s*\d)", re.IGNORECASE)
_COUNT = r"(?:one|two|three|four|five|six|eight|twelve|twenty[\s-]four|\d{1,2})"
_PERIOD = r"(?:day|night|morning|evening|afternoon|week|month|year|meal)"
FREQUENCY = re.compile(
    rf"\b(?:(?:once|twice|thrice|{_COUNT}\s+times?)\s+(?:(?:a|per|each|every|in\s+a)\s+{_PERIOD}|daily|weekly|monthly)"
    rf"|every\s+(?:other\s+|alternate\s+)?{_PERIOD}|every\s+{_COUNT}(?:\s+to\s+{_COUNT})?\s+hours"
    rf"|{_COUNT}[\s-]hourly|q\s?\d{{1,2}}\s?h(?:ourly|rs?)?\b|(?:each|per|a)\s+(?:day|night|week)\b"
    rf"|alternate\s+days?|(?:once|twice)\s+only"
    rf"|daily|weekly|nightly|hourly|at\s+(?:bed\s?time|night)|before\s+bed|in\s+the\s+(?:morning|evening|afternoon)"
    rf"|(?:before|after|with)\s+(?:meals|food|breakfast|lunch|dinner)|on\s+an\s+empty\s+stomach"
    rf"|(?:as|when|if)\s+(?:needed|required)"
    rf"|[0-3½](?:\s?[-–]\s?[0-3½]){{2,3}}(?![-–\d])"  # Indian habit: morning-noon-night, 1-0-1
    rf"|b\.?i\.?d\b|t\.?i\.?d\b|prn\b|qid\b|[bo]\.?d\.?\b(?!\s+(?:eye|vision))|t\.?d\.?s\b|q\.?d\.?s\b|h\.?s\b|s\.?o\.?s\b"
    rf"|q\.?d\b|q\.?h\.?s\b|stat\b|roz\b|din\s+mein\s+(?:ek|do|teen|char)\s+baar|raat\s+ko|subah(?:\s+sha+m)?)"
    r"|दिन में (?:एक|दो|तीन|चार) बार|रोज़?|रात को|सुबह(?: शाम)?",
    re.IGNORECASE,
)
_HABIT = {"od": "once a day", "qd": "once a day", "bd": "twice a day", "bid": "twice a day", "tds": "three times a day",
          "tid": "three times a day", "qds": "four times a day", "qid": "four times a day", "hs": "at bedtime",
          "qhs": "at bedtime", "sos": "as needed", "prn": "as needed", "stat": "at once"}  # fmt: skip
ROUTE = re.compile(
    r"\b(?:by\s+mouth|orally|oral|per\s+oral|po|intravenous(?:ly)?|iv|intramuscular(?:ly)?|sc|sublingual(?:ly)?"
    r"|under\s+the\s+tongue|rectal(?:ly)?|nasal(?:ly)?"
    r"|topical(?:ly)?|inhaled|subcutaneous(?:ly)?"
    r"|in(?:to)?\s+(?:the|my|your|each|both)\s+(?:(?:left|right|affected)\s+)?(?:ears?|eyes?|nose|nostrils?))\b",
    re.IGNORECASE,
)
_SOME = r"(?:a|an|a\s+few|few|several|a\s+couple(?:\s+of)?|couple(?:\s+of)?|many|some|one|कुछ|एक)"
_TIMES = "|".join(word for word, unit in UNITS.items() if unit in SPANS)
DURATION_WORDS = re.compile(
    rf"\b(?:for|since|over|past|last)\s+(?:the\s+)?(?:last\s+|past\s+|about\s+|around\s+|almost\s+"
    rf"|nearly\s+)*{_SOME}\s+(?:{_TIMES})\b",
    re.IGNORECASE,
)

_SINCE = re.compile(
    r"(?:for|since|over|past|last)(?:\s+(?:the|last|past|about|around|almost|nearly))*\s+$", re.IGNORECASE
)


_PARTS = {"half": Decimal("0.5"), "one": Decimal(1), "ek": Decimal(1), "aadhi": Decimal("0.5"), "1/2": Decimal("0.5"),
          "½": Decimal("0.5"), "quarter": Decimal("0.25")}  # fmt: skip
_PART = re.compile(
    r"(?<![\w/])(half(?:\s+an?)?|quarter(?:\s+of)?(?:\s+an?)?|one|ek|aadhi|1/2|½)\s+"
    r"(tab(?:let)?s?|pills?|goli|capsules?|puffs?|sprays?|drops?|teaspoons?|tsp|sachets?|grams?|gm|ml)\b",
    re.IGNORECASE,
)  # by itself "one" is mostly a pronoun, before a unit it is a number


@dataclass(frozen=True, slots=True)
class Measure:
    number: Number
    unit: str | None
    start: int
    end: int

    @property
    def value(self) -> str:
        if self.unit is None:
            return plain(self.number.value)
        return f"{plain(self.number.value)}{'' if self.unit in {'%', '°'} else ' '}{self.unit}"


def find_measures(text: str) -> list[Measure]:
    """Every number, with the unit right after it where there is one."""
    found: list[Measure] = [Measure(Number(_PARTS[m[1].lower().split()[0]], m.start(1), m.end(1), spoken=True),
                                    UNITS[m[2].lower()], m.start(), m.end())
                            for m in _PART.finditer(text)]  # fmt: skip
    taken = {m.start for m in found}
    for number in find_numbers(text):
        if number.start in taken:
            continue
        after, unit = _unit_after(text, number)
        found.append(Measure(number, unit, number.start, after.end() if after and unit else number.end))
    return sorted(found, key=lambda m: m.start) if taken else found


def _unit_after(text: str, number: Number) -> tuple[re.Match[str] | None, str | None]:
    if (after := _CONCENTRATION.match(text, number.end)) is not None:
        return after, f"{_PER[after[1].lower()]}/{_OF[after[2].lower()]}"
    if 30 <= number.value <= 115 and (after := _DEGREES.match(text, number.end)) is not None:
        return after, "°F" if after[1] else "°C"
    after = _UNIT.match(text, number.end)
    return after, UNITS.get(after[1].lower()) if after else None


@dataclass(frozen=True, slots=True)
class Found:
    text: str
    start: int
    end: int


def find_frequency(text: str) -> list[Found]:
    return [Found(" ".join(m[0].split()), m.start(), m.end()) for m in FREQUENCY.finditer(text)]


def plain_frequency(said: str) -> str:
    """A prescriber's habit in words: "BD" is "twice a day", "1-0-1" is "morning and night"; else as said."""
    times = re.split(r"\s?[-–]\s?", said)
    if len(times) == 3 and all(re.fullmatch(r"[0-3½]", t) for t in times):
        taken = zip(times, ("in the morning", "at noon", "at night"), strict=True)
        return ", ".join(when if t == "1" else f"{t} {when}" for t, when in taken if t != "0")
    return _HABIT.get(said.lower().replace(".", ""), said)


def find_route(text: str) -> Found | None:
    match = ROUTE.search(text)
    return Found(match[0], match.start(), match.end()) if match else None


def find_duration(text: str) -> Found | None:
    """ "for three weeks", "since two months", "three weeks ago": as said."""
    if match := DURATION_WORDS.search(text):
        return Found(match[0], match.start(), match.end())
    for measure in find_measures(text):
        if measure.unit in SPANS:
            before = _SINCE.search(text[: measure.start])
            after = re.match(r"\s+(?:ago|now|से)", text[measure.end :])
            if before or after:
                start = before.start() if before else measure.start
                end = measure.end + (after.end() if after else 0)
                return Found(text[start:end], start, end)
    return None
