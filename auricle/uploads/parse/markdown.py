"""Markdown to plain text with sections: what a reader of the rendered page sees, comments and markup left out."""

import re
from collections import Counter
from dataclasses import dataclass

from auricle.uploads.parse.blocks import told
from auricle.uploads.parse.clean import decode, visible
from auricle.uploads.parse.css import declarations, why_hidden
from auricle.uploads.parse.lines import ITEM
from auricle.uploads.parse.parsed import COMMENT, MAX_HEADING, NOT_SHOWN, UNSEEN, Parsed, Section

FRONT_MATTER = re.compile(r"\A---\n(.*?)\n(?:---|\.\.\.)(?:\n|\Z)", re.DOTALL)
FRONT_TITLE = re.compile(r"^title:\s*[\"']?(.+?)[\"']?\s*$", re.MULTILINE)
REMARK = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
DEFINITION = re.compile(r"^ {0,3}\[(?!\^)[^\]\n]{1,500}\]:[ \t]*\S.*$", re.MULTILINE)  # of a link; nobody sees it
UNREAD = re.compile(r"<(script|style|template)\b.*?(?:</\1\s*>|\Z)", re.DOTALL | re.IGNORECASE)
OPENING = re.compile(r"<([a-z][a-z0-9]{0,15})\b([^<>]{0,1000})>", re.IGNORECASE)
STYLE = re.compile(r"style\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
HIDDEN_ATTRIBUTE = re.compile(r"(?:^|\s)hidden(?:[\s=]|$)", re.IGNORECASE)
HEADING = re.compile(r"^ {0,3}(#{1,6})\s+(.+?)\s*#*$")
UNDERLINE = re.compile(r"^ {0,3}(=+|-+)\s*$")
FENCE = re.compile(r"^ {0,3}(```|~~~)")
RULE = re.compile(r"^ {0,3}([-*_])(?: *\1){2,}\s*$")
BULLET = re.compile(r"^\s*[-*+]\s+(?:\[[ xX]\]\s+)?")
QUOTE = re.compile(r"^\s*>\s?")
TABLE_RULE = re.compile(r"^ {0,3}\|?(?: *:?-+:? *\|)+(?: *:?-+:? *)?$")
CELL_END = re.compile(r"(?<!\\)\|")
INLINE = (
    (re.compile(r"!\[[^\]]*\]\([^)]*\)"), ""),  # an image is seen, its description is not
    (re.compile(r"\[([^\]]+)\]\([^)]*\)"), r"\1"),  # link: its text
    (re.compile(r"<(https?://[^>\s]+)>"), r"\1"),
    (re.compile(r"</?[A-Za-z][^>\n]{0,200}>"), ""),  # other markup
    (re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1"), r"\2"),
    (re.compile(r"(?<![\w*])[*_](?=\S)([^*_\n]+?)(?<=\S)[*_](?![\w*])"), r"\1"),
    (re.compile(r"`([^`\n]+)`"), r"\1"),
    (re.compile(r"\\([\\`*_{}\[\]()#+.!>|-])"), r"\1"),
)


@dataclass(frozen=True, slots=True)
class Line:
    text: str
    level: int = 0  # of a heading, else 0
    runs_on: bool = False  # may continue the paragraph of the line before


def markdown(data: bytes) -> Parsed:
    """Read a Markdown file. Raises `GarbledDocument`."""
    source, unseen = visible(decode(data))
    hidden = Counter({UNSEEN: unseen})
    title = ""
    if front := FRONT_MATTER.match(source):
        named = FRONT_TITLE.search(front.group(1))
        title = named.group(1).strip() if named else ""
        source = source[front.end() :]
    shown = DEFINITION.sub("", REMARK.sub("", source))
    hidden[COMMENT] = len(source) - len(shown)
    seen = without_hidden(UNREAD.sub("", shown))
    hidden[NOT_SHOWN] = len(shown) - len(seen)
    lines = _lines(seen.strip().split("\n"))
    text, sections = _assemble(lines)
    title = title or next((line.text for line in lines if line.level == 1), "")
    return Parsed(text, title[:MAX_HEADING], (), sections, +hidden)


def without_hidden(source: str) -> str:
    """The source without HTML elements that their own attributes hide, up to where each closes."""
    kept: list[str] = []
    place = 0
    while opening := OPENING.search(source, place):
        kept.append(source[place : opening.start()])
        if _hides(opening[2]):
            place = _closing(source, opening[1], opening.end())
        else:
            kept.append(opening.group())
            place = opening.end()
    return "".join([*kept, source[place:]])


def _hides(attributes: str) -> bool:
    style = STYLE.search(attributes)
    bare = STYLE.sub(" ", attributes)
    return bool(HIDDEN_ATTRIBUTE.search(bare) or (style and why_hidden(declarations(style[1] or style[2] or ""))))


def _closing(source: str, tag: str, place: int) -> int:
    """Where an element ends that began before a place."""
    depth = 1
    for found in re.finditer(rf"<(/?){tag}\b[^<>]{{0,1000}}>", source[place:], re.IGNORECASE):
        depth += -1 if found[1] else 1
        if depth == 0:
            return place + found.end()
    return len(source)


def _lines(source: list[str]) -> list[Line]:
    lines: list[Line] = []
    fenced, header = False, ""  # of the table we are in
    for raw in source:
        if header and not fenced and "|" in raw:
            lines += [Line(row) for row in told([_cells(header), _cells(raw)], headed=True)]
            continue
        header = ""
        if FENCE.match(raw):
            fenced = not fenced
        elif fenced:
            lines.append(Line(raw))
        elif TABLE_RULE.match(raw) and lines and "|" in lines[-1].text:
            header = lines.pop().text
        elif heading := HEADING.match(raw):
            lines.append(_heading(heading.group(2), len(heading.group(1))))
        elif (under := UNDERLINE.match(raw)) and lines and lines[-1].level == 0 and lines[-1].text:
            lines[-1] = _heading(lines[-1].text, 1 if under.group(1)[0] == "=" else 2)
        elif not RULE.match(raw):
            new = bool(BULLET.match(raw) or ITEM.match(raw) or "|" in raw)
            lines.append(Line(_inline(BULLET.sub("", QUOTE.sub("", raw))), runs_on=not new))
    return lines


def _heading(text: str, level: int) -> Line:
    text = _inline(text)
    return Line(text, level=level if len(text) <= MAX_HEADING else 0)


def _cells(line: str) -> list[str]:
    return [_inline(cell) for cell in CELL_END.split(line.strip().strip("|"))]


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
