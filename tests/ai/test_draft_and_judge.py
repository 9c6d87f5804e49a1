import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auricle.ai.entities.find import find_entities
from auricle.ai.port import Draft, Entity, Evidence, Statement
from auricle.ai.soap.draft import METHOD, write_extractive
from auricle.ai.soap.judge import judge
from tests.ai.conversations import talk

INTAKE = talk(
    "a: Hello, I am an AI assistant. What brings you in today?",
    "p: i have had ringing in my left ear for three weeks and my hearing got worse",
    "a: Do you have any fever, dizziness or chest pain?",
    "p: no",
    "a: Which medicines do you take, and how much?",
    "p: i take ibuprofen four hundred milligrams twice a day",
    "a: Any allergies?",
    "p: i am allergic to penicillin it gives me a rash",
    "a: You should avoid loud music. Call 112 if you get chest pain.",
)


def drafted(utterances):
    entities = find_entities(utterances)
    return write_extractive(utterances, entities), entities


def verdict(text, *turns, section="subjective", kind="fact"):
    utterances = talk(*turns)
    evidence = [Evidence(utterance_id=u.id, start=0, end=len(u.text), quote=u.text) for u in utterances]
    note = Draft(statements=[Statement(section=section, text=text, kind=kind, evidence=evidence)])
    return judge(note, utterances, find_entities(utterances)).statements[0].verdict


def test_an_intake_by_the_assistant_becomes_a_note_of_the_patients_words():
    note, _ = drafted(INTAKE)
    texts = " ".join(s.text.lower() for s in note.statements)
    assert note.method == METHOD
    for fact in (
        "ibuprofen 400 mg twice a day",
        "left ear",
        "three weeks",
        "denies fever, dizziness, chest pain",
        "allergic to penicillin (rash)",
    ):
        assert fact in texts
    assert "loud music" not in texts
    assert "112" not in texts


def test_every_statement_quotes_the_source_verbatim():
    sources = {u.id: u.text for u in INTAKE}
    for statement in drafted(INTAKE)[0].statements:
        assert statement.evidence
        for evidence in statement.evidence:
            assert sources[evidence.utterance_id][evidence.start : evidence.end] == evidence.quote


def test_the_judge_agrees_with_an_honest_draft_and_finds_nothing_missing():
    note, entities = drafted(INTAKE)
    judged = judge(note, INTAKE, entities)
    assert judged.approved
    assert (judged.missing, judged.completeness) == ([], 1.0)


def test_what_the_note_leaves_out_is_listed_with_its_words():
    note, entities = drafted(INTAKE)
    shorter = note.model_copy(
        update={"statements": [s for s in note.statements if "ibuprofen" not in s.text and "Denies" not in s.text]}
    )
    judged = judge(shorter, INTAKE, entities)
    assert {m.kind for m in judged.missing} == {"drug", "red_flag"}
    assert judged.completeness < 1
    assert any(m.evidence.quote.startswith("ibuprofen") for m in judged.missing)


def test_a_leading_no_or_side_is_never_lost_in_rewriting():
    texts = [
        s.text.lower()
        for s in drafted(talk("p: right ear hurts since monday", "p: no fever but i have a bad cough"))[0].statements
    ]
    assert any("right ear" in t for t in texts)
    assert all("fever" not in t or "no fever" in t or "denies fever" in t for t in texts)


def test_a_clinicians_order_goes_to_the_plan_and_an_examination_to_objective():
    note, _ = drafted(
        talk(
            "c: The right eardrum is red on examination.",
            "c: I want you to start amoxicillin 500 mg three times a day for ten days.",
        )
    )
    assert [(s.section, s.kind) for s in note.statements] == [("objective", "fact"), ("plan", "plan")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Takes ibuprofen 400 mg twice a day.", "supported"),
        ("Takes ibuprofen 600 mg twice a day.", "contradicted"),
        ("Takes ibuprofen 400 g twice a day.", "contradicted"),
        ("Takes ibuprofen 400 mg once a day.", "contradicted"),
        ("Takes naproxen 400 mg twice a day.", "contradicted"),
        ("Does not take ibuprofen.", "contradicted"),
        ("Previously took ibuprofen 400 mg twice a day.", "contradicted"),
        ("Mother takes ibuprofen 400 mg twice a day.", "contradicted"),
        ("Walks the dog on sunny mornings.", "unsupported"),
    ],
)
def test_a_changed_medication_is_caught(text, expected):
    assert verdict(text, "p: i take ibuprofen four hundred milligrams twice a day") == expected


def test_a_swapped_side_is_caught_only_where_it_is_swapped():
    said = "c: the right eardrum is red and the left one looks normal"
    assert verdict("The right eardrum is red.", said, section="objective") == "supported"
    assert verdict("The left eardrum is red.", said, section="objective") == "contradicted"


def test_an_answered_question_supports_a_denial_and_not_its_opposite():
    asked = ("a: any fever or cough?", "p: no")
    assert verdict("Denies fever and cough.", *asked) == "supported"
    assert verdict("Reports fever and cough.", *asked) == "contradicted"


def test_an_examination_nobody_made_is_unsupported():
    said = "p: my chest feels heavy"
    assert verdict("Lungs clear to auscultation.", said, section="objective") == "unsupported"


def test_what_a_relative_has_is_not_the_patients():
    assert verdict("Patient has diabetes.", "p: my mother has diabetes") == "contradicted"
    assert verdict("Mother has diabetes.", "p: my mother has diabetes") == "supported"


def test_inference_is_allowed_in_the_assessment_only():
    said = "p: ringing in my left ear for three weeks"
    assert verdict("Suspected cochlear cause.", said, section="assessment", kind="inferred") == "inferred"
    assert verdict("Suspected cochlear cause.", said, section="subjective", kind="inferred") == "unsupported"


def test_a_forged_quote_is_no_evidence():
    utterances = talk("p: i have a cough")
    forged = [
        Evidence(utterance_id="u0", start=0, end=8, quote="i have a fever"),
        Evidence(utterance_id="zz", start=0, end=1, quote="x"),
    ]
    note = Draft(
        statements=[
            Statement(section="subjective", text="Reports fever.", evidence=forged),
            Statement(section="plan", text="Rest."),
        ]
    )
    judged = judge(note, utterances, find_entities(utterances))
    assert [s.verdict for s in judged.statements] == ["unsupported", "unsupported"]
    assert not judged.approved


def test_a_placeholder_that_the_source_does_not_have_is_refused():
    assert verdict("[PERSON_1] has a cough.", "p: [PERSON_1] has a cough") == "supported"
    assert verdict("[PERSON_2] has a cough.", "p: [PERSON_1] has a cough") == "unsupported"


def test_an_empty_note_is_not_approved():
    assert not judge(Draft(statements=[]), INTAKE, find_entities(INTAKE)).approved


def test_a_patients_question_is_no_finding_and_an_accepted_offer_is_a_plan():
    asked = "p: how should i prepare for the hearing test"
    assert drafted(talk(asked))[0].statements == []
    note, _ = drafted(talk("a: Shall I book a hearing test for Monday?", "p: yes please"))
    assert [(s.section, s.text) for s in note.statements] == [("plan", "Agreed: book a hearing test for Monday.")]
    assert drafted(talk("a: Shall I book a hearing test for Monday?", "p: no thank you"))[0].statements == []


def test_a_document_keeps_its_own_sections():
    note, _ = drafted(talk("d: Chief complaint\nHearing loss in the right ear.\nPlan\nHearing aid trial next month."))
    assert [s.section for s in note.statements] == ["subjective", "plan"]


ASKED = ("a: do you have any pain fever dizziness or discharge", "p: no fever and no dizziness")


@pytest.mark.parametrize("text", ["Denies pain, fever, dizziness, discharge.", "Denies discharge.", "Reports fever."])
def test_the_judge_does_not_repeat_the_finders_mistake(text):
    utterances = talk(*ASKED)
    evidence = [Evidence(utterance_id=u.id, start=0, end=len(u.text), quote=u.text) for u in utterances]
    misread = [
        Entity(kind="symptom", text=word, name=word, utterance_id="u0", start=at, end=at + len(word), negated=denied)
        for word, denied in [("pain", True), ("fever", text.startswith("Denies")), ("discharge", True)]
        if (at := utterances[0].text.index(word)) >= 0
    ]
    note = Draft(statements=[Statement(section="subjective", text=text, evidence=evidence)])
    assert judge(note, utterances, misread).statements[0].verdict in {"contradicted", "unsupported"}


def together(*texts):
    said = "i have a fever and no fever and takes aspirin and pain in my left ear and my knee hurts a bit at night"
    utterances = talk(f"p: {said}")
    evidence = [Evidence(utterance_id="u0", start=0, end=len(said), quote=said)]
    note = Draft(statements=[Statement(section="subjective", text=t, evidence=evidence) for t in texts])
    judged = judge(note, utterances, find_entities(utterances)).statements
    return [any("another statement" in c.detail for c in s.checks) for s in judged]


def test_what_one_statement_reports_another_may_not_deny():
    assert together("Reports fever.", "Denies fever, dizziness.", "Reports cough.") == [True, True, False]
    assert together("Takes aspirin 75 mg.", "Does not take aspirin.") == [True, True]
    assert together("Reports hearing aid, hearing test.", "Denies previous hearing test.") == [True, True]


def test_what_was_judged_before_keeps_its_verdict_and_is_only_compared_with_the_others():
    said = "p: i have a fever and no fever and takes aspirin"
    utterances = talk(said)
    evidence = [Evidence(utterance_id="u0", start=0, end=len(said) - 3, quote=said[3:])]
    before = [
        Statement(section="subjective", text=text, evidence=evidence, verdict=verdict)
        for text, verdict in (("Takes aspirin 75 mg.", "supported"), ("Reports fever.", "inferred"))
    ]
    denial = Statement(section="subjective", text="Denies fever.", evidence=evidence)

    def judged(*statements):
        return list(judge(Draft(statements=statements), utterances, find_entities(utterances)).statements)

    assert judged(*before) == before, "neither the wrong verdict nor the missing checks were made anew"
    aspirin, fever, denies = judged(*before, denial)
    assert aspirin == before[0] and (fever.verdict, denies.verdict) == ("contradicted", "contradicted")
    assert judged(*before, denial, denies)[:3] == [aspirin, fever, denies]
    assert judged(aspirin, fever)[1].checks == [] and judged(aspirin, fever)[1].verdict != "contradicted"


def test_two_statements_about_different_things_do_not_clash():
    assert not any(together("Reports ear pain in the left ear.", "Denies ear pain in the right ear."))
    assert not any(together("Reports their knee hurts a bit at night.", "Denies pain."))
    assert not any(together("Mother has diabetes.", "Denies diabetes."))
    assert not any(together("Patient had fever two years ago.", "Denies fever."))
    assert not any(together("Reports loud music.", "Denies factory noise."))


@pytest.mark.parametrize(
    ("said", "holds", "fails"),
    [
        ("p: i take ibuprofen four hundred no five hundred milligrams", "500 mg", "400 mg"),
        ("p: i take ibuprofen four hundred milligrams sorry i mean six hundred", "600 mg", "400 mg"),
        ("p: i take ibuprofen two hundred milligrams not four hundred", "200 mg", "400 mg"),
    ],
)
def test_a_dose_that_the_speaker_corrected_is_unsure_and_the_old_one_contradicted(said, holds, fails):
    note, _ = drafted(talk(said))
    assert [s.text for s in note.statements] == [f"Takes ibuprofen {holds}."]
    assert verdict(f"Takes ibuprofen {holds}.", said) == "inferred"
    assert verdict(f"Takes ibuprofen {fails}.", said) == "contradicted"
    assert (
        verdict("Takes ibuprofen 400 mg.", "p: i take ibuprofen four hundred milligrams no side effects") == "supported"
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("pca"), st.text(max_size=120)), max_size=6))
def test_any_talk_can_be_drafted_and_judged(turns):
    utterances = talk(*(f"{who}: {text}" for who, text in turns))
    note, entities = drafted(utterances)
    assert all(s.verdict != "unsupported" or s.checks for s in judge(note, utterances, entities).statements)
