import pytest

from auricle.safety.redflags import default_watch
from auricle.safety.respond import emergency

SAID = [
    ("chest_pain", "நெஞ்சு வலிக்குது டாக்டர்"),
    ("chest_pain", "எனக்கு காலையில இருந்து நெஞ்சு வலியா இருக்கு"),
    ("chest_pain", "அப்பாவுக்கு மாரடைப்பு மாதிரி இருக்கு"),
    ("chest_pain", "நெஞ்சுல யாரோ கல்ல தூக்கி வச்ச மாதிரி இருக்கு"),
    ("chest_pain", "nenju valikkudhu"),
    ("chest_pain", "nenju romba valikuthu doctor"),
    ("chest_pain", "chest pain irukku"),
    ("chest_pain", "இல்ல, நெஞ்சு வலிக்குது"),
    ("chest_pain", "நெஞ்சு வலிக்குது தூக்கம் இல்ல"),
    ("stroke", "அம்மாவுக்கு வாய் ஒரு பக்கம் கோணிடுச்சு"),
    ("stroke", "பேச்சு குழறுது"),
    ("stroke", "oru pakkam marathu pochu"),
    ("suicidal_intent", "எனக்கு வாழவே பிடிக்கல"),
    ("suicidal_intent", "செத்துப் போயிடலாம்னு தோணுது"),
    ("suicidal_intent", "vaazha pidikala"),
    ("anaphylaxis", "உதடு நாக்கு எல்லாம் வீங்கிடுச்சு"),
    ("breathing_trouble", "மூச்சு விட முடியல"),
    ("breathing_trouble", "moochu vida mudiyala"),
    ("breathing_trouble", "மூச்சுத்திணறல் இருக்கு"),
    ("severe_bleeding", "ரத்தம் நிக்கவே மாட்டேங்குது"),
    ("overdose", "நிறைய தூக்க மாத்திரை சாப்பிட்டுட்டா"),
    ("overdose", "பூச்சி மருந்து குடிச்சிட்டான்"),
    ("loss_of_consciousness", "அவர் மயங்கி விழுந்துட்டார்"),
    ("loss_of_consciousness", "எழுப்பினா எந்திரிக்கல"),
    ("seizure", "குழந்தைக்கு வலிப்பு வந்துடுச்சு"),
    ("pregnancy_emergency", "வயித்துல பாப்பா அசையவே இல்ல"),
    ("sudden_hearing_loss", "திடீர்னு இடது காது கேக்கல"),
    ("battery_swallowed", "பையன் பேட்டரிய முழுங்கிட்டான்"),
]
NOT_SAID = [
    "நெஞ்சு வலி இல்ல",
    "நெஞ்சு வலியெல்லாம் எதுவும் இல்லை",
    "நெஞ்சு வலிக்கல",
    "எனக்கு நெஞ்சு வலிக்கவில்லை",
    "nenju vali illa",
    "nenju valikkala doctor",
    "chest pain illa",
    "மூச்சு திணறல் இல்லை",
    "நெஞ்சு வலியோ மூச்சு திணறலோ இல்ல",
    "நெஞ்சு வலி? இல்ல",
    "ரெண்டு வருஷத்துக்கு முன்னாடி நெஞ்சு வலி வந்துச்சு",
    "பக்கவாதத்தின் அறிகுறிகள் என்ன",
    "ஸ்ட்ரோக்னா என்ன",
    "மாரடைப்பு எதனால வரும்",
    "காது வலிக்குது",
    "காது மெஷின் பேட்டரி தீர்ந்து போச்சு",
    "இப்போ பேச முடியாது",
    "வயிறு வலிக்குது",
]


@pytest.mark.parametrize(("category", "text"), SAID)
def test_what_people_say_in_tamil_is_caught(category, text):
    assert category in {flag.category for flag in default_watch().search_all(text)}


@pytest.mark.parametrize("text", NOT_SAID)
def test_what_is_no_emergency_in_tamil_is_let_pass(text):
    assert default_watch().search(text) is None


def test_a_tamil_patient_is_answered_in_tamil():
    script = emergency("nenju valikkudhu", "ta-IN", number="108")
    assert script and "1 0 8" in script.text and "நெஞ்சு வலி" in script.text
