import numpy as np
import pytest

from auricle.knowledge.rank import Index, Weights, _scaled, _top, fits_dense
from auricle.knowledge.words import likeness, sounds, stem, terms, words

BODIES = [
    "Clean the ear mould with a dry cloth every evening.",
    "Zinc-air batteries last about a week.",
    "Ringing in the ears is often worse in silence.",
    "Bring your earlier audiogram to the hearing test.",
]
TITLES = ["Hearing-aid cleaning", "Batteries", "Tinnitus", "Hearing test"]


def unit(*values):
    vector = np.array(values, np.float32)
    return vector / np.linalg.norm(vector)


VECTORS = np.stack([unit(1, 0, 0, 0), unit(0, 1, 0, 0), unit(0, 0, 1, 0), unit(0, 0, 0, 1)])


@pytest.fixture(scope="module")
def index():
    return Index(BODIES, TITLES, VECTORS)


def test_a_misheard_word_still_finds_its_title(index):
    assert index.rank("tinitus", None, 1)[0].index == 2


def test_similarity_finds_what_shares_no_letter(index):
    assert index.rank("qqqq", unit(0.1, 0, 0.9, 0), 1)[0].index == 2


def test_letters_and_similarity_are_weighed(index):
    dense_only = Index(BODIES, TITLES, VECTORS, Weights(dense=1, lexical=0, coverage=0))
    toward_batteries = unit(0, 1, 0, 0.2)
    assert dense_only.rank("audiogram for the hearing test", toward_batteries, 1)[0].index == 1
    assert index.rank("audiogram for the hearing test", toward_batteries, 1)[0].index == 3


def test_coverage_counts_the_question_s_own_terms(index):
    best = index.rank("battery weeks", None, 1)[0]
    assert best.index == 1
    assert best.coverage == pytest.approx(1.0)


def test_only_allowed_chunks_are_ranked(index):
    ranked = index.rank("tinnitus batteries", unit(1, 1, 1, 1), 4, np.array([0, 3]))
    assert {one.index for one in ranked} <= {0, 3}


def test_no_more_than_asked_and_best_first(index):
    ranked = index.rank("hearing", unit(1, 1, 1, 1), 2)
    assert len(ranked) == 2
    assert ranked[0].score >= ranked[1].score


def test_a_base_of_one_chunk_answers():
    alone = Index(BODIES[:1], TITLES[:1], VECTORS[:1])
    assert alone.rank("cleaning", VECTORS[0], 5)[0].index == 0


@pytest.mark.parametrize("vector", [None, unit(1, 0, 0, 0)])
def test_an_empty_base_answers_nothing(vector):
    empty = Index([], [], np.zeros((0, 4), np.float32))
    assert empty.rank("anything", vector, 5) == []


def test_a_question_without_letters_in_common_and_no_vector_finds_nothing(index):
    assert index.rank("xyzzy", None, 5) == []


def test_many_chunks_are_scaled_over_the_best():
    rng = np.random.default_rng(1)
    vectors = rng.normal(size=(500, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    index = Index([f"note number {i}" for i in range(500)], ["notes"] * 500, vectors)
    assert index.rank("number", vectors[321], 1)[0].index == 321


def test_hindi_words_keep_their_vowel_signs():
    assert words("कान की देखभाल, सुनने।") == ["कान", "की", "देखभाल", "सुनने"]


@pytest.mark.parametrize(("one", "other"), [("जाँच", "जांच"), ("फ़ीस", "फीस"), ("साफ़", "साफ")])
def test_spelling_variants_of_hindi_are_one_word(one, other):
    assert words(one) == words(other)


def test_hindi_is_found_by_its_letters():
    index = Index(["कान में रुई या तीली न डालें।", "बैटरी एक सप्ताह चलती है।"], ["कान का मैल", "बैटरी"], VECTORS[:2])
    assert index.rank("बैटरियाँ कितने दिन चलती हैं?", None, 1)[0].index == 1


def test_a_name_in_one_script_is_found_in_the_other():
    bodies = ["Topamax को खाने के साथ लें।", "लक्षण एक सप्ताह में चले जाते हैं।", "क्लिनिक रविवार को बंद रहता है।"]
    index = Index(bodies, [""] * 3, VECTORS[:3])
    assert index.rank("टोपामैक्स", None, 1)[0].index == 0
    assert index.rank("लक्षणों", None, 1)[0].index == 1
    assert Index(bodies, [""] * 3, VECTORS[:3], Weights(sound=0, sound_coverage=0)).rank("टोपामैक्स", None, 1) == []


def test_the_embedder_is_not_asked_about_scripts_it_does_not_know():
    assert fits_dense("how do I clean it", multilingual=False)
    assert not fits_dense("इसे कैसे साफ़ करूँ", multilingual=False)
    assert fits_dense("इसे कैसे साफ़ करूँ", multilingual=True)


@pytest.mark.parametrize(
    ("one", "other"),
    [("batteries", "battery"), ("cleaning", "cleaned"), ("tests", "test"), ("swimming", "swims"), ("moulds", "mould")],
)
def test_forms_of_a_word_share_a_stem(one, other):
    assert stem(one) == stem(other)


@pytest.mark.parametrize("word", ["glass", "tinnitus", "diagnosis"])
def test_a_final_s_that_is_no_plural_stays(word):
    assert stem(word) == word


def test_stop_words_are_no_terms():
    assert terms("What is the cost of it?") == ["cost"]


def test_words_that_sound_alike_share_their_consonants_across_scripts():
    assert sounds("टोपामैक्स") == sounds("topamax")
    assert sounds("लक्षण") == sounds("लक्षणों")
    assert sounds("या") == sounds("") == ()


def test_one_wrong_letter_leaves_a_word_alike():
    assert likeness("tinnitus", "tinitus") > 0.8
    assert likeness("batteries", "tinnitus") < 0.3


@pytest.mark.parametrize("zeros", [0, 3, 400])
def test_the_scale_and_the_best_are_those_of_a_whole_sort_however_many_are_equal(zeros):
    scores = np.concatenate([np.zeros(zeros), np.random.default_rng(3).normal(size=300)]).astype(np.float32)
    inorder = np.sort(scores)[::-1]
    for count in (1, 7, 250, len(scores)):
        assert np.array_equal(scores[_top(scores, count)], inorder[:count])
    scaled = _scaled(scores, 100)
    assert scaled.max() == pytest.approx(1) and scaled.min() == 0
    assert np.count_nonzero(scaled) == np.count_nonzero(scores > inorder[99])
