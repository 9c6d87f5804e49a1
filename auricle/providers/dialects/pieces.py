"""A text in pieces for vendors that take no more than so many characters at once."""

import re

_SENTENCE_END = re.compile(r"[.?!।॥؟](?=\s)")
_SPACE = re.compile(r"\s")


def pieces(text: str, most: int) -> list[str]:
    """The text cut behind the last end of a sentence that fits, else at the last space, else where it must be."""
    found, rest = [], text.strip()
    while len(rest) > most:
        window = rest[: most + 1]
        ends = [m.end() for m in _SENTENCE_END.finditer(window)] or [m.start() for m in _SPACE.finditer(window)]
        at = ends[-1] if ends and ends[-1] > 0 else most
        found.append(rest[:at].strip())
        rest = rest[at:].strip()
    return [*found, rest] if rest else found
