"""Gujarati red flags as patients say them, in the script and in Roman letters."""

import pytest

from auricle.safety.redflags import default_watch
from auricle.safety.respond import emergency

SAID = [
    ("chest_pain", "મને છાતીમાં બહુ દુખાવો થાય છે"),
    ("chest_pain", "પપ્પાને છાતીમાં દુખે છે અને પરસેવો થાય છે"),
    ("chest_pain", "chhati ma dukhavo che ungh nathi aavti"),
    ("chest_pain", "ના, છાતીમાં દુખાવો છે"),
    ("chest_pain", "ફક્ત છાતીમાં દુખાવો નથી, શ્વાસ પણ ચડે છે"),
    ("chest_pain", "છાતીમાં દુખાવો સહન નથી થતો"),
    ("chest_pain", "ગયા વર્ષથી છાતીમાં દુખે છે"),
    ("stroke", "મમ્મીનું મોઢું વાંકું થઈ ગયું"),
    ("stroke", "એમનો ડાબો હાથ ઉપડતો નથી"),
    ("stroke", "achanak boli shakta nathi"),
    ("suicidal_intent", "મારે હવે જીવવું નથી"),
    ("suicidal_intent", "mane mari javanu man thay che"),
    ("anaphylaxis", "દવા લીધા પછી હોઠ સૂજી ગયા"),
    ("breathing_trouble", "મને શ્વાસ લેવામાં તકલીફ થાય છે"),
    ("breathing_trouble", "mara pappa no shwas rundhay che"),
    ("severe_bleeding", "લોહી બંધ થતું નથી"),
    ("severe_bleeding", "લોહીની ઊલટી થઈ"),
    ("overdose", "એણે ઊંઘની ઘણી બધી ગોળીઓ ખાઈ લીધી"),
    ("overdose", "bhai e zer pi lidhu"),
    ("loss_of_consciousness", "દાદા બેભાન થઈ ગયા"),
    ("loss_of_consciousness", "જગાડીએ તો પણ ઊઠતા નથી"),
    ("seizure", "દીકરાને ખેંચ આવી"),
    ("meningitis_signs", "તાવ છે અને ગરદન અકડાઈ ગઈ છે"),
    ("head_injury", "માથામાં વાગ્યું પછી ઊલટી થાય છે"),
    ("pregnancy_emergency", "બાળક ફરકતું નથી"),
    ("sudden_hearing_loss_neuro", "અચાનક સંભળાતું નથી અને ચક્કર આવે છે"),
    ("sudden_hearing_loss", "સવારથી ડાબા કાને સંભળાતું નથી"),
    ("battery_swallowed", "છોકરો બેટરી ગળી ગયો"),
    ("head_injury", "ધાબા પરથી પડ્યો અને માથું ફૂટી ગયું"),
]

NOT_SAID = [
    "છાતીમાં દુખાવો નથી",
    "મને છાતીમાં કોઈ દુખાવો નથી થતો",
    "chhati ma dukhavo nathi",
    "શ્વાસ લેવામાં કોઈ તકલીફ નથી",
    "શ્વાસ નથી ચડતો",
    "બેભાન નથી થયા",
    "બે વર્ષ પહેલાં છાતીમાં દુખાવો થયો હતો",
    "છાતીનો દુખાવો ગયા વર્ષે મટી ગયો",
    "જો કોઈને છાતીમાં દુખે તો મારે શું કરવું",
    "છાતીમાં દુખે તો શું કરવું",
    "લકવાના લક્ષણો શું છે",
    "ખેંચ કેમ આવે છે",
    "મારે મરવું નથી",
    "મશીનની બેટરી પૂરી થઈ ગઈ",
    "કાનમાં દુખે છે",
    "લોહીનો રિપોર્ટ કરાવવો છે",
    "હું દવા સમયસર લઉં છું",
    "mane kan ma khanjval aave che",
    "ટીવીમાં જોયું કે કોઈએ ઝેર પીધું",
    "પહેલાં છાતીમાં દુખાવો હતો પણ હવે નથી",
]


@pytest.mark.parametrize(("category", "text"), SAID)
def test_a_gujarati_red_flag_is_found_and_named(category, text):
    found = {flag.category for flag in default_watch().search_all(text)}
    assert category in found, found


@pytest.mark.parametrize("text", NOT_SAID)
def test_gujarati_denials_old_stories_and_questions_are_none(text):
    assert default_watch().search_all(text) == []


def test_the_scripts_are_gujarati_and_name_the_numbers():
    for text in ("છાતીમાં દુખે છે", "લોહી બંધ થતું નથી", "ખેંચ આવી", "બેભાન છે", "ઝેર પીધું"):
        script = emergency(text, "gu", number="108")
        assert script and "1 0 8" in script.text and "એઆઈ" in script.text
    crisis = emergency("મારે જીવવું નથી", "gu")
    assert crisis and "1 4 4 1 6" in crisis.text
