import numpy as np
import pytest

from auricle.knowledge.known import Evidence, judge
from auricle.knowledge.rank import Index
from auricle.knowledge.spelling import Spelling
from auricle.knowledge.words import is_slip, words

HELD = [
    "Clean the ear mould with a dry cloth every evening",
    "Ringing in the ears, called tinnitus, is often worse in silence",
    "Tinnitus comes and goes",
    "Bring your earlier audiogram to the hearing test",
    "कान साफ करना आसान है",
]


@pytest.fixture(scope="module")
def spelling() -> Spelling:
    return Spelling([words(text) for text in HELD])


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("what is tinitus", "what is tinnitus"),
        ("my audeogram please", "my audiogram please"),
        ("is silance bad", "is silence bad"),
        ("tinnitus and silence", "tinnitus and silence"),  # known words stay
        ("Audiograms?", "Audiograms?"),  # in any form
        ("ringin in the eers", "ringing in the eers"),  # a short word looks like too many others
        ("what about xylophones", "what about xylophones"),  # nothing looks like it
    ],
)
def test_an_unknown_word_becomes_the_known_one_that_looks_most_like_it(
    spelling: Spelling, asked: str, meant: str
) -> None:
    assert spelling.meant(asked) == meant


def test_of_two_that_look_alike_the_commoner_is_meant() -> None:
    spelling = Spelling([["mould"], ["moult"], ["mould"]])
    assert spelling.meant("moulx") == "mould"


def test_nothing_is_known_of_an_empty_knowledge() -> None:
    assert Spelling([]).meant("what is tinnitus") == "what is tinnitus"


def test_a_misspelt_question_finds_what_a_well_spelt_one_does_but_is_judged_by_its_own_words() -> None:
    """Another disease's name may be found by its looks; it must not be taken for it."""
    titles, bodies = (
        ["Hypertension", "Parking"],
        ["High pressure in the blood is treated so.", "Park behind."],
    )
    index = Index(bodies, titles, np.eye(2, dtype=np.float32))
    question = "how is hypotension treated"
    assert "hypertension" in index.spelling.meant(question)
    best = index.rank(index.spelling.meant(question), np.array([0.8, 0.6], np.float32), 1)
    evidence = [Evidence(f"{titles[one.index]} {bodies[one.index]}", one.dense, [titles[one.index]]) for one in best]
    verdict = judge(question, evidence, index.terms, len(index))
    assert verdict.level == "confirm"
    assert verdict.suggestion == "hypertension"


@pytest.mark.parametrize(
    ("one", "other", "slip"),
    [
        ("tinitus", "tinnitus", True),
        ("tinnitus", "tinitus", True),
        ("tinnitas", "tinnitus", True),
        ("tinntius", "tinnitus", True),
        ("tinnitus", "tinnitus", True),
        ("hypotension", "hypertension", False),
        ("tintnius", "tinnitus", False),
        ("ear", "earache", False),
        ("", "", True),
    ],
)
def test_a_slip_is_one_letter_or_two_neighbours_exchanged(one: str, other: str, slip: bool) -> None:
    assert is_slip(one, other) is slip
