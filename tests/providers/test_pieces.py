"""Texts that are too long for a vendor are cut where a reader would pause."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auricle.providers.dialects.pieces import pieces
from auricle.providers.dialects.samples import NO_SOUND, Samples, from_base64
from auricle.providers.ports import ProviderGarbled


def test_a_text_that_fits_is_one_piece_and_nothing_is_none() -> None:
    assert pieces(" Good morning. ", 13) == ["Good morning."]
    assert pieces("  ", 5) == []


def test_a_long_text_is_cut_behind_the_last_sentence_that_fits() -> None:
    assert pieces("Sit down. Wait here. We come.", 21) == ["Sit down. Wait here.", "We come."]
    assert pieces("बैठिए। रुकिए। हम आते हैं।", 14) == ["बैठिए। रुकिए।", "हम आते हैं।"]
    assert pieces("It is 98.6 today. Rest.", 18) == ["It is 98.6 today.", "Rest."]


def test_a_sentence_too_long_is_cut_at_a_space_and_a_word_too_long_anywhere() -> None:
    assert pieces("one two three", 8) == ["one two", "three"]
    assert pieces("abcdefghij", 4) == ["abcd", "efgh", "ij"]


@given(st.text(), st.integers(1, 40))
def test_no_piece_is_too_long_and_no_word_is_lost(text: str, most: int) -> None:
    cut = pieces(text, most)
    assert all(0 < len(piece) <= most for piece in cut)
    assert "".join("".join(cut).split()) == "".join(text.split())


@given(st.lists(st.binary(max_size=9)))
def test_samples_cut_anywhere_come_out_whole(cut: list[bytes]) -> None:
    sound = b"\1\2" + b"".join(cut)
    samples = Samples(8_000)
    got = b"".join(audio.pcm for piece in (b"\1\2", *cut) for audio in samples.feed(piece))
    assert got == sound[: len(sound) - len(sound) % 2]
    assert samples.received_s == len(got) / 16_000


@pytest.mark.parametrize("head", NO_SOUND)
def test_what_is_no_raw_sound_is_refused(head: bytes) -> None:
    with pytest.raises(ProviderGarbled):
        list(Samples(8_000).feed(head + b"...."))


@pytest.mark.parametrize("given_", ["*", "abc", None, 5, "é"])
def test_what_is_not_base64_is_refused(given_: object) -> None:
    with pytest.raises(ProviderGarbled):
        from_base64(given_)
