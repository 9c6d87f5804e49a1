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


@pytest.mark.parametrize(
    ("said", "value", "schedule"),
    [
        ("metformin 500 mg 1-0-1", "500 mg", "in the morning, at night"),
        ("amoxicillin five hundred milligrams TDS", "500 mg", "three times a day"),
        ("zolpidem 5 mg HS SOS", "5 mg", "at bedtime, as needed"),
        ("metformin one gram BD", "1 g", "twice a day"),
        ("prednisolone half a tablet OD", "0.5 tablets", "once a day"),
    ],
)
def test_a_prescribers_habit_is_read_as_a_schedule(said, value, schedule):
    found = only(find_entities(talk(f"p: i take {said}")), said.split()[0])
    assert (found.value, found.attributes["schedule"]) == (value, schedule)


def test_half_a_tablet_at_night_for_two_weeks_is_a_whole_dose():
    found = only(find_entities(talk("c: take prednisolone half a tablet at night for two weeks")), "prednisolone")
    assert found.attributes["frequency"] == "at night"
    assert (found.value, found.attributes["duration"], found.attributes["action"]) == (
        "0.5 tablets",
        "for two weeks",
        "start",
    )


@pytest.mark.parametrize(
    ("said", "name", "value"),
    [
        ("hemoglobin is 10.9 g/dL", "hemoglobin", "10.9 g/dL"),
        ("potassium 5.4 millimoles per litre", "potassium", "5.4 mmol/L"),
        ("temperature 38.5 C", "temperature", "38.5 °C"),
        ("temperature is 101.2 degrees fahrenheit", "temperature", "101.2 °F"),
    ],
)
def test_a_value_keeps_its_unit(said, name, value):
    assert only(find_entities(talk(f"c: {said}")), name).value == value


@pytest.mark.parametrize(
    ("said", "name", "time", "action"),
    [
        ("c: take ibuprofen three times a day", "ibuprofen", "planned", "start"),
        ("c: stop the diclofenac", "diclofenac", "planned", "stop"),
        ("c: you take metformin twice a day", "metformin", "current", None),
        ("p: i take metformin", "metformin", "current", None),
        ("d: Past history: stroke, hypertension.", "stroke", "past", None),
        ("d: Plan: mri.", "mri", "planned", None),
        ("p: i took stemetil before", "prochlorperazine", "past", None),
    ],
)
def test_orders_and_headings_tell_when(said, name, time, action):
    found = only(find_entities(talk(said)), name)
    assert (found.time, found.attributes.get("action")) == (time, action)


def test_a_family_history_of_a_letter_is_the_familys():
    assert only(find_entities(talk("d: Family history: diabetes.")), "diabetes").experiencer == "family"


@pytest.mark.parametrize(
    ("said", "name"), [("p: mujhe sugar hai", "diabetes"), ("p: i take telma for bp", "hypertension")]
)
def test_a_lay_word_is_the_illness_that_people_mean(said, name):
    assert only(find_entities(talk(said)), name).kind == "problem"


@pytest.mark.parametrize("said", ["p: i put sugar in my tea", "p: i avoid sugar", "c: sugar is 160"])
def test_sugar_is_mostly_sugar(said):
    assert not [e for e in find_entities(talk(said)) if e.kind == "problem"]


def test_a_few_words_answered_by_no_were_a_question():
    assert only(find_entities(talk("c: wheezing at night", "p: no")), "wheezing").negated


def test_a_medicine_and_its_form_are_one():
    (found,) = [
        e for e in find_entities(talk("c: ciprofloxacin ear drops three drops twice a day")) if e.kind == "drug"
    ]
    assert (found.text, found.value) == ("ciprofloxacin ear drops", "3 drops")
