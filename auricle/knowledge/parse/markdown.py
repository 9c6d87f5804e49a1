"""Markdown to plain text with sections: what a reader of the rendered page sees, comments and markup left out."""

import re
from dataclasses import dataclass

from auricle.knowledge.parse.clean import visible
from auricle.knowledge.parse.lines import ITEM
from auricle.knowledge.parse.parsed import Parsed, Section

FRONT_MATTER = re.compile(r"\A---\n(.*?)\n(?:---|\.\.\.)(?:\n|\Z)", re.DOTALL)
FRONT_TITLE = re.compile(r"^title:\s*[\"']?(.+?)[\"']?\s*$", re.MULTILINE)
COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
HEADING = re.compile(r"^ {0,3}(#{1,6})\s+(.+?)\s*#*$")
UNDERLINE = re.compile(r"^ {0,3}(=+|-+)\s*$")
FENCE = re.compile(r"^ {0,3}(```|~~~)")
RULE = re.compile(r"^ {0,3}([-*_])(?: *\1){2,}\s*$")
BULLET = re.compile(r"^\s*[-*+]\s+(?:\[[ xX]\]\s+)?")
QUOTE = re.compile(r"^\s*>\s?")
INLINE = (
    (re.compile(r"!\[([^\]]*)\]\([^)]*\)"), r"\1"),  # image: its description
    (re.compile(r"\[([^\]]+)\]\([^)]*\)"), r"\1"),  # link: its text
    (re.compile(r"<(https?://[^>\s]+)>"), r"\1"),
    (re.compile(r"</?[A-Za-z][^>\n]{0,200}>"), ""),  # other markup
    (re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1"), r"\2"),
    (re.compile(r"(?<![\w*])[*_](?=\S)([^*_\n]+?)(?<=\S)[*_](?![\w*])"), r"\1"),
    (re.compile(r"`([^`\n]+)`"), r"\1"),
    (re.compile(r"\\([\\`*_{}\[\]()#+.!>-])"), r"\1"),
)


@dataclass(frozen=True, slots=True)
class Line:
    text: str
    level: int = 0  # of a heading, else 0
    runs_on: bool = False  # may continue the paragraph of the line before


def markdown(source: str) -> Parsed:
    source, hidden = visible(source)
    title = ""
    if front := FRONT_MATTER.match(source):
        named = FRONT_TITLE.search(front.group(1))
        title = named.group(1).strip() if named else ""
        source = source[front.end() :]
    shown = COMMENT.sub("", source)
    lines = _lines(shown.strip().split("\n"))
    text, sections = _assemble(lines)
    title = title or next((line.text for line in lines if line.level == 1), "")
    return Parsed(text, title=title, sections=sections, hidden=hidden + len(source) - len(shown))


def _lines(source: list[str]) -> list[Line]:
    lines: list[Line] = []
    fenced = False
    for raw in source:
        if FENCE.match(raw):
            fenced = not fenced
        elif fenced:
            lines.append(Line(raw))
        elif heading := HEADING.match(raw):
            lines.append(Line(_inline(heading.group(2)), level=len(heading.group(1))))
        elif (under := UNDERLINE.match(raw)) and lines and lines[-1].level == 0 and lines[-1].text:
            lines[-1] = Line(lines[-1].text, level=1 if under.group(1)[0] == "=" else 2)
        elif not RULE.match(raw):
            new = bool(BULLET.match(raw) or ITEM.match(raw) or raw.startswith("|"))
            lines.append(Line(_inline(BULLET.sub("", QUOTE.sub("", raw))), runs_on=not new))
    return lines


def _inline(line: str) -> str:
    for pattern, replacement in INLINE:
        line = pattern.sub(replacement, line)
    return line.strip()


def _assemble(lines: list[Line]) -> tuple[str, list[Section]]:
    """Join the lines, those of one paragraph with spaces, and note where each heading came to stand."""
    pieces: list[str] = []
    sections: list[Section] = []
    length = 0
    before: Line | None = None
    for line in lines:
        joins = bool(before and before.text and not before.level and line.runs_on and line.text and not line.level)
        text = (" " if joins else "\n" if pieces else "") + line.text
        if line.level:
            start = length + len(text) - len(line.text)
            sections.append(Section(line.text, start, length + len(text)))
        pieces.append(text)
        length += len(text)
        before = line
    return "".join(pieces), sections
