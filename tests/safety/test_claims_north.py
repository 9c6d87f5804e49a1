"""Doses and diagnoses in Bengali, Marathi, Gujarati, Punjabi and Odia."""

import pytest

from auricle.safety.claims import check_claim, guard

DOSES = [
    ("bn", "দিনে দুটো ট্যাবলেট খান।"),
    ("bn", "প্যারাসিটামল ৫০০ মিলিগ্রাম খাবেন।"),
    ("bn", "ওষুধ বন্ধ করে দিন।"),
    ("mr", "दिवसातून दोन गोळ्या घ्या."),
    ("mr", "पॅरासिटामॉल 500 मिलीग्रॅम घ्या."),
    ("mr", "औषध घेणं बंद करा."),
    ("gu", "દિવસમાં બે ગોળી લો."),
    ("gu", "કાનમાં ત્રણ ટીપાં નાખો."),
    ("gu", "દવા બંધ કરી દો."),
    ("pa", "ਦਿਨ ਵਿੱਚ ਦੋ ਗੋਲੀਆਂ ਲਓ।"),
    ("pa", "ਪੈਰਾਸੀਟਾਮੋਲ 500 mg ਲੈ ਲਓ।"),
    ("pa", "ਦਵਾਈ ਬੰਦ ਕਰ ਦਿਓ।"),
    ("or", "ଦିନକୁ ଦୁଇଟି ବଟିକା ଖାଆନ୍ତୁ।"),
    ("or", "ପାରାସିଟାମଲ 500 ମିଲିଗ୍ରାମ ନିଅନ୍ତୁ।"),
    ("or", "ଔଷଧ ବନ୍ଦ କରନ୍ତୁ।"),
]

DIAGNOSES = [
    ("bn", "আপনার নিউমোনিয়া হয়েছে।"),
    ("bn", "এটা ক্যান্সার।"),
    ("mr", "तुम्हाला न्यूमोनिया झाला आहे."),
    ("mr", "हा संसर्गच आहे."),
    ("gu", "તમને ન્યુમોનિયા થયો છે."),
    ("gu", "આ ચેપ જ છે."),
    ("pa", "ਤੁਹਾਨੂੰ ਨਿਮੋਨੀਆ ਹੈ।"),
    ("pa", "ਇਹ ਇਨਫੈਕਸ਼ਨ ਹੀ ਹੈ।"),
    ("or", "ଆପଣଙ୍କର ନିମୋନିଆ ହୋଇଛି।"),
    ("or", "ଏହା ସଂକ୍ରମଣ।"),
]

FINE = [
    ("bn", "আপনি বলেছেন যে দিনে দুটো ট্যাবলেট খান।"),
    ("bn", "এটা সংক্রমণ হতে পারে, ডাক্তারকে দেখান।"),
    ("bn", "আপনার ডায়াবেটিস কতদিনের?"),
    ("bn", "সোমবার দশটায় আসুন।"),
    ("mr", "तुम्ही सांगितलं की दोन गोळ्या घेता."),
    ("mr", "हा संसर्ग असू शकतो, डॉक्टरांना दाखवा."),
    ("mr", "सोमवारी दहा वाजता या."),
    ("mr", "डॉक्टरांना विचारल्याशिवाय दोन गोळ्या घेऊ नका."),
    ("gu", "તમે કહ્યું કે બે ગોળી લો છો."),
    ("gu", "આ ચેપ હોઈ શકે, ડૉક્ટરને બતાવો."),
    ("gu", "સોમવારે દસ વાગ્યે આવો."),
    ("pa", "ਤੁਸੀਂ ਦੱਸਿਆ ਕਿ ਦੋ ਗੋਲੀਆਂ ਲੈਂਦੇ ਹੋ।"),
    ("pa", "ਇਹ ਇਨਫੈਕਸ਼ਨ ਹੋ ਸਕਦੀ ਹੈ।"),
    ("pa", "ਸੋਮਵਾਰ ਨੂੰ ਦਸ ਵਜੇ ਆਓ।"),
    ("or", "ଆପଣ କହିଲେ ଯେ ଦୁଇଟି ବଟିକା ଖାଇଛନ୍ତି।"),
    ("or", "ଏହା ସଂକ୍ରମଣ ହୋଇପାରେ।"),
    ("or", "ସୋମବାର ଦଶଟାରେ ଆସନ୍ତୁ।"),
]


@pytest.mark.parametrize(("language", "sentence"), DOSES)
def test_a_dose_is_not_recommended(language, sentence):
    assert check_claim(sentence, language).claim == "dose"


@pytest.mark.parametrize(("language", "sentence"), DIAGNOSES)
def test_a_diagnosis_is_not_stated_as_certain(language, sentence):
    assert check_claim(sentence, language).claim == "diagnosis"


@pytest.mark.parametrize(("language", "sentence"), FINE)
def test_ordinary_and_attributed_sentences_pass_unchanged(language, sentence):
    assert guard(sentence, language) == sentence


@pytest.mark.parametrize("language", ["bn", "mr", "gu", "pa", "or"])
def test_what_is_said_instead_claims_nothing_itself(language):
    for spoken in (guard("Take 500 mg now.", language), guard("You have pneumonia.", language)):
        assert not spoken.isascii()
        assert guard(spoken, language) == spoken
