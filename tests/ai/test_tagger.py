import asyncio

import pycrfsuite
import pytest

from auricle.ai.local import LocalAI
from auricle.ai.port import Known, Utterance
from auricle.ai.privacy.mask import mask
from auricle.ai.privacy.presidio import Presidio, PresidioMissing, finders
from auricle.ai.privacy.tagger.features import is_known, listed_names
from auricle.ai.privacy.tagger.tag import tagged
from auricle.ai.privacy.tagger.train import MODEL, lessons, train
from auricle.settings import PresidioFinder


def of_kind(text, kind):
    return [text[s.start : s.end] for s in tagged(text) if s.kind == kind]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("my granddaughter zelvira cooks for me", "zelvira"),
        ("i spoke with tormund okezie on the phone", "tormund okezie"),
        ("The surgeon Brumhild Askelov took it out.", "Brumhild Askelov"),
        ("मेरी पत्नी झिल्मिका को चक्कर आते हैं", "झिल्मिका"),
        ("என் மகன் வெந்திலன் காய்ச்சலா இருக்கான்", "வெந்திலன்"),
        ("আমার স্বামী ঝিলমন বলেছেন", "ঝিলমন"),
    ],
)
def test_a_name_that_no_list_has_is_told_by_where_it_stands(text, name):
    lists = frozenset().union(*listed_names().values())
    assert not lists & set(name.split())
    assert of_kind(text, "PERSON") == [name]


def test_a_place_that_no_list_has_is_told_by_where_it_stands():
    assert of_kind("my parents are in brondovar and i visit them", "LOCATION") == ["brondovar"]


@pytest.mark.parametrize(
    "text",
    [
        "i take zelvaprim five hundred mg twice a day",
        "history of perilymphatic fistula and otosclerosis",
        "Continue flurbizantin 20 mg by mouth daily.",
        "मुझे दो दिन से बुखार है",
        "",
        "…",
    ],
)
def test_medicine_is_no_name(text):
    assert list(tagged(text)) == []


def test_an_illness_that_bears_a_name_is_no_person():
    text = "it may be meniere's, bell's palsy or parkinson's and the weber test was normal"
    assert all(is_known(word) for word in ("meniere's", "parkinson's", "weber"))
    assert mask([Utterance(id="a", speaker="document", text=text)], Known()).originals == {}


def test_an_endless_line_is_read_in_pieces():
    text = "i spoke with tormund okezie on the phone " * 100
    assert of_kind(text, "PERSON").count("tormund okezie") >= 95


def test_training_again_decides_as_the_shipped_model_does(tmp_path):
    """Templates, lists or features that change without a new model fail here."""
    trained = tmp_path / "model.crfsuite"
    train(trained)
    shipped, again = pycrfsuite.Tagger(), pycrfsuite.Tagger()
    shipped.open(str(MODEL))
    again.open(str(trained))
    for count, (seen, _) in enumerate(lessons(seed=7)):
        if count % 40 == 0:
            assert shipped.tag(seen) == again.tag(seen)


def test_presidio_that_is_not_there_is_told_by_type():
    try:
        import presidio_analyzer  # noqa: F401
    except ImportError:
        with pytest.raises(PresidioMissing):
            Presidio()
    else:
        found = list(Presidio()("mail ravi.k@example.in"))
        assert ("EMAIL", 5, 22) in [(s.kind, s.start, s.end) for s in found]


def test_presidio_is_heard_only_where_the_settings_say_so_and_says_what_to_install():
    assert finders(PresidioFinder()) == ()
    wanted = PresidioFinder(on=True)
    try:
        import presidio_analyzer  # noqa: F401
    except ImportError:
        with pytest.raises(PresidioMissing, match="pip install presidio-analyzer"):
            finders(wanted)
    else:
        [finder] = finders(wanted)
        assert finders(wanted) == (finder,), "loaded once"
        masked = asyncio.run(
            LocalAI(finders=[finder]).mask([Utterance(id="1", speaker="patient", text="mail x@y.org")], Known())
        )
        assert masked.originals == {"[EMAIL_1]": "x@y.org"}
