"""Which language an utterance is in, and when a conversation follows it."""

import importlib.resources
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from auricle.voice.language import Follower, base_language, detect, language_of_message, requested, written_in

ALL = ("en", "hi", "ta", "te", "bn", "mr", "gu", "kn", "ml", "pa", "or")
SENTENCES = {
    "en": ["I have had a fever since yesterday and my head hurts", "there is some pain in my left knee",
           "can you tell me what this is for"],
    "hi": ["मुझे कल से बुखार है और सिर में दर्द हो रहा है", "मेरे पेट में बहुत दर्द है", "mujhe dard hai",
           "mera sir dard kar raha hai aur bukhar bhi hai"],
    "ta": ["எனக்கு நேற்று முதல் காய்ச்சல் இருக்கு", "தலை ரொம்ப வலிக்குது", "enakku thalai romba valikuthu"],
    "te": ["నాకు నిన్నటి నుంచి జ్వరం ఉంది", "నా కడుపులో చాలా నొప్పి ఉంది", "naaku ninna nunchi jwaram undi"],
    "bn": ["আমার কাল থেকে জ্বর আছে", "আমার মাথায় খুব ব্যথা করছে", "amar matha khub byatha korche"],
    "mr": ["मला कालपासून ताप आहे आणि डोकं दुखत आहे", "माझ्या पोटात खूप दुखत आहे", "mala khup tap ahe ani doka dukhat ahe"],
    "gu": ["મને ગઈકાલથી તાવ છે", "મારા પેટમાં બહુ દુખાવો છે", "mane gaikale thi tav chhe"],
    "kn": ["ನನಗೆ ನಿನ್ನೆಯಿಂದ ಜ್ವರ ಇದೆ", "ನನ್ನ ತಲೆ ತುಂಬಾ ನೋವು ಇದೆ", "nanage tumba tale novu ide"],
    "ml": ["എനിക്ക് ഇന്നലെ മുതൽ പനി ഉണ്ട്", "എന്റെ തലയ്ക്ക് വളരെ വേദന ഉണ്ട്", "enikku innale muthal pani undu"],
    "pa": ["ਮੈਨੂੰ ਕੱਲ੍ਹ ਤੋਂ ਬੁਖਾਰ ਹੈ", "ਮੇਰੇ ਪੇਟ ਵਿੱਚ ਬਹੁਤ ਦਰਦ ਹੈ", "mainu kall ton bukhar haiga"],
    "or": ["ମୋତେ କାଲିଠାରୁ ଜ୍ୱର ହେଉଛି", "ମୋର ମୁଣ୍ଡ ବହୁତ ବିନ୍ଧୁଛି", "mote bahut jwara heuchi"],
}  # fmt: skip
REQUESTS = {
    "hi": ["can we speak in Hindi", "Hindi please", "Please switch to Hindi.",
           "हिंदी में बात करो", "क्या आप हिन्दी में बोल सकते हैं?",
           "hindi mein baat karo",
           "I don't understand English, please speak Hindi", "not english, hindi please"],
    "en": ["can you speak English please", "अंग्रेज़ी में बात कीजिए", "English", "ஆங்கிலத்தில் பேசுங்கள்", "ఇంగ్లీషులో మాట్లాడండి"],
    "ta": ["can we talk in Tamil?", "தமிழில் பேசலாமா", "தமிழ்ல பேசுங்க", "tamil la pesunga"],
    "te": ["speak telugu please", "తెలుగులో మాట్లాడండి"],
    "bn": ["বাংলায় কথা বলুন", "bangla te kotha bolun"],
    "mr": ["मराठीत बोला", "मराठी मध्ये बोलू शकता का", "marathi madhe bola"],
    "gu": ["ગુજરાતીમાં વાત કરો", "gujarati ma vaat karo"],
    "kn": ["ಕನ್ನಡದಲ್ಲಿ ಮಾತನಾಡಿ", "kannada dalli matadi"],
    "ml": ["മലയാളത്തിൽ സംസാരിക്കാമോ", "malayalam parayu"],
    "pa": ["ਪੰਜਾਬੀ ਵਿੱਚ ਗੱਲ ਕਰੋ", "punjabi vich gal karo"],
    "or": ["ଓଡ଼ିଆରେ କୁହନ୍ତୁ", "odia re katha kahantu"],
}  # fmt: skip


@pytest.mark.parametrize(("language", "text"), [(one, text) for one, texts in SENTENCES.items() for text in texts])
def test_a_sentence_is_known_by_its_script_and_words(language: str, text: str) -> None:
    found = detect(text)
    assert found is not None and found.language == language and found.confidence >= 0.5


@pytest.mark.parametrize(("language", "text"), [(one, texts[0]) for one, texts in SENTENCES.items()])
def test_a_clear_sentence_changes_the_language_at_once(language: str, text: str) -> None:
    current = "hi" if language == "en" else "en"
    assert Follower(current, ALL).follow(text) == language


@pytest.mark.parametrize(("language", "text"), [(one, text) for one, texts in REQUESTS.items() for text in texts])
def test_a_request_for_a_language_is_granted(language: str, text: str) -> None:
    current = "en" if language != "en" else "ta"
    assert Follower(current, ALL).follow(text) == language


@pytest.mark.parametrize(
    "text",
    [
        "I don't speak Hindi",
        "मुझे हिंदी नहीं आती",
        "my mother can only speak Hindi",
        "I can't talk Hindi very well",
        "I watched a film in Hindi last night",
        "do you speak Hindi or Tamil",
    ],
)
def test_naming_a_language_is_no_request_for_it(text: str) -> None:
    assert requested(text, ALL) is None


@pytest.mark.parametrize(
    "text",
    ["हाँ", "ठीक है", "हम्म", "ok", "thank you", "धन्यवाद", "राजेश कुमार", "राजेश", "முருகன்", "Priya Sharma", "9876543210",
     "५ ६ ७ ८", "112", "Rajesh Kumar Singh", "", "…", "?", "नमस्ते", "2.5 mg", "हेलो", "Paracetamol Crocin Dolo"],
)  # fmt: skip
@pytest.mark.parametrize("current", ["en", "ta"])
def test_one_word_a_number_or_a_name_changes_nothing(text: str, current: str) -> None:
    follower = Follower(current, ALL)
    assert follower.follow(text) == current
    assert follower.follow(text) == current


@pytest.mark.parametrize(("text", "language"), [("Are you a robot?", "en"), ("क्या आप रोबोट हैं?", "hi")])
def test_asking_what_the_agent_is_says_in_which_language(text: str, language: str) -> None:
    assert Follower("ta", ["ta", "hi", "en"]).follow(text) == language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("எனக்கு நெஞ்சு வலிக்குது", "ta"),
        ("mujhe seene mein dard ho raha hai", "hi"),
        ("I have pain", "en"),
        ("বুকত বিষ", "bn"),
        ("112", "gu"),
    ],
)
def test_a_message_is_known_by_its_language_whatever_the_agent_speaks(text: str, language: str) -> None:
    assert written_in(text, "gu") == language


def test_two_weak_hints_in_a_row_count_as_a_clear_one_and_with_something_between_they_do_not() -> None:
    follower = Follower("en", ALL)
    weak = "தலைவலி காய்ச்சல்"
    assert follower.follow(weak) == "en"
    assert follower.follow(weak) == "ta"
    follower = Follower("en", ALL)
    assert follower.follow(weak) == "en"
    assert follower.follow("I have had a fever since yesterday") == "en"
    assert follower.follow(weak) == "en"


def test_a_language_that_the_agent_does_not_speak_is_never_followed() -> None:
    follower = Follower("en", ("en", "hi"))
    for text in [*SENTENCES["ta"], *SENTENCES["mr"], *REQUESTS["ta"], "অসমীয়া মোৰ জ্বৰ হৈছে"]:
        assert follower.follow(text, recognized="ta-IN") == "en"


def test_assamese_is_not_taken_for_bengali() -> None:
    found = detect("মোৰ কালিৰ পৰা জ্বৰ হৈছে")
    assert found is not None and found.language == "as"
    assert Follower("en", ALL).follow("মোৰ কালিৰ পৰা জ্বৰ হৈছে") == "en"


def test_a_doubtful_transcript_keeps_the_old_language() -> None:
    assert Follower("en", ALL).follow(SENTENCES["hi"][0], confidence=0.3) == "en"
    assert Follower("en", ALL).follow(SENTENCES["hi"][0], confidence=0.9) == "hi"


def test_the_recognizers_word_counts_with_that_of_the_text_but_not_alone_and_not_against_it() -> None:
    follower = Follower("en", ALL)
    assert follower.follow("sar dard bukhaar tabiyat", recognized="hi-IN") == "en"
    assert follower.follow("sar dard bukhaar tabiyat", recognized="hi-IN") == "hi"
    follower = Follower("en", ALL)
    for _ in range(3):
        assert follower.follow("I have had a fever since yesterday", recognized="hi") == "en"
    assert Follower("en", ALL).follow("தலைவலி ரொம்ப", recognized="ta") == "ta"
    assert Follower("en", ALL).follow("sar dard bukhaar tabiyat", recognized="en") == "en"  # only told back


def test_english_words_inside_a_hindi_sentence_do_not_make_it_english() -> None:
    follower = Follower("hi", ALL)
    assert follower.follow("मुझे fever और headache है doctor") == "hi"
    assert follower.follow("mujhe headache hai aur fever bhi") == "hi"
    assert Follower("en", ALL).follow("मुझे two days से fever है") == "hi"


def test_codes_of_recognizers_are_understood() -> None:
    assert [base_language(code) for code in ("hi-IN", "od-IN", "en_US", "multi", "", None, "zz-9", "12")] == [
        "hi", "or", "en", None, None, None, "zz", None,
    ]  # fmt: skip


def test_a_written_message_is_answered_in_its_language() -> None:
    weak = "தலைவலி காய்ச்சல்"
    assert language_of_message(SENTENCES["hi"][0], current="en", among=("en", "hi")) == "hi"
    assert language_of_message(weak, current="en", among=("en", "ta")) == "en"
    assert language_of_message(weak, current="en", among=("en", "ta"), before=weak) == "ta"
    assert language_of_message("ok", current="hi", among=("en", "hi"), before="ok") == "hi"


@given(st.text(max_size=80), st.sampled_from(ALL), st.sampled_from([None, "hi", "xx-YY", "\0"]), st.floats(0, 1))
def test_whatever_is_written_the_answer_is_a_language_of_the_agent(
    text: str, current: str, recognized: str | None, confidence: float
) -> None:
    follower = Follower(current, ("en", "hi"))
    assert follower.follow(text, recognized=recognized, confidence=confidence) in {"en", "hi", current}


def test_patients_sentences_are_followed_at_once_and_hardly_ever_out_of_their_own_language() -> None:
    """The floor of what `bench.voice.language_recall` measures: sentences written without sight of our words."""
    followed = false = count = 0
    for path in (Path(__file__).parents[1] / "safety" / "lists").glob("*.yaml"):
        language = path.stem
        for row in yaml.safe_load(path.read_text("utf-8")):
            count += 1
            followed += Follower("hi" if language == "en" else "en", ALL).follow(row["text"]) == language
            false += Follower(language, ALL).follow(row["text"]) != language
    assert count > 1_000 and followed / count >= 0.92 and false / count <= 0.005


def test_the_lists_hold_words_as_they_are_looked_up() -> None:
    table = yaml.safe_load((importlib.resources.files("auricle.voice") / "languages.yaml").read_text("utf-8"))
    assert set(table) == set(ALL)
    for own in table.values():
        for words in own.values():
            assert all(isinstance(word, str) and word == word.lower() and "ँ" not in word for word in words)
