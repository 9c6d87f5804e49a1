import pytest

from auricle.ai.soap.headers import HEADERS, header_of, header_of_turns
from bench.clinical.corpora import present
from tests.ai.conversations import talk


@pytest.mark.parametrize(
    ("text", "header"),
    [
        ("Doctor: Are you allergic to any medications?\nPatient: Yes, to penicillin.", "ALLERGY"),
        ("Doctor: Do you smoke or drink?\nPatient: No, I am married and I work as a teacher.", "FAM/SOCHX"),
        ("Doctor: Have you ever had any surgeries?\nPatient: They took out my appendix.", "PASTSURGICAL"),
        ("She takes lisinopril 10 mg daily and metformin 500 mg twice a day.", "MEDICATIONS"),
    ],
)
def test_a_passage_is_put_under_its_heading(text, header):
    found, sure = header_of(text)
    assert found == header
    assert 1 / len(HEADERS) < sure <= 1


def test_turns_of_a_conversation_are_read_as_one_passage():
    turns = talk("c: are you allergic to any medications", "p: yes to penicillin")
    assert header_of_turns(turns)[0] == "ALLERGY"
    assert HEADERS["ALLERGY"].section == "subjective"


def test_every_learned_heading_has_a_title_and_any_text_has_a_heading():
    from auricle.ai.soap.learned.linear import shipped

    assert set(shipped("header").classes) == set(HEADERS)
    assert all(header_of(text)[0] in HEADERS for text in ("", "…", "मुझे बुखार है", "x " * 30_000))


@pytest.mark.skipif(not present("mts-dialog"), reason="MTS-Dialog is not at hand")
def test_the_headings_are_those_of_the_corpus():
    from bench.clinical.corpora import mts_dialog

    assert {passage.header for passage in mts_dialog("test1")} <= set(HEADERS)
