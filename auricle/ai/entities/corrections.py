"""Numbers that a speaker takes back: "four hundred, no, five hundred milligrams"; "seventy five, not one fifty"."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from auricle.ai.entities.measures import DOSE_UNITS, Measure, find_measures
from auricle.ai.tokens import words

_TAKES_BACK = frozenset(words("no sorry actually rather wait correction mean meant oops make nahi nahin नहीं नही"))
_AROUND = frozenset(
    words("i uh um er oh ah well it it's its is that think should be was to say my mistake or let me see")
)
_REACH_WORDS = 6


@dataclass(frozen=True, slots=True)
class Correction:
    wrong: Measure
    right: Measure  # with the unit of the wrong one where it has none


def corrections(text: str) -> list[Correction]:
    measures = find_measures(text)
    return list(_found(text, measures))


def standing_measures(text: str) -> list[Measure]:
    """The measures that hold, in order; a corrected one spans from what it replaces to its own end, and conversely."""
    held = {m.start: m for m in find_measures(text)}
    for corrected in corrections(text):
        wrong = held.pop(corrected.wrong.start, corrected.wrong)
        held.pop(corrected.right.start, None)
        start, end = min(wrong.start, corrected.right.start), max(wrong.end, corrected.right.end)
        held[start] = replace(corrected.right, start=start, end=end)
    return [held[start] for start in sorted(held)]


def _found(text: str, measures: list[Measure]) -> Iterator[Correction]:
    for first, second in zip(measures, measures[1:], strict=False):
        if second.start - first.end > 40 or not _comparable(first, second):
            continue
        between = words(text[first.end : second.start])
        if between in (["not"], ["and", "not"]):
            yield Correction(wrong=second, right=first)
        elif (
            len(between) <= _REACH_WORDS
            and _TAKES_BACK.intersection(between)
            and _TAKES_BACK.union(_AROUND).issuperset(between)
        ):
            yield Correction(wrong=first, right=second if second.unit else replace(second, unit=first.unit))


def _comparable(first: Measure, second: Measure) -> bool:
    same = first.unit == second.unit or None in {first.unit, second.unit}
    return same or {first.unit, second.unit} <= DOSE_UNITS
