"""Punjabi red flags as patients say them, in Gurmukhi and in Roman letters."""

import pytest

from auricle.safety.redflags import default_watch
from auricle.safety.respond import emergency

SAID = [
    ("chest_pain", "ਮੇਰੀ ਛਾਤੀ ਵਿੱਚ ਬਹੁਤ ਦਰਦ ਹੋ ਰਿਹਾ ਹੈ"),
    ("chest_pain", "ਪਾਪਾ ਜੀ ਦੀ ਛਾਤੀ ਵਿਚ ਪੀੜ ਐ ਤੇ ਪਸੀਨਾ ਆ ਰਿਹਾ"),
    ("chest_pain", "chhaati vich dard hai neend nahi aundi"),
    ("chest_pain", "ਨਹੀਂ, ਛਾਤੀ ਵਿੱਚ ਦਰਦ ਹੈ"),
    ("chest_pain", "ਸਿਰਫ਼ ਛਾਤੀ ਵਿੱਚ ਦਰਦ ਹੀ ਨਹੀਂ, ਸਾਹ ਵੀ ਚੜ੍ਹਦਾ"),
    ("chest_pain", "ਛਾਤੀ ਦਾ ਦਰਦ ਸਹਿਣ ਨਹੀਂ ਹੁੰਦਾ"),
    ("chest_pain", "ਪਿਛਲੇ ਸਾਲ ਤੋਂ ਛਾਤੀ ਵਿੱਚ ਦਰਦ ਹੈ"),
    ("stroke", "ਮੰਮੀ ਦਾ ਮੂੰਹ ਵਿੰਗਾ ਹੋ ਗਿਆ"),
    ("stroke", "ਉਹਨਾਂ ਦੀ ਖੱਬੀ ਬਾਂਹ ਸੁੰਨ ਹੋ ਗਈ"),
    ("stroke", "achanak bol nahi sakde"),
    ("suicidal_intent", "ਮੈਂ ਹੋਰ ਜੀਣਾ ਨਹੀਂ ਚਾਹੁੰਦਾ"),
    ("suicidal_intent", "mera mar jaan nu jee karda"),
    ("anaphylaxis", "ਟੀਕੇ ਤੋਂ ਬਾਅਦ ਬੁੱਲ੍ਹ ਸੁੱਜ ਗਏ"),
    ("breathing_trouble", "ਮੈਨੂੰ ਸਾਹ ਨਹੀਂ ਆ ਰਿਹਾ"),
    ("breathing_trouble", "bapu ji nu saah lain vich takleef hai"),
    ("severe_bleeding", "ਖੂਨ ਬੰਦ ਨਹੀਂ ਹੋ ਰਿਹਾ"),
    ("severe_bleeding", "ਖ਼ੂਨ ਦੀ ਉਲਟੀ ਆਈ ਹੈ"),
    ("overdose", "ਉਸਨੇ ਨੀਂਦ ਦੀਆਂ ਬਹੁਤ ਸਾਰੀਆਂ ਗੋਲੀਆਂ ਖਾ ਲਈਆਂ"),
    ("overdose", "veer ne zehar kha lya"),
    ("loss_of_consciousness", "ਦਾਦੀ ਬੇਹੋਸ਼ ਹੋ ਗਈ"),
    ("loss_of_consciousness", "ਜਗਾਉਣ ਤੇ ਵੀ ਨਹੀਂ ਉੱਠ ਰਹੇ"),
    ("seizure", "ਬੱਚੇ ਨੂੰ ਦੌਰਾ ਪਿਆ ਹੈ"),
    ("meningitis_signs", "ਬੁਖਾਰ ਹੈ ਤੇ ਧੌਣ ਆਕੜ ਗਈ ਹੈ"),
    ("head_injury", "ਸਿਰ ਤੇ ਸੱਟ ਲੱਗੀ ਤੇ ਉਲਟੀਆਂ ਆ ਰਹੀਆਂ"),
    ("pregnancy_emergency", "ਪੇਟ ਵਿੱਚ ਬੱਚਾ ਹਿੱਲ ਨਹੀਂ ਰਿਹਾ"),
    ("sudden_hearing_loss_neuro", "ਅਚਾਨਕ ਸੁਣਾਈ ਨਹੀਂ ਦੇ ਰਿਹਾ ਤੇ ਚੱਕਰ ਆ ਰਹੇ ਨੇ"),
    ("sudden_hearing_loss", "ਸਵੇਰ ਤੋਂ ਖੱਬੇ ਕੰਨ ਤੋਂ ਸੁਣਾਈ ਨਹੀਂ ਦੇ ਰਿਹਾ"),
    ("battery_swallowed", "ਬੱਚੇ ਨੇ ਬੈਟਰੀ ਨਿਗਲ ਲਈ"),
    ("meningitis_signs", "ਤੇਜ਼ ਬੁਖਾਰ ਹੈ ਤੇ ਗਰਦਨ ਨਹੀਂ ਮੁੜਦੀ"),
]

NOT_SAID = [
    "ਛਾਤੀ ਵਿੱਚ ਦਰਦ ਨਹੀਂ ਹੈ",
    "ਮੇਰੀ ਛਾਤੀ ਵਿੱਚ ਕੋਈ ਦਰਦ ਨਹੀਂ",
    "chhaati vich dard nahi hai",
    "chhaati vich dard haini",
    "ਸਾਹ ਲੈਣ ਵਿੱਚ ਕੋਈ ਤਕਲੀਫ਼ ਨਹੀਂ",
    "ਸਾਹ ਨਹੀਂ ਚੜ੍ਹਦਾ",
    "ਦੋ ਸਾਲ ਪਹਿਲਾਂ ਛਾਤੀ ਵਿੱਚ ਦਰਦ ਹੋਇਆ ਸੀ",
    "ਛਾਤੀ ਦਾ ਦਰਦ ਪਿਛਲੇ ਸਾਲ ਠੀਕ ਹੋ ਗਿਆ",
    "ਜੇ ਕਿਸੇ ਨੂੰ ਛਾਤੀ ਵਿੱਚ ਦਰਦ ਹੋਵੇ ਤਾਂ ਮੈਂ ਕੀ ਕਰਾਂ",
    "ਕਿਸੇ ਨੂੰ ਛਾਤੀ ਵਿੱਚ ਦਰਦ ਹੋਵੇ ਤਾਂ ਕੀ ਕਰੀਏ",
    "ਅਧਰੰਗ ਦੇ ਲੱਛਣ ਕੀ ਹਨ",
    "ਮਿਰਗੀ ਦਾ ਦੌਰਾ ਕਿਉਂ ਪੈਂਦਾ ਹੈ",
    "ਮੈਂ ਮਰਨਾ ਨਹੀਂ ਚਾਹੁੰਦਾ",
    "ਮਸ਼ੀਨ ਦੀ ਬੈਟਰੀ ਖਤਮ ਹੋ ਗਈ",
    "ਕੰਨ ਵਿੱਚ ਦਰਦ ਹੈ",
    "ਖੂਨ ਟੈਸਟ ਕਰਵਾਉਣਾ ਹੈ",
    "ਮੈਂ ਦਵਾਈ ਸਮੇਂ ਤੇ ਖਾਂਦਾ ਹਾਂ",
    "kann vich khujli hundi hai",
    "ਫਿਲਮ ਵਿੱਚ ਹੀਰੋ ਨੂੰ ਦਿਲ ਦਾ ਦੌਰਾ ਪੈਂਦਾ",
    "ਪਹਿਲਾਂ ਛਾਤੀ ਵਿੱਚ ਦਰਦ ਸੀ ਪਰ ਹੁਣ ਨਹੀਂ",
]


@pytest.mark.parametrize(("category", "text"), SAID)
def test_a_punjabi_red_flag_is_found_and_named(category, text):
    found = {flag.category for flag in default_watch().search_all(text)}
    assert category in found, found


@pytest.mark.parametrize("text", NOT_SAID)
def test_punjabi_denials_old_stories_and_questions_are_none(text):
    assert default_watch().search_all(text) == []


def test_the_scripts_are_punjabi_and_name_the_numbers():
    for text in ("ਛਾਤੀ ਵਿੱਚ ਦਰਦ ਹੈ", "ਖੂਨ ਬੰਦ ਨਹੀਂ ਹੋ ਰਿਹਾ", "ਦੌਰਾ ਪਿਆ ਹੈ", "ਉਹ ਬੇਹੋਸ਼ ਹੈ", "ਜ਼ਹਿਰ ਖਾ ਲਿਆ"):
        script = emergency(text, "pa", number="108")
        assert script and "1 0 8" in script.text and "ਏਆਈ" in script.text
    crisis = emergency("ਮੈਂ ਮਰਨਾ ਚਾਹੁੰਦਾ ਹਾਂ", "pa")
    assert crisis and "1 4 4 1 6" in crisis.text
