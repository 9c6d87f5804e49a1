import pytest

from auricle.safety.claims import check_claim, guard


@pytest.mark.parametrize(
    "sentence",
    [
        "Take 500 mg of paracetamol every six hours.",
        "You should take two tablets after food.",
        "You can increase it to 2.5 mg.",
        "The usual dose for adults is 400 mg.",
        "Put three drops in the left ear.",
        "Stop taking your medication.",
        "Double your dose tonight.",
    ],
)
def test_a_dose_is_not_recommended(sentence):
    checked = check_claim(sentence, "en")
    assert checked.claim == "dose"
    assert "clinician or pharmacist" in checked.text and "mg" not in checked.text


@pytest.mark.parametrize(
    "sentence",
    [
        "You have pneumonia.",
        "You definitely have an ear infection.",
        "This is just otitis.",
        "It's certainly tinnitus.",
        "You don't have cancer.",
        "Your diagnosis is presbycusis.",
        "You are diabetic.",
    ],
)
def test_a_diagnosis_is_not_stated_as_certain(sentence):
    checked = check_claim(sentence, "en")
    assert checked.claim == "diagnosis"
    assert "clinician" in checked.text


@pytest.mark.parametrize(
    "sentence",
    [
        "How many mg do you take?",
        "You said you take 500 mg of metformin twice a day.",
        "Your prescription says one tablet at night.",
        "Please don't take two tablets without asking your doctor.",
        "This could be an ear infection; a clinician should look at it.",
        "You may have a middle ear infection.",
        "Do you have diabetes?",
        "You have an appointment on Monday at ten.",
        "You have told me about the fever.",
        "Have a good day.",
        "Take a seat near the window, please.",
        "Put the hearing aid in its case at night.",
        "It takes two weeks to get used to it.",
        "The clinic is open from nine to five.",
    ],
)
def test_ordinary_and_attributed_sentences_pass_unchanged(sentence):
    assert guard(sentence, "en") == sentence


def test_hindi_claims_are_answered_in_hindi():
    assert check_claim("दिन में दो गोली लें।", "hi").claim == "dose"
    assert check_claim("आपको निमोनिया है।", "hi").claim == "diagnosis"
    assert check_claim("आपको शायद संक्रमण है, डॉक्टर को दिखाएँ।", "hi").claim is None
    assert check_claim("आपने बताया कि आप दो गोली लेते हैं।", "hi").claim is None
    assert "डॉक्टर" in guard("Take 500 mg now.", "hi-IN")


@pytest.mark.parametrize(
    ("language", "dose", "diagnosis", "possible"),
    [
        (
            "ta",
            "தினமும் இரண்டு மாத்திரை எடுத்துக்கொள்ளுங்கள்.",
            "உங்களுக்கு நிமோனியா இருக்கிறது.",
            "உங்களுக்கு தொற்று இருக்கலாம்.",
        ),
        ("te", "రోజుకు రెండు మాత్రలు వేసుకోండి.", "మీకు న్యుమోనియా ఉంది.", "మీకు ఇన్ఫెక్షన్ ఉండవచ్చు."),
        ("kn", "ದಿನಕ್ಕೆ ಎರಡು ಮಾತ್ರೆ ತೆಗೆದುಕೊಳ್ಳಿ.", "ನಿಮಗೆ ನ್ಯುಮೋನಿಯಾ ಇದೆ.", "ನಿಮಗೆ ಸೋಂಕು ಇರಬಹುದು."),
        ("ml", "ദിവസം രണ്ട് ഗുളിക കഴിക്കുക.", "നിങ്ങള്‍ക്ക് പ്രമേഹമാണ്.", "നിങ്ങൾക്ക് അണുബാധ ഉണ്ടാകാം."),
    ],
)
def test_claims_in_the_languages_of_the_south_are_answered_in_them(language, dose, diagnosis, possible):
    assert check_claim(dose, language).claim == "dose" and guard(dose, language) != guard(dose, "en")
    assert check_claim(diagnosis, language).claim == "diagnosis"
    assert guard(possible, language) == possible


def test_a_language_without_rules_of_its_own_has_the_english_ones():
    assert check_claim("Take 500 mg now.", "ta").claim == "dose"
    assert guard("வணக்கம்", "ta") == "வணக்கம்"
