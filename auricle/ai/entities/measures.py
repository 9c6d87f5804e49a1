"""Numbers with their unit, and how often, how long and by which way something is taken. Spoken and written alike."""

import re
from dataclasses import dataclass

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
        "drops": "drop drops बूंद बूंदें",
        "tablets": "tablet tablets tab tabs pill pills गोली गोलियां",
        "capsules": "capsule capsules",
        "%": "% percent प्रतिशत",
        "mmHg": "mmhg",
        "dB": "db decibel decibels",
        "Hz": "hz hertz",
        "kHz": "khz kilohertz",
        "kg": "kg kgs kilo kilos kilogram kilograms किलो",
        "lb": "lb lbs pound pounds",
        "cm": "cm centimeter centimeters centimetre centimetres",
        "mm": "mm millimeter millimeters",
        "bpm": "bpm beats",
        "°": "degree degrees °",
        "hours": "hour hours hr hrs घंटे घंटा",
        "minutes": "minute minutes",
        "days": "day days दिन दिनों",
        "weeks": "week weeks हफ्ते हफ्तों हफ़्ते सप्ताह",
        "months": "month months महीने महीनों",
        "years": "year years साल सालों",
    }.items()
    for spoken in spellings.split()
}
DOSE_UNITS = frozenset({"mg", "mcg", "g", "ml", "units", "puffs", "drops", "tablets", "capsules", "%"})
SPANS = frozenset({"days", "weeks", "months", "years", "hours", "minutes"})
_UNIT = re.compile(r"[\s\-]{0,2}(°|%|[^\W\d_]+(?:[\u0900-\u097f])*)")
_COUNT = r"(?:one|two|three|four|five|six|eight|twelve|twenty[\s-]four|\d{1,2})"
_PERIOD = r"(?:day|night|morning|evening|afternoon|week|month|year|meal)"
FREQUENCY = re.compile(
    rf"\b(?:(?:once|twice|thrice|{_COUNT}\s+times?)\s+(?:(?:a|per|each|every|in\s+a)\s+{_PERIOD}|daily|weekly)"
    rf"|every\s+(?:other\s+)?{_PERIOD}|every\s+{_COUNT}(?:\s+to\s+{_COUNT})?\s+hours|(?:each|per"
    rf"|a)\s+(?:day|night|week)\b"
    rf"|daily|weekly|nightly|hourly|at\s+(?:bed\s?time|night)|before\s+bed|in\s+the\s+(?:morning|evening|afternoon)"
    rf"|(?:before|after|with)\s+(?:meals|food|breakfast|lunch|dinner)|(?:as|when|if)\s+needed"
    rf"|b\.?i\.?d\b|t\.?i\.?d\b|prn\b|qid\b)"
    r"|दिन में (?:एक|दो|तीन|चार) बार|रोज़?|रात को|सुबह(?: शाम)?",
    re.IGNORECASE,
)
ROUTE = re.compile(
    r"\b(?:by\s+mouth|orally|oral|intravenous(?:ly)?|iv|sublingual(?:ly)?|under\s+the\s+tongue"
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
    found: list[Measure] = []
    for number in find_numbers(text):
        after = _UNIT.match(text, number.end)
        unit = UNITS.get(after[1].lower()) if after else None
        found.append(Measure(number, unit, number.start, after.end() if after and unit else number.end))
    return found


@dataclass(frozen=True, slots=True)
class Found:
    text: str
    start: int
    end: int


def find_frequency(text: str) -> list[Found]:
    return [Found(" ".join(m[0].split()), m.start(), m.end()) for m in FREQUENCY.finditer(text)]


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
