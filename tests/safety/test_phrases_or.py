"""Odia red flags as patients say them, in the script and in Roman letters."""

import pytest

from auricle.safety.redflags import default_watch
from auricle.safety.respond import emergency

SAID = [
    ("chest_pain", "ମୋ ଛାତିରେ ବହୁତ ଯନ୍ତ୍ରଣା ହେଉଛି"),
    ("chest_pain", "ବାପାଙ୍କ ଛାତି ବିନ୍ଧୁଛି ଆଉ ଝାଳ ବାହାରୁଛି"),
    ("chest_pain", "chhatire jantrana heuchi nida heuni"),
    ("chest_pain", "ନା, ଛାତିରେ କଷ୍ଟ ହେଉଛି"),
    ("chest_pain", "ଖାଲି ଛାତିରେ ଯନ୍ତ୍ରଣା ନୁହେଁ, ମୁଣ୍ଡ ବି ବୁଲାଉଛି"),
    ("chest_pain", "ଛାତିରେ ଯନ୍ତ୍ରଣା ସହି ପାରୁନି"),
    ("chest_pain", "ଗତ ବର୍ଷଠାରୁ ଛାତିରେ ଯନ୍ତ୍ରଣା ହେଉଛି"),
    ("stroke", "ମାଆଙ୍କ ମୁହଁ ବଙ୍କା ହୋଇଗଲା"),
    ("stroke", "ତାଙ୍କ ବାମ ହାତ ଉଠୁନି"),
    ("stroke", "hathat katha kahi parunahanti"),
    ("suicidal_intent", "ମୁଁ ଆଉ ବଞ୍ଚିବାକୁ ଚାହୁଁନି"),
    ("suicidal_intent", "mora mari jibaku ichha heuchi"),
    ("anaphylaxis", "ଔଷଧ ଖାଇବା ପରେ ଓଠ ଫୁଲିଗଲା"),
    ("breathing_trouble", "ମୁଁ ନିଶ୍ୱାସ ନେଇପାରୁନି"),
    ("breathing_trouble", "bapanka niswasa nebare kasta heuchi"),
    ("severe_bleeding", "ରକ୍ତ ବନ୍ଦ ହେଉନି"),
    ("severe_bleeding", "କାଶରେ ରକ୍ତ ଆସୁଛି"),
    ("overdose", "ଝିଅ ବହୁତ ନିଦ ବଟିକା ଖାଇଦେଇଛି"),
    ("overdose", "bhai bisa khaideichi"),
    ("loss_of_consciousness", "ଜେଜେ ବେହୋସ ହୋଇଗଲେ"),
    ("loss_of_consciousness", "ଡାକିଲେ ବି ଉଠୁନାହାନ୍ତି"),
    ("seizure", "ପୁଅକୁ ବାତ ମାରୁଛି"),
    ("meningitis_signs", "ଜ୍ୱର ହେଉଛି ଆଉ ବେକ ଟାଣ ହୋଇଯାଇଛି"),
    ("head_injury", "ମୁଣ୍ଡରେ ଆଘାତ ଲାଗିଛି ଆଉ ବାନ୍ତି ହେଉଛି"),
    ("pregnancy_emergency", "ପେଟରେ ପିଲା ହଲଚଲ କରୁନି"),
    ("sudden_hearing_loss_neuro", "ହଠାତ୍ ଶୁଭୁନି ଆଉ ମୁଣ୍ଡ ବୁଲାଉଛି"),
    ("sudden_hearing_loss", "ସକାଳୁ ବାମ କାନକୁ ଶୁଭୁନି"),
    ("battery_swallowed", "ପିଲାଟି ବ୍ୟାଟେରୀ ଗିଳିଦେଇଛି"),
    ("stroke", "ହଠାତ୍ ଗୋଟିଏ ଆଖିକୁ କିଛି ଦିଶୁନାହିଁ"),
]

NOT_SAID = [
    "ଛାତିରେ ଯନ୍ତ୍ରଣା ନାହିଁ",
    "ମୋ ଛାତିରେ କିଛି କଷ୍ଟ ହେଉନାହିଁ",
    "chhatire jantrana nahi",
    "chhatire batha heuni",
    "ନିଶ୍ୱାସ ନେବାରେ କିଛି କଷ୍ଟ ନାହିଁ",
    "ଶ୍ୱାସକଷ୍ଟ ନାହିଁ କିନ୍ତୁ ଜ୍ୱର ଅଛି",
    "ବେହୋସ ହୋଇନାହିଁ",
    "ଦୁଇ ବର୍ଷ ତଳେ ଛାତିରେ ଯନ୍ତ୍ରଣା ହୋଇଥିଲା",
    "ଛାତି ଯନ୍ତ୍ରଣା ଗତ ବର୍ଷ ଭଲ ହୋଇଗଲା",
    "ଯଦି କାହାର ଛାତିରେ ଯନ୍ତ୍ରଣା ହୁଏ ତେବେ ମୁଁ କ'ଣ କରିବି",
    "ଛାତିରେ ଯନ୍ତ୍ରଣା ହେଲେ କ'ଣ କରିବା",
    "ପକ୍ଷାଘାତ ର ଲକ୍ଷଣ କ'ଣ",
    "ବାତ କାହିଁକି ମାରେ",
    "ମୁଁ ମରିବାକୁ ଚାହୁଁନି",
    "ମେସିନର ବ୍ୟାଟେରୀ ସରିଗଲା",
    "କାନରେ ଯନ୍ତ୍ରଣା ହେଉଛି",
    "ରକ୍ତ ପରୀକ୍ଷା କରିବାକୁ ଅଛି",
    "ମୁଁ ଠିକ ସମୟରେ ଔଷଧ ଖାଏ",
    "ଟିଭିରେ ଦେଖିଲି ଜଣେ ବିଷ ଖାଇଦେଲା",
    "ଆଗରୁ ଛାତିରେ ଯନ୍ତ୍ରଣା ଥିଲା କିନ୍ତୁ ଏବେ ନାହିଁ",
]


@pytest.mark.parametrize(("category", "text"), SAID)
def test_an_odia_red_flag_is_found_and_named(category, text):
    found = {flag.category for flag in default_watch().search_all(text)}
    assert category in found, found


@pytest.mark.parametrize("text", NOT_SAID)
def test_odia_denials_old_stories_and_questions_are_none(text):
    assert default_watch().search_all(text) == []


def test_the_scripts_are_odia_and_name_the_numbers():
    for text in ("ଛାତିରେ ଯନ୍ତ୍ରଣା ହେଉଛି", "ରକ୍ତ ବନ୍ଦ ହେଉନି", "ବାତ ମାରୁଛି", "ବେହୋସ ହୋଇଗଲେ", "ବିଷ ଖାଇଦେଇଛି"):
        script = emergency(text, "or", number="108")
        assert script and "1 0 8" in script.text and "ଏଆଇ" in script.text
    crisis = emergency("ମୁଁ ମରିବାକୁ ଚାହେଁ", "or")
    assert crisis and "1 4 4 1 6" in crisis.text
