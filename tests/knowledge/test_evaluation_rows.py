"""Question sets as files: what is understood, and how what is not is told."""

import orjson
import pytest

from auricle.errors import AuricleError
from auricle.knowledge.evaluation.rows import (
    MAX_QUESTIONS,
    MAX_ROWS,
    BadRows,
    BadSheet,
    Expected,
    NoQuestions,
    Question,
    TooManyQuestions,
    read,
)


def table(*rows: str, names: str = "question,document,language,grade,not_in_base") -> bytes:
    return "\n".join([names, *rows]).encode()


def lines(*rows: object) -> bytes:
    return b"\n".join(row if isinstance(row, bytes) else orjson.dumps(row) for row in rows)


def test_rows_of_one_question_are_its_documents_with_their_grades():
    found = read(
        "a.csv",
        table(
            '"How long, roughly, do batteries last?",Batteries,,2,',
            "Which antibiotic?,,,,Yes",
            "how long,  roughly,",
            names="question,document,language,grade,not_in_base",
        ).replace(b"how long,  roughly,", b'"how long,  roughly, do batteries last?",zinc.md,,,no'),
    )
    assert found == [
        Question("How long, roughly, do batteries last?", "", (Expected("Batteries", 2), Expected("zinc.md", 1))),
        Question("Which antibiotic?", "", ()),
    ]


def test_the_same_question_in_two_languages_is_two():
    assert [one.language for one in read("a.csv", table("When?,Hours,en,,", "When?,Hours,hi,,"))] == ["en", "hi"]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.csv", "Question;Document\nबैटरी कितने दिन चलती है?;बैटरी\n".encode()),
        ("a.csv", "\ufeffquestion,document\r\nबैटरी कितने दिन चलती है?,बैटरी\r\n".encode()),
        ("a.tsv", "question\tdocument\nबैटरी कितने दिन चलती है?\tबैटरी\n".encode("utf-16")),
        ("a.jsonl", lines({"question": "बैटरी कितने दिन चलती है?", "document": "बैटरी"}, b"", b"  ")),
        ("A.NDJSON", lines({"question": "बैटरी कितने दिन चलती है?", "document": "बैटरी", "grade": None})),
    ],
)
def test_the_common_forms_of_tables_and_lines_say_the_same(name, data):
    assert read(name, data) == [Question("बैटरी कितने दिन चलती है?", "", (Expected("बैटरी"),))]


def test_what_nobody_sees_is_left_out():
    assert read("a.csv", table("Wh\u200ben\u202e?,Ho\u00adurs,,,"))[0] == Question("When?", "", (Expected("Hours"),))


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("?!,Hours,,,", "no_question"),
        (",Hours,,,", "no_question"),
        ("When " + "x" * 2_000 + ",Hours,,,", "long_question"),
        (f"When?,{'h' * 301},,,", "long_document"),
        ("When?,Hours,english,,", "bad_language"),
        ("When?,Hours,,5,", "bad_grade"),
        ("When?,Hours,,0,", "bad_grade"),
        ("When?,Hours,,,maybe", "bad_not_in_base"),
        ("When?,Hours,,,yes", "document_of_what_is_not_in_base"),
        ("When?,,,2,yes", "document_of_what_is_not_in_base"),
        ("When?,,,,", "no_document"),
        ("When?,Hours,,,,surplus", "too_many_cells"),
        ("Where?,hours,,3,", "twice"),
        ("where?,,,,yes", "contradiction"),
    ],
)
def test_a_bad_row_is_told_by_its_number_and_reason_and_nothing_it_says(row, reason):
    with pytest.raises(BadRows) as refused:
        read("a.csv", table("Where?,Hours,,,", "", row))
    assert refused.value.context == {"count": 1, "row_4": reason}
    assert "When" not in str(refused.value)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{", "not_json"),
        (["When?", "Hours"], "not_an_object"),
        ({"question": "When?", "documents": "Hours"}, "unknown_field"),
        ({"question": 5, "document": "Hours"}, "bad_question"),
        ({"question": "When?", "document": "Hours", "grade": "2"}, "bad_grade"),
        ({"question": "When?", "document": "Hours", "grade": True}, "bad_grade"),
        ({"question": "When?", "not_in_base": 1}, "bad_not_in_base"),
        ({"question": "When?", "not_in_base": False}, "no_document"),
    ],
)
def test_a_bad_line_is_told_by_its_number_and_reason(line, reason):
    with pytest.raises(BadRows) as refused:
        read("a.jsonl", lines({"question": "Where?", "not_in_base": True}, b"", line))
    assert refused.value.context == {"count": 1, "row_3": reason}


def test_all_bad_rows_are_told_at_once_and_no_more_than_somebody_reads():
    with pytest.raises(BadRows) as refused:
        read("a.csv", table("When?,Hours,,,", *["?,Hours,,,"] * 80))
    assert list(refused.value.context) == ["count", *(f"row_{number}" for number in range(3, 53))]
    assert refused.value.context["count"] == 80


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"question\nWhen?\n", BadSheet),
        (b"When?,Hours\n", BadSheet),
        (b"question,document,answer\nWhen?,Hours,At nine\n", BadSheet),
        (b"question,document,document\nWhen?,Hours,Hours\n", BadSheet),
        (b'question,document\n"When?,Hours\n', BadSheet),
        (b"\n", BadSheet),
        (b"question,document\n,\n", NoQuestions),
        (bytes(range(256)) * 9, AuricleError),
    ],
)
def test_what_is_no_table_of_questions_is_refused_whole(data, error):
    with pytest.raises(error) as refused:
        read("a.csv", data)
    assert refused.value.status == 422


def test_a_set_is_bounded():
    several = [f"Question {n}?,Hours,,," for n in range(MAX_QUESTIONS)]
    assert len(read("a.csv", table(*several))) == MAX_QUESTIONS
    with pytest.raises(TooManyQuestions):
        read("a.csv", table(*several, "One more?,Hours,,,"))
    with pytest.raises(TooManyQuestions):
        read("a.csv", table(*[f"Same?,D{n}.md,,," for n in range(MAX_ROWS + 1)]))
    with pytest.raises(BadRows) as refused:
        read("a.csv", table(*[f"Same?,D{n}.md,,," for n in range(21)]))
    assert refused.value.context == {"count": 1, "row_22": "too_many_documents"}
