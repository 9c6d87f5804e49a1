"""Follows the elements of a DOCX's text and keeps what a reader of the page sees."""

from dataclasses import dataclass, field

from auricle.uploads.parse.blocks import Blocks
from auricle.uploads.parse.docx_styles import Look, Styles, told
from auricle.uploads.parse.parsed import DELETED
from auricle.uploads.parse.xml import Attributes
from auricle.uploads.refused import TooWide

MAX_CELLS = 500  # of a row
SHOWN = frozenset({"w:t", "m:t"})
BREAKS = {"w:tab": " ", "w:br": "\n", "w:cr": "\n", "w:noBreakHyphen": "-", "w:ptab": " "}
PASSED_OVER = frozenset({"mc:Fallback", "w:instrText", "w:rPrChange", "w:pPrChange", "w:tblPrChange", "w:tcPrChange"})
GONE = frozenset({"w:del", "w:moveFrom"})


@dataclass(slots=True)
class Paragraph:
    look: Look = Look()
    heading: bool = False
    run: Look = Look()
    in_run_properties: bool = False
    in_run: bool = False
    pieces: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Table:
    rows: list[list[str]] = field(default_factory=list)
    cells: list[Look] = field(default_factory=list)  # of the cells that are open
    headed: bool = False
    parts: list[str] = field(default_factory=list)  # of the open cell


class Body:
    """Handlers for `xml.walk`. Paragraphs and tables may lie within one another: text boxes, tables in cells."""

    def __init__(self, blocks: Blocks, styles: Styles) -> None:
        self._blocks, self._styles = blocks, styles
        self._paragraphs: list[Paragraph] = []
        self._tables: list[Table] = []
        self._passed_over = self._gone = 0
        self._shown = False  # within an element that holds text

    def start(self, name: str, attributes: Attributes) -> None:
        if name in PASSED_OVER or self._passed_over:
            self._passed_over += 1
        elif name in GONE:
            self._gone += 1
        elif name in SHOWN or name == "w:delText":
            self._shown = True
        elif name == "w:p":
            self._paragraphs.append(Paragraph())
        elif name.startswith("w:t") and self._table_part(name, attributes):
            pass
        elif self._paragraphs:
            self._property(self._paragraphs[-1], name, attributes)
        elif name == "w:shd" and self._tables and self._tables[-1].cells:
            self._tables[-1].cells[-1] = told(name, attributes)

    def end(self, name: str) -> None:
        if self._passed_over:
            self._passed_over -= 1
        elif name in GONE:
            self._gone = max(0, self._gone - 1)
        elif name in SHOWN or name == "w:delText":
            self._shown = False
        elif name == "w:rPr" and self._paragraphs:
            self._paragraphs[-1].in_run_properties = False
        elif name in ("w:r", "m:r") and self._paragraphs:
            self._paragraphs[-1].run, self._paragraphs[-1].in_run = Look(), False
        elif name == "w:p" and self._paragraphs:
            self._close_paragraph(self._paragraphs.pop())
        elif name in ("w:tc", "w:tbl") and self._tables:
            self._close_table_part(name)

    def text(self, data: str) -> None:
        if not self._shown or self._passed_over or not self._paragraphs:
            return
        paragraph = self._paragraphs[-1]
        cell = self._tables[-1].cells[-1] if self._tables and self._tables[-1].cells else Look()
        hidden = DELETED if self._gone else paragraph.run.over(paragraph.look).over(cell).why_hidden
        if hidden:
            self._blocks.hidden[hidden] += len(data)
        else:
            paragraph.pieces.append(data)

    def _property(self, paragraph: Paragraph, name: str, attributes: Attributes) -> None:
        if name == "w:pStyle":
            style = self._styles.style(attributes.get("w:val", ""))
            paragraph.look, paragraph.heading = style.look, style.heading
        elif name == "w:outlineLvl":
            paragraph.heading = attributes.get("w:val", "9") != "9"
        elif name in ("w:r", "m:r"):
            paragraph.run, paragraph.in_run = Look(), True
        elif name == "w:rPr":
            paragraph.in_run_properties = True
        elif name in BREAKS:
            if paragraph.in_run and not self._gone:  # outside a run it is a tab stop
                paragraph.pieces.append(BREAKS[name])
        elif name == "w:rStyle" and paragraph.in_run:
            paragraph.run = paragraph.run.over(self._styles.style(attributes.get("w:val", "")).look)
        elif paragraph.in_run_properties and paragraph.in_run:
            paragraph.run = told(name, attributes).over(paragraph.run)
        elif name == "w:shd" and not paragraph.in_run_properties:
            paragraph.look = told(name, attributes).over(paragraph.look)

    def _table_part(self, name: str, attributes: Attributes) -> bool:
        if name == "w:tbl":
            self._tables.append(Table())
        elif not self._tables:
            return False
        elif name == "w:tr":
            self._tables[-1].rows.append([])
        elif name == "w:tblHeader":
            self._tables[-1].headed |= len(self._tables[-1].rows) == 1
        elif name == "w:tc":
            self._tables[-1].cells.append(Look())
        else:
            return False
        return True

    def _close_paragraph(self, paragraph: Paragraph) -> None:
        text = "".join(paragraph.pieces)
        if self._tables:
            self._tables[-1].parts.append(text)
        elif paragraph.heading:
            self._blocks.heading(text)
        else:
            self._blocks.paragraph(text)

    def _close_table_part(self, name: str) -> None:
        table = self._tables[-1]
        if name == "w:tc" and table.cells:
            table.cells.pop()
            if not table.rows:
                table.rows.append([])
            table.rows[-1].append(" ".join(table.parts))
            table.parts = []
            if len(table.rows[-1]) > MAX_CELLS:
                raise TooWide(limit=MAX_CELLS)
        elif name == "w:tbl":
            self._tables.pop()
            if self._tables:  # a table within a cell becomes words of that cell
                self._tables[-1].parts.extend(" ".join(row) for row in table.rows)
            else:
                self._blocks.table(table.rows, headed=table.headed or _looks_headed(table.rows))


def _looks_headed(rows: list[list[str]]) -> bool:
    """Few programs mark the header of a table: short words in every cell, no digit, above rows of the same width."""
    first = rows[0] if rows else []
    words = all(cell.strip() and len(cell) <= 60 and not any(map(str.isdigit, cell)) for cell in first)
    return len(rows) > 2 and len(first) > 1 and words and all(len(row) == len(first) for row in rows[1:4])
