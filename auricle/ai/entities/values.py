"""Values that belong to a mention: a drug's dose and schedule, a vital sign's or a laboratory value's number."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from auricle.ai.entities.corrections import standing_measures
from auricle.ai.entities.measures import (
    DOSE_UNITS,
    SPANS,
    Found,
    Measure,
    find_duration,
    find_frequency,
    find_measures,
    find_route,
    plain_frequency,
)

REACH_CHARS = 90  # a dose stands near its drug
_TARGET = re.compile(r"\b(?:below|under|above|over|less than|more than|goal|target|until)\s*(?:of\s*)?$", re.IGNORECASE)
_OVER = re.compile(r"\s*(?:over|/|by)\s*$", re.IGNORECASE)
_OF = re.compile(r"\s*(?:of|tablets? of|का|की)?\s*$", re.IGNORECASE)
VITAL_UNITS: dict[str, tuple[Decimal, Decimal, str]] = {
    # plausible range and unit as written; a number outside is something else
    "heart rate": (Decimal(25), Decimal(250), " bpm"),
    "respiratory rate": (Decimal(4), Decimal(60), " /min"),
    "temperature": (Decimal(30), Decimal(110), "°"),
    "oxygen saturation": (Decimal(50), Decimal(100), "%"),
    "weight": (Decimal(1), Decimal(600), ""),
    "height": (Decimal(1), Decimal(250), ""),
    "body mass index": (Decimal(10), Decimal(90), ""),
    "pain score": (Decimal(0), Decimal(10), "/10"),
}


@dataclass(frozen=True, slots=True)
class Dosing:
    value: str | None
    attributes: dict[str, str]
    end: int  # offset in the text where the last part of it ends
    start: int


def dosing(text: str, start: int, end: int, previous: int, following: int) -> Dosing:
    """Read dose, route, frequency and duration of the drug at `start:end`, between its neighbours' ends and starts."""
    stop = min(following, end + REACH_CHARS)
    after = text[end:stop]
    often = find_frequency(after)
    doses = [
        m
        for m in standing_measures(after)
        if (m.unit in DOSE_UNITS or (m.unit is None and m.start <= 2))
        and not any(f.start <= m.start < f.end for f in often)
    ]
    dose = _shift(doses[0], end) if doses else None
    if dose is None or dose.unit is None:
        dose = _dose_before(text, start, previous) or dose
    parts: list[tuple[int, int]] = [(start, end)] + ([(dose.start, dose.end)] if dose else [])
    attributes: dict[str, str] = {"dose": dose.value} if dose else {}
    single: list[tuple[str, Found | None]] = [("route", find_route(after)), ("duration", find_duration(after))]
    if often:
        attributes["frequency"] = ", ".join(f.text for f in often[:3])
        if (schedule := ", ".join(plain_frequency(f.text) for f in often[:3])) != attributes["frequency"]:
            attributes["schedule"] = schedule
        parts += [(end + f.start, end + f.end) for f in often[:3]]
    for name, found in single:
        if found and not found.text.endswith("ago"):  # "started it a week ago" tells when, not how long
            attributes[name] = found.text
            parts.append((end + found.start, end + found.end))
    return Dosing(dose.value if dose else None, attributes, max(p[1] for p in parts), min(p[0] for p in parts))


def _shift(measure: Measure, by: int) -> Measure:
    return Measure(measure.number, measure.unit, measure.start + by, measure.end + by)


def _dose_before(text: str, start: int, previous: int) -> Measure | None:
    """ "four hundred milligrams of ibuprofen", where no drug stands right before it."""
    floor = max(previous, start - REACH_CHARS)
    for measure in reversed(standing_measures(text[floor:start])):
        if measure.unit in DOSE_UNITS and _OF.fullmatch(text[floor + measure.end : start]):
            touches_previous = previous and not text[previous : floor + measure.start].strip(" ,")
            return None if touches_previous else _shift(measure, floor)
    return None


@dataclass(frozen=True, slots=True)
class Pressure:
    value: str
    start: int
    end: int


def blood_pressures(text: str) -> list[Pressure]:
    """ "130/85", "one thirty over eighty five", within what people can have."""
    found: list[Pressure] = []
    measures = find_measures(text)
    for upper, lower in zip(measures, measures[1:], strict=False):
        gap = text[upper.end : lower.start]
        plausible = 60 <= upper.number.value <= 270 and 30 <= lower.number.value <= 160
        if gap and _OVER.fullmatch(gap) and plausible and upper.number.value > lower.number.value:
            found.append(Pressure(f"{upper.number.plain}/{lower.number.plain} mmHg", upper.start, lower.number.end))
    return found


def reading(name: str, text: str, end: int, following: int) -> tuple[str, int] | None:
    """The number of a vital sign or laboratory value named just before `end`: its value and where it ends."""
    if name == "blood pressure":
        return None  # a pair, read by `blood_pressures`
    after = text[end : min(following, end + 45)]
    for measure in find_measures(after):
        if measure.unit in SPANS or _TARGET.search(after[: measure.start]):
            continue
        if name in VITAL_UNITS:
            low, high, unit = VITAL_UNITS[name]
            if not low <= measure.number.value <= high:
                continue
            value = measure.value if measure.unit not in {None, "bpm"} else f"{measure.number.plain}{unit}"
            return value, end + measure.end
        return measure.value, end + measure.end
    return None


@dataclass(frozen=True, slots=True)
class Threshold:
    value: str
    start: int
    end: int


def hearing_thresholds(text: str) -> list[Threshold]:
    """ "forty decibels at four thousand hertz", "45 dB HL at 2 kHz", in this order."""
    found: list[Threshold] = []
    measures: Sequence[Measure] = find_measures(text)
    for index, level in enumerate(measures):
        if level.unit != "dB":
            continue
        pitch = measures[index + 1] if index + 1 < len(measures) else None
        if pitch and pitch.unit in {"Hz", "kHz"} and pitch.start - level.end <= 12:
            found.append(Threshold(f"{level.value} at {pitch.value}", level.start, pitch.end))
        else:
            found.append(Threshold(level.value, level.start, level.end))
    return found
