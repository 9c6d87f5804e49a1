import pytest

from auricle.safety.redflags import default_watch
from auricle.safety.respond import emergency

SAID = [
    ("chest_pain", "ಎದೆ ನೋವು ಬರ್ತಿದೆ"),
    ("chest_pain", "ನಂಗೆ ಎದೇಲಿ ತುಂಬಾ ನೋವಾಗ್ತಿದೆ"),
    ("chest_pain", "ede novu agtide"),
    ("chest_pain", "ಇಲ್ಲ, ಎದೆ ನೋವು ಇದೆ"),
    ("chest_pain", "ಅಪ್ಪನಿಗೆ ಹಾರ್ಟ್ ಅಟ್ಯಾಕ್ ಆಗಿದೆ"),
    ("stroke", "ಬಾಯಿ ಸೊಟ್ಟ ಆಗಿದೆ"),
    ("stroke", "ಅಮ್ಮನಿಗೆ ಮಾತು ತೊದಲುತ್ತಿದೆ"),
    ("stroke", "ಎಡಗೈ ಎತ್ತಕ್ಕೆ ಆಗ್ತಿಲ್ಲ"),
    ("suicidal_intent", "ನಂಗೆ ಸಾಯಬೇಕು ಅನಿಸ್ತಿದೆ"),
    ("suicidal_intent", "ಬದುಕೋಕೆ ಇಷ್ಟ ಇಲ್ಲ"),
    ("suicidal_intent", "saaybeku ansutte"),
    ("anaphylaxis", "ತುಟಿ ನಾಲಿಗೆ ಎಲ್ಲಾ ಊದಿಕೊಂಡಿದೆ"),
    ("breathing_trouble", "ಉಸಿರಾಡಕ್ಕೆ ಆಗ್ತಿಲ್ಲ"),
    ("breathing_trouble", "usiradakke agtilla"),
    ("breathing_trouble", "ಉಸಿರಾಟದ ತೊಂದರೆ ಆಗ್ತಿದೆ"),
    ("severe_bleeding", "ರಕ್ತ ನಿಲ್ತಾನೇ ಇಲ್ಲ"),
    ("overdose", "ಇಲಿ ಪಾಷಾಣ ತಿಂದಿದ್ದಾನೆ"),
    ("overdose", "ನಿದ್ದೆ ಮಾತ್ರೆ ತುಂಬಾ ತಗೊಂಡಿದ್ದಾಳೆ"),
    ("loss_of_consciousness", "ಪ್ರಜ್ಞೆ ತಪ್ಪಿ ಬಿದ್ದಿದ್ದಾರೆ"),
    ("loss_of_consciousness", "ಎಷ್ಟು ಎಬ್ಬಿಸಿದ್ರೂ ಏಳ್ತಿಲ್ಲ"),
    ("seizure", "ಮಗುಗೆ ಫಿಟ್ಸ್ ಬಂದಿದೆ"),
    ("pregnancy_emergency", "ಹೊಟ್ಟೆಯಲ್ಲಿ ಮಗು ಅಲ್ಲಾಡ್ತಿಲ್ಲ"),
    ("sudden_hearing_loss", "ಸಡನ್ ಆಗಿ ಕಿವಿ ಕೇಳಿಸ್ತಿಲ್ಲ"),
    ("battery_swallowed", "ಮಗು ಬ್ಯಾಟರಿ ನುಂಗಿದೆ"),
]
NOT_SAID = [
    "ಎದೆ ನೋವು ಇಲ್ಲ",
    "ಎದೆ ನೋವು ಏನೂ ಇಲ್ಲ",
    "ಎದೆ ನೋವಿಲ್ಲ",
    "chest pain illa",
    "ede novu illa",
    "ಉಸಿರಾಟದ ತೊಂದರೆ ಇಲ್ಲ",
    "ಎದೆ ನೋವು ಬಂದಿಲ್ಲ",
    "ಎದೆ ನೋವು? ಇಲ್ಲ",
    "ಎರಡು ವರ್ಷದ ಹಿಂದೆ ಎದೆ ನೋವು ಬಂದಿತ್ತು",
    "ಪಾರ್ಶ್ವವಾಯುವಿನ ಲಕ್ಷಣಗಳು ಏನು",
    "ಹಾರ್ಟ್ ಅಟ್ಯಾಕ್ ಯಾಕೆ ಬರುತ್ತೆ",
    "ಕಿವಿ ನೋವು ಇದೆ",
    "ಹೊಟ್ಟೆ ನೋವು",
    "ಹಿಯರಿಂಗ್ ಏಡ್ ಬ್ಯಾಟರಿ ಮುಗಿದಿದೆ",
    "ರಕ್ತದೊತ್ತಡ ಜಾಸ್ತಿ ಇದೆ",
]


@pytest.mark.parametrize(("category", "text"), SAID)
def test_what_people_say_in_kannada_is_caught(category, text):
    assert category in {flag.category for flag in default_watch().search_all(text)}


@pytest.mark.parametrize("text", NOT_SAID)
def test_what_is_no_emergency_in_kannada_is_let_pass(text):
    assert default_watch().search(text) is None


def test_a_kannada_patient_is_answered_in_kannada():
    script = emergency("usiradakke agtilla", "kn-IN", number="108")
    assert script and "1 0 8" in script.text and "ಉಸಿರಾಟ" in script.text
