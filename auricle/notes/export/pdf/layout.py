"""Paragraphs onto pages: words into lines by their shaped width, lines down the page. Lengths are in points."""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from auricle.notes.export.blocks import Block, Look
from auricle.notes.export.pdf.shape import Piece, shaped

PAGE_WIDTH, PAGE_HEIGHT, MARGIN = 595.28, 841.89, 56.0  # A4
BOTTOM = MARGIN + 16  # above the footer
LINE = 1.5  # of the size: room for the marks above and below Indian letters
MOST_PAGES = 400
RED, GREY, BLACK = (0.69, 0.0, 0.13), (0.33, 0.33, 0.33), (0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Style:
    size: float
    bold: bool = False
    indent: float = 0.0
    before: float = 0.0
    color: tuple[float, float, float] = BLACK
    bullet: str = ""
    kept_with: int = 0  # lines that must still fit below


STYLES: dict[Look, Style] = {
    "title": Style(18, bold=True),
    "banner": Style(12, bold=True, before=4, color=RED),
    "fact": Style(9, before=1),
    "heading": Style(13, bold=True, before=10, kept_with=2),
    "statement": Style(10, indent=12, before=4, bullet="•"),
    "quote": Style(8.5, indent=26, color=GREY),
    "plain": Style(10),
}


@dataclass(frozen=True, slots=True)
class Placed:
    """One piece where its baseline begins, from the lower left corner of the page."""

    x: float
    y: float
    size: float
    color: tuple[float, float, float]
    piece: Piece


@dataclass(slots=True)
class PageOut:
    placed: list[Placed] = field(default_factory=list)


class TooManyPages(ValueError):
    """More than a reader or this process should bear."""


class Pages:
    """Pages as they fill, from top to bottom."""

    def __init__(self) -> None:
        self.done: list[PageOut] = [PageOut()]
        self.y = PAGE_HEIGHT - MARGIN
        self.shapes: dict[tuple[str, bool], list[Piece]] = {}

    def add(self, block: Block) -> None:
        style = STYLES[block.look]
        self.y -= style.before
        words = [*self.words(block.lead, bold=True), *self.words(block.text, bold=style.bold)]
        for number, line in enumerate(lines(words, (PAGE_WIDTH - 2 * MARGIN - style.indent) / style.size)):
            self.make_room(style.size * LINE * (1 + (style.kept_with if number == 0 else 0)))
            self.y -= style.size * LINE
            if number == 0 and style.bullet:
                self.put(self.words(style.bullet, bold=False)[0], MARGIN + 1, style)
            x = MARGIN + style.indent
            for word in line:
                self.put(word, x, style)
                x += width(word) * style.size

    def put(self, word: Sequence[Piece], x: float, style: Style) -> None:
        for piece in word:
            self.done[-1].placed.append(Placed(x, self.y, style.size, style.color, piece))
            x += piece.width * style.size

    def make_room(self, height: float) -> None:
        if self.y - height >= BOTTOM:
            return
        if len(self.done) >= MOST_PAGES:
            raise TooManyPages
        self.done.append(PageOut())
        self.y = PAGE_HEIGHT - MARGIN

    def words(self, text: str, *, bold: bool) -> list[list[Piece]]:
        """Words with the space behind each, shaped once for all their places."""
        return [self.word(one + " ", bold=bold) for one in text.split()]

    def word(self, text: str, *, bold: bool) -> list[Piece]:
        if (text, bold) not in self.shapes:
            self.shapes[text, bold] = shaped(text, bold=bold)
        return self.shapes[text, bold]

    def footers(self, text: str) -> None:
        style = Style(8, color=GREY)
        for number, page in enumerate(self.done, start=1):
            x = MARGIN
            for word in self.words(f"{text} · page {number} of {len(self.done)}", bold=False):
                for piece in word:
                    page.placed.append(Placed(x, MARGIN - 10, style.size, style.color, piece))
                    x += piece.width * style.size


def lines(words: Sequence[list[Piece]], most: float) -> Iterator[list[list[Piece]]]:
    """Words line by line, none wider than `most` ems; a word that is wider by itself is cut between its letters."""
    line: list[list[Piece]] = []
    used = 0.0
    for word in (part for whole in words for part in cut(whole, most)):
        if line and used + width(word) > most:
            yield line
            line, used = [], 0.0
        line.append(word)
        used += width(word)
    if line:
        yield line


def cut(word: list[Piece], most: float) -> Iterator[list[Piece]]:
    if width(word) <= most:
        yield word
        return
    text, bold = "".join(piece.text for piece in word), word[0].bold
    # The widest letters are two ems: as many as surely fit. Marks stay with their letter where that is in sight.
    step = max(1, int(most / 2))
    while text:
        end = step
        while end < len(text) and end < step + 8 and is_mark(text[end]):
            end += 1
        yield shaped(text[:end], bold=bold)
        text = text[end:]


def is_mark(character: str) -> bool:
    return unicodedata.category(character).startswith("M") or character in "\u200c\u200d"


def width(word: Sequence[Piece]) -> float:
    return sum(piece.width for piece in word)
