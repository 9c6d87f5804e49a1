"""The judge, sentence by sentence: what is said, a statement that holds, and the same with one thing wrong."""

import pytest

from auricle.ai.entities.find import find_entities
from auricle.ai.port import Draft, Evidence, Statement, Utterance
from auricle.ai.soap.draft import write_extractive
from auricle.ai.soap.judge import judge
from tests.ai.conversations import talk

WRONG = {"contradicted", "unsupported"}


def judged(text, *said, section="subjective", kind="fact"):
    utterances = talk(*said)
    evidence = [Evidence(utterance_id=u.id, start=0, end=len(u.text), quote=u.text) for u in utterances]
    note = Draft(statements=[Statement(section=section, text=text, kind=kind, evidence=evidence)])
    return judge(note, utterances, find_entities(utterances)).statements[0]


def holds(text, *said, **shape):
    return judged(text, *said, **shape).verdict == "supported"


def objections(text, *said, **shape):
    return {c.name for c in judged(text, *said, **shape).checks if c.verdict == "conflict"}


@pytest.mark.parametrize(
    ("said", "right", "wrong"),
    [
        ("i take glycomet five hundred one in the morning and one at night",
         "Takes metformin 500, one in the morning and one at night.", "Takes metformin 501 in the morning."),
        ("my temperature was a hundred and one point two", "Temperature of 101.2 °F.", "Temperature of 101.2 °C."),
        ("teen din se bukhar hai", "Bukhar for 3 days.", "Bukhar for 5 days."),
        ("डेढ़ साल से कम सुनाई देता है", "Hearing loss for 1.5 years.", "Hearing loss for 2.5 years."),
        ("मेरा शुगर १८० आया था", "Sugar was 180.", "Sugar was 108."),
        ("started around the fifteenth of march", "Started around 15 March.", "Started around 15 May."),
        ("my first dose was on january 15th , 2021", "First dose on 01/15/2021.", "First dose on 01/16/2021."),
        ("i have had this for a week", "Had this for 7 days.", "Had this for 7 weeks."),
        ("i have had a cough for three days", "3/7 of cough.", "3/52 of cough."),
        ("the x-ray from last week was clear", "X-ray last week was clear.", "X-ray last month was clear."),
    ],
)  # fmt: skip
def test_a_number_is_the_same_however_it_is_said_and_no_other(said, right, wrong):
    assert holds(right, f"p: {said}")
    assert "number" in objections(wrong, f"p: {said}")


@pytest.mark.parametrize(
    ("said", "right", "wrong"),
    [
        ("i take it every six hours", "Every 6 hours.", "Twice a day."),
        ("i take it once a day", "Takes it daily.", "Takes it once a week."),
        ("दवा दिन में दो बार लेता हूं", "Takes it twice a day.", "Takes it once a day."),
        ("two puffs when i need it", "2 puffs as needed.", "2 puffs three times a day."),
        ("lasix forty milligrams every morning", "Lasix 40 mg in the morning.", "Lasix 40 mg at night."),
    ],
)
def test_how_often_is_compared_by_its_meaning(said, right, wrong):
    assert "number" not in objections(right, f"p: {said}")
    assert "number" in objections(wrong, f"p: {said}")


def test_two_numbers_that_changed_places_are_found():
    said = "p: insulin twelve units before breakfast and eight units before dinner"
    assert holds("Insulin 12 units before breakfast, 8 units before dinner.", said)
    assert "number" in objections("Insulin 8 units before breakfast, 12 units before dinner.", said)


def test_a_unit_that_the_measured_thing_cannot_have_is_found():
    said = "c: hemoglobin is eleven point two"
    assert "number" not in objections("Hemoglobin 11.2 g/dL.", said, section="objective")
    assert "number" in objections("Hemoglobin 11.2 mg/dL.", said, section="objective")


@pytest.mark.parametrize(
    ("said", "right", "wrong"),
    [
        ("there is wax in the left canal the right drum is intact", "Right drum intact.", "Left drum is intact."),
        ("my left ear feels full and the right one rings", "Tinnitus in the right ear.", "Tinnitus in the left ear."),
        ("pure tone average is thirty five on the right and fifty five on the left", "PTA 35 right, 55 left.",
         "PTA 55 right, 35 left."),
        ("both knees are swollen the left more than the right", "Bilateral knee swelling, left more than right.",
         "Bilateral knee swelling, right more than left."),
        ("numbness in both feet", "Bilateral foot numbness.", "Numbness in the left foot."),
        ("मेरे बाएं कान में दर्द है", "Left ear pain.", "Right ear pain."),
    ],
)  # fmt: skip
def test_a_side_goes_with_what_stands_on_it(said, right, wrong):
    assert "side" not in objections(right, f"c: {said}")
    assert "side" in objections(wrong, f"c: {said}")


def test_right_now_is_no_side():
    assert "side" not in objections("Right knee pain.", "p: my right knee hurts right now")
    assert "side" in objections("Right knee pain.", "p: my knee hurts right now")


def test_a_denial_reaches_over_its_list_and_ends_at_but():
    said = "p: i've had nausea but no vomiting or diarrhea"
    assert holds("Nausea without vomiting or diarrhea.", said)
    assert "negation" in objections("Denies nausea, vomiting, or diarrhea.", said)
    assert "negation" in objections("Reports diarrhea.", said)


def test_a_denial_does_not_reach_the_place_behind_it_nor_a_new_subject():
    exam = "c: no bruising your eyes seem equal and reactive to light"
    assert holds("Eyes equal and reactive to light.", exam)
    assert holds("No edema in the legs.", "c: your legs have no edema")


@pytest.mark.parametrize(
    ("asked", "answer", "right", "wrong"),
    [
        ("nausea , vomiting , diarrhea", "no", "Denies nausea, vomiting.", "Reports vomiting."),
        ("if i lift your leg does that hurt", "no", "Denies hurt.", "Reports hurt."),
        ("any head injury recently", "uh no", "No head injury.", "Head injury."),
        ("क्या आपको बुखार है", "नहीं", "Denies fever.", "Reports fever."),
    ],
)
def test_a_question_is_one_however_it_is_asked(asked, answer, right, wrong):
    assert "negation" not in objections(right, f"c: {asked}", f"p: {answer}")
    assert "negation" in objections(wrong, f"c: {asked}", f"p: {answer}")


def test_an_order_that_ends_in_okay_is_no_question():
    said = ("c: i want you to start physical therapy , okay ?", "p: okay .")
    assert holds("Start physical therapy.", *said, section="plan", kind="plan")


def test_a_number_taken_back_between_two_denies_nothing():
    said = "p: i take ibuprofen four hundred no five hundred milligrams twice a day"
    assert judged("Takes ibuprofen 500 mg twice a day.", said).verdict == "inferred"


@pytest.mark.parametrize(
    ("said", "right", "wrong"),
    [
        ("let's start lasix forty milligrams", "Start Lasix 40 mg.", "Stop Lasix."),
        ("let's stop the amlodipine and start losartan", "Stop amlodipine.", "Stop losartan."),
        ("i would go up on the lisinopril to twenty milligrams", "Increase lisinopril to 20 mg.",
         "Decrease lisinopril to 20 mg."),
        ("levothyroxine stays at fifty micrograms", "Levothyroxine unchanged at 50 mcg.", "Stop levothyroxine."),
    ],
)  # fmt: skip
def test_started_stopped_raised_and_lowered_are_told_apart_for_each_medicine(said, right, wrong):
    assert "time" not in objections(right, f"c: {said}", section="plan", kind="plan")
    assert "time" in objections(wrong, f"c: {said}", section="plan", kind="plan")


@pytest.mark.parametrize(
    ("said", "right", "wrong"),
    [
        ("i used to smoke a pack a day i stopped in twenty fifteen", "Stopped smoking in 2015.", "Currently smokes."),
        ("i still smoke ten cigarettes a day", "Smokes 10 cigarettes a day.", "Former smoker, 10 cigarettes a day."),
        ("i ran out of my atenolol and haven't taken it since", "Ran out of atenolol.", "Currently takes atenolol."),
    ],
)
def test_what_is_over_is_not_told_as_going_on(said, right, wrong):
    assert holds(right, f"p: {said}")
    assert "time" in objections(wrong, f"p: {said}")


def test_each_relative_keeps_their_own_illness():
    said = "p: my dad had a heart attack at fifty and my sister has thyroid trouble"
    assert holds("Father had a heart attack at 50; sister has thyroid disease.", said)
    assert "experiencer" in objections("Sister had a heart attack.", said)
    assert "experiencer" in objections("Mother had a heart attack.", said)
    assert "experiencer" in objections("Patient had a heart attack.", said)


def test_who_only_reports_is_not_the_one_who_has_it():
    said = "p: my wife says i snore a lot"
    assert "experiencer" not in objections("Wife says that the patient snores.", said)
    assert "experiencer" not in objections("Snores a lot.", said)


@pytest.mark.parametrize(
    "text",
    ["Heart regular. Abdomen is soft.", "Gait is steady.", "Creatinine is 1.1.", "Romberg test is negative."],
)
def test_an_examination_that_nobody_made_is_unsupported(text):
    assert judged(text, "c: your heart is regular", section="objective").verdict in WRONG


def test_a_clause_of_a_statement_needs_words_of_its_own():
    said = "p: i have a cough"
    assert holds("Reports cough.", said)
    assert judged("Reports cough. Walks the dog on sunny days.", said).verdict == "unsupported"


def test_a_medicine_in_no_list_is_known_by_its_ending():
    assert "drug" in objections("Takes zorboprilapril.", "p: i take lisinopril") or "drug" in objections(
        "Takes vexoprolol.", "p: i take metoprolol"
    )


def test_a_medicine_that_is_fine_is_no_allergy():
    said = "p: penicillin gives me a rash sulfa is fine"
    assert "drug" in objections("Allergic to sulfa.", said)
    assert "drug" not in objections("Allergic to penicillin (rash).", said)
    assert "negation" in objections("No drug allergies.", said)


def test_a_name_that_was_masked_does_not_come_back_as_another():
    said = "c: you will see dr [PERSON_2] in cardiology next thursday"
    plan = {"section": "plan", "kind": "plan"}
    assert holds("Cardiology appointment with Dr. [PERSON_2] next Thursday.", said, **plan)
    assert objections("Cardiology appointment with Dr. Mehta next Thursday.", said, **plan) == {"placeholder"}
    assert "number" in objections("Cardiology appointment with Dr. [PERSON_2] next Tuesday.", said, **plan)
    assert "support" in objections("Neurology appointment with Dr. [PERSON_2] next Thursday.", said, **plan)


def test_a_brand_its_substance_and_a_lay_word_are_one():
    assert holds("Takes furosemide 40 mg.", "p: i take lasix forty milligrams")
    assert holds("Dizziness.", "p: i feel giddy")
    assert holds("Hypertension.", "p: i have high bp")


def test_a_statement_too_long_to_compare_is_unsupported():
    long = "pain " * 4_100
    assert judged(long, "p: pain").verdict == "unsupported"
    assert judged("Reports pain.", f"p: {long}").verdict == "unsupported"


@pytest.mark.parametrize(
    "piece", ["no pain ", "left ear ", "1/7 ", "my mother has ", "stop ", "four hundred ", "a" * 50 + " ", ", ", "दो "]
)
def test_a_statement_of_one_word_over_and_over_is_judged(piece):
    text = (piece * 400)[:3_900]
    assert judged(text, f"c: {text}").verdict is not None


def test_many_statements_on_one_thing_are_compared_a_few_at_a_time():
    source = Utterance(id="0", speaker="patient", text="fever")
    evidence = [Evidence(utterance_id="0", start=0, end=5, quote="fever")]
    texts = ["Reports fever.", "Denies fever."] * 60
    note = Draft(statements=[Statement(section="subjective", text=t, evidence=evidence) for t in texts])
    assert {s.verdict for s in judge(note, [source], find_entities([source])).statements} == {
        "contradicted",
        "supported",
    }


def test_a_return_that_the_note_does_not_tell_is_missing_with_its_words():
    utterances = talk("p: i have a cough", "c: i want you to come back in six weeks")
    entities = find_entities(utterances)

    def missing(*texts):
        evidence = [Evidence(utterance_id="u0", start=0, end=5, quote=utterances[0].text[:5])]
        note = Draft(statements=[Statement(section="subjective", text=t, evidence=evidence) for t in texts])
        return [(m.kind, m.evidence.quote) for m in judge(note, utterances, entities).missing]

    assert missing("Reports cough.", "Return in 6 weeks.") == []
    assert missing("Reports cough.", "Return in 2 weeks.") == [("follow_up", "come back in six weeks")]


def test_a_special_finding_carries_the_general_one():
    utterances = talk("p: i have pain in my ear")
    evidence = [Evidence(utterance_id="u0", start=0, end=6, quote="i have")]
    note = Draft(statements=[Statement(section="subjective", text="Left ear pain.", evidence=evidence)])
    assert judge(note, utterances, find_entities(utterances)).missing == []


@pytest.mark.parametrize(
    ("said", "taken"),
    [
        ("Taking some paracetamol can also help.", False),
        ("I am a little bit on the edge about giving you antibiotics.", False),
        ("I would suggest some ibuprofen for that.", False),
        ("And you are still taking your lisinopril, 20 mg a day.", True),
        ("I see that you have been on metformin for a year.", True),
        ("Continue the metoprolol as before.", True),
    ],
)
def test_a_medicine_that_a_clinician_only_proposes_is_not_taken(said, taken):
    utterances = [Utterance(id="1", speaker="clinician", text=said)]
    found = find_entities(utterances)
    drafted = [one.text for one in write_extractive(utterances, found).statements]
    assert taken or not any(text.startswith("Takes") for text in drafted)
    drug = next(one.text for one in found if one.kind == "drug")
    evidence = [Evidence(utterance_id="1", start=0, end=len(said), quote=said)]
    claim = Statement(section="subjective", text=f"Takes {drug}.", evidence=evidence)
    checks = judge(Draft(statements=[claim]), utterances, found).statements[0].checks
    assert any("propose" in check.detail for check in checks) is not taken
