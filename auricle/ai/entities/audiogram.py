"""Audiograms, spoken or written: thresholds by frequency, the mean that clinics quote, and the degree of loss.

"Right: 250 Hz 20, 500 Hz 25", "forty at one k, fifty five at two k", "500: 30 1000: 40", and tables with a row of
frequencies. Two or more thresholds in a row make an audiogram; a single one stays a threshold.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from auricle.ai.numbers import find_numbers

FREQUENCIES = (125, 250, 500, 750, 1000, 1500, 2000, 3000, 4000, 6000, 8000)  # Hz
LOWEST_DB, HIGHEST_DB = -10, 120
NO_RESPONSE = "NR"
_FAR_CHARS = 400  # what was said further away tells nothing about a series
MOST_ITEMS = 400  # numbers of one clause that are looked at
MOST_HERTZ = 100_000  # a larger number is of something else
# Mean over 0.5, 1, 2 and 4 kHz graded as WHO's World report on hearing (2021) does; over 0.5, 1 and 2 kHz as ASHA
# prints Clark (1981): each the least mean of its grade.
WHO: Sequence[tuple[float, str]] = ((95, "complete"), (80, "profound"), (65, "severe"), (50, "moderately severe"),
                                    (35, "moderate"), (20, "mild"), (-20, "normal"))  # fmt: skip
ASHA: Sequence[tuple[float, str]] = ((91, "profound"), (71, "severe"), (56, "moderately severe"), (41, "moderate"),
                                     (26, "mild"), (16, "slight"), (-20, "normal"))  # fmt: skip
_KILO = re.compile(r"\s?(?:k\b|khz\b|kilo\s?hertz\b)", re.IGNORECASE)
_HERTZ = re.compile(r"\s?(?:hz|hertz)\b", re.IGNORECASE)
_DECIBEL = re.compile(r"\s?(?:db(?:\s?hl)?|decibels?(?:\s+hl)?)\b", re.IGNORECASE)
_ELSE = re.compile(
    r"[\s\-]?(?:mg|mcg|ml|g|gm|grams?|milligrams?|units?|tablets?|puffs?|mm\s?hg|bpm|kg|cm|mm|da\s?pa|days?|weeks?"
    r"|months?|years?|hours?|minutes?|seconds?|times|percent|am\b|pm\b)(?![a-z])|\s?[%°]",
    re.IGNORECASE,
)  # a dose, a span or a share is neither level nor frequency
_HEARD = re.compile(r"\b(?:ears?|air|bone|audio\w*|thresholds?|right|left|pta|hearing)\b|कान", re.IGNORECASE)
_ONE_KILO = re.compile(r"\bone\s+(?:k|khz|kilo\s?hertz)\b", re.IGNORECASE)
_NONE = re.compile(r"\b(?:no response|n\.?r\.?)(?!\w)", re.IGNORECASE)
_MINUS = re.compile(r"(?:\bminus\s|(?<![\w\d])[-\u2212])\s?$", re.IGNORECASE)
_GAP = re.compile(r"[\s,;:=/|()\-–→]*(?:(?:at|is|was|and|then|of|for|thresholds?|the|um|uh)[\s,:]*){0,3}")
_BONE = re.compile(r"\b(?:bone|bc|b/c)\b", re.IGNORECASE)
_AIR = re.compile(r"\b(?:air|ac|a/c)\b", re.IGNORECASE)
Conduction = Literal["air", "bone"]


@dataclass(frozen=True, slots=True)
class Audiogram:
    levels: Mapping[int, int | None]  # Hz → dB HL; None: no response at the limit of the audiometer
    conduction: Conduction
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Mean:
    db: float
    rule: str  # which frequencies
    degree: str
    scale: str


@dataclass(frozen=True, slots=True)
class _Item:
    value: int | None  # None: no response
    pitch: bool
    start: int
    end: int
    sure: bool  # said with its unit


def audiograms(text: str) -> list[Audiogram]:
    """Series of two or more thresholds, in order."""
    items = _items(text)[:MOST_ITEMS]
    found: list[Audiogram] = []
    at = 0
    while at + 1 < len(items):
        pairs, after = _series(text, items, at)
        sure = any(i.sure for i in items[at:after]) or _HEARD.search(
            text, max(0, items[at].start - _FAR_CHARS), items[at].start
        )
        if len(pairs) >= 2 and sure:
            start, end = items[at].start, items[after - 1].end
            found.append(Audiogram(dict(pairs), _conduction(text, start), start, end))
            at = after
        else:
            at += 1
    return found


def _series(text: str, items: Sequence[_Item], at: int) -> tuple[list[tuple[int, int | None]], int]:
    """Pairs of frequency and level from here on, all in one order, and the item after them."""
    pitch_first = items[at].pitch
    pairs: list[tuple[int, int | None]] = []
    while at + 1 < len(items):
        one, two = items[at], items[at + 1]
        if one.pitch != pitch_first or two.pitch == pitch_first or not _joined(text, one, two):
            break
        if pairs and not _joined(text, items[at - 1], one):
            break
        pitch, level = (one, two) if pitch_first else (two, one)
        if any(known == pitch.value for known, _ in pairs):
            break
        pairs.append((int(pitch.value or 0), level.value))
        at += 2
    return pairs, at


def _joined(text: str, one: _Item, two: _Item) -> bool:
    return _GAP.fullmatch(text, one.end, two.start) is not None


def _items(text: str) -> list[_Item]:
    """Numbers that can be a frequency or a level, in order."""
    found = [_Item(1000, True, m.start(), m.end(), True) for m in _ONE_KILO.finditer(text)]
    found += [_Item(None, False, m.start(), m.end(), True) for m in _NONE.finditer(text)]
    for number in find_numbers(text):
        if abs(number.value) > MOST_HERTZ or _ELSE.match(text, number.end):
            continue
        if number.value % 1 and not _KILO.match(text, number.end):
            continue
        found += _read(text, float(number.value), number.start, number.end)
    return sorted(found, key=lambda i: i.start)


def _read(text: str, value: float, start: int, end: int) -> Iterator[_Item]:
    if kilo := _KILO.match(text, end):
        if int(value * 1000) in FREQUENCIES:
            yield _Item(int(value * 1000), True, start, kilo.end(), True)
    elif (hertz := _HERTZ.match(text, end)) or value in FREQUENCIES:
        if value in FREQUENCIES:
            yield _Item(int(value), True, start, hertz.end() if hertz else end, bool(hertz))
    elif (db := _DECIBEL.match(text, end)) or LOWEST_DB <= value <= HIGHEST_DB:
        minus = _MINUS.search(text, max(0, start - 7), start) if value <= -LOWEST_DB else None
        level = -int(value) if minus else int(value)
        if level <= HIGHEST_DB:
            yield _Item(level, False, minus.start() if minus else start, db.end() if db else end, bool(db))
    else:
        yield from _run_together(value, start, end)


def _run_together(value: float, start: int, end: int) -> Iterator[_Item]:
    """ "forty at five hundred fifty at one k": 550 is no frequency, but 500 and the next level, 50."""
    for pitch in FREQUENCIES[1:]:
        level = int(value) - pitch
        if 0 < level < 100 and level % 5 == 0 and value > 200:
            middle = start + max(1, (end - start) // 2)
            yield _Item(pitch, True, start, middle, False)
            yield _Item(level, False, middle, end, False)
            return


def _conduction(text: str, start: int) -> Conduction:
    """What was named last before the series; air where nothing was."""
    far = max(0, start - _FAR_CHARS)
    bone = max((m.end() for m in _BONE.finditer(text, far, start)), default=-1)
    air = max((m.end() for m in _AIR.finditer(text, far, start)), default=-1)
    return "bone" if bone > air else "air"


def mean_of(levels: Mapping[int, int | None]) -> Mean | None:
    """The pure tone average over four frequencies, else over three; None where one of them is missing or unheard."""
    for wanted, rule, scale, grades in (
        ((500, 1000, 2000, 4000), "0.5, 1, 2, 4 kHz", "WHO 2021", WHO),
        ((500, 1000, 2000), "0.5, 1, 2 kHz", "ASHA (Clark 1981)", ASHA),
    ):
        heard = [level for hz in wanted if (level := levels.get(hz)) is not None]
        if len(heard) == len(wanted):
            db = sum(heard) / len(heard)
            graded = db if scale.startswith("WHO") else round(db)
            return Mean(round(db, 1), rule, next(name for least, name in grades if graded >= least), scale)
    return None


def air_bone_gap(air: Mapping[int, int | None], bone: Mapping[int, int | None]) -> tuple[float, str] | None:
    """The mean distance in dB over those of 0.5, 1, 2 and 4 kHz that both have, and which; None without two."""
    gaps = {
        hz: over - under
        for hz in (500, 1000, 2000, 4000)
        if (over := air.get(hz)) is not None and (under := bone.get(hz)) is not None
    }
    if len(gaps) < 2:
        return None
    return round(sum(gaps.values()) / len(gaps), 1), ", ".join(f"{hz / 1000:g}" for hz in gaps) + " kHz"


_ROW = re.compile(r"[^\n]{1,400}")


def tables(text: str) -> list[tuple[Audiogram, str]]:
    """Rows of levels under a row of frequencies, each with the words that begin its row."""
    found: list[tuple[Audiogram, str]] = []
    pitches: list[int] = []
    for row in _ROW.finditer(text):
        items = _items(row[0])[:40]
        if len(items) >= 3 and all(i.pitch for i in items):
            pitches = [int(i.value or 0) for i in items]
        elif pitches and len(items) == len(pitches) and not any(i.pitch for i in items):
            head = row[0][: items[0].start]
            levels = dict(zip(pitches, (i.value for i in items), strict=True))
            start, end = row.start() + items[0].start, row.start() + items[-1].end
            found.append((Audiogram(levels, _conduction(head, len(head)), start, end), head))
    return found
