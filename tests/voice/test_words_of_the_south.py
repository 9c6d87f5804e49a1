"""Listening sounds and trivial utterances in the Dravidian languages we serve."""

import pytest

from auricle.voice.backchannel import is_backchannel
from auricle.voice.trivial import canned_reply, trivial_kind

KINDS = [
    ("ta", "ஆமா, சரி.", "agree"),
    ("ta", "இல்ல, வேற ஒண்ணும் இல்ல", "decline"),
    ("ta", "ரொம்ப நன்றி", "thanks"),
    ("ta", "ஹலோ கேக்குதா?", "presence"),
    ("te", "అవునండి, సరే.", "agree"),
    ("te", "ఇంకేం లేదు", "decline"),
    ("te", "చాలా థాంక్స్", "thanks"),
    ("kn", "ಹೌದು, ಸರಿ.", "agree"),
    ("kn", "ಬೇರೆ ಏನೂ ಇಲ್ಲ", "decline"),
    ("kn", "ತುಂಬಾ ಧನ್ಯವಾದಗಳು", "thanks"),
    ("ml", "അതെ, ശരി.", "agree"),
    ("ml", "വേറെ ഒന്നുമില്ല", "decline"),
    ("ml", "വളരെ നന്ദി", "thanks"),
]


@pytest.mark.parametrize(("language", "text", "kind"), KINDS)
def test_trivial_utterances_are_known_by_language(language, text, kind):
    assert trivial_kind(text, language) == kind


@pytest.mark.parametrize("language", ["ta", "te", "kn", "ml"])
def test_thanks_are_answered_in_the_language(language):
    thanks = next(text for own, text, kind in KINDS if own == language and kind == "thanks")
    said = canned_reply(thanks, language, after_question=False)
    assert said and said != canned_reply("thank you", "en", after_question=False)


@pytest.mark.parametrize(
    ("language", "text"),
    [("ta", "ம்ம் சரி"), ("ta", "seri"), ("te", "ఊ అవును"), ("te", "avunu"), ("kn", "ಹೂಂ ಹೌದು"), ("ml", "ഉം ശരി")],
)
def test_listening_sounds_do_not_interrupt(language, text):
    assert is_backchannel(text, language)


@pytest.mark.parametrize(("language", "text"), [("ta", "இல்ல நிறுத்து"), ("te", "ఆపండి"), ("kn", "ಬೇಡ"), ("ml", "നിർത്തൂ")])
def test_a_wish_to_stop_is_no_listening_sound(language, text):
    assert not is_backchannel(text, language)
