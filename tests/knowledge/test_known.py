import pytest

from auricle.knowledge.known import Evidence, Thresholds, closest, judge
from auricle.knowledge.rank import Postings, Weights
from auricle.knowledge.words import stem, words

PASSAGES = [
    "Tinnitus: ringing in the ears is often worse in silence.",
    "Batteries: zinc air batteries last a week.",
    "Hearing test: bring your audiogram to the hearing test.",
]
VOCABULARY = Postings.build([words(p) for p in PASSAGES], lambda word: [stem(word)], Weights())
LEVELS = Thresholds(answer=0.5, confirm=0.3, lexical_answer=0.7, lexical_confirm=0.4)


def level(query, *best):
    return judge(query, best, VOCABULARY, 3, LEVELS)


def test_a_question_whose_words_are_held_is_answered():
    assert level("How long do batteries last?", Evidence(PASSAGES[1], 0.7)).level == "answer"


def test_a_similar_passage_about_something_else_is_not_an_answer():
    absent = level("What is the treatment for otosclerosis?", Evidence(PASSAGES[0], 0.6))
    assert absent.level == "unknown"


def test_a_misheard_name_is_asked_back_with_the_word_that_was_probably_meant():
    verdict = level("what helps against tinitis", Evidence(PASSAGES[0], 0.62), Evidence(PASSAGES[1], 0.1))
    assert verdict.level == "confirm"
    assert verdict.suggestion == "tinnitus"


def test_without_an_embedding_coverage_alone_decides():
    assert level("batteries last", Evidence(PASSAGES[1], None)).level == "answer"
    assert level("completely different", Evidence(PASSAGES[1], None)).level == "unknown"


@pytest.mark.parametrize("query", ["what is it", "", "???"])
def test_a_question_of_stop_words_is_not_known(query):
    assert level(query, Evidence(PASSAGES[0], 0.9)).level == "unknown"


def test_nothing_found_is_not_known():
    assert level("batteries").level == "unknown"


def test_short_words_must_match_exactly():
    assert closest("air", "an ear is here") == (0.0, "")
    assert closest("air", "zinc air") == (1.0, "air")


def test_negative_similarity_supports_nothing():
    assert level("batteries last", Evidence(PASSAGES[1], -0.9)).support == 0


def test_a_short_question_whose_every_word_one_passage_holds_is_answered_though_little_similar():
    assert level("batteries", Evidence(PASSAGES[1], 0.3)).level == "answer"
    assert level("batteries", Evidence(PASSAGES[1], 0.1)).level == "unknown"


def test_a_word_that_the_knowledge_holds_elsewhere_is_not_taken_for_a_misheard_one():
    verdict = level("test of silence", Evidence(PASSAGES[0], 0.5))
    assert verdict.suggestion == ""


@pytest.mark.parametrize(("size", "expected"), [(40, "answer"), (5_000, "confirm")])
def test_a_title_that_says_something_else_counts_in_a_large_base_and_not_among_a_clinics_few_pages(size, expected):
    held = Evidence("Ways to pay. Rupees, cash, card and battery vouchers are taken.", 0.45, ["Ways to pay"])
    assert judge("can the voucher for a battery be taken", [held], VOCABULARY, size, LEVELS).level == expected


def test_a_whole_sentence_is_answered_from_a_passage_with_all_its_words_if_it_is_somewhat_similar():
    question = "Are you closed in silence or with ringing in your ears?"
    held = "Closed: tinnitus, silence, ringing in the ears."
    assert level(question, Evidence(held, 0.4)).level == "answer"
    assert level(question, Evidence(held, 0.3)).level != "answer"
