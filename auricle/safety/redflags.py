"""Finds symptoms that can't wait, in what a patient says, in every language at once (people mix them).

Phrases are data (`phrases/<language>.yaml`). A text is brought to plain words, each word is looked up in one table of
first words, and only there a short pattern is tried: some 20 µs for a sentence. What is denied, long past or asked in
general is not a red flag; in doubt it is one.

Phrase language: words separated by spaces; `(a|b c|d)` alternatives; `word*` any ending; `~` up to four words between.
The first word of a phrase must be a word or alternatives.
"""

import functools
import importlib.resources
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

LANGUAGES = ("en", "hi")
URGENCIES = ("emergency", "crisis", "urgent")  # the gravest first
MAX_CHARS = 4_000
BREAK = "|"  # stands for the end of a clause
BEFORE_WORDS, AFTER_WORDS = 7, 4  # how far from a finding its denial may stand
GAP = rf"(?: [^ {BREAK}]+){{0,4}}?"
_BREAKS, _JOINTS = ".?!;।॥؟\n,", "'’-"


@dataclass(frozen=True, slots=True)
class RedFlag:
    """`start` and `end` are offsets into the text that was searched."""

    category: str
    urgency: str
    language: str  # of the phrase, which may not be the patient's set language
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Phrase:
    category: str
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Denial:
    """How one language says that something is not so, was long ago, or is only asked about."""

    before: re.Pattern[str]  # ends where the finding begins
    after: re.Pattern[str]  # begins where the finding ends
    past: re.Pattern[str]
    now: re.Pattern[str]
    question: re.Pattern[str]
    own: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Words:
    """A text as plain words: lower case, one space between, `|` at the end of clauses, a space at either end."""

    text: str
    offsets: tuple[int, ...]  # of every character in the original


@functools.lru_cache(4_096)
def _plain_character(original: str) -> str:
    """What stands for a character in plain text: letters, a space, the end of a clause, or nothing."""
    out = ""
    for c in unicodedata.normalize("NFD", original.lower()):
        if c.isalnum() or unicodedata.category(c) in ("Mc", "Mn"):
            if c != "़" and not "\u0300" <= c <= "\u036f":
                out += "ं" if c == "ँ" else c
        elif c not in _JOINTS:
            out += BREAK if c in _BREAKS else " "
    return out


def plain(text: str) -> Words:
    """Apostrophes and hyphens go, the two Devanagari nasal signs become one, nuktas go; so spellings meet."""
    out: list[str] = [" "]
    offsets: list[int] = [0]

    def put(c: str, at: int) -> None:
        if c in (" ", BREAK) and out[-1] == " ":
            if c == " ":
                return
            out.pop(), offsets.pop()
        if c == BREAK:
            out.extend((" ", BREAK, " "))
            offsets.extend((at, at, at))
        else:
            out.append(c)
            offsets.append(at)

    for at, original in enumerate(text[:MAX_CHARS]):
        for c in _plain_character(original):
            put(c, at)
    put(" ", len(text[:MAX_CHARS]))
    return Words("".join(out), tuple(offsets))


def _plain_words(text: str) -> str:
    return plain(text).text.strip()


def _pattern(phrase: str, gap: str = GAP) -> str:
    """The phrase as a regular expression over plain text, without its outer spaces."""
    return _joined(re.findall(r"\([^)]*\)|\S+", phrase), gap)


def _gap_without(words: Iterable[str]) -> str:
    """A gap that holds none of these: "saans nahi phoolti" is no breathlessness, though "saans ~ phool*" would span it."""
    return GAP.replace(" [^", f" (?!{_any_of(words)})[^", 1) if words else GAP


def _joined(parts: list[str], gap: str) -> str:
    out = ""
    for number, part in enumerate(parts):
        if part == "~":
            out += gap
            continue
        out += " " if number else ""
        if part.startswith("("):
            options = sorted(part[1:-1].split("|"), key=len, reverse=True)
            out += "(?:" + "|".join(_joined(option.split(), gap) for option in options) + ")"
        elif part.endswith("*"):
            out += re.escape(_plain_words(part.rstrip("*"))) + rf"[^ {BREAK}]*"
        else:
            out += re.escape(_plain_words(part)) + "(?= )"
    return out


def _first_words(phrase: str) -> set[str]:
    first = re.findall(r"\([^)]*\)|\S+", phrase)[0]
    options = first[1:-1].split("|") if first.startswith("(") else [first]
    if any("*" in option.split()[0] or option == "~" for option in options):
        raise ValueError(f"a phrase must begin with a whole word: {phrase}")
    return {_plain_words(option).split()[0] for option in options}


def _any_of(phrases: Iterable[str]) -> str:
    return "(?:" + "|".join(_pattern(phrase) for phrase in phrases) + ")" if phrases else "(?!)"


def _denial(rules: Mapping[str, list[str]]) -> Denial:
    ends, stop = _any_of(rules["scope_ends"]), re.escape(BREAK)
    # A comma ends the reach of "no" only where a new clause begins: "no fever, cough or pain" denies all three.
    step = rf"(?: (?!{ends} )[^ {BREAK}]+| {stop}(?! {_any_of(rules['clause_starts'])} ))"
    negator = rf"(?!{_any_of(rules['not_negators'])}){_any_of(rules['negators_before'])}"
    # "No, I have …": a negator that stands alone before a break denies nothing after it.
    before = rf" {negator}(?! {stop}){step}{{0,{BEFORE_WORDS}}} $"
    near = rf"(?: (?!{ends}|{stop})[^ {BREAK}]+){{0,{AFTER_WORDS}}}?"
    after = rf"^(?:{near} {_any_of(rules['negators_after'])}| {stop} {_any_of(rules['answers_no'])} (?:{stop}|$))"
    return Denial(
        before=re.compile(before),
        after=re.compile(after),
        past=re.compile(_any_of(rules["past"])),
        now=re.compile(rf" {_any_of(rules['now'])}"),
        question=re.compile(rf"^ {_any_of(rules['general_questions'])}"),
        own=re.compile(rf" {_any_of(rules['own'])}"),
    )


class Watch:
    """The compiled phrases of all languages."""

    def __init__(self, sources: Mapping[str, Mapping[str, Any]]) -> None:
        self._by_first_word: dict[str, list[tuple[str, Phrase]]] = {}
        self._categories: dict[str, tuple[str, bool]] = {}
        self._denials: dict[str, Denial] = {}
        self._scripts: dict[str, Mapping[str, str]] = {}
        for language, source in sources.items():
            self._denials[language] = _denial(source["rules"])
            self._scripts[language] = source["scripts"]
            for category, entry in source["categories"].items():
                self._add(language, category, entry, _gap_without(source["rules"].get("not_between", ())))

    def _add(self, language: str, category: str, entry: Mapping[str, Any], gap: str) -> None:
        if entry["urgency"] not in URGENCIES:
            raise ValueError(f"unknown urgency of {category}")
        self._categories[category] = (entry["urgency"], bool(entry.get("even_if_past", False)))
        by_word: dict[str, list[str]] = {}
        for phrase in entry["phrases"]:
            for word in _first_words(phrase):
                by_word.setdefault(word, []).append(phrase)
        for word, phrases in by_word.items():
            pattern = re.compile("|".join(_pattern(phrase, gap) for phrase in phrases))
            self._by_first_word.setdefault(word, []).append((language, Phrase(category, pattern)))

    @property
    def categories(self) -> frozenset[str]:
        return frozenset(self._categories)

    def scripts(self, language: str) -> Mapping[str, str]:
        """Words to say by category or urgency; English where the language has none yet."""
        return self._scripts.get(language.split("-")[0].lower()) or self._scripts["en"]

    def search(self, text: str) -> RedFlag | None:
        """The gravest red flag in a text, the first one among equals."""
        return min(self.search_all(text), key=lambda flag: (URGENCIES.index(flag.urgency), flag.start), default=None)

    def search_all(self, text: str) -> list[RedFlag]:
        words = plain(text)
        return [flag for match, language, category in self._candidates(words.text)
                if (flag := self._judged(words, match, language, category))]  # fmt: skip

    def _candidates(self, text: str) -> Iterable[tuple[re.Match[str], str, str]]:
        at = 1
        for word in text.strip().split(" "):
            for language, phrase in self._by_first_word.get(word, ()):
                if match := phrase.pattern.match(text, at):
                    yield match, language, phrase.category
            at += len(word) + 1

    def _judged(self, words: Words, match: re.Match[str], language: str, category: str) -> RedFlag | None:
        urgency, even_if_past = self._categories[category]
        before, after = words.text[: match.start()], words.text[match.end() :]
        for denial in self._denials.values():
            if denial.before.search(before) or denial.after.match(after):
                return None
            if not even_if_past and self._is_past_or_general(denial, words.text, match):
                return None
        return RedFlag(category, urgency, language, words.offsets[match.start()], words.offsets[match.end() - 1] + 1)

    @staticmethod
    def _is_past_or_general(denial: Denial, text: str, match: re.Match[str]) -> bool:
        start, end = text.rfind(BREAK, 0, match.start()) + 1, text.find(BREAK, match.end())
        clause = text[start : end if end >= 0 else len(text)]
        if denial.past.search(clause) and not denial.now.search(text):
            return True
        return bool(denial.question.match(clause)) and not denial.own.search(clause)


def read_phrases(languages: Iterable[str] = LANGUAGES) -> dict[str, Mapping[str, Any]]:
    folder = importlib.resources.files("auricle.safety") / "phrases"
    return {language: yaml.safe_load((folder / f"{language}.yaml").read_text("utf-8")) for language in languages}


@functools.cache
def default_watch() -> Watch:
    return Watch(read_phrases())
