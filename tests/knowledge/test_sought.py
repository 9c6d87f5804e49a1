import numpy as np
import pytest

from auricle.knowledge.rank import Index, Weights
from auricle.knowledge.sought import kinds, telling

# Passages on one matter, none of which shares a word with the question but the matter's name.
BODIES = [
    "Otosclerosis is a stiffening of the stapes, the smallest of the bones that carry sound.",
    "In otosclerosis one in 40,000 newborns worldwide is estimated to be a case.",
    "For otosclerosis an operation or a hearing aid is the usual therapy.",
]
TITLES = ["Otosclerosis"] * 3
VECTORS = np.eye(3, 4, dtype=np.float32)


def best_of(question: str, weights: Weights = Weights()) -> int:
    return Index(BODIES, TITLES, VECTORS, weights).rank(question, None, 1)[0].index


@pytest.mark.parametrize(
    ("question", "told_by"),
    [("How many people have otosclerosis?", 1), ("How is otosclerosis treated?", 2)],
)
def test_of_passages_on_one_matter_that_one_leads_which_tells_what_is_asked(question, told_by):
    assert best_of(question, Weights(sought=0)) != told_by
    assert best_of(question) == told_by


def test_what_names_only_a_matter_asks_for_nothing_of_it():
    assert telling("Otosclerosis") == []
    assert telling("Where is the clinic?") == []


def test_a_word_counts_in_every_form():
    assert telling("what is it caused by") == telling("its causes") == telling("What causes it?") != []


def test_a_phrase_counts_only_in_a_row():
    assert telling("how many people have it") != []
    assert telling("how do people get there, and how many") == []


def test_two_things_asked_for_are_told_by_the_words_of_both():
    both = set(telling("symptoms and treatment"))
    assert both == set(telling("symptoms")) | set(telling("treatment"))


def test_every_kind_can_be_asked_for_and_told():
    assert all((kind.asked or kind.phrases) and kind.told for kind in kinds())
