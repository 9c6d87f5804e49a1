"""Numbers as people say and write them: "four hundred", "one forty over ninety", "two point five", "डेढ़".

Every number becomes one value, so that a written "400 mg" and a spoken "four hundred milligrams" compare.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from auricle.ai.hindi_numbers import HINDI, HINDI_HALVES, HINDI_SCALES, QUARTERS, latin_number, more, plain_hindi
from auricle.ai.tokens import Token, tokens, words

UNITS = {
    w: n
    for n, w in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
        ]
    )
} | {"oh": 0, "o": 0}
TENS = {
    w: 10 * n for n, w in enumerate(["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], 2)
} | {"fourty": 40}
SCALES = {
    "hundred": 100,
    "hundreds": 100,
    "thousand": 1_000,
    "lakh": 100_000,
    "million": 1_000_000,
    "crore": 10_000_000,
}
_NUMERIC = re.compile(r"\d+(?:,\d{2,3})*(?:\.\d+)?$")
_JOINED = re.compile(r"[\s\-\u2010\u2011]*$")
_ALL_WORDS = {**UNITS, **TENS, **SCALES, **HINDI, **HINDI_SCALES, **HINDI_HALVES, **QUARTERS}
_MAX_WORDS = 40  # of one spoken number or digit sequence


@dataclass(frozen=True, slots=True)
class Number:
    value: Decimal
    start: int
    end: int
    spoken: bool = False

    @property
    def plain(self) -> str:
        """The value as one writes it: no exponent, no trailing zeros."""
        return plain(self.value)


def plain(value: Decimal) -> str:
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def find_numbers(text: str) -> list[Number]:
    """All numbers of the text, in order. A spoken "one" or "oh" by itself is not one: it is mostly a pronoun."""
    return list(_read(text, tokens(text)))


def _read(text: str, stream: list[Token]) -> Iterator[Number]:
    at = 0
    while at < len(stream):
        token = stream[at]
        if _NUMERIC.match(token.text):
            yield Number(Decimal(token.text.replace(",", "")), token.start, token.end)
            at += 1
            continue
        if latin := latin_number(stream, at):
            yield Number(latin[0], token.start, stream[at + latin[1] - 1].end, spoken=True)
            at += latin[1]
            continue
        run = _run(text, stream, at)
        if not run:
            at += 1
            continue
        yield from _spoken(run, text[run[-1].end : run[-1].end + 24])
        at += len(run)


def _run(text: str, stream: list[Token], at: int) -> list[Token]:
    """The longest series of number words from here, joined by nothing but spaces and hyphens."""
    first = plain_hindi(stream[at].word)
    leading_point = first == "point" and at + 1 < len(stream) and stream[at + 1].word in UNITS
    if (first not in _ALL_WORDS or first == "o") and not leading_point:
        return []
    run = [stream[at]]
    for token in stream[at + 1 : at + _MAX_WORDS]:
        if not _JOINED.match(text[run[-1].end : token.start]):
            break
        inner = token.word in {"and", "point", "a", "half"} and any(plain_hindi(t.word) in _ALL_WORDS for t in run)
        if plain_hindi(token.word) not in _ALL_WORDS and not inner:
            break
        run.append(token)
    while plain_hindi(run[-1].word) not in _ALL_WORDS and run[-1].word != "half":
        run.pop()
    return run


# "five hundred one in the morning and one at night": a strength, and how many
_AMOUNT_FOLLOWS = re.compile(
    r"\s+(?:in the|at (?:night|bed)|before|after|every|tablets?|tabs?|pills?|times?|puffs?|twice|once|capsules?)\b",
    re.I,
)


def _spoken(run: list[Token], following: str) -> Iterator[Number]:
    if len(run) == 1 and run[0].word in {"one", "oh", "एक"}:
        return
    if len(run) >= 3 and all(UNITS.get(t.word, HINDI.get(t.word, 99)) < 10 for t in run):
        digits = "".join(str(UNITS.get(t.word, HINDI.get(t.word))) for t in run)
        yield Number(Decimal(digits), run[0].start, run[-1].end, spoken=True)
        return
    spoken = [plain_hindi(t.word) for t in run]
    strength = len(run) > 2 and spoken[-2] in SCALES and 0 < UNITS.get(spoken[-1], 0) < 10
    apart = len(run) - 1 if strength and _AMOUNT_FOLLOWS.match(following) else len(run)
    at = 0
    while at < len(run):
        quarter = QUARTERS.get(spoken[at])
        first = at + 1 if quarter is not None else at
        value, used = _cardinal(spoken[first:apart] if at < apart else spoken[first:])
        if used == 0:
            at += 1
            continue
        yield Number(more(quarter, value) if quarter is not None else value, run[at].start, run[first + used - 1].end,
                     spoken=True)  # fmt: skip
        at = first + used


def _cardinal(spoken: list[str]) -> tuple[Decimal, int]:
    """Read one cardinal from the front: its value and how many words it took."""
    total, group, used, last = Fraction(0), Fraction(-1), 0, "start"
    while used < len(spoken):
        word = spoken[used]
        if word == "and":
            if spoken[used + 1 : used + 3] == ["a", "half"]:
                return _decimal(total + max(group, Fraction(0)) + Fraction(1, 2)), used + 3
            if last != "scale" or used + 1 >= len(spoken) or spoken[used + 1] not in {**UNITS, **TENS}:
                break
        elif word == "point":
            return _point(total + max(group, Fraction(0)), spoken, used)
        else:
            step = _add(group, last, word)
            if step is None:
                break
            group, last = step
            if last == "scale" and group >= 1_000:
                total, group = total + group, Fraction(-1)
        used += 1
    if used == 0 or last == "start":
        return Decimal(0), 0
    return _decimal(total + max(group, Fraction(0))), used


def _add(group: Fraction, last: str, word: str) -> tuple[Fraction, str] | None:
    """One more word of a cardinal, or None where it starts the next number ("one forty": 140; "five five": two)."""
    if (scale := SCALES.get(word) or HINDI_SCALES.get(word)) is not None:
        return None if last == "scale" and scale <= group else ((group if group > 0 else Fraction(1)) * scale, "scale")
    if word in HINDI_HALVES:
        return (HINDI_HALVES[word], "unit") if last == "start" else None
    value = UNITS.get(word, TENS.get(word, HINDI.get(word)))
    if value is None:
        return None
    kind = "tens" if word in TENS else ("teen" if value >= 10 else "unit")
    if last in {"start", "scale"}:
        return (group if group > 0 else Fraction(0)) + value, kind
    if last == "tens" and kind == "unit" and value:
        return group + value, "done"
    if kind == last == "teen":
        return None  # "zero to ten, ten being the worst"
    if kind in {"tens", "teen"} and last in {"unit", "teen", "tens"} and 0 < group < 100 and word not in HINDI:
        return group * 100 + value, "tens" if kind == "tens" else "done"
    if word in {"oh", "o"} and last == "unit":
        return group * 10, "oh"
    if last == "oh" and kind == "unit":
        return group * 10 + value, "done"
    return None


def _point(whole: Fraction, spoken: list[str], at: int) -> tuple[Decimal, int]:
    digits, used = "", at + 1
    while used < len(spoken) and (value := UNITS.get(spoken[used], TENS.get(spoken[used]))) is not None:
        digits += str(value)
        used += 1
    if not digits:
        return _decimal(whole), at
    return Decimal(f"{int(whole)}.{digits}"), used


def _decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)


_ORDINALS = {
    word: value
    for value, word in enumerate(
        words(
            "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
            "fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
        ),
        1,
    )
} | {"thirtieth": 30}


def ordinals(text: str) -> list[Number]:
    """ "the fifteenth", "the twenty first": numbers of days, which are no amounts."""
    found: list[Number] = []
    stream = tokens(text)
    for index, token in enumerate(stream):
        value = _ORDINALS.get(token.word)
        if value is None:
            continue
        tens = TENS.get(stream[index - 1].word, 0) if index and value < 10 else 0
        start = stream[index - 1].start if tens else token.start
        found.append(Number(Decimal(tens + value), start, token.end, spoken=True))
    return found
