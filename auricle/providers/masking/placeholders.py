"""Placeholders: given out for identifiers, and found again in what a model answers, however it writes them."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

KINDS = frozenset(
    ("PERSON", "PHONE", "EMAIL", "DATE", "AGE", "URL", "IP", "MRN", "SSN", "AADHAAR", "PAN", "ABHA", "CARD")
    + ("LOCATION", "ORGANIZATION", "ADDRESS", "ID", "LICENCE")
)
_KIND = "|".join(sorted(KINDS))
# Models drop the brackets, put spaces inside, or write the digits of their language.
_PLACEHOLDER = re.compile(
    rf"\[\s?({_KIND})[ _-]?(\d{{1,5}})\s?\]|(?<![\w\[])({_KIND})_(\d{{1,5}})(?![\w])", re.IGNORECASE
)
# What a piece may end with that the next one could make a placeholder of.
_BEGUN = re.compile(r"(?:\[\s?[A-Za-z]{0,12}(?:[ _-]?\d{0,5}\s?)?|(?<![\w\[])[A-Za-z]{1,12}(?:_\d{0,5})?)$")
_LONGEST = 24

NOTE = """Words in brackets such as [PERSON_1] or [DATE_2] stand for names, numbers or dates that you are not shown. In
answers and in calls of tools write them exactly as they stand, as if they were the words themselves. Never guess what
one stands for, never change, translate or spell it, and never make up another."""


class Register:
    """Hands out placeholders: the same for the same identifier, but for case and spacing."""

    def __init__(self) -> None:
        self.originals: dict[str, str] = {}
        self._given: dict[tuple[str, str], str] = {}
        self._next: dict[str, int] = {}

    def placeholder(self, kind: str, original: str) -> str:
        key = (kind, " ".join(original.casefold().split()))
        if key not in self._given:
            number = self._next.get(kind, 1)
            self._next[kind] = number + 1
            self._given[key] = f"[{kind}_{number}]"
            self.originals[self._given[key]] = original
        return self._given[key]


def restored(text: str, originals: Mapping[str, str], *, in_json: bool = False) -> str:
    """The text with originals in place of their placeholders; one that was never given out is dropped.

    `in_json`: the text is JSON, so what is put in is escaped as in its strings.
    """

    def original(match: re.Match[str]) -> str:
        found = originals.get(_name(match))
        if found is None:
            return "" if match[0].startswith("[") or match[3].isupper() else match[0]
        return orjson.dumps(found).decode()[1:-1] if in_json else found

    return _PLACEHOLDER.sub(original, text)


def restored_json(text: str, originals: Mapping[str, str]) -> str:
    """The same in every string of a JSON text, which stays one."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return restored(text, originals, in_json=True)
    return orjson.dumps(_restored_value(value, originals)).decode()


def _restored_value(value: Any, originals: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return restored(value, originals)
    if isinstance(value, list):
        return [_restored_value(one, originals) for one in value]
    if isinstance(value, dict):
        return {restored(k, originals): _restored_value(v, originals) for k, v in value.items()}
    return value


def named(text: str) -> Iterator[str]:
    """The placeholders in a text, as they were given out."""
    return (_name(match) for match in _PLACEHOLDER.finditer(text))


def _name(match: re.Match[str]) -> str:
    kind, number = (match[1], match[2]) if match[1] else (match[3], match[4])
    return f"[{kind.upper()}_{int(number)}]"


class Restoring:
    """Restores a text that comes in pieces: a placeholder may be cut anywhere."""

    def __init__(self, originals: Mapping[str, str], *, in_json: bool = False) -> None:
        self._originals, self._in_json = originals, in_json
        self._held = ""
        self._in_word = False  # what was given on ends within a word, in which no placeholder begins

    def feed(self, piece: str) -> str:
        """What can be given on now."""
        text = self._held + piece
        begun = _BEGUN.search(text, max(0, len(text) - _LONGEST))
        cut = begun.start() if begun and _may_become(begun[0]) else len(text)
        self._held = text[cut:]
        return self._given_on(text[:cut])

    def rest(self) -> str:
        """What was held back when the text ended."""
        text, self._held = self._held, ""
        return self._given_on(text)

    def _given_on(self, text: str) -> str:
        before = "x" if self._in_word else ""
        if text:
            self._in_word = re.match(r"\w", text[-1]) is not None
        return restored(before + text, self._originals, in_json=self._in_json)[len(before) :]


def _may_become(end: str) -> bool:
    letters = end.lstrip("[ ").rstrip("0123456789 _-").upper()
    if not letters:
        return not end.strip("[ ")
    has_number = end.rstrip(" ")[-1] in "0123456789_- " or end[-1] in " _-"
    return letters in KINDS if has_number else any(kind.startswith(letters) for kind in KINDS)
