"""How many red flags are found, and how often one is raised over nothing.

`python -m bench.safety.recall --half dev|final [--lang xx]`. The lists under `tests/safety/lists` were written without
sight of the phrases. Their halves are told apart by a hash of each item's id: misses of `dev` are printed and may be
worked on, `final` prints figures only and is never looked into. Languages share what is said: of a sentence kept here,
another language's version may be in `dev`, so English and Hindi tell most honestly how much is found that nobody saw.
"""

import argparse
import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import yaml

from auricle.safety.redflags import Watch, default_watch

LISTS = Path(__file__).parents[2] / "tests" / "safety" / "lists"
GROUPS = {
    "English": ("en",),
    "Hindi": ("hi",),
    "other Indo-Aryan": ("bn", "mr", "gu", "pa", "or"),
    "Dravidian": ("ta", "te", "kn", "ml"),
}
LANGUAGES = tuple(language for languages in GROUPS.values() for language in languages)
Z_95 = 1.959964  # normal quantile of a two-sided 95 % interval
Half = Literal["dev", "final"]


@dataclass(frozen=True, slots=True)
class Item:
    """What a patient says, and the category of the red flag in it, if there is one."""

    id: str
    expect: str | None
    text: str

    @property
    def half(self) -> Half:
        return "final" if hashlib.sha256(self.id.encode()).digest()[0] % 2 else "dev"


@dataclass(frozen=True, slots=True)
class Share:
    """`hits` of `total`, with the interval of Wilson (1927), which holds for small numbers too."""

    hits: int
    total: int

    @property
    def value(self) -> float:
        return self.hits / self.total if self.total else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        if not self.total:
            return 0.0, 1.0
        n, p = self.total, self.value
        middle, spread = p + Z_95**2 / (2 * n), Z_95 * math.sqrt(p * (1 - p) / n + Z_95**2 / (4 * n * n))
        return (middle - spread) / (1 + Z_95**2 / n), (middle + spread) / (1 + Z_95**2 / n)

    def __str__(self) -> str:
        low, high = self.interval
        return f"{self.value:.3f} [{max(0.0, low):.3f}, {min(1.0, high):.3f}] {self.hits:>3}/{self.total:<3}"


@dataclass(frozen=True, slots=True)
class Outcome:
    item: Item
    found: str | None  # category of the gravest flag raised


@dataclass(frozen=True, slots=True)
class Figures:
    recall: Share  # a flag was raised where there is one
    named: Share  # and it was of the category that is meant
    false_alarms: Share  # a flag was raised where there is none


def read_list(language: str) -> list[Item]:
    return [Item(**row) for row in yaml.safe_load((LISTS / f"{language}.yaml").read_text("utf-8"))]


def outcomes(watch: Watch, items: Iterable[Item]) -> list[Outcome]:
    return [Outcome(item, flag.category if (flag := watch.search(item.text)) else None) for item in items]


def figures(seen: Sequence[Outcome]) -> Figures:
    meant = [one for one in seen if one.item.expect is not None]
    others = [one for one in seen if one.item.expect is None]
    return Figures(
        recall=Share(sum(one.found is not None for one in meant), len(meant)),
        named=Share(sum(one.found == one.item.expect for one in meant), len(meant)),
        false_alarms=Share(sum(one.found is not None for one in others), len(others)),
    )


def measured(half: Half, languages: Iterable[str] = LANGUAGES) -> dict[str, list[Outcome]]:
    watch = default_watch()
    return {
        language: outcomes(watch, [item for item in read_list(language) if item.half == half]) for language in languages
    }


def print_misses(seen: Iterable[Outcome]) -> None:
    for one in seen:
        if one.found != one.item.expect:
            kind = "missed" if one.found is None else "false alarm" if one.item.expect is None else "misnamed"
            print(f"  {kind:11} {one.item.id:32} found {one.found or '-':26} {one.item.text}")


def print_row(name: str, row: Figures) -> None:
    print(f"{name:18} {row.recall!s:32} {row.named!s:32} {row.false_alarms!s}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--half", choices=("dev", "final"), default="dev")
    parser.add_argument("--lang", choices=LANGUAGES, action="append", help="only this language (repeatable)")
    asked = parser.parse_args()
    by_language = measured(asked.half, asked.lang or LANGUAGES)
    if asked.half == "dev":
        for seen in by_language.values():
            print_misses(seen)
    print(f"{asked.half:18} {'recall [95 %]':32} {'of the right category':32} false alarms")
    for language, seen in by_language.items():
        print_row(language, figures(seen))
    for group, languages in GROUPS.items():
        if len(languages) > 1 and all(language in by_language for language in languages):
            print_row(group, figures([one for language in languages for one in by_language[language]]))
    if asked.lang is None:
        print_row("all", figures([one for seen in by_language.values() for one in seen]))


if __name__ == "__main__":
    main()
