import pytest

from auricle.safety.redflags import default_watch
from auricle.safety.respond import emergency

SAID = [
    ("chest_pain", "ఛాతీలో నొప్పిగా ఉంది"),
    ("chest_pain", "గుండెల్లో బరువుగా ఉందండి"),
    ("chest_pain", "chaathi lo noppi ga undi"),
    ("chest_pain", "లేదు, నాకు ఛాతీలో నొప్పి ఉంది"),
    ("chest_pain", "ఛాతీ నొప్పి నిద్ర పట్టట్లేదు"),
    ("stroke", "నాన్నకి మూతి వంకర పోయింది"),
    ("stroke", "మాట తడబడుతోంది"),
    ("stroke", "ఎడమ చెయ్యి పనిచేయట్లేదు"),
    ("suicidal_intent", "నాకు చచ్చిపోవాలనిపిస్తోంది"),
    ("suicidal_intent", "బతకాలని లేదు"),
    ("suicidal_intent", "chavalani undi"),
    ("anaphylaxis", "నాలుక వాచిపోయింది"),
    ("breathing_trouble", "ఊపిరి ఆడట్లేదు"),
    ("breathing_trouble", "oopiri aadatledu"),
    ("breathing_trouble", "శ్వాస తీసుకోవడం కష్టంగా ఉంది"),
    ("severe_bleeding", "రక్తం ఆగట్లేదు"),
    ("overdose", "పురుగుల మందు తాగేసింది"),
    ("overdose", "నిద్ర మాత్రలు చాలా వేసుకుంది"),
    ("loss_of_consciousness", "అమ్మ స్పృహ తప్పి పడిపోయింది"),
    ("loss_of_consciousness", "ఎంత లేపినా లేవట్లేదు"),
    ("seizure", "బాబుకి ఫిట్స్ వచ్చాయి"),
    ("pregnancy_emergency", "కడుపులో బిడ్డ కదలట్లేదు"),
    ("sudden_hearing_loss", "సడన్‌గా ఎడమ చెవి వినపడట్లేదు"),
    ("battery_swallowed", "పాప బ్యాటరీ మింగేసింది"),
]
NOT_SAID = [
    "ఛాతీలో నొప్పి లేదు",
    "ఛాతీ నొప్పి ఏమీ లేదండి",
    "chest pain ledu",
    "chaathi noppi ledu",
    "ఊపిరి ఇబ్బంది లేదు",
    "ఛాతీ నొప్పి గానీ ఆయాసం గానీ లేవు",
    "ఛాతీ నొప్పి? లేదు",
    "రెండేళ్ళ క్రితం ఛాతీ నొప్పి వచ్చింది",
    "పక్షవాతం లక్షణాలు ఏమిటి",
    "గుండెపోటు ఎందుకు వస్తుంది",
    "చెవి నొప్పిగా ఉంది",
    "కడుపు నొప్పిగా ఉంది",
    "చెవి మిషన్ బ్యాటరీ అయిపోయింది",
    "నాకు రక్తపోటు ఎక్కువ",
    "ఫిట్స్ లేవు",
]


@pytest.mark.parametrize(("category", "text"), SAID)
def test_what_people_say_in_telugu_is_caught(category, text):
    assert category in {flag.category for flag in default_watch().search_all(text)}


@pytest.mark.parametrize("text", NOT_SAID)
def test_what_is_no_emergency_in_telugu_is_let_pass(text):
    assert default_watch().search(text) is None


def test_a_telugu_patient_is_answered_in_telugu():
    script = emergency("oopiri aadatledu", "te-IN", number="108")
    assert script and "1 0 8" in script.text and "ఊపిరి" in script.text
