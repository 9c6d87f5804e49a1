"""Question sets as they are uploaded: CSV or JSON lines, one expected document a row. Pure: bytes in, questions out.

    question,document,language,grade,not_in_base
    How long do zinc air batteries last?,Batteries,,2,
    Which antibiotic treats pneumonia?,,,,yes

Rows of the same question and language are one question with several documents. All bad rows are told at once, by their
numbers as a spreadsheet shows them (the line of the names is 1), never by what they say.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import orjson

from auricle.errors import Invalid, TooLarge
from auricle.knowledge.search import MAX_QUERY
from auricle.knowledge.words import words
from auricle.uploads.kinds import Kind
from auricle.uploads.parse.clean import decode, visible
from auricle.uploads.parse.sheet import delimiter_of

KINDS: Mapping[str, Kind] = {".csv": "csv", ".tsv": "csv", ".jsonl": "txt", ".ndjson": "txt"}
COLUMNS = ("question", "document", "language", "grade", "not_in_base")
MAX_BYTES = 4_000_000
MAX_QUESTIONS = 1_000
MAX_DOCUMENTS = 20  # that answer one question
MAX_ROWS = 5_000
MAX_NAME = 300
MAX_TOLD = 50  # bad rows
LANGUAGE = re.compile(r"[a-z]{2,3}")
YES, NO = ("yes", "true", "1", "x"), ("", "no", "false", "0")
GRADES = {"": 1, "1": 1, "2": 2, "3": 3, "4": 4}


class BadSheet(Invalid):
    """The file is no table with a `question` column and a `document` or `not_in_base` column, and no other names."""

    code = "evaluation.bad_sheet"


class BadRows(Invalid):
    """Some rows can't be used; the context names each with its reason, as `row_7`. Nothing was changed."""

    code = "evaluation.bad_rows"


class NoQuestions(Invalid):
    """The file holds no question."""

    code = "evaluation.no_questions"


class TooManyQuestions(TooLarge):
    """The file holds more questions than a set may have."""

    code = "evaluation.too_many_questions"


@dataclass(frozen=True, slots=True)
class Expected:
    """A document that answers, by title, file name or id, and how well (1 to 4)."""

    document: str
    grade: int = 1


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and which documents answer it; without any it must not be answered."""

    text: str
    language: str = ""  # of the answer; empty: the question's own
    expected: tuple[Expected, ...] = ()

    @property
    def identity(self) -> tuple[object, ...]:
        """What makes questions of two sets the same: asked alike, with the same expected."""
        wanted = sorted((plain(one.document), one.grade) for one in self.expected)
        return (plain(self.text), self.language, *wanted)


class Misfit(Exception):
    """Why a row can't be used: a short constant word."""


def plain(name: str) -> str:
    """A question, title or file name without what does not count: case and spaces."""
    return " ".join(name.casefold().split())


def read(file_name: str, data: bytes) -> list[Question]:
    """The questions of a file, in order.

    Raises:
        BadSheet, BadRows, NoQuestions, TooManyQuestions, GarbledDocument
    """
    text = decode(data)
    is_table = KINDS.get(PurePosixPath(file_name.lower()).suffix) == "csv"
    found: dict[tuple[str, str], Question] = {}
    bad: dict[int, str] = {}
    for count, (number, row) in enumerate(_of_table(text) if is_table else _of_lines(text), 1):
        if count > MAX_ROWS:
            raise TooManyQuestions(rows=MAX_ROWS)
        try:
            if isinstance(row, Misfit):
                raise row
            _add(found, _question(row))
        except Misfit as misfit:
            bad[number] = str(misfit)
    if bad:
        told = {f"row_{number}": bad[number] for number in sorted(bad)[:MAX_TOLD]}
        raise BadRows(count=len(bad), **told)
    if not found:
        raise NoQuestions
    if len(found) > MAX_QUESTIONS:
        raise TooManyQuestions(questions=MAX_QUESTIONS)
    return list(found.values())


def _of_table(text: str) -> Iterator[tuple[int, dict[str, Any] | Misfit]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter_of(text), strict=True)
    try:
        names = [cell.strip().lower() for cell in next(reader, [])]
        while names and not names[-1]:
            names.pop()
        is_whole = "question" in names and {"document", "not_in_base"} & set(names)
        if not is_whole or set(names) - set(COLUMNS) or len(set(names)) < len(names):
            raise BadSheet(columns=list(COLUMNS))
        for number, cells in enumerate(reader, 2):
            if any(cell.strip() for cell in cells[len(names) :]):
                yield number, Misfit("too_many_cells")
            elif any(cell.strip() for cell in cells):
                yield number, dict(zip(names, cells, strict=False))
    except csv.Error as error:
        raise BadSheet(line=reader.line_num) from error


def _of_lines(text: str) -> Iterator[tuple[int, dict[str, Any] | Misfit]]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = orjson.loads(line)
        except orjson.JSONDecodeError:
            yield number, Misfit("not_json")
            continue
        if not isinstance(row, dict):
            yield number, Misfit("not_an_object")
        elif set(row) - set(COLUMNS):
            yield number, Misfit("unknown_field")
        else:
            yield number, _as_cells(row)


def _as_cells(row: dict[str, Any]) -> dict[str, Any] | Misfit:
    """The fields of a JSON line as a table's cells would have them: each of its own type, or it does not fit."""
    cells = {}
    for name, value in row.items():
        fits = {"grade": int, "not_in_base": bool}.get(name, str)
        if value is not None and type(value) is not fits:
            return Misfit(f"bad_{name}")
        cells[name] = "" if value is None else str(value)
    return cells


def _question(row: Mapping[str, str]) -> Question:
    """A row by itself. Raises `Misfit`."""
    text, document = (" ".join(visible(row.get(name, ""))[0].split()) for name in ("question", "document"))
    language, grade, marker = (row.get(name, "").strip().lower() for name in ("language", "grade", "not_in_base"))
    if not words(text):
        raise Misfit("no_question")
    if len(text) > MAX_QUERY:
        raise Misfit("long_question")
    if len(document) > MAX_NAME:
        raise Misfit("long_document")
    if language and not LANGUAGE.fullmatch(language):
        raise Misfit("bad_language")
    if grade not in GRADES:
        raise Misfit("bad_grade")
    if marker not in YES + NO:
        raise Misfit("bad_not_in_base")
    if marker in YES and (document or grade):
        raise Misfit("document_of_what_is_not_in_base")
    if marker in NO and not document:
        raise Misfit("no_document")
    return Question(text, language, (Expected(document, GRADES[grade]),) if document else ())


def _add(found: dict[tuple[str, str], Question], one: Question) -> None:
    """Put a row with the others of its question. Raises `Misfit`."""
    key = plain(one.text), one.language
    known = found.get(key)
    if known is None:
        found[key] = one
        return
    if not (known.expected and one.expected):
        raise Misfit("twice" if known.expected == one.expected else "contradiction")
    if plain(one.expected[0].document) in {plain(expected.document) for expected in known.expected}:
        raise Misfit("twice")
    if len(known.expected) >= MAX_DOCUMENTS:
        raise Misfit("too_many_documents")
    found[key] = Question(known.text, known.language, known.expected + one.expected)
