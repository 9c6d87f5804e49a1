import pytest

from auricle.ai.entities.find import find_entities
from auricle.ai.limits import AmbiguousUtterances, TextTooLarge
from auricle.ai.port import Utterance
from tests.ai.conversations import talk


def only(entities, name):
    found = [e for e in entities if e.name == name]
    assert found, f"{name} was not found"
    return found[0]


def test_a_dose_spoken_in_words_belongs_to_its_drug():
    found = only(
        find_entities(talk("p: i take ibuprofen four hundred milligrams twice a day and metformin")), "ibuprofen"
    )
    assert (found.kind, found.value, found.attributes["frequency"]) == ("drug", "400 mg", "twice a day")


def test_each_of_two_drugs_keeps_its_own_dose():
    entities = find_entities(talk("p: aspirin seventy five mg and metformin five hundred mg with food"))
    assert only(entities, "aspirin").value == "75 mg"
    assert only(entities, "metformin").value == "500 mg"


def test_a_dose_before_its_drug_is_read():
    assert only(find_entities(talk("c: you are on twenty milligrams of lisinopril")), "lisinopril").value == "20 mg"


def test_a_dose_given_in_the_next_answer_completes_the_drug():
    entities = find_entities(
        talk("p: i take metformin", "a: what dose and how often", "p: five hundred milligrams twice a day")
    )
    assert only(entities, "metformin").value == "500 mg"
    assert only(entities, "metformin").attributes["dose_utterance"] == "u2"


def test_a_brand_name_is_its_generic():
    assert only(find_entities(talk("p: i took a crocin yesterday")), "paracetamol").text == "crocin"


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("dolo six fifty", "paracetamol"),
        ("telmikind", "telmisartan"),
        ("zytiga", "abiraterone"),
        ("brivaracetam", "brivaracetam"),
        ("cetrizine", "cetirizine"),
        ("a water tablet", "diuretics"),
        ("sugar ki goli", "diabetes medicine"),
    ],
)
def test_rare_indian_misheard_and_lay_names_of_medicines_are_known(said, name):
    assert only(find_entities(talk(f"p: i take {said} every day")), name).kind == "drug"


def test_what_the_laboratory_measures_is_no_medicine_of_the_long_list():
    assert [e for e in find_entities(talk("c: sodium and glucose were normal")) if e.kind == "drug"] == []


@pytest.mark.parametrize("reply", ["no", "no not at all", "nope", "uh no", "never", "नहीं"])
def test_what_the_answer_denies_is_denied(reply):
    entities = find_entities(talk("a: any fever or dizziness", f"p: {reply}"))
    assert only(entities, "fever").negated
    assert only(entities, "dizziness").negated


def test_what_the_answer_confirms_is_a_finding():
    assert not only(find_entities(talk("c: Do you have diabetes?", "p: yes")), "diabetes").negated


def test_no_just_the_cough_denies_the_fever_only():
    entities = find_entities(talk("c: any fever or cough?", "p: no just the cough"))
    assert only(entities, "fever").negated
    assert not any(e.negated for e in entities if e.name == "cough")


def test_a_question_without_a_clear_answer_states_nothing():
    assert find_entities(talk("c: any chest pain?", "p: why do you ask")) == []


def test_the_assistants_advice_is_no_finding():
    assert find_entities(talk("a: You should call us if you get chest pain.", "p: ok")) == []


def test_a_denial_ends_where_a_new_sentence_begins():
    entities = find_entities(talk("p: no fever and i have a cough"))
    assert only(entities, "fever").negated
    assert not only(entities, "cough").negated


def test_hindi_negation_stands_after_what_it_denies():
    assert only(find_entities(talk("p: मुझे बुखार नहीं है")), "fever").negated
    assert not only(find_entities(talk("p: मुझे बुखार है")), "fever").negated


def test_the_family_has_its_own_findings():
    entities = find_entities(talk("p: my father had a stroke", "p: my wife says i snore"))
    assert only(entities, "stroke").experiencer == "family"
    assert only(entities, "snoring").experiencer == "patient"


@pytest.mark.parametrize(
    ("said", "name", "time"),
    [
        ("p: i used to take aspirin", "aspirin", "past"),
        ("p: i take aspirin", "aspirin", "current"),
        ("c: let's start amoxicillin", "amoxicillin", "planned"),
        ("p: the ringing started three weeks ago", "tinnitus", "current"),
    ],
)
def test_when_is_told_apart(said, name, time):
    assert only(find_entities(talk(said)), name).time == time


def test_the_side_is_the_nearest_one():
    entities = find_entities(talk("p: ringing in my left ear and all right otherwise"))
    assert only(entities, "tinnitus").side == "left"
    assert only(find_entities(talk("p: i have a headache right now")), "headache").side is None


@pytest.mark.parametrize(
    "said", ["c: one thirty over eighty five", "c: BP 130/85 today", "c: blood pressure is 130 over 85"]
)
def test_blood_pressure_is_read_however_it_is_said(said):
    assert only(find_entities(talk(said)), "blood pressure").value == "130/85 mmHg"


def test_a_hearing_threshold_has_level_pitch_and_side():
    found = only(find_entities(talk("c: forty decibels at four thousand hertz in the left ear")), "hearing threshold")
    assert (found.value, found.side) == ("40 dB at 4000 Hz", "left")


def test_an_allergy_is_no_medication():
    entities = find_entities(talk("a: any allergies", "p: yes penicillin it gives me a rash"))
    assert only(entities, "penicillin").kind == "allergy"
    assert only(find_entities(talk("p: i am allergic to peanuts")), "peanuts").kind == "allergy"


def test_having_no_allergies_is_told():
    assert only(find_entities(talk("c: any allergies?", "p: no")), "any").negated


@pytest.mark.parametrize(
    "text",
    ["", "   ", "12345 67890", "\u202e\u200f\u2066", "😀" * 50, "no " * 3_000, "?" * 2_000, "\x00\ufeff", "İİİ fever"],
)
def test_odd_text_is_survived_and_offsets_stay_true(text):
    utterances = [Utterance(id="a", speaker="clinician", text=text), Utterance(id="b", speaker="patient", text=text)]
    sources = {u.id: u.text for u in utterances}
    for entity in find_entities(utterances):
        if not entity.attributes:
            assert sources[entity.utterance_id][entity.start : entity.end] == entity.text


def test_a_text_beyond_the_limit_is_refused_by_type():
    with pytest.raises(TextTooLarge):
        find_entities([Utterance(id="a", speaker="patient", text="a " * 30_000)])


def test_two_utterances_with_one_id_are_refused():
    with pytest.raises(AmbiguousUtterances):
        find_entities([Utterance(id="a", speaker="patient", text="x"), Utterance(id="a", speaker="patient", text="y")])
