"""CSV to plain text: each row a line that tells its columns' names."""

import csv
import re
from collections.abc import Iterator
from itertools import islice

from auricle.uploads.parse.blocks import Blocks
from auricle.uploads.parse.clean import decode
from auricle.uploads.parse.parsed import Parsed
from auricle.uploads.refused import GarbledDocument, TooWide

MAX_COLUMNS = 500
MAX_FIELD = 100_000  # characters
SAMPLE_ROWS = 20
DELIMITERS = ",;\t|"
NUMBER = re.compile(r"[\s\d.,:%+/-]*\d[\s\d.,:%+/-]*")


def sheet(data: bytes) -> Parsed:
    """Read a CSV or TSV, delimiter and encoding found out.

    Raises:
        TooWide, GarbledDocument, OversizeDocument
    """
    text = decode(data)
    csv.field_size_limit(MAX_FIELD)
    rows = _rows(text, delimiter_of(text))
    head = list(islice(rows, 2))
    blocks = Blocks()
    headed = len(head) == 2 and looks_like_header(head[0])
    if not headed:
        blocks.table(head, headed=False)
    for row in rows if not headed else _after(head[1], rows):
        blocks.table([head[0], row] if headed else [row], headed=headed)
    return blocks.parsed()


def _after(row: list[str], rows: Iterator[list[str]]) -> Iterator[list[str]]:
    yield row
    yield from rows


def _rows(text: str, delimiter: str) -> Iterator[list[str]]:
    reader = csv.reader(text.splitlines(keepends=True), delimiter=delimiter)
    try:
        for row in reader:
            if len(row) > MAX_COLUMNS:
                raise TooWide(limit=MAX_COLUMNS)
            if any(cell.strip() for cell in row):
                yield row
    except csv.Error as error:
        raise GarbledDocument from error


def delimiter_of(text: str) -> str:
    """The delimiter by which the first rows have the same number of cells, and more than one."""
    sample = "".join(islice(text[:100_000].splitlines(keepends=True), SAMPLE_ROWS))

    def fit(delimiter: str) -> tuple[float, int]:
        widths = [len(row) for row in csv.reader(sample.splitlines(keepends=True), delimiter=delimiter) if row]
        usual = max(set(widths), key=widths.count, default=1)
        return (widths.count(usual) / len(widths) if usual > 1 else 0.0, usual)

    try:
        return max(DELIMITERS, key=fit)
    except csv.Error as error:
        raise GarbledDocument from error


def looks_like_header(row: list[str]) -> bool:
    """Names of columns: none empty in the middle, no number, none of them long, no two the same."""
    cells = [cell.strip() for cell in row]
    while cells and not cells[-1]:
        cells.pop()
    named = all(cell and len(cell) <= 80 and not NUMBER.fullmatch(cell) for cell in cells)
    return named and len(cells) > 1 and len({cell.casefold() for cell in cells}) == len(cells)
