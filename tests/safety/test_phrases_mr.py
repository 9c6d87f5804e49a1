"""Marathi red flags as patients say them, in Devanagari and in Roman letters."""

import pytest

from auricle.safety.redflags import default_watch
from auricle.safety.respond import emergency

SAID = [
    ("chest_pain", "माझ्या छातीत खूप दुखतंय"),
    ("chest_pain", "बाबांना छातीत दुखायला लागलं आणि घाम येतोय"),
    ("chest_pain", "chhatit dukhtay zop yet nahi"),
    ("chest_pain", "नाही, छातीत दुखतंय"),
    ("chest_pain", "फक्त छातीत दुखत नाही, दम पण लागतोय"),
    ("chest_pain", "गेल्या वर्षीपासून छातीत दुखतंय"),
    ("chest_pain", "छातीवर दाब आल्यासारखं वाटतंय"),
    ("stroke", "आईचा चेहरा वाकडा झालाय"),
    ("stroke", "त्यांचा डावा हात उचलत नाही"),
    ("stroke", "achanak bolta yet nahi"),
    ("suicidal_intent", "मला जगायचं नाही"),
    ("suicidal_intent", "mala marava vatte"),
    ("anaphylaxis", "औषध घेतल्यावर ओठ सुजले आहेत"),
    ("breathing_trouble", "मला श्वास घ्यायला त्रास होतोय"),
    ("breathing_trouble", "khup dam lagtoy"),
    ("severe_bleeding", "रक्त थांबत नाही"),
    ("severe_bleeding", "रक्ताची उलटी झाली"),
    ("overdose", "तिने झोपेच्या खूप गोळ्या खाल्ल्या"),
    ("overdose", "भावाने विष घेतलं"),
    ("overdose", "तिने खूप झोपेच्या गोळ्या खाल्ल्या"),
    ("loss_of_consciousness", "आजोबा बेशुद्ध पडले"),
    ("seizure", "मुलाला फिट आली आहे"),
    ("meningitis_signs", "ताप आहे आणि मान आखडली आहे"),
    ("head_injury", "डोक्याला मार लागला आणि उलट्या होताहेत"),
    ("pregnancy_emergency", "बाळाची हालचाल जाणवत नाही"),
    ("sudden_hearing_loss_neuro", "अचानक ऐकू येत नाही आणि चक्कर येते"),
    ("sudden_hearing_loss", "सकाळपासून डाव्या कानाने ऐकू येत नाही"),
    ("battery_swallowed", "मुलाने बॅटरी गिळली"),
    ("breathing_trouble", "मला गुदमरल्यासारखं होतंय"),
    ("chest_pain", "chest madhe dukhtay"),
]

NOT_SAID = [
    "छातीत दुखत नाही",
    "मला छातीत अजिबात दुखत नाहीये",
    "chhatit dukhat nahi",
    "छातीत कोणतीही वेदना नाही",
    "श्वास घ्यायला काही त्रास होत नाही",
    "दम लागत नाही",
    "दोन वर्षांपूर्वी छातीत दुखलं होतं",
    "छातीत दुखायचं ते गेल्या वर्षी बरं झालं",
    "जर कोणाला छातीत दुखत असेल तर मी काय करू",
    "कोणाला छातीत दुखलं तर काय करायचं",
    "पक्षाघाताची लक्षणे काय आहेत",
    "लकवा कशामुळे होतो",
    "मला मरायचं नाही",
    "मी बेशुद्ध झालो नाही",
    "मशीनची बॅटरी संपली",
    "कान दुखतोय आणि खाज येते",
    "रक्त तपासणी करायची आहे",
    "मी गोळ्या वेळेवर घेतो",
    "सिनेमात हिरोला हार्ट अटॅक येतो",
    "आधी छातीत दुखत होतं पण आता नाही",
]


@pytest.mark.parametrize(("category", "text"), SAID)
def test_a_marathi_red_flag_is_found_and_named(category, text):
    found = {flag.category for flag in default_watch().search_all(text)}
    assert category in found, found


@pytest.mark.parametrize("text", NOT_SAID)
def test_marathi_denials_old_stories_and_questions_are_none(text):
    assert default_watch().search_all(text) == []


def test_the_scripts_are_marathi_and_name_the_numbers():
    for text in ("छातीत दुखतंय", "रक्त थांबत नाही", "फिट आली आहे", "ते बेशुद्ध आहेत", "त्याने विष घेतलं"):
        script = emergency(text, "mr", number="108")
        assert script and "1 0 8" in script.text and "एआय" in script.text
    crisis = emergency("मला जगायचं नाही", "mr")
    assert crisis and "1 4 4 1 6" in crisis.text
