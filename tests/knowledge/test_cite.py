import pytest

from auricle.knowledge.cite import Renumbering, cited, unmarked
from auricle.providers.ports import Passage

WAX = "Earwax protects the ear canal. Do not use cotton buds. See a clinician when it hurts."
FEES = "A hearing test costs nine hundred rupees. You can pay by card."
PASSAGES = [
    Passage("c1", "d1", "Earwax", WAX, 3, 100, 100 + len(WAX)),
    Passage("c2", "d2", "Fees", FEES, None, 0, len(FEES)),
]


def test_a_marker_is_cited_with_the_sentence_that_supports_the_claim():
    (citation,) = cited("Please use no cotton buds [1].", PASSAGES)
    assert citation.quote == "Do not use cotton buds."
    assert citation.page == 3
    assert WAX[citation.start - 100 : citation.end - 100] == citation.quote


def test_citations_are_numbered_in_order_of_use():
    found = cited("A test costs nine hundred rupees [2]. Avoid cotton buds [1].", PASSAGES)
    assert [(c.number, c.chunk_id) for c in found] == [(1, "c2"), (2, "c1")]


def test_a_marker_behind_the_full_stop_belongs_to_the_sentence_before():
    found = cited("A test costs nine hundred rupees. [2] Avoid cotton buds. [1]", PASSAGES)
    assert [c.quote for c in found] == ["A hearing test costs nine hundred rupees.", "Do not use cotton buds."]


def test_a_sentence_without_a_marker_is_cited_by_its_words():
    (citation,) = cited("The hearing test costs nine hundred rupees.", PASSAGES)
    assert citation.chunk_id == "c2"


def test_what_no_passage_supports_is_not_cited():
    assert cited("Otosclerosis is treated by a stapes operation in hospital.", PASSAGES) == []


@pytest.mark.parametrize("answer", ["", "Yes.", "See [9].", "[0]", "[99] [12]", "[1", "]["])
def test_markers_that_name_no_passage_are_no_citations(answer):
    assert cited(answer, PASSAGES) == []


def test_no_passages_no_citations():
    assert cited("Use no cotton buds at all [1].", []) == []


@pytest.mark.parametrize("size", [1, 2, 3, 50])
def test_a_stream_is_renumbered_however_it_is_cut(size):
    text = "Costs nine hundred [2]. No buds [1], really [2][7]. An open [ bracket"
    numbers = Renumbering(2)
    pieces = [numbers.feed(text[i : i + size]) for i in range(0, len(text), size)]
    assert "".join(pieces) + numbers.rest() == "Costs nine hundred [1]. No buds [2], really [1]. An open [ bracket"


def test_held_back_text_is_little():
    numbers = Renumbering(2)
    assert numbers.feed("Nothing to wait for") == "Nothing to wait for"
    assert numbers.feed(" [") == ""
    assert numbers.feed("2] on") == " [1] on"


def test_markers_are_not_spoken():
    assert unmarked("Costs nine hundred [2]. No buds [1][2].") == "Costs nine hundred. No buds."
