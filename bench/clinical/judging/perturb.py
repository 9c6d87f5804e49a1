"""True statements made false, one thing at a time, by rules and lists of their own: nothing here is the judge's.

Each rule yields texts in which exactly one thing is wrong. Where the talk itself says what the changed text says (both
sides, both doses), the change is no error and is dropped by `told`.
"""

import hashlib
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

_PUT_IN: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "put_in.yaml").read_text("utf-8"))
_DOSE = re.compile(
    r"\b(\d+(?:\.\d+)?)(\s?)(mg|mcg|g|milligrams?|micrograms?|grams?|units?|ml|puffs?|tablets?|drops?)\b"
)
_ENGLISH = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_SPOKEN = {word: value for value, word in enumerate(_ENGLISH)} | {word: 10 * n for n, word in enumerate(_TENS, 2)}
_SPAN = re.compile(rf"\b(\d+|{'|'.join(_ENGLISH[1:])})([\s-])(day|week|month|year|hour|minute)(s?)\b")
_NUMBER = re.compile(r"(?<![\w.\[])\d+(?:\.\d+)?(?![\w\]]|\.\d)")
_UNITS = {"mg": ["mcg", "g"], "mcg": ["mg"], "milligrams": ["micrograms", "grams"], "milligram": ["gram"], "g": ["mg"],
          "ml": ["l"], "kg": ["lb"], "cm": ["mm"], "mm": ["cm"], "F": ["C"], "C": ["F"], "kHz": ["Hz"],
          "puffs": ["tablets"], "tablets": ["puffs"], "pounds": ["kg"], "feet": ["inches"]}  # fmt: skip
_UNIT = re.compile(r"(?<=\d)(\s?°?)(mg|mcg|milligrams?|g|ml|kg|cm|mm|F|C|kHz|puffs|tablets|pounds|feet)\b")
_OFTEN = (
    (r"\b(?:once daily|once a day|once per day)\b", ("twice daily", "once a week")),
    (r"\b(?:twice daily|twice a day|two times (?:a|per) day)\b", ("once daily", "four times a day")),
    (r"\b(?:three times (?:a|per) day|three times daily|thrice daily)\b", ("once daily", "every two hours")),
    (r"\b(?:four times (?:a|per) day)\b", ("once daily", "twice daily")),
    (r"\bevery (\d+|four|six|eight) hours\b", ("every 12 hours", "once daily")),
    (r"\b(?:every night|nightly|at night|at bedtime)\b", ("every morning", "three times a day")),
    (r"\b(?:every morning|in the morning)\b", ("every night", "at bedtime")),
    (r"\b(?:as needed|prn)\b", ("three times a day", "every morning")),
    (r"\b(?:once a week|once weekly|weekly|every week)\b", ("daily", "once a month")),
    (r"(?<!twice )(?<!once )\b(?:daily|every day|each day)\b", ("weekly", "twice daily")),
)
_SIDES = {"left": "right", "right": "left", "both": "left", "bilateral": "left", "bilaterally": "on the left"}
_SIDE = re.compile(r"\b(left|right|both|bilateral|bilaterally)\b(?! (?:now|away|here|there|after|before)\b)", re.I)
_NOT_TO_YES = (
    (r"\bdenies (?:any |having )?", "reports "), (r"\bdenied (?:any )?", "reported "),
    (r"\bdeny (?:any )?", "report "), (r"\b(?:does|do|did|is|are|was|were|has|have) (not) ", ""),
    (r"^no (?:known |evidence of |history of )?", "Has "), (r"\bno (?:evidence of |signs? of )", ""),
    (r"\b(?:there is|there are|has|have|had|with|shows?|and) (no) ", ""), (r"\bnegative\b", "positive"),
    (r"\bwithout\b", "with"), (r"\bnil\b ", "has "), (r"\bnever\b ", ""), (r" नहीं( है| हैं)?", " है"),
)  # fmt: skip
_YES_TO_NOT = (
    (r"\b(?:reports|endorses|states|complains of|notes|admits)\b(?: that)? (?!(?:no|that|he|she|the)\b)", "denies "),
    (r"\b(has|have|had) (?=(?:a|an|some|been|tried|had|noticed|used|noted|pain|slight|mild|type)\b)", r"\1 not "),
    (r"\b(?:takes|is taking|took)\b", "does not take"), (r"\b(is|are|was|were) (?!not\b|no\b|now\b)", r"\1 not "),
    (r"\bpositive\b", "negative"), (r"\bwith\b", "without"), (r"\buses\b", "does not use"),
    (r"\bwears\b", "does not wear"), (r"(?<!नहीं) है$", " नहीं है"),
)  # fmt: skip
_RELATIVE = re.compile(
    r"\b(?:(?:his|her|the patient's|their|patient's|paternal|maternal) )*(?:mother|father|mom|dad|brother|sister|son"
    r"|daughter|grandmother|grandfather|aunt|uncle)(?:'s)?\b",
    re.I,
)
_PATIENT = re.compile(r"^(?:the patient|patient|he|she|pt|mr\. \w+|ms\. \w+|mrs\. \w+)\s+(?=\w)", re.I)
_VERB_FIRST = re.compile(
    r"^(takes|has|had|reports|denies|wears|uses|smokes|allergic|quit|drinks|feels|noticed)\b", re.I
)
_NOW_THEN = (
    (r"\b(?:currently )?(?:takes|is taking|is on|remains on|has been taking)\b", "previously took"),
    (r"^takes\b", "Previously took"), (r"\b(?:previously took|used to take|stopped taking)\b", "takes"),
    (r"\b(?:has stopped|stopped|quit|no longer)\b", "still"), (r"\bcontinues? to\b", "used to"),
    (r"\b(?:is currently|currently)\b", "was formerly"), (r"\bwears\b", "used to wear"),
    (r"\b(?:smokes|drinks)\b", "formerly smoked"), (r"\b(?:previously|in the past|formerly)\b", "currently"),
    (r"\bhas a history of\b", "was today newly diagnosed with"),
)  # fmt: skip
_CHANGES = (
    (r"\b(?:start|initiate|begin|commence)\b", "stop"), (r"\b(?:started|initiated|began)\b", "stopped"),
    (r"\b(?:stop|discontinue|hold)\b", "start"), (r"\b(?:stopped|discontinued)\b", "started"),
    (r"\bincreas(e|ed|ing)\b", r"decreas\1"), (r"\bdecreas(e|ed|ing)\b", r"increas\1"), (r"\bcontinue\b", "stop"),
    (r"\bworse\b", "better"), (r"\b(?:improved|better)\b", "worse"), (r"\bworsen(s|ed|ing)?\b", r"improv\1"),
)  # fmt: skip


def chance(text: str) -> random.Random:
    return random.Random(hashlib.sha256(text.encode()).digest())


def changed(text: str, section: str) -> Iterator[tuple[str, str]]:
    """Type and false text; at most two of a type."""
    luck = chance(text)
    for name, rule in RULES.items():
        made = [new for new in rule(text, luck) if new.casefold() != text.casefold()]
        for new in made[:2]:
            yield name, new
    if section == "objective" or luck.random() < 0.15:
        yield "exam", f"{text.rstrip('. ')}. {luck.choice(_PUT_IN['exams'])}"


def told(kind: str, old: str, new: str, source: str) -> bool:
    """Do the cited words themselves hold the thing that was put in, so that the change may be true?"""
    fresh = set(re.findall(r"\w+", new.casefold())) - set(re.findall(r"\w+", old.casefold()))
    said = set(re.findall(r"\w+", source.casefold()))
    said |= {str(value) for word in list(said) if (value := _SPOKEN.get(word)) is not None}
    fresh |= {_PUT_IN["brands"].get(word, word) for word in fresh}
    if kind in {"negation", "family", "time", "change"}:
        return False
    return bool(fresh & said)


def _first(pattern: str, new: str, text: str) -> Iterator[str]:
    if match := re.search(pattern, text, re.I):
        piece = match.expand(new)
        if not new and match.re.groups and match[1]:  # take out the group only
            return (yield text[: match.start(1)] + text[match.end(1) + 1 :])
        out = text[: match.start()] + piece + text[match.end() :]
        yield out[:1].upper() + out[1:]


def _wrong_number(value: str, luck: random.Random) -> str:
    """Ten times, a tenth, two digits swapped, or one digit replaced."""
    ways = [value + "0"] if "." not in value else [value.replace(".", "")]
    digits = value.replace(".", "")
    if len(digits) > 1 and digits[0] != digits[1] and digits[1] != "0" and "." not in value:
        ways.append(value[1] + value[0] + value[2:])
    ways.append(str((int(value[0]) + luck.randint(2, 6)) % 9 + 1) + value[1:])
    return luck.choice([w for w in ways if w != value])


def _dose(text: str, luck: random.Random) -> Iterator[str]:
    for match in _DOSE.finditer(text):
        yield text[: match.start(1)] + _wrong_number(match[1], luck) + text[match.end(1) :]


def _unit(text: str, luck: random.Random) -> Iterator[str]:
    for match in _UNIT.finditer(text):
        yield text[: match.start(2)] + luck.choice(_UNITS.get(match[2], ["units"])) + text[match.end(2) :]


def _frequency(text: str, luck: random.Random) -> Iterator[str]:
    for pattern, others in _OFTEN:
        if match := re.search(pattern, text, re.I):
            yield text[: match.start()] + luck.choice(others) + text[match.end() :]
            return


def _number(text: str, luck: random.Random) -> Iterator[str]:
    apart = [m.span() for p in (_DOSE, _SPAN) for m in p.finditer(text)]
    for match in _NUMBER.finditer(text):
        if not any(s <= match.start() < e for s, e in apart):
            yield text[: match.start()] + _wrong_number(match[0], luck) + text[match.end() :]


def _duration(text: str, luck: random.Random) -> Iterator[str]:
    for match in _SPAN.finditer(text):
        count = _SPOKEN.get(match[1]) or int(match[1])
        other = count + luck.randint(2, 6) if luck.random() < 0.5 or count > 40 else count
        unit = {"day": "week", "week": "month", "month": "year", "year": "week"}.get(match[3], "day")
        said = _ENGLISH[other] if match[1] in _SPOKEN and other < len(_ENGLISH) else str(other)
        new = f"{said}{match[2]}{match[3] if other != count else unit}{match[4] or ('s' if match[2] == ' ' else '')}"
        yield text[: match.start()] + new + text[match.end() :]


def _drug(text: str, luck: random.Random) -> Iterator[str]:
    for group in _PUT_IN["classes"]:
        for name in group:
            if match := re.search(rf"\b{name}\b", text, re.I):
                yield text[: match.start()] + luck.choice([d for d in group if d != name]) + text[match.end() :]


def _sound_alike(text: str, luck: random.Random) -> Iterator[str]:
    for name, other in _PUT_IN["sound_alike"]:
        for one, two in ((name, other), (other, name)):
            if match := re.search(rf"\b{one}\b", text, re.I):
                yield text[: match.start()] + two + text[match.end() :]


def _side(text: str, luck: random.Random) -> Iterator[str]:
    if _SIDE.search(text):
        yield _SIDE.sub(lambda m: _SIDES[m[1].lower()], text, count=0 if len(_SIDE.findall(text)) == 1 else 1)


def _negation(text: str, luck: random.Random) -> Iterator[str]:
    for pattern, new in _NOT_TO_YES:
        if re.search(pattern, text, re.I):
            yield from _first(pattern, new, text)
            return
    for pattern, new in _YES_TO_NOT:
        if re.search(pattern, text, re.I):
            yield from _first(pattern, new, text)
            return


def _family(text: str, luck: random.Random) -> Iterator[str]:
    relative = luck.choice(("mother", "father", "brother"))
    if match := _RELATIVE.search(text):
        yield text[: match.start()] + "the patient" + ("'s" if match[0].endswith("'s") else "") + text[match.end() :]
    elif match := _PATIENT.match(text):
        yield f"The patient's {relative} " + text[match.end() :]
    elif match := _VERB_FIRST.match(text):
        yield f"{relative.capitalize()} {'is ' if match[1].lower() == 'allergic' else ''}{text[0].lower()}{text[1:]}"


def _ruled(pairs: tuple[tuple[str, str], ...]) -> Callable[[str, random.Random], Iterator[str]]:
    def rule(text: str, luck: random.Random) -> Iterator[str]:
        for pattern, new in pairs:
            if re.search(pattern, text, re.I):
                yield from _first(pattern, new, text)
                return

    return rule


RULES: dict[str, Callable[[str, random.Random], Iterator[str]]] = {
    "dose": _dose, "unit": _unit, "frequency": _frequency, "number": _number, "duration": _duration, "drug": _drug,
    "sound-alike": _sound_alike, "side": _side, "negation": _negation, "family": _family,
    "time": _ruled(_NOW_THEN), "change": _ruled(_CHANGES),
}  # fmt: skip
