"""Texts that are too long for a vendor are cut where a reader would pause."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auricle.providers.dialects.openai_audio import wav_header
from auricle.providers.dialects.pieces import pieces
from auricle.providers.dialects.samples import NO_SOUND, Samples, from_base64
from auricle.providers.ports import Audio, ProviderGarbled


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


@given(st.integers(1, 60), st.sampled_from([8_000, 22_050, 24_000]))
def test_a_wav_header_is_taken_off_however_it_is_cut_and_its_rate_believed(step: int, rate_hz: int) -> None:
    sound = bytes(range(1, 201))
    wav = wav_header(len(sound), rate_hz) + sound
    samples, got = Samples(24_000, may_be_wav=True), list[Audio]()
    for at in range(0, len(wav), step):
        got += samples.feed(wav[at : at + step])
    assert b"".join(a.pcm for a in got) == sound
    assert {a.rate_hz for a in got} == {rate_hz}


@given(st.integers(1, 9))
def test_raw_sound_is_left_as_it_is_where_a_header_might_come(step: int) -> None:
    sound = bytes(range(1, 101))
    samples = Samples(24_000, may_be_wav=True)
    got = b"".join(a.pcm for at in range(0, len(sound), step) for a in samples.feed(sound[at : at + step]))
    assert got == sound


def test_a_wav_that_is_not_what_was_asked_for_is_refused() -> None:
    stereo = bytearray(wav_header(4, 24_000) + bytes(4))
    stereo[22] = 2
    for wav in (bytes(stereo), b"RIFF" + bytes(5_000)):
        with pytest.raises(ProviderGarbled):
            list(Samples(24_000, may_be_wav=True).feed(wav))


@pytest.mark.parametrize("given_", ["*", "abc", None, 5, "é"])
def test_what_is_not_base64_is_refused(given_: object) -> None:
    with pytest.raises(ProviderGarbled):
        from_base64(given_)
