"""Collects what a document says, block by block, and notes where its headings came to stand."""

from collections import Counter
from collections.abc import Iterator, Sequence

from auricle.uploads.parse.clean import visible
from auricle.uploads.parse.parsed import MAX_CHARACTERS, MAX_HEADING, UNSEEN, Parsed, Section
from auricle.uploads.refused import OversizeDocument

Row = Sequence[str]


class Blocks:
    """The text so far. A newline ends each block; a heading has an empty line before it."""

    def __init__(self) -> None:
        self.hidden: Counter[str] = Counter()
        self._pieces: list[str] = []
        self._sections: list[Section] = []
        self._length = 0

    def paragraph(self, text: str) -> None:
        shown = self._shown(text)
        if shown:
            self._add(("\n" if self._pieces else "") + shown)

    def heading(self, text: str) -> None:
        shown = " ".join(self._shown(text).split())
        if not shown or len(shown) > MAX_HEADING:
            self.paragraph(text)
            return
        self._add(("\n\n" if self._pieces else "") + shown)
        self._sections.append(Section(shown, self._length - len(shown), self._length))

    def apart(self) -> None:
        """What follows belongs to no heading before it."""
        self._sections.append(Section("", self._length, self._length))

    def table(self, rows: Sequence[Row], *, headed: bool) -> None:
        for row in told(rows, headed=headed):
            self.paragraph(row)

    def parsed(self, title: str = "") -> Parsed:
        """The whole; without a title of its own the first heading names it."""
        title = " ".join(visible(title)[0].split())[:MAX_HEADING]
        first = self._sections[0].title if self._sections else ""
        return Parsed("".join(self._pieces), title or first, (), self._sections, +self.hidden)

    def _shown(self, text: str) -> str:
        shown, unseen = visible(text)
        self.hidden[UNSEEN] += unseen
        return shown

    def _add(self, text: str) -> None:
        self._pieces.append(text)
        self._length += len(text)
        if self._length > MAX_CHARACTERS:
            raise OversizeDocument(limit_characters=MAX_CHARACTERS)


def told(rows: Sequence[Row], *, headed: bool) -> Iterator[str]:
    """Rows as lines. Under a header each cell is told with its column, so that a row stands for itself."""
    cells = [[" ".join(cell.split()) for cell in row] for row in rows]
    header = cells[0] if headed and len(cells) > 1 else []
    for row in cells[1:] if header else cells:
        if not header:
            yield " | ".join(cell for cell in row if cell)
            continue
        names = [*header, *[""] * (len(row) - len(header))]
        pairs = [(name, cell) for name, cell in zip(names, row, strict=False) if cell]
        yield "; ".join(f"{name}: {cell}" if name else cell for name, cell in pairs)
