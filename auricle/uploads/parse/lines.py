"""Puts wrapped lines together again: afterwards a newline in stored text is the end of a paragraph or list item."""

import re

END_MARKS = ".!?:;।॥؟"
ITEM = re.compile(r"^(?:[-*+•‣◦▪–—]|\(?\d{1,3}[.)]|\(?[a-zA-Z][.)])\s")
BROKEN_WORD = re.compile(r"(?<=[^\W\d_])-$")
FULL_LINE = 0.6  # a line shorter than this share of the longest one was ended on purpose


def reflow(text: str) -> str:
    lines = text.split("\n")
    longest = max(map(len, lines), default=0)
    out: list[str] = []
    for line in lines:
        if out and _runs_on(out[-1], line, longest):
            out[-1] = _joined(out[-1], line)
        else:
            out.append(line)
    return "\n".join(out)


def _runs_on(before: str, line: str, longest: int) -> bool:
    if not before or not line or before[-1] in END_MARKS or ITEM.match(line):
        return False
    return len(before) >= FULL_LINE * longest


def _joined(before: str, line: str) -> str:
    if BROKEN_WORD.search(before) and line[0].islower():
        return before[:-1] + line
    return f"{before} {line}"
