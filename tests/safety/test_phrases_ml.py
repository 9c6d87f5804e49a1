import pytest

from auricle.safety.redflags import default_watch
from auricle.safety.respond import emergency

SAID = [
    ("chest_pain", "എനിക്ക് നെഞ്ചുവേദന ഉണ്ട്"),
    ("chest_pain", "നെഞ്ചിൽ ഭയങ്കര വേദനയാണ്"),
    ("chest_pain", "നെഞ്ചില്‍ വേദനിക്കുന്നു"),
    ("chest_pain", "nenju vedanikkunnu"),
    ("chest_pain", "ഇല്ല, നെഞ്ചുവേദനയുണ്ട്"),
    ("chest_pain", "അച്ഛന് ഹാർട്ട് അറ്റാക്ക് വന്നു"),
    ("stroke", "അമ്മയുടെ വായ കോടിപ്പോയി"),
    ("stroke", "സംസാരം കുഴയുന്നു"),
    ("stroke", "ഒരു വശം തളർന്നുപോയി"),
    ("suicidal_intent", "എനിക്ക് മരിക്കണം"),
    ("suicidal_intent", "ജീവിക്കാൻ തോന്നുന്നില്ല"),
    ("suicidal_intent", "jeevikkan thonnunnilla"),
    ("anaphylaxis", "ചുണ്ടും നാക്കും വീങ്ങി"),
    ("breathing_trouble", "ശ്വാസം കിട്ടുന്നില്ല"),
    ("breathing_trouble", "swasam muttunnu"),
    ("breathing_trouble", "ശ്വാസംമുട്ടൽ ഉണ്ട്"),
    ("severe_bleeding", "രക്തം നിൽക്കുന്നില്ല"),
    ("overdose", "മോൾ വിഷം കഴിച്ചു"),
    ("overdose", "ഒരുപാട് ഗുളിക കഴിച്ചു"),
    ("loss_of_consciousness", "അച്ഛൻ കുഴഞ്ഞുവീണു"),
    ("loss_of_consciousness", "വിളിച്ചിട്ട് ഉണരുന്നില്ല"),
    ("seizure", "കുട്ടിക്ക് ഫിറ്റ്സ് വന്നു"),
    ("pregnancy_emergency", "വയറ്റിൽ കുഞ്ഞ് അനങ്ങുന്നില്ല"),
    ("sudden_hearing_loss", "പെട്ടെന്ന് ചെവി കേൾക്കുന്നില്ല"),
    ("battery_swallowed", "കുട്ടി ബാറ്ററി വിഴുങ്ങി"),
]
NOT_SAID = [
    "നെഞ്ചുവേദന ഇല്ല",
    "നെഞ്ചുവേദനയില്ല",
    "നെഞ്ചുവേദന ഒന്നും ഇല്ല",
    "chest pain illa",
    "nenju vedana illa",
    "ശ്വാസംമുട്ടൽ ഇല്ല",
    "നെഞ്ച് വേദനിക്കുന്നില്ല",
    "നെഞ്ചുവേദന? ഇല്ല",
    "രണ്ട് വർഷം മുമ്പ് നെഞ്ചുവേദന വന്നിരുന്നു",
    "പക്ഷാഘാതത്തിന്റെ ലക്ഷണങ്ങൾ എന്തൊക്കെയാണ്",
    "ഹൃദയാഘാതം എന്തുകൊണ്ട് വരുന്നു",
    "ചെവി വേദനയുണ്ട്",
    "വയറുവേദന",
    "ഹിയറിംഗ് എയ്ഡ് ബാറ്ററി തീർന്നു",
    "രക്തസമ്മർദ്ദം കൂടുതലാണ്",
]


@pytest.mark.parametrize(("category", "text"), SAID)
def test_what_people_say_in_malayalam_is_caught(category, text):
    assert category in {flag.category for flag in default_watch().search_all(text)}


@pytest.mark.parametrize("text", NOT_SAID)
def test_what_is_no_emergency_in_malayalam_is_let_pass(text):
    assert default_watch().search(text) is None


def test_a_malayalam_patient_is_answered_in_malayalam():
    script = emergency("nenju vedanikkunnu", "ml-IN", number="108")
    assert script and "1 0 8" in script.text and "നെഞ്ചുവേദന" in script.text
