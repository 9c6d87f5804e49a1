"""The numbers in a text, whatever script they are written in: what a rewording must not change."""

import re
import unicodedata
from collections import Counter

NUMBER = re.compile(r"\d+(?:[.,:/]\d+)*")


def numbers_in(text: str) -> Counter[str]:
    """Every number written in figures, as ASCII, with how often it is there; grouping commas do not count."""
    plain = "".join(
        str(unicodedata.digit(c)) if c.isdigit() and unicodedata.digit(c, None) is not None else c for c in text
    )
    return Counter(re.sub(r",(?=\d{2,3}(?:\D|$|,))", "", found) for found in NUMBER.findall(plain))


def same_numbers(before: str, after: str) -> bool:
    return numbers_in(before) == numbers_in(after)


def no_new_numbers(source: str, made: str) -> bool:
    """Whether every number in what was made is in its source."""
    return set(numbers_in(made)) <= set(numbers_in(source))
