"""Names are levelled so that spellings and scripts of one name meet, and different names do not."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from auricle.patients.fold import LONGEST_WORD, MOST_WORDS, folded, skeleton, sound
from auricle.patients.likeness import distance, names_alike, word_alike

SOUND_ALIKE = [
    ["Asha", "आशा", "Āshā", "Aasha", "ஆஷா"],
    ["Lakshmi", "Laxmi", "Lakshmee", "लक्ष्मी", "లక్ష్మి"],
    ["Zakir", "Jakir", "ज़ाकिर"],
    ["Singh", "सिंह", "Sing", "ਸਿੰਘ"],
    ["Rao", "राव"],
    ["Geeta", "Gita", "Geetha", "गीता"],
    ["Philip", "Phillip", "Filip"],
    ["Dnyaneshwar", "Gyaneshwar", "ज्ञानेश्वर", "Jnaneshwar"],
    ["Kumar", "कुमार", "குமார்", "Coomar"],
    ["Smith", "Smyth"],
]
SAME_CONSONANTS = [
    ["Vishwas", "Biswas", "विश्वास"],
    ["Mohammed", "Muhammad", "मोहम्मद"],
    ["Catherine", "Katherine", "Kathryn"],
    ["Chaudhary", "Choudhury", "चौधरी", "Chowdhury"],
    ["Aishwarya", "Ishwarya", "ऐश्वर्या"],
]


@pytest.mark.parametrize("names", SOUND_ALIKE, ids=lambda names: names[0])
def test_spellings_and_scripts_of_a_name_sound_the_same(names: list[str]) -> None:
    assert len({tuple(map(sound, folded(name))) for name in names}) == 1


@pytest.mark.parametrize("names", SAME_CONSONANTS, ids=lambda names: names[0])
def test_names_that_waver_in_vowels_share_a_skeleton(names: list[str]) -> None:
    assert len({tuple(map(skeleton, folded(name))) for name in names}) == 1


def test_different_names_keep_apart() -> None:
    names = ["Asha", "Meera", "Ravi", "Farida", "Thomas", "Vikram", "Sunita", "Imran", "Deepak", "Lakshmi"]
    assert len({skeleton(folded(name)[0]) for name in names}) == len(names)
    assert all(word_alike(folded(a)[0], folded(b)[0]) < 0.7 for a in names for b in names if a != b)


def test_a_script_that_is_not_known_stays_as_it_is() -> None:
    assert folded("王 芳") == ("王", "芳")
    assert names_alike(folded("王"), folded("王 芳")) > 0.9


@pytest.mark.parametrize("hostile", ["", " ", "\u200d\u200c", "़़़", "्" * 500, "a" * 100_000, "🙂", "\x00", "क़" * 300])
def test_hostile_names_are_bounded_and_never_fail(hostile: str) -> None:
    words = folded(hostile)
    assert len(words) <= MOST_WORDS
    assert all(len(word) <= LONGEST_WORD for word in words)
    for word in words:
        skeleton(word)


@given(st.text(max_size=60))
@example("𝐀sha")
def test_any_text_folds_to_words_without_marks_or_case(name: str) -> None:
    for word in folded(name):
        assert word == "".join(c for c in word if c.isalnum())
        assert word.casefold() == word or not word.isascii()
        assert len(skeleton(word)) <= len(sound(word)) + 1


@given(st.text(alphabet="abcdh", max_size=12), st.text(alphabet="abcdh", max_size=12))
def test_the_distance_of_words_is_symmetric_and_bounded(a: str, b: str) -> None:
    assert distance(a, b) == distance(b, a) <= max(len(a), len(b))
    assert (distance(a, b) == 0) == (a == b)


def test_neighbours_exchanged_are_one_edit() -> None:
    assert distance("lakshmi", "lakhsmi") == 1


def test_words_match_in_any_order_and_the_last_may_be_unfinished() -> None:
    held = folded("Lakshmi Narayan Iyer")
    assert names_alike(folded("iyer lak"), held) > 0.9
    assert names_alike(folded("lakshmi iyer"), held) > names_alike(folded("lakshmi patel"), held) + 0.2
