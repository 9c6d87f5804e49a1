"""Calendar dates ("01/15/2021", "March 15", "06/2021"), and spans as British notes write them ("3/7": three days)."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from auricle.ai.entities.measures import Measure
from auricle.ai.numbers import Number

_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
           "december")  # fmt: skip
_MONTH = (
    r"(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)"
)
_NUMERIC = re.compile(r"(?<![\d/])(\d{1,2})[/-](\d{1,2})[/-](\d{4}|\d{2})(?![\d/])")
_MONTH_YEAR = re.compile(r"(?<![\d/])(\d{1,2})[/-](\d{4})(?![\d/])")
_NAMED = re.compile(
    rf"\b{_MONTH}\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?\b(?!\s*(?:mg|%))(?:\s*,\s*'?(\d{{4}}|\d{{2}})\b)?"
    rf"|\b(?:the )?(\d{{1,2}})(?:st|nd|rd|th)?(?: of)?\s+{_MONTH}\b(?:\s*,?\s*'?(\d{{4}}))?",
    re.I,
)
_SPAN = re.compile(r"(?<![\d/.])(\d{1,2})/(7|52|12)(?![\d/])")
_SPANS = {"7": "days", "52": "weeks", "12": "months"}
_LONGEST = {"7": 6, "52": 51, "12": 24}


@dataclass(frozen=True, slots=True)
class Day:
    day: int | None
    month: int
    year: int | None
    start: int
    end: int
    text: str

    def agrees(self, other: "Day") -> bool:
        """Told more or less exactly, it is the same."""
        days = (self.day, self.month) == (other.day, other.month) or None in (self.day, other.day)
        swapped = (self.day, self.month) == (other.month, other.day)
        years = self.year is None or other.year is None or self.year % 100 == other.year % 100
        return ((days and self.month == other.month) or swapped) and years

    def spoken_in(self, values: Collection[Decimal], text: str) -> bool:
        """Its month by name and its numbers among those said ("the fifteenth of march")."""
        name = _MONTHS[self.month - 1] if 1 <= self.month <= 12 else ""
        month = re.search(rf"\b{name}\b", text, re.I) is not None or (
            self.day is not None and Decimal(self.month) in values
        )
        day = self.day is None or Decimal(self.day) in values
        year = self.year is None or {Decimal(self.year), Decimal(self.year % 100)} & set(values) or not _years(values)
        return bool(name) and month and day and bool(year)


def _years(values: Collection[Decimal]) -> bool:
    return any(1900 <= v <= 2100 for v in values)


def read_days(text: str) -> list[Day]:
    found = [
        Day(int(m[2]), int(m[1]), int(m[3]), m.start(), m.end(), m[0])
        if int(m[1]) <= 12
        else Day(int(m[1]), int(m[2]), int(m[3]), m.start(), m.end(), m[0])
        for m in _NUMERIC.finditer(text)
    ]
    found += [
        Day(None, int(m[1]), int(m[2]), m.start(), m.end(), m[0]) for m in _MONTH_YEAR.finditer(text) if int(m[1]) <= 12
    ]
    for m in _NAMED.finditer(text):
        month, day, year = (m[1], m[2], m[3]) if m[1] else (m[5], m[4], m[6])
        found.append(Day(int(day), _month(month), int(year) if year else None, m.start(), m.end(), m[0]))
    return found


def _month(name: str) -> int:
    return next(n for n, month in enumerate(_MONTHS, 1) if month.startswith(name.lower()[:3]))


def read_spans(text: str) -> list[Measure]:
    """ "3/7", "2/52", "4/12": days, weeks, months; but no date, pressure or score ("7/10")."""
    found = []
    for m in _SPAN.finditer(text):
        if 1 <= int(m[1]) <= _LONGEST[m[2]] and not re.match(
            r"\s*(?:strength|systolic|diastolic|pain)", text[m.end() :], re.I
        ):
            found.append(Measure(Number(Decimal(m[1]), m.start(), m.end()), _SPANS[m[2]], m.start(), m.end()))
    return found
