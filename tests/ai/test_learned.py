import numpy as np
import pytest

from auricle.ai.entities.find import find_entities
from auricle.ai.soap.draft import write_extractive
from auricle.ai.soap.learned.linear import BUCKETS, words_of
from auricle.ai.soap.learned.weights import is_english, shipped_weights
from bench.clinical import learn
from bench.clinical.corpora import aci_bench, present
from bench.clinical.fit import Lessons, fit, packed
from tests.ai.conversations import talk

VISIT = talk(
    "c: hi how are you",
    "p: good thanks the weather is lovely",
    "c: so john is a 58 year old male with diabetes who presents today with back pain",
    "p: i lifted some boxes and i heard a pop",
    "c: let me take a look at your back",
    "c: on your back exam you do have some pain to palpation of the lumbar spine",
    "c: so for your first problem your back pain i think you have a lumbar strain",
    "c: i want to prescribe you some meloxicam fifteen milligrams once a day",
)


def sections(utterances):
    note = write_extractive(utterances, find_entities(utterances))
    return [(s.section, s.text) for s in note.statements]


def test_a_visit_is_sorted_and_what_leads_through_it_is_left_out():
    assert sections(VISIT) == [
        ("subjective", "Chief complaint: back pain."),
        ("subjective", "John is a 58-year-old male with diabetes who presents today with back pain."),
        ("subjective", "Patient lifted some boxes and he heard a pop."),
        ("objective", "Back exam: some pain to palpation of the lumbar spine."),
        ("assessment", "Back pain: I think the patient has a lumbar strain."),
        ("plan", "Prescribe some meloxicam 15 mg once a day."),
    ]


def test_the_same_talk_gives_the_same_draft():
    assert sections(VISIT) == sections(VISIT)


def test_talk_in_another_script_is_drafted_by_rule():
    hindi = talk("c: क्या आपको बुखार है", "p: मुझे दो दिन से बुखार है और सिर में दर्द है")
    assert not is_english(hindi)
    assert is_english(VISIT)
    assert any("बुखार" in text for _, text in sections(hindi))


def test_what_was_learned_is_small_and_knows_talk_from_findings():
    weights = shipped_weights()
    assert weights.section.weights.shape == (4, BUCKETS)
    told = weights.worth(words_of(["past", "medical", "history", "significant", "for", "hypertension"]))
    chat = weights.worth(words_of(["how", "are", "you", "doing", "today"]))
    assert told is not None and chat is not None and told > chat


def test_lessons_are_learned_alike_every_time():
    rows = Lessons.of([["sore", "throat"], ["sunny", "day"], ["sore", "knee"], ["nice", "day"]])
    wanted = np.array([[1.0], [0.0], [1.0], [0.0]])
    first, again = (packed(["kept"], rows, *fit(rows, wanted, decay=1e-4, steps=20)) for _ in range(2))
    assert np.array_equal(first.weights, again.weights)
    assert first.scores(["sore"])["kept"] > first.scores(["day"])["kept"]


@pytest.mark.skipif(not present("aci-bench"), reason="ACI-Bench is not at hand")
def test_training_is_deterministic_and_the_shipped_weights_are_of_it():
    """A short form of it: two visits, ten steps. What is shipped must still know what it learned from them."""
    taught = learn.read(list(aci_bench("train"))[:2], None)
    first, again = (learn.section(taught, steps=10) for _ in range(2))
    assert np.array_equal(first.weights, again.weights)
    known = [(shipped_weights().placed(clues), where) for clues, where, sure in learn.placed(taught) if sure > 1]
    assert len(known) > 20
    assert sum(max(chances, key=chances.get) == where for chances, where in known) > 0.8 * len(known)
