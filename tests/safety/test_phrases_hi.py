"""Hindi red flags as patients say them, in Devanagari and in Roman letters."""

import pytest

from auricle.safety.redflags import default_watch
from auricle.safety.respond import emergency

SAID = [
    ("chest_pain", "डॉक्टर साहब मेरे सीने में बहुत तेज़ दर्द हो रहा है"),
    ("chest_pain", "पापा को छाती में जकड़न हो रही है और पसीना आ रहा है"),
    ("chest_pain", "seene mein dard sahan nahi ho raha"),
    ("chest_pain", "mere father ko heart attack aaya hai"),
    ("chest_pain", "नहीं, सीने में दर्द है"),
    ("chest_pain", "सिर्फ सीने में दर्द ही नहीं है"),
    ("chest_pain", "पिछले साल से सीने में दर्द है"),
    ("chest_pain", "chati me dard hai na doctor"),
    ("stroke", "मम्मी का मुंह टेढ़ा हो गया है"),
    ("stroke", "unka left haath uth nahi raha"),
    ("stroke", "अचानक वो बोल नहीं पा रहे"),
    ("suicidal_intent", "मुझे मर जाना है, अब जीने का मन नहीं करता"),
    ("suicidal_intent", "main apni zindagi khatam kar lunga"),
    ("anaphylaxis", "दवा खाने के बाद होंठ सूज गए हैं"),
    ("breathing_trouble", "सांस फूल रही है, लेट नहीं पा रहा"),
    ("breathing_trouble", "pitaji ko saans lene mein bahut taklif ho rahi hai"),
    ("severe_bleeding", "घाव से खून रुक नहीं रहा"),
    ("severe_bleeding", "khoon ki ulti ho rahi hai"),
    ("overdose", "बेटी ने नींद की बहुत सारी गोलियां खा ली हैं"),
    ("overdose", "bhai ne zehar kha liya"),
    ("loss_of_consciousness", "दादी को जगाने पर भी वो उठ नहीं रहीं"),
    ("seizure", "बच्चे को झटके आ रहे हैं और मुंह से झाग निकल रहा है"),
    ("meningitis_signs", "बुखार है और गर्दन अकड़ गई है"),
    ("head_injury", "सिर में चोट लगी थी और उल्टियां हो रही हैं"),
    ("pregnancy_emergency", "पत्नी प्रेग्नेंट है और ब्लीडिंग हो रही है"),
    ("sudden_hearing_loss_neuro", "अचानक सुनाई नहीं दे रहा और चक्कर आ रहे हैं"),
    ("sudden_hearing_loss", "सुबह उठा तो एक कान से सुनाई नहीं दे रहा"),
    ("battery_swallowed", "bachche ne machine ki battery nigal li"),
    ("seizure", "बच्चे को fits आ रहे हैं"),
    ("sudden_hearing_loss", "सुबह उठा तो बाएं कान से बिल्कुल कुछ सुनाई नहीं दे रहा"),
]

NOT_SAID = [
    "सीने में दर्द नहीं है",
    "मुझे सीने में कोई दर्द नहीं हो रहा",
    "सीने में नहीं, पेट में दर्द है",
    "सांस नहीं फूलती",
    "saans lene mein koi dikkat nahi hai",
    "बुखार है पर सीने में दर्द या सांस की तकलीफ नहीं है",
    "सीने का दर्द पिछले साल ठीक हो गया",
    "दो साल पहले सीने में दर्द हुआ था",
    "अगर किसी को सीने में दर्द हो तो मुझे क्या करना चाहिए",
    "किसी को सांस की तकलीफ हो तो क्या करना चाहिए",
    "agar kisi ko chest mein pain ho to kya kare",
    "लकवा क्यों होता है",
    "मैं मरना नहीं चाहता",
    "मशीन की बैटरी खत्म हो गई",
    "मैं सारी दवाइयां समय पर लेता हूं",
    "कान में दर्द है और खुजली होती है",
    "mujhe chashma lagana hai",
    "दादाजी को दिल का दौरा पड़ा था दस साल पहले",
    "टीवी में देखा एक आदमी ने ज़हर खा लिया",
    "पहले सीने में दर्द होता था लेकिन अब नहीं होता",
    "सांस लेने की फुर्सत नहीं मिलती",
]


@pytest.mark.parametrize(("category", "text"), SAID)
def test_a_hindi_red_flag_is_found_and_named(category, text):
    found = {flag.category for flag in default_watch().search_all(text)}
    assert category in found, found


@pytest.mark.parametrize("text", NOT_SAID)
def test_hindi_denials_old_stories_and_questions_are_none(text):
    assert default_watch().search_all(text) == []


def test_the_scripts_are_hindi_and_name_the_numbers():
    for text in ("सीने में दर्द है", "खून रुक नहीं रहा", "उसे मिर्गी का दौरा पड़ा है", "वो बेहोश है", "उसने ज़हर खा लिया"):
        script = emergency(text, "hi", number="108")
        assert script and "1 0 8" in script.text and "एआई" in script.text
    crisis = emergency("मैं मरना चाहता हूं", "hi")
    assert crisis and "1 4 4 1 6" in crisis.text
