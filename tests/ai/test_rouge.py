import pytest

from bench.clinical.rouge import rouge_lsum, rouge_n

REFERENCE = """CHIEF COMPLAINT

Right knee pain.

The patient fell 2 days ago. She has pain, pain and swelling in the right knee.
PLAN
- Start ibuprofen 400 mg twice a day."""
CANDIDATE = """In the right knee she reports swelling and pain.
Ago two days the patient fell, and has pain in the knee. Start ibuprofen 400 mg, twice a day, with food."""


def test_rouge_is_that_of_the_package_that_published_figures_come_from():
    """The figures are of `rouge-score` 0.1.2, `RougeScorer(["rouge1", "rouge2", "rougeLsum"])`, on these two texts."""
    assert rouge_n(REFERENCE, CANDIDATE, 1) == pytest.approx(0.7796610169491527)
    assert rouge_n(REFERENCE, CANDIDATE, 2) == pytest.approx(0.42105263157894735)
    assert rouge_lsum(REFERENCE, CANDIDATE) == pytest.approx(0.6101694915254238)


def test_a_text_without_words_scores_nothing():
    assert rouge_n(REFERENCE, "…", 1) == rouge_lsum(REFERENCE, "…") == rouge_lsum("", "") == 0
