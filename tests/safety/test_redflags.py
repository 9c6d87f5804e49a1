import time

import pytest

from auricle.safety.redflags import LANGUAGES, URGENCIES, Watch, default_watch, read_phrases
from auricle.safety.respond import emergency
from auricle.safety.words import plain

SAID = {
    "chest_pain": [
        "I have chest pain",
        "there's a heavy pressure on my chest",
        "my chest really hurts",
        "I think it's a heart attack",
        "मेरे सीने में बहुत दर्द हो रहा है",
        "छाती में भारीपन है",
        "mujhe seene mein dard ho raha hai",
        "chhati me dard hai",
    ],
    "stroke": [
        "my face is drooping on one side",
        "his speech is slurred",
        "I can't move my left arm",
        "I think I am having a stroke",
        "suddenly I cannot speak",
        "उनका चेहरा टेढ़ा हो गया है",
        "मेरी एक तरफ सुन्न है",
        "unka chehra tedha ho gaya",
    ],
    "suicidal_intent": [
        "I want to kill myself",
        "I don't want to live anymore",
        "sometimes I wish I were dead",
        "I keep thinking about suicide",
        "मैं मरना चाहता हूँ",
        "अब जीने का मन नहीं करता",
        "main marna chahti hoon",
        "jeene ka mann nahi hai",
    ],
    "anaphylaxis": [
        "my throat is closing up",
        "my lips and tongue are swelling",
        "मेरा गला सूज रहा है",
        "gala sooj gaya hai",
    ],
    "breathing_trouble": [
        "I can't breathe",
        "I'm short of breath",
        "he is not breathing",
        "it is hard to breathe at night now",
        "मुझे साँस नहीं आ रही",
        "सांस लेने में तकलीफ हो रही है",
        "saans lene mein dikkat ho rahi hai",
        "mera dam ghut raha hai",
    ],
    "severe_bleeding": [
        "it won't stop bleeding",
        "there is a lot of blood",
        "she is vomiting blood",
        "खून बंद नहीं हो रहा",
        "khoon nahi ruk raha",
    ],
    "overdose": [
        "I took too many tablets",
        "she swallowed rat poison",
        "I took a whole bottle of pills",
        "उसने ज़हर खा लिया",
        "usne zeher kha liya",
    ],
    "loss_of_consciousness": [
        "my mother fainted",
        "he won't wake up",
        "she is unconscious",
        "वो बेहोश हो गए",
        "papa behosh ho gaye",
    ],
    "seizure": [
        "my son is having a seizure",
        "she had a fit just now",
        "उसे मिर्गी का दौरा पड़ा है",
        "mirgi ka daura aaya hai",
    ],
    "sudden_hearing_loss_neuro": [
        "I suddenly lost my hearing and I am very dizzy",
        "sudden hearing loss and my face is numb",
    ],
    "sudden_hearing_loss": [
        "I suddenly can't hear in my left ear",
        "I woke up deaf in one ear",
        "मुझे अचानक सुनाई नहीं दे रहा",
        "achanak sunai nahi de raha",
    ],
    "battery_swallowed": ["my child swallowed a hearing aid battery", "बच्चे ने बैटरी निगल ली"],
}

NOT_SAID = [
    "I have no chest pain",
    "I don't have any chest pain",
    "no fever, no cough, no chest pain",
    "no fever, cough or chest pain",
    "he denies chest pain",
    "without any chest pain or breathing trouble",
    "chest pain? No.",
    "I have never fainted",
    "I never had a seizure",
    "I had chest pain two years ago",
    "my father had a heart attack in 2010",
    "what are the signs of a stroke",
    "can stress cause chest pain",
    "what is anaphylaxis",
    "there is a family history of stroke",
    "I am not suicidal",
    "my hearing aid battery is empty",
    "the chest of drawers",
    "I fit hearing aids",
    "the left one whistles",
    "I feel much better today",
    "सीने में दर्द नहीं है",
    "सीने में कोई दर्द नहीं है",
    "seene mein dard nahi hai",
    "मुझे साँस की तकलीफ नहीं है",
    "saans ki taklif nahi hai",
    "बेहोशी नहीं हुई",
    "लकवे के लक्षण क्या हैं",
    "कान में दर्द है",
    "kaan mein dard hai",
    "",
    "   ",
    "?!",
]

STILL_SAID = [
    "No, I have chest pain",
    "No I have chest pain right now",
    "no cough but my chest hurts",
    "no fever, I have chest pain",
    "I'm not sure but my chest feels tight",
    "I do not feel well, my chest hurts",
    "I had chest pain last year and now it is back",
    "what should I do about my chest pain",
    "why does my chest hurt, it is pain in my chest",
    "not only fever but also chest pain",
    "मुझे बुखार नहीं है और सीने में दर्द है",
    "सीने में दर्द है, नींद नहीं आती",
    "नहीं, सीने में दर्द है",
    "nahi, seene mein dard hai",
    "can't sleep because of chest pain",
    "I don't know, my chest hurts",
]


@pytest.mark.parametrize(("category", "text"), [(c, t) for c, texts in SAID.items() for t in texts])
def test_a_red_flag_is_found_and_named(category, text):
    found = default_watch().search_all(text)
    assert category in {flag.category for flag in found}, found
    for flag in found:
        assert 0 <= flag.start < flag.end <= len(text)


@pytest.mark.parametrize("text", NOT_SAID)
def test_what_is_denied_past_or_asked_in_general_is_none(text):
    assert default_watch().search(text) is None


@pytest.mark.parametrize("text", STILL_SAID)
def test_a_negation_elsewhere_in_the_sentence_hides_nothing(text):
    assert default_watch().search(text) is not None


def test_the_span_is_the_words_as_they_were_written():
    text = "Doctor, मेरे सीने  में—बहुत दर्द है!"
    flag = default_watch().search(text)
    assert flag and text[flag.start : flag.end] == "सीने  में—बहुत दर्द"


def test_suicidal_words_count_even_when_told_as_past():
    flag = default_watch().search("I tried to kill myself two years ago")
    assert flag and flag.category == "suicidal_intent"


def test_the_gravest_of_several_is_answered_first():
    script = emergency("I suddenly can't hear in one ear, and I can't breathe", "en")
    assert script and script.category == "breathing_trouble" and script.urgency == "emergency"


def test_the_script_is_in_the_patients_language_with_the_configured_number_in_digits():
    script = emergency("my chest hurts", "hi-IN", number="108")
    assert script and "1 0 8" in script.text and "एआई सहायक" in script.text and "{" not in script.text
    crisis = emergency("I want to die", "en", helpline="14416")
    assert crisis and "1 4 4 1 6" in crisis.text


def test_an_interim_is_settled_once_words_follow_that_deny_nothing():
    assert not emergency("मुझे सीने में दर्द", "hi").is_settled
    assert emergency("मुझे सीने में दर्द हो रहा", "hi").is_settled
    assert emergency("मुझे सीने में दर्द नहीं हो रहा", "hi") is None


def test_every_category_of_every_language_has_something_to_say():
    sources = read_phrases()
    for language in LANGUAGES:
        assert set(URGENCIES) <= set(sources[language]["scripts"])
        for category in default_watch().categories:
            flag_text = next((t for t in SAID.get(category, ()) if emergency(t, language)), None)
            assert flag_text or category in {"meningitis_signs", "head_injury", "pregnancy_emergency"}


def test_long_hostile_text_is_searched_in_bounded_time():
    started = time.process_time()
    for text in ("chest " * 5_000, "no " * 5_000 + "chest pain", "|" * 20_000, "चेस्ट ़़़" * 3_000, "\x00\ud800" * 3_000):
        default_watch().search(text)
    assert time.process_time() - started < 5


def test_a_phrase_that_could_not_be_found_is_refused_when_compiled():
    source = read_phrases(["en"])["en"] | {"categories": {"odd": {"urgency": "emergency", "phrases": ["~ pain"]}}}
    with pytest.raises(ValueError, match="whole word"):
        Watch({"en": source})


def test_plain_words_meet_whatever_the_spelling():
    assert plain("I can’t  BREATHE") == " i cant breathe "
    assert plain("साँस ज़हर") == plain("सांस जहर")
