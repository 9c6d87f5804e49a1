import pytest

from auricle.ai.port import Utterance
from auricle.ai.soap.rewrite import HE, SHE, THEY, about_patient, assessed, finding, order, pronouns_of, third_person
from auricle.ai.soap.speech import clean, figures
from tests.ai.conversations import talk


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("um , i- i feel , i feel bloated every once in a while", "Patient feels bloated every once in a while."),
        ("i do n't know if it 's the weather", "Patient does not know if it is the weather."),
        ("and i think i need to rest and i 'm tired", "Patient thinks she needs to rest and she is tired."),
        ("my wife makes sure i stay on top of that", "Reports her wife makes sure she stays on top of that."),
        ("when i walk it hurts , you know", "When the patient walks it hurts."),
        ("i took eighty milligrams of lasix for three weeks", "Patient took 80 mg of lasix for three weeks."),
        ("it was about ten out of ten and", "Reports it was about 10/10."),
    ],
)
def test_the_patients_words_are_told_in_the_third_person(said, written):
    assert third_person(said, SHE) == written


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("so on your heart exam , i do appreciate a two out of six murmur , okay ?", "Heart exam: a 2/6 murmur."),
        ("looking at the results of your x-ray , i do n't see any fracture", "X-ray: no fracture."),
        ("your lungs are nice and clear", "Lungs are nice and clear."),
        ("you do have some swelling of your knee", "Some swelling of the knee."),
    ],
)
def test_an_examination_is_told_as_a_finding(said, written):
    assert finding(said, HE) == written


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("so i wan na go ahead and increase your lasix to 80 mg", "Increase the patient's lasix to 80 mg."),
        ("we 'll have you come back in a week", "Come back in a week."),
        ("let 's prescribe you some meloxicam , okay ?", "Prescribe some meloxicam."),
        ("i do n't think you need a scan", "I do not think the patient needs a scan."),
    ],
)
def test_an_order_is_told_as_one(said, written):
    assert order(said, HE) == written


def test_a_problem_that_is_named_first_becomes_its_own_heading():
    said = "so for your second problem , your back pain , i think you have a strain"
    assert assessed(said, HE) == "Back pain: I think the patient has a strain."
    assert assessed("for your last problem , your diabetes", HE) == "Diabetes."


def test_the_clinician_stays_i_and_the_patient_is_named_once():
    said = "i want you to call me if you have pain and we will see you"
    assert about_patient(said, SHE) == "I want the patient to call me if she has pain and we will see her."


def test_the_patient_is_they_unless_the_clinician_says_otherwise():
    assert pronouns_of(talk("p: i am a 40 year old man")) is THEY
    assert pronouns_of(talk("c: your mother is a 70 year old female")) is THEY
    assert pronouns_of(talk("c: this is a 58 year old male here for a cough")) is HE
    document = Utterance(id="d", speaker="document", text="Asha is a pleasant 43-year-old female.")
    assert pronouns_of([document]) is SHE


@pytest.mark.parametrize(
    "said", ["no fever", "right ear hurts", "well controlled", "one one two", "it is not good", "great toe pain"]
)
def test_words_that_carry_a_fact_are_no_fillers(said):
    assert clean(said) == said


def test_spans_of_time_stay_words_and_measures_become_figures():
    assert figures("three weeks, twenty pounds, eight centimeters, one fifty") == "three weeks, 20 lb, 8 cm, 150"
