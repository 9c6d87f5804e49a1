"""Finds symptoms that can't wait, in what a patient says, in every language at once (people mix them).

Phrases are data (`phrases/<language>.yaml`), written in the language of `pattern.py`. A text is brought to plain words,
each word is looked up in a table of first words, and only there a short pattern is tried: some tens of µs for a
sentence. What is denied, long past or asked in general is not a red flag (`denial.py`); in doubt it is one.
"""

import functools
import importlib.resources
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import yaml

from auricle.safety.denial import Denial, Finding, denial
from auricle.safety.pattern import Index, Phrase, Spelling, first_words, needed, orders, regex_of
from auricle.safety.words import folded, plain, spans

URGENCIES = ("emergency", "crisis", "urgent")  # the gravest first
MAX_CHARS = 8_000  # of a longer text the end is searched: the rest was, while it grew
MAX_FINDINGS = 100  # judged in one text, so that one that repeats itself costs no more
SPELLED_AS_WRITTEN = "en"  # words in Roman letters of every other language are spelled by ear
_FOLDER = importlib.resources.files("auricle.safety") / "phrases"
LANGUAGES = tuple(
    sorted(entry.name.removesuffix(".yaml") for entry in _FOLDER.iterdir() if entry.name.endswith(".yaml"))
)


@dataclass(frozen=True, slots=True)
class RedFlag:
    """`start` and `end` are offsets into the text that was searched."""

    category: str
    urgency: str
    language: str  # of the phrase, which may not be the patient's set language
    start: int
    end: int


def _spelled_by_ear(text: str) -> str:
    return folded(plain(text))


def _findings(text: str, words: list[str], index: Index) -> Iterator[tuple[Phrase, int, int]]:
    candidates = index.candidates(words)
    if not candidates:
        return
    starts = list(accumulate(map(len, words), lambda at, length: at + length + 1, initial=1))
    for first, phrase in candidates:
        if match := phrase.pattern.match(text, starts[first]):
            yield phrase, first, first + match[0].count(" ") + 1


class Watch:
    """The phrases of all languages, ready to search."""

    def __init__(self, sources: Mapping[str, Mapping[str, Any]]) -> None:
        self._as_written, self._by_ear = Index(), Index()
        self._urgency: dict[str, str] = {}
        self._even_if_past: set[str] = set()
        self._denials_as_written: list[Denial] = []
        self._denials_by_ear: list[Denial] = []
        self._scripts: dict[str, Mapping[str, str]] = {}
        for language, source in sources.items():
            self._add_language(language, source)
        self._as_written.close()
        self._by_ear.close()

    def _add_language(self, language: str, source: Mapping[str, Any]) -> None:
        if missing := set(URGENCIES) - set(source["scripts"]):
            raise ValueError(f"{language} has no script for {', '.join(sorted(missing))}")
        self._scripts[language] = source["scripts"]
        as_written, rules = language == SPELLED_AS_WRITTEN, source["rules"]
        plain_words = functools.cache(plain if as_written else _spelled_by_ear)
        spelling = Spelling(plain_words, tuple(rules.get("gap_stops", ())),
                            tuple(rules.get("negative_endings", ())))  # fmt: skip
        denials = self._denials_as_written if as_written else self._denials_by_ear
        denials.append(denial(rules, Spelling(spelling.plain)))
        index = self._as_written if as_written else self._by_ear
        for category, entry in source["categories"].items():
            self._add_category(category, entry)
            for phrase in (order for written in entry["phrases"] for order in orders(written)):
                compiled = Phrase(language, category, regex_of(phrase, spelling), needed(phrase, spelling))
                index.add(compiled, *first_words(phrase, spelling))

    def _add_category(self, category: str, entry: Mapping[str, Any]) -> None:
        urgency = entry["urgency"]
        if urgency not in URGENCIES or self._urgency.setdefault(category, urgency) != urgency:
            raise ValueError(f"unknown urgency of {category}, or another than in another language")
        if entry.get("even_if_past"):
            self._even_if_past.add(category)

    @property
    def categories(self) -> frozenset[str]:
        return frozenset(self._urgency)

    def phrases(self) -> set[Phrase]:
        return self._as_written.phrases() | self._by_ear.phrases()

    def scripts(self, language: str) -> Mapping[str, str]:
        """Words to say by category or urgency; English where the language has none yet."""
        return self._scripts.get(language.split("-")[0].lower()) or self._scripts["en"]

    def search(self, text: str) -> RedFlag | None:
        """The gravest red flag in a text, the first one among equals."""
        return min(self.search_all(text), key=lambda flag: (URGENCIES.index(flag.urgency), flag.start), default=None)

    def search_all(self, text: str) -> list[RedFlag]:
        cut = max(0, len(text) - MAX_CHARS)
        as_written = plain(text[cut:])
        by_ear = folded(as_written)
        forms = as_written.split(), by_ear.split()
        found = [*_findings(as_written, forms[0], self._as_written), *_findings(by_ear, forms[1], self._by_ear)]
        if not found:
            return []
        judged = dict.fromkeys((phrase.category, phrase.language, first, last) for phrase, first, last in found)
        flags = [which for which in list(judged)[:MAX_FINDINGS] if self._stands(which[0], forms, *which[2:])]
        if not flags:
            return []
        places = spans(text[cut:])
        return [RedFlag(category, self._urgency[category], language, cut + places[first][0], cut + places[last - 1][1])
                for category, language, first, last in flags]  # fmt: skip

    def _stands(self, category: str, forms: tuple[list[str], list[str]], first: int, last: int) -> bool:
        """Whether no language denies the finding."""
        for words, denials in zip(forms, (self._denials_as_written, self._denials_by_ear), strict=True):
            finding = Finding(words, first, last)
            if any(denial.denies(finding) for denial in denials):
                return False
            if category not in self._even_if_past and any(denial.puts_elsewhere(finding) for denial in denials):
                return False
        return True


def read_phrases(languages: Iterable[str] = LANGUAGES) -> dict[str, Mapping[str, Any]]:
    return {
        language: yaml.load((_FOLDER / f"{language}.yaml").read_text("utf-8"), Loader=yaml.CSafeLoader)
        for language in languages
    }


@functools.cache
def default_watch() -> Watch:
    return Watch(read_phrases())
