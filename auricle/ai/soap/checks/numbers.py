"""Numbers with their units, dates, and how often: each must be in the cited words, of the same thing."""

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal

from auricle.ai.entities.corrections import Correction, corrections, standing_measures
from auricle.ai.entities.measures import SPANS, Measure, find_measures
from auricle.ai.numbers import ordinals, plain
from auricle.ai.port import Check
from auricle.ai.soap.checks.compared import Compared
from auricle.ai.soap.checks.dates import Day, read_days, read_spans
from auricle.ai.soap.checks.meaning import Part
from auricle.ai.soap.checks.schedule import TIMES_OF_DAY, schedules
from auricle.ai.tokens import tokens

_MOST = 100  # numbers of one statement that are compared, and of what it cites those with a place of their own
_SAME_UNITS = ({"tablets", "capsules"}, {"bpm", None}, {"°", None})
_COUNTS = {"1": {"one", "once", "a", "an", "single", "ek", "एक", "each"}, "2": {"twice", "both", "couple", "double"},
           "0.5": {"half", "आधा", "आधी"}, "0": {"no", "none", "zero"}}  # fmt: skip
_TEMPERATURE = re.compile(r"\b(?:temp(?:erature)?|fever|febrile)\b", re.I)
_SCALE = re.compile(r"\d\s*°?\s*([CF])\b")
_PER_VOLUME = re.compile(r"\d\s*(mcg|mg|g|µg|kg|mmol)\s*/\s*(?:d?l)\b", re.I)
_ANALYTES = (
    (re.compile(r"\bh(?:a?emoglobin|b|gb)\b(?! ?a1c)", re.I), {"g"}),
    (re.compile(r"\b(?:ldl|hdl|cholesterol|triglycerides|glucose|sugar|creatinine|bun|calcium|bilirubin)\b", re.I),
     {"mg", "mmol"}),
)  # fmt: skip


def number(it: Compared) -> Iterator[Check]:
    """Every number with its unit is in the cited words, and is not one that the speaker took back."""
    text = it.statement.text
    days, told = read_days(text), read_days(it.cited_text)
    yield from _days(days, told, it)
    apart = [(d.start, d.end) for d in days]
    taken_back, cited = corrections(it.cited_text), _cited(it)
    spans = read_spans(text)
    within = [(s.start, s.end) for s in spans]
    stated = [*spans, *(m for m in find_measures(text) if not _inside(m, within))][:_MOST]
    for measure in stated:
        if not _inside(measure, apart):
            yield _one(it, measure, cited, taken_back)
    yield from _units(it)
    yield from _swapped(it)
    yield from _calendar(it)


_CALENDAR = re.compile(r"\b(last|next|this) (night|week|month|year|spring|summer|fall|autumn|winter|weekend)\b", re.I)


def _calendar(it: Compared) -> Iterator[Check]:
    """ "Last month" of "last week"."""
    cited = {(m[1].lower(), m[2].lower()) for m in _CALENDAR.finditer(it.cited_text)}
    for m in _CALENDAR.finditer(it.statement.text):
        if (m[1].lower(), m[2].lower()) not in cited and any(which == m[1].lower() for which, _ in cited):
            yield Check(name="number", verdict="conflict", detail=f"“{m[0]}” is not in the cited words.")


def _cited(it: Compared) -> list[Measure]:
    return [m for e in it.valid for m in (*standing_measures(e.quote), *read_spans(e.quote), *ordinals_of(e.quote))]


def ordinals_of(text: str) -> list[Measure]:
    return [Measure(n, None, n.start, n.end) for n in ordinals(text)]


def _inside(measure: Measure, spans: Sequence[tuple[int, int]]) -> bool:
    return any(start <= measure.start < end for start, end in spans)


def _one(it: Compared, measure: Measure, cited: Sequence[Measure], taken_back: Sequence[Correction]) -> Check:
    same = [m for m in cited if m.number.value == measure.number.value]
    wrong = next((c for c in taken_back if c.wrong.number.value == measure.number.value), None)
    if any(_unit_fits(measure, m) for m in same) or _one_of(measure, it.cited_text):
        return _number_that_stands(measure, taken_back)
    if wrong is not None:
        detail = f"{measure.value} was corrected to {wrong.right.value}."
        return Check(name="number", verdict="conflict", detail=detail)
    if same:
        detail = f"{measure.value}, but the source has {same[0].value}."
        return Check(name="number", verdict="conflict", detail=detail)
    if plain(measure.number.value) in _counts(it) or _converted(measure, cited, it.cited_text):
        return Check(name="number", verdict="pass", detail=measure.value)
    return Check(name="number", verdict="conflict", detail=f"{measure.value} is not in the cited words.")


def _one_of(measure: Measure, text: str) -> bool:
    """ "1 month" of "a month": a single "one" is read as no number."""
    single = (measure.unit or "").removesuffix("s")
    return (
        measure.number.value == 1
        and bool(single)
        and re.search(rf"\b(?:an?|one|each|per)\s+{re.escape(single)}", text, re.I) is not None
    )


def _number_that_stands(measure: Measure, taken_back: Sequence[Correction]) -> Check:
    corrected = next((c for c in taken_back if c.right.number.value == measure.number.value), None)
    if corrected is None:
        return Check(name="number", verdict="pass", detail=measure.value)
    detail = f"{measure.value}: the speaker first said {corrected.wrong.value}."
    return Check(name="number", verdict="unsure", detail=detail)


def _unit_fits(stated: Measure, cited: Measure) -> bool:
    one, two = stated.unit, cited.unit
    per_volume = one is not None and two is not None and (one.startswith(f"{two}/") or two.startswith(f"{one}/"))
    return one is None or two is None or one == two or per_volume or any({one, two} <= same for same in _SAME_UNITS)


_A_SPAN = re.compile(r"\b(?:a|an|one|ek|last|next) (day|week|month|year|hour)\b", re.I)
_IN_DAYS = {"days": 1, "weeks": 7}
_IN_MG = {"mcg": Decimal("0.001"), "mg": Decimal(1), "g": Decimal(1000)}


def _converted(stated: Measure, cited: Sequence[Measure], text: str) -> bool:
    """ "7 days" of "one week", "1 g" of "1000 mg", "1 year" of "twelve months"."""
    scales: tuple[dict[str, Decimal], ...] = (
        {k: Decimal(v) for k, v in _IN_DAYS.items()},
        _IN_MG,
        {"months": Decimal(1), "years": Decimal(12)},
        {"hours": Decimal(60), "minutes": Decimal(1)},
    )
    for scale in scales:
        if stated.unit in scale:
            meant = stated.number.value * scale[stated.unit]
            spoken_once = {m.unit: m.number.value for m in cited}
            values = [(m.unit, m.number.value) for m in cited] + [
                (u, Decimal(1)) for u in scale if u not in spoken_once
            ]
            return any(u in scale and u != stated.unit and v * scale[u] == meant for u, v in values if u is not None)
    return False


def _counts(it: Compared) -> set[str]:
    """A bare "one" or "a" is no number by itself, yet "one tablet" or "a year" may be written with a digit."""
    said = {t.word for t in tokens(it.cited_text)}
    return {digit for digit, words in _COUNTS.items() if words & said}


def _days(days: Sequence[Day], told: Sequence[Day], it: Compared) -> Iterator[Check]:
    """Dates: their day, month and year, as far as the source tells each."""
    values = {m.number.value for m in _cited(it)}
    for day in days:
        if any(day.agrees(other) for other in told) or day.spoken_in(values, it.cited_text):
            yield Check(name="number", verdict="pass", detail=day.text)
        else:
            yield Check(name="number", verdict="conflict", detail=f"{day.text} is not in the cited words.")


def _units(it: Compared) -> Iterator[Check]:
    """Units that the number cannot have: a temperature of 101 °C, a hemoglobin in mg/dL."""
    text = it.statement.text
    if _TEMPERATURE.search(text):
        for scale in _SCALE.finditer(text):
            value = next((m.number.value for m in find_measures(text) if m.number.end == scale.start() + 1), None)
            if value is not None and ((scale[1] == "C" and value > 45) or (scale[1] == "F" and value < 80)):
                yield Check(name="number", verdict="conflict", detail=f"{plain(value)} °{scale[1]} is no temperature.")
    for match in _PER_VOLUME.finditer(text):
        before = text[max(0, match.start() - 60) : match.start()]
        analyte = max(((p.search(before), units) for p, units in _ANALYTES if p.search(before)),
                      key=lambda found: found[0].start() if found[0] else 0, default=None)  # fmt: skip
        if analyte and match[1].lower() not in analyte[1] and match[0].lower() not in it.cited_text.lower():
            yield Check(name="number", verdict="conflict", detail=f"{match[0]} is no unit of it.")


def _swapped(it: Compared) -> Iterator[Check]:
    """Two numbers of one kind that have changed places: "12 before breakfast, 8 before dinner"."""
    stated = [told for part in it.stated for told in _told(part)][:_MOST]
    cited = [told for c in it.cited for told in _told(c.part)][:_MOST]
    if len(stated) < 2 or len(cited) < 2:
        return
    for value, keys in stated:
        own = max((len(keys & other) for v, other in cited if v == value), default=None)
        best = max(cited, key=lambda told: len(keys & told[1]))
        if own == 0 and len(keys & best[1]) > 0 and any(v == best[0] for v, _ in stated):
            yield Check(name="number", verdict="conflict", detail=f"{plain(value)} stands at {plain(best[0])}'s place.")


def _told(part: Part) -> Iterator[tuple[Decimal, frozenset[str]]]:
    """Each piece with one number: the number, and what is said with it."""
    for first, end in part.segments:
        begin, stop = part.stream[first].start, part.stream[end - 1].end
        text = part.text[begin:stop]
        measures = [] if read_days(text) else [m for m in find_measures(text) if m.unit not in SPANS]
        if len(measures) == 1:
            yield measures[0].number.value, frozenset(k for u in part.units if first <= u.first < end for k in u.keys)


def frequency(it: Compared) -> Iterator[Check]:
    """How often: the same schedule is in the cited words."""
    cited = schedules(it.cited_text)
    for stated in sorted(schedules(it.statement.text) - cited):
        if stated == "as needed":
            if cited:
                yield Check(name="number", verdict="unsure", detail="“as needed” is not in the cited words.")
        elif stated in TIMES_OF_DAY and not (cited & TIMES_OF_DAY or (cited and _medicine(it))):
            continue  # that somebody walks in the morning is no schedule
        else:
            yield Check(name="number", verdict="conflict", detail=f"“{stated}” is not in the cited words.")


def _medicine(it: Compared) -> bool:
    return any(unit.kind == "drug" for part in it.stated for unit in part.units)
