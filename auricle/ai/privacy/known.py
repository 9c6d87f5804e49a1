"""The identity the platform already holds: found whatever its case, spacing, punctuation or possessive."""

import re
from collections.abc import Iterator
from datetime import date
from functools import cache

from auricle.ai.entities.lexicon import cue_phrases
from auricle.ai.hindi_numbers import HINDI
from auricle.ai.numbers import SCALES, TENS, UNITS
from auricle.ai.port import Known
from auricle.ai.privacy.spans import Span
from auricle.ai.privacy.vocabulary import plain_script
from auricle.ai.tokens import LETTER, tokens, words

_LETTER_BEFORE, _LETTER_AFTER = rf"(?<!(?:{LETTER}|\d))", rf"(?!(?:{LETTER}|\d))".replace(r"|\u200d", "")
_MIN_PART = 2
_CUE_REACH = 3
_ANNOUNCING = frozenset(words("name name's named called mr mrs ms miss dr doctor hi hello dear mister"))
_TITLES = frozenset(words("mr mrs ms miss dr doctor shri smt sri kumari prof master श्री श्रीमती डॉ"))


class KnownIdentity:
    """Compiled once per request; finds every mention of what is known."""

    def __init__(self, known: Known) -> None:
        self._patterns: list[tuple[str, re.Pattern[str]]] = []
        for name in known.names:
            self._add("PERSON", _words(name))
        for number in known.phones:
            self._add_digits("PHONE", number, least=6, tail=10)
        for mail in known.emails:
            self._add("EMAIL", [mail.strip()] if mail.strip() else [])
            self._add("EMAIL", _spoken_mail(mail))
        for record in known.record_numbers:
            self._add_characters("MRN", record)
        for address in known.addresses:
            self._add("ADDRESS", _words(address))
            for line in re.split(r"[,;\n]", address):
                if len(_words(line)) > 1:
                    self._add("ADDRESS", _words(line))
        if known.birth_date:
            for written in _dates(known.birth_date):
                self._add("DATE", [written])
        self._parts = {
            plain_script(part)
            for name in known.names
            for part in _words(name)
            if len(part) >= _MIN_PART and part.lower() not in _TITLES
        }

    def find(self, text: str) -> Iterator[Span]:
        for kind, pattern in self._patterns:
            for match in pattern.finditer(text):
                yield Span(match.start(), match.end(), kind, 0)
        yield from self._name_parts(text)

    def _name_parts(self, text: str) -> Iterator[Span]:
        """Given name or family name by itself, also where it is a common word ("rose"): better too much than a name.

        Only a word that a finding turns on ("no", "left", "two") needs a capital or a cue, or "no fever" would be lost.
        """
        if not self._parts:
            return
        stream = tokens(text)
        for index, token in enumerate(stream):
            word = re.sub(r"['’]s$", "", token.text)
            if plain_script(word) not in self._parts:
                continue
            decisive = word.lower() in _decisive_words()
            announced = {t.word for t in stream[max(0, index - _CUE_REACH) : index]} & _ANNOUNCING
            if not decisive or announced or (word[:1].isupper() and token.start > 0):
                yield Span(token.start, token.start + len(word), "PERSON", 0)

    def _add(self, kind: str, parts: list[str]) -> None:
        if not parts or sum(map(len, parts)) < _MIN_PART:
            return
        body = r"[\s,.\-/]+".join(re.escape(part) for part in parts)
        self._patterns.append((kind, re.compile(_LETTER_BEFORE + body + _LETTER_AFTER, re.IGNORECASE)))

    def _add_digits(self, kind: str, number: str, least: int, tail: int) -> None:
        digits = "".join(str(int(c)) for c in number if c.isdecimal())[-tail:]
        if len(digits) >= least:
            body = r"(?:\+?\d{1,3}[\s.-]?)?" + r"[\s().-]{0,3}".join(digits)
            self._patterns.append((kind, re.compile(r"(?<!\d)\(?" + body + r"(?!\d)")))

    def _add_characters(self, kind: str, identifier: str) -> None:
        characters = [c for c in identifier if c.isalnum()]
        if len(characters) >= 3:
            body = r"[\s/._-]?".join(map(re.escape, characters))
            self._patterns.append((kind, re.compile(_LETTER_BEFORE + body + _LETTER_AFTER, re.IGNORECASE)))


@cache
def _decisive_words() -> frozenset[str]:
    """Words of negation, side and number, by themselves."""
    cues = [*cue_phrases("negation", "before"), *cue_phrases("negation", "after"), *cue_phrases("left")]
    cues += [*cue_phrases("right"), *cue_phrases("both")]
    return frozenset(p[0] for p in cues if len(p) == 1) | set(UNITS) | set(TENS) | set(SCALES) | set(HINDI)


def _words(text: str) -> list[str]:
    return [t.text for t in tokens(text)]


def _spoken_mail(mail: str) -> list[str]:
    spoken = mail.replace("@", " at ").replace(".", " dot ").replace("_", " underscore ").replace("-", " dash ")
    return spoken.split()


def _dates(iso: str) -> Iterator[str]:
    try:
        day = date.fromisoformat(iso)
    except ValueError:
        yield iso
        return
    month = day.strftime("%B")
    for first, second in ((day.day, day.month), (day.month, day.day)):
        for mark in "/-.":
            yield f"{first:02}{mark}{second:02}{mark}{day.year}"
            yield f"{first}{mark}{second}{mark}{day.year}"
    yield from (iso, f"{day.day} {month} {day.year}", f"{month} {day.day} {day.year}", f"{month} {day.day}, {day.year}")
