import pytest
from hypothesis import given
from hypothesis import strategies as st

from auricle.ai.numbers import find_numbers

ONES = [
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
TENS = ["x", "x", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]


def spoken(n: int) -> str:
    if n < 20:
        return ONES[n]
    if n < 100:
        return TENS[n // 10] + (f" {ONES[n % 10]}" if n % 10 else "")
    if n < 1_000:
        return f"{ONES[n // 100]} hundred" + (f" and {spoken(n % 100)}" if n % 100 else "")
    return f"{spoken(n // 1_000)} thousand" + (f" {spoken(n % 1_000)}" if n % 1_000 else "")


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("i take four hundred milligrams twice", ["400"]),
        ("one thirty over eighty five", ["130", "85"]),
        ("one forty over ninety", ["140", "90"]),
        ("two point five mg", ["2.5"]),
        ("point five milligrams", ["0.5"]),
        ("ninety eight point six", ["98.6"]),
        ("two and a half tablets", ["2.5"]),
        ("nine eight seven six five", ["98765"]),
        ("three or four", ["3", "4"]),
        ("on a scale of zero to ten ten being the worst", ["0", "10", "10"]),
        ("twenty twenty six", ["2026"]),
        ("one oh five", ["105"]),
        ("1,000 units and 2.50", ["1000", "2.5"]),
        ("one lakh twenty thousand", ["120000"]),
        ("पांच सौ मिलीग्राम, डेढ़ सौ", ["500", "150"]),
        ("no one told me the first one", []),
        ("", []),
        ("and and point hundred-", ["100"]),
    ],
)
def test_numbers_are_read_as_people_say_them(said, meant):
    assert [n.plain for n in find_numbers(said)] == meant


@given(st.integers(min_value=2, max_value=999_999))
def test_every_cardinal_survives_being_spoken(n):
    assert [found.plain for found in find_numbers(f"about {spoken(n)} of them")] == [str(n)]


@given(st.text(max_size=300))
def test_any_text_yields_numbers_inside_its_bounds_and_in_order(text):
    found = find_numbers(text)
    assert all(0 <= n.start < n.end <= len(text) for n in found)
    assert all(a.end <= b.start for a, b in zip(found, found[1:], strict=False))
