"""Placeholders in streams and structures, whatever is written and wherever it is cut."""

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auricle.ai.port import Known
from auricle.providers.masking.conceal import Conversation, Finds, Text
from auricle.providers.masking.placeholders import Restoring, named, restored, restored_json

ORIGINALS = {"[PERSON_1]": 'Asha "Ash" Rao', "[PHONE_12]": "98450 12345", "[ADDRESS_1]": "12 Temple Road\nMylapore"}
PIECES = st.sampled_from(
    ["[PERSON_1]", "[PHONE_12]", "PERSON_1", "[ADDRESS_1]", "[Person 1]", "[PERSON_9]", "[1]", "[", "]", "_", " ", "1",
     "P", "PERSON", "PER", "person", "[x]", "IP", "ID_", "é", "आशा", ".", "\\", '"', "Please"]
)  # fmt: skip
TEXTS = st.lists(PIECES, max_size=12).map("".join)


@settings(max_examples=400, deadline=None)
@given(TEXTS, st.lists(st.integers(0, 80), max_size=8))
def test_a_text_in_pieces_is_restored_as_the_whole_is(text: str, cuts: list[int]) -> None:
    edges = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    for in_json in (False, True):
        restoring = Restoring(ORIGINALS, in_json=in_json)
        came = "".join(restoring.feed(text[a:b]) for a, b in zip(edges, edges[1:], strict=False)) + restoring.rest()
        assert came == restored(text, ORIGINALS, in_json=in_json)


@pytest.mark.parametrize("pieces", [("éPERSON_1",), ("é", "PERSON_1"), ("Please", "PERSON_1"), ("xP", "ERSON_1")])
def test_what_stands_in_a_word_is_no_placeholder_wherever_the_text_is_cut(pieces: tuple[str, ...]) -> None:
    restoring = Restoring(ORIGINALS)
    assert "".join(map(restoring.feed, pieces)) + restoring.rest() == "".join(pieces)


def test_little_is_held_back_and_only_what_may_become_a_placeholder() -> None:
    restoring = Restoring(ORIGINALS)
    assert restoring.feed("Please take a seat") == "Please take a seat"
    assert restoring.feed(" by [") == " by " and restoring.feed("1]") == "[1]"
    assert restoring.feed(" [PERSON_") == " " and restoring.feed("1] x") == 'Asha "Ash" Rao x'
    assert restoring.feed("[" + "A" * 40) == "[" + "A" * 40


@pytest.mark.parametrize("digits", ["1", "१", "१ ", " 1"])
def test_digits_of_the_models_language_count(digits: str) -> None:
    assert restored(f"[PERSON_{digits.strip()}]", ORIGINALS) == 'Asha "Ash" Rao'
    assert list(named(f"नमस्ते [ PERSON_{digits.strip()} ]")) == ["[PERSON_1]"]


def test_arguments_stay_json_whatever_is_put_in() -> None:
    told = '{"who":"[PERSON_1]","at":["[ADDRESS_1]",{"n":1,"[PERSON_1]":null}]}'
    found = orjson.loads(restored_json(told, ORIGINALS))
    assert found == {"who": 'Asha "Ash" Rao', "at": ["12 Temple Road\nMylapore", {"n": 1, 'Asha "Ash" Rao': None}]}
    assert orjson.loads(restored_json('{"who":"[PERSON_1]"', ORIGINALS) + "}") == {"who": 'Asha "Ash" Rao'}


WORDS = st.sampled_from(
    ["Asha", "asha", "RAO", "Asha Rao", "आशा", "my name is Zorblat", "Zorblat", "98450 12345", "[PERSON_1]", "[X_3]",
     "metformin 500 mg", '{"name": "Quixon"}', "left ear", "on 4 March 1961", ",", "\n", "12 Temple Road, Mylapore",
     "01a2249d-ac06-7671-9fdf-78f75df0741d", "at example dot com", "?"]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(WORDS, max_size=6).map(" ".join), min_size=1, max_size=4))
def test_what_is_masked_comes_back_but_for_case(texts: list[str]) -> None:
    known = Known(names=["Asha Rao", "Asha", "Rao"], phones=["+91 98450 12345"], addresses=["12 Temple Road, Mylapore"])
    conversation = Conversation(Finds(), known)
    masked = conversation.masked([Text(one) for one in texts])
    back = [restored(one, conversation.register.originals) for one in masked]
    assert [one.casefold() for one in back] == [one.casefold() for one in texts]
    for one in masked:
        assert not any(word in one.casefold() for word in ("asha", "rao", "आशा", "98450", "temple road"))
    assert conversation.masked([Text(one) for one in texts]) == masked, "the same again"
