"""Listening sounds and trivial utterances in the Indo-Aryan languages we serve."""

import importlib.resources

import pytest
import yaml

from auricle.agents.prompts import LANGUAGES
from auricle.agents.validate import says_it_is_ai
from auricle.safety.claims import check_claim
from auricle.voice.backchannel import is_backchannel
from auricle.voice.trivial import canned_reply, trivial_kind

KINDS = [
    ("hi", "जी हाँ, ठीक है।", "agree"),
    ("hi", "क्या आप सुन रहे हैं?", "presence"),
    ("bn", "আচ্ছা, ঠিক আছে।", "agree"),
    ("bn", "না, আর কিছু না।", "decline"),
    ("bn", "অনেক ধন্যবাদ", "thanks"),
    ("mr", "हो, बरोबर आहे.", "agree"),
    ("mr", "आणखी काही नाही", "decline"),
    ("mr", "खूप खूप धन्यवाद", "thanks"),
    ("gu", "હા, બરાબર છે.", "agree"),
    ("gu", "ખૂબ ખૂબ આભાર", "thanks"),
    ("gu", "મારો અવાજ આવે છે?", "presence"),
    ("pa", "ਹਾਂ ਜੀ, ਠੀਕ ਹੈ।", "agree"),
    ("pa", "ਹੋਰ ਕੁਝ ਨਹੀਂ", "decline"),
    ("or", "ହଁ, ଠିକ୍ ଅଛି।", "agree"),
    ("or", "ବହୁତ ଧନ୍ୟବାଦ", "thanks"),
    ("or", "ଆପଣ ଶୁଣୁଛନ୍ତି କି?", "presence"),
]


@pytest.mark.parametrize(("language", "text", "kind"), KINDS)
def test_trivial_utterances_are_known_by_language(language, text, kind):
    assert trivial_kind(text, language) == kind


@pytest.mark.parametrize("text", ["hello can you hear me", "क्या आप सुन रहे हैं"])
def test_an_utterance_of_five_words_is_known_whole(text):
    assert trivial_kind(text, "hi") == "presence"


@pytest.mark.parametrize(
    ("language", "text"),
    [("bn", "হুম আচ্ছা"), ("mr", "हो बरं"), ("gu", "હા બરાબર"), ("pa", "ਹਾਂਜੀ ਅੱਛਾ"), ("or", "ହଁ ଆଜ୍ଞା"), ("hi", "हाँ जी")],
)
def test_listening_sounds_do_not_interrupt(language, text):
    assert is_backchannel(text, language)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("bn", "না দাঁড়ান"),
        ("mr", "थांबा"),
        ("gu", "ઊભા રહો"),
        ("pa", "ਰੁਕੋ ਜੀ"),
        ("or", "ରୁହନ୍ତୁ"),
        ("hi", "रुकिए"),
        ("mr", "नाही"),
    ],
)
def test_stop_and_no_do_interrupt(language, text):
    assert not is_backchannel(text, language)


@pytest.mark.parametrize(("language", "thanks"), [(code, text) for code, text, kind in KINDS if kind == "thanks"])
def test_thanks_are_answered_in_the_same_script(language, thanks):
    reply = canned_reply(thanks, language, after_question=False)
    assert reply and not any("a" <= letter.lower() <= "z" for letter in reply)
    assert canned_reply(thanks, language, after_question=True) is None


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_whoever_asks_what_the_agent_is_is_told_so_without_a_model_even_after_a_question(language):
    lists = yaml.safe_load((importlib.resources.files("auricle.voice") / "trivial.yaml").read_text("utf-8"))
    for question in lists[language]["phrases"]["identity"]:
        for asked in (question, f"{question}?"):
            said = canned_reply(asked, language, after_question=True)
            assert said is not None and says_it_is_ai(said, language), asked
            assert not check_claim(said, language).claim
