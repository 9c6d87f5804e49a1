"""The search never raises, and finds the same whatever the case, punctuation, spacing and encoding of a text."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auricle.safety.pattern import Spelling, orders, regex_of
from auricle.safety.redflags import LANGUAGES, MAX_CHARS, default_watch
from auricle.safety.words import folded, plain, spans

TELLING = ["I have chest pain", "मुझे सीने में दर्द है", "நெஞ்சு வலிக்குது", "ఛాతీలో నొప్పిగా ఉంది", "ಎದೆ ನೋವು ಬರ್ತಿದೆ",
           "നെഞ്ചിൽ വേദനയാണ്", "nenju valikkudhu", "usiradakke agtilla"]  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_searched_without_an_error_and_with_spans_inside_it(text):
    for flag in default_watch().search_all(text):
        assert 0 <= flag.start < flag.end <= len(text)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200))
def test_there_is_one_span_for_every_plain_word(text):
    assert len(spans(text)) == len(plain(text).split()) == len(folded(plain(text)).split())


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(TELLING), st.sampled_from([" ", "  ", "\t", " — "]), st.booleans(), st.sampled_from(["NFC", "NFD"])
)
def test_case_spacing_and_encoding_change_nothing(text, space, upper, form):
    said = unicodedata.normalize(form, space.join(text.split()))
    said = f"{said.upper() if upper else said}!!"
    expected = {flag.category for flag in default_watch().search_all(text)}
    assert expected and {flag.category for flag in default_watch().search_all(said)} == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [("ക്ലിനിക്കില്‍", "ക്ലിനിക്കിൽ"), ("हिन्दी", "हिंदी"), ("ਸੰਭਾਲ", "ਸਂਭਾਲ"), ("কঁ", "কং"), ("ୟା", "ଯା"), ("can't", "cant")],
)
def test_two_spellings_of_a_word_meet(one, other):
    assert plain(one) == plain(other)


def test_roman_letters_are_folded_by_ear():
    assert folded(plain("saans valikkudhu moochu")) == folded(plain("sans valikudu muchu"))


def test_the_end_of_a_very_long_text_is_searched():
    assert default_watch().search("la " * MAX_CHARS + "I have chest pain")


def test_every_phrase_of_every_language_compiles():
    assert len(LANGUAGES) == 11
    assert all(phrase.pattern.pattern for phrase in default_watch().phrases())


@pytest.mark.parametrize("phrase", ["(a|b", "a ~", "a & b & c", "(a|)", "|", "a ''"])
def test_a_phrase_that_makes_no_sense_is_refused(phrase):
    with pytest.raises(ValueError, match="phrase"):
        for order in orders(phrase):
            regex_of(order, Spelling(plain))
