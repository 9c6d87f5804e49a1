import pytest

from auricle.safety.redflags import default_watch

SAID = [
    ("chest_pain", "my husband is holding his chest and sweating a lot"),
    ("chest_pain", "pins and needles in my left arm and i feel sweaty and sick"),
    ("stroke", "he is talking like he is drunk but he hasnt been drinking"),
    ("stroke", "right hand and right leg not lifting"),
    ("suicidal_intent", "no point in anything anymore i want to die"),
    ("suicidal_intent", "nobody would miss me if i was gone"),
    ("anaphylaxis", "his lips went fat after the bee sting"),
    ("breathing_trouble", "breath is not coming"),
    ("breathing_trouble", "oxygen level showing 82"),
    ("severe_bleeding", "bleeding is not getting controlled"),
    ("overdose", "she has taken the whole strip"),
    ("pregnancy_emergency", "no kicks since morning"),
    ("sudden_hearing_loss", "my left ear just stopped working last night"),
    ("chest_pain", "it feels like an elephant sitting on my chest"),
    ("chest_pain", "there is like a band around my chest getting tighter"),
    ("chest_pain", "the pain is shooting down my left arm and I am sweating"),
    ("chest_pain", "chest pain since 20 minutes doctor"),
    ("chest_pain", "my dad is clutching, he has terrible chest pain"),
    ("stroke", "my husband's face has dropped on one side"),
    ("stroke", "her words are coming out wrong all of a sudden"),
    ("stroke", "my arm just went dead and I can't lift it"),
    ("stroke", "this is the worst headache I ever had"),
    ("suicidal_intent", "I don't want to be here any more"),
    ("suicidal_intent", "everyone would be better off without me"),
    ("suicidal_intent", "there is nothing left to live for"),
    ("suicidal_intent", "my son says he is going to kill himself"),
    ("anaphylaxis", "my throat is closing up after the injection"),
    ("anaphylaxis", "she was stung and her lips are huge"),
    ("breathing_trouble", "I can't catch my breath"),
    ("breathing_trouble", "I am out of breath even sitting"),
    ("breathing_trouble", "his oxygen is dropping"),
    ("severe_bleeding", "blood is pouring from the cut"),
    ("severe_bleeding", "I threw up blood this morning"),
    ("overdose", "she took twenty paracetamol tablets"),
    ("overdose", "my toddler drank floor cleaner"),
    ("loss_of_consciousness", "I can't wake my father"),
    ("loss_of_consciousness", "she just keeled over"),
    ("seizure", "he is foaming at the mouth and shaking"),
    ("pregnancy_emergency", "I am eight months pregnant and there is bleeding"),
    ("pregnancy_emergency", "I haven't felt the baby since last night"),
    ("sudden_hearing_loss", "all of a sudden I can't hear anything on the right"),
    ("sudden_hearing_loss", "I woke up this morning deaf in one ear"),
    ("battery_swallowed", "I think the baby swallowed one of the button cells"),
    ("head_injury", "he fell, hit his head and now he is vomiting"),
    ("meningitis_signs", "she has a stiff neck and fever"),
    ("chest_pain", "no, I have chest pain"),
    ("chest_pain", "ten years ago I had a heart attack and now I have chest pain"),
    ("chest_pain", "I have never had chest pain like this before"),
    ("chest_pain", "my chest really hurts and I don't have anyone here"),
]
NOT_SAID = [
    "that bill gave me a heart attack",
    "in the film he has a heart attack",
    "the doctor asked me about chest pain and i said no",
    "is chest pain common with gas",
    "i was choking with laughter",
    "i got food poisoning last month",
    "i dropped things off at reception",
    "my chest does not hurt",
    "no pain in the chest at all",
    "I had chest pain ten years ago",
    "I'm here for a hearing aid fitting",
    "the hearing aid is not responding",
    "I cut myself shaving",
    "I don't want to kill myself",
    "what are the symptoms of a heart attack",
    "what should people do if someone faints",
    "can loud noise cause hearing loss suddenly",
    "the battery is stuck in my hearing aid",
    "I can't wake up early in the morning",
    "I can't talk right now",
    "my father had a stroke in 2015",
    "the left hearing aid suddenly stopped working",
    "any breathlessness? no, nothing like that",
    "I want to stop the tablets",
    "in case of chest pain whom do I call",
]


@pytest.mark.parametrize(("category", "text"), SAID)
def test_what_people_say_in_english_is_caught(category, text):
    assert category in {flag.category for flag in default_watch().search_all(text)}


@pytest.mark.parametrize("text", NOT_SAID)
def test_what_is_no_emergency_in_english_is_let_pass(text):
    assert default_watch().search(text) is None
