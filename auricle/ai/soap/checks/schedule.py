"""How often something is taken or happens, in one form: "2 a day", "1 a week", "as needed"."""

import re

_WORDS = {"once": 1, "one": 1, "a": 1, "twice": 2, "two": 2, "thrice": 3, "three": 3, "four": 4, "five": 5, "six": 6,
          "eight": 8, "twelve": 12, "ek": 1, "do": 2, "teen": 3, "char": 4,
          "एक": 1, "दो": 2, "तीन": 3, "चार": 4}  # fmt: skip
_COUNT = r"(\d{1,2}|one|two|three|four|five|six|eight|twelve)"
_PER = r"(?:a|per|each|every|in a|/)"
_PERIODS = {"daily": "day", "weekly": "week", "monthly": "month", "nightly": "day", "yearly": "year"}
_TIMES = re.compile(
    rf"\b(once|twice|thrice|(?:{_COUNT}(?: to \w+)?\s+times?)|x ?\d{{1,2}})\s*"
    rf"(?:{_PER}\s*(day|night|week|month|year|hour)|(daily|weekly|monthly|nightly|yearly))\b",
    re.I,
)
_EVERY_HOURS = re.compile(rf"\b(?:every|q) ?{_COUNT} ?(?:(?:to|-) ?\w+ )?(?:hours?|hrs?|h)\b", re.I)
_EVERY = re.compile(r"\b(?:every|each|per) (day|night|week|month|morning|evening)\b", re.I)
_EVERY_OTHER = re.compile(r"\b(?:every other|alternate) (day|night|week)s?\b", re.I)
_ADVERB = re.compile(r"(?<!twice )(?<!once )(?<!times )\b(daily|weekly|monthly|nightly)\b", re.I)
_LATIN = {"bid": "2 a day", "bd": "2 a day", "tid": "3 a day", "tds": "3 a day", "qid": "4 a day", "od": "1 a day",
          "qd": "1 a day", "hs": "night"}  # fmt: skip
_HINDI = re.compile(r"(?:din mein|din me|दिन में)\s+(ek|do|teen|char|एक|दो|तीन|चार)\s+(?:baar|bar|बार)", re.I)
_HINDI_DAILY = re.compile(r"(?<!\w)(?:roz|rozana|har din|रोज़?|रोजाना|हर दिन)(?!\w)", re.I)
_MORNING = re.compile(r"\b(?:mornings?|subah|breakfast)\b|सुबह", re.I)
_NIGHT = re.compile(
    r"\b(?:(?:at|every|each|in the) (?:night|evening)|nightly|bed ?time|before bed|dinner|raat|shaam)\b|रात|शाम", re.I
)
_AS_NEEDED = re.compile(
    r"\b(?:as|when|if) (?:needed|required|necessary)\b|\bprn\b|\bsos\b"
    r"|\b(?:when|if|whenever) (?:i|you|they|he|she)(?: \w+)? need"
    r"|\bwhen (?:it|the pain|they|that) (?:gets|is|are|get|hurts)\b",
    re.I,
)
_ONCE_EACH = re.compile(
    r"\b(?:one|1|a tablet|half)\b[^.;]{0,30}(?:morning|breakfast)[^.;]{0,40}(?:night|bed|dinner|evening)", re.I
)
_BETWEEN = re.compile(r"\b(?:uh|um|er|ah|like|maybe|about|you know)\b|,", re.I)
TIMES_OF_DAY = frozenset({"morning", "night"})
_SPAN_OF = re.compile(r"\b(?:a|per|each) (day|week|month)\b", re.I)


def schedules(text: str) -> set[str]:
    """Every schedule told, and the times of day."""
    text = " ".join(_BETWEEN.sub(" ", text).split())
    found: set[str] = set()
    for m in _TIMES.finditer(text):
        period = m[3] or _PERIODS[(m[4] or "daily").lower()]
        found.add(f"{_value(m[2] or m[1])} a {_day(period)}")
    for m in _EVERY_HOURS.finditer(text):
        hours = _value(m[1])
        found |= {f"every {hours} hours", *([f"{24 // hours} a day"] if hours and 24 % hours == 0 else [])}
    for m in _EVERY_OTHER.finditer(text):
        found.add(f"every other {_day(m[1])}")
    found |= {f"1 a {_day(m[1])}" for m in _EVERY.finditer(text)}
    found |= {f"1 a {_PERIODS[m[1].lower()]}" for m in _ADVERB.finditer(text)}
    found |= {meant for word, meant in _LATIN.items() if re.search(rf"\b{word}\b", text, re.I)}
    found |= {f"{_WORDS[m[1].lower()]} a day" for m in _HINDI.finditer(text)}
    if _HINDI_DAILY.search(text):
        found.add("1 a day")
    if not any("a day" in f for f in found):
        found |= {f"1 a {_day(m[1])}" for m in _SPAN_OF.finditer(text)}
    return found | _times_of_day(text)


def _times_of_day(text: str) -> set[str]:
    found: set[str] = set()
    if _ONCE_EACH.search(text):
        found.add("2 a day")
    if _MORNING.search(text):
        found.add("morning")
    if _NIGHT.search(text):
        found.add("night")
    if _AS_NEEDED.search(text):
        found.add("as needed")
    return found


def _value(said: str) -> int:
    word = said.lower().split()[0].lstrip("x") or said.lower().split()[-1]
    return int(word) if word.isdecimal() else _WORDS.get(word, 0)


def _day(period: str) -> str:
    return {"night": "day", "morning": "day", "evening": "day", "hour": "hour"}.get(period.lower(), period.lower())
