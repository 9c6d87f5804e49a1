"""Whole short intakes: what the note says, that the judge agrees with it, and that it refuses what was not said."""

from pathlib import Path

import pytest
import yaml

from auricle.ai.entities.find import find_entities
from auricle.ai.port import Draft, Evidence, Statement
from auricle.ai.soap.draft import write_extractive
from auricle.ai.soap.judge import judge
from tests.ai.conversations import talk

CASES = yaml.safe_load((Path(__file__).parent / "dialogues.yaml").read_text("utf-8"))
NAMES = [" / ".join(case["talk"][:2]) for case in CASES]
WRONG = [(case["talk"], text) for case in CASES for text in case.get("wrong", ())]


def claimed(text, utterances):
    """A statement that cites the whole talk."""
    evidence = [Evidence(utterance_id=u.id, start=0, end=len(u.text), quote=u.text) for u in utterances]
    return Draft(statements=[Statement(section="subjective", text=text, evidence=evidence)])


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_the_note_says_what_was_said_and_no_more(case):
    utterances = talk(*case["talk"])
    said = [s.text for s in write_extractive(utterances, find_entities(utterances)).statements]
    assert sorted(said) == sorted(case["note"])


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_the_judge_agrees_with_what_was_said(case):
    utterances = talk(*case["talk"])
    entities = find_entities(utterances)
    for text in case["note"]:
        expected = {"inferred"} if case.get("unsure") else {"supported"}
        assert {s.verdict for s in judge(claimed(text, utterances), utterances, entities).statements} == expected
    drafted = judge(write_extractive(utterances, entities), utterances, entities)
    assert {s.verdict for s in drafted.statements} <= {"supported", "inferred"}


@pytest.mark.parametrize(("turns", "text"), WRONG, ids=[text for _, text in WRONG])
def test_the_judge_refuses_what_was_not_said(turns, text):
    utterances = talk(*turns)
    judged = judge(claimed(text, utterances), utterances, find_entities(utterances))
    assert judged.statements[0].verdict in {"contradicted", "unsupported"}
