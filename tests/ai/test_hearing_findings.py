"""Hearing care: audiograms, tympanograms, speech scores, reflexes, devices."""

import pytest

from auricle.ai.entities.audiogram import air_bone_gap, audiograms, mean_of
from auricle.ai.entities.find import find_entities
from auricle.ai.entities.hearing import levels_of
from tests.ai.conversations import talk


def named(entities, name):
    return [e for e in entities if e.name == name]


@pytest.mark.parametrize(
    ("said", "levels"),
    [
        ("Right: 250 Hz 20, 500 Hz 25, 1000 Hz 40", {250: 20, 500: 25, 1000: 40}),
        ("right ear forty at one k, fifty five at two k", {1000: 40, 2000: 55}),
        ("right forty at five hundred fifty at one k sixty at two k", {500: 40, 1000: 50, 2000: 60}),
        ("right ear 500: 30; 1k: 40; 2k: 55; 4k: NR", {500: 30, 1000: 40, 2000: 55, 4000: None}),
        ("on the right minus five at 500 hertz and 0 dB at 1 kHz", {500: -5, 1000: 0}),
        ("right 500 - 20, 1000 - 25, 2000 - 40", {500: 20, 1000: 25, 2000: 40}),
    ],
)
def test_an_audiogram_is_read_however_it_is_said(said, levels):
    (found,) = named(find_entities(talk(f"c: {said}")), "audiogram")
    assert (levels_of(found), found.side) == (levels, "right")


def test_both_ears_of_one_sentence_keep_their_own_thresholds():
    said = "the left ear is 30 at 500, 40 at 1000 and the right ear is 10 at 500, 15 at 1000"
    left, right = named(find_entities(talk(f"c: {said}")), "audiogram")
    assert (left.side, levels_of(left)) == ("left", {500: 30, 1000: 40})
    assert (right.side, levels_of(right)) == ("right", {500: 10, 1000: 15})


def test_a_table_gives_one_audiogram_a_row():
    text = "Hz | 250 | 500 | 1000 | 2000 | 4000\nRight AC | 15 | 20 | 25 | 40 | 65\nLeft BC | 10 | 15 | 20 | 30 | NR"
    air, bone = named(find_entities(talk(f"d: {text}")), "audiogram")
    assert (air.side, air.attributes["conduction"], levels_of(air)[4000]) == ("right", "air", 65)
    assert (bone.side, bone.attributes["conduction"], levels_of(bone)[4000]) == ("left", "bone", None)


def test_the_mean_names_its_frequencies_and_the_scale_of_its_degree():
    four, three = mean_of({500: 20, 1000: 25, 2000: 40, 4000: 65}), mean_of({500: 40, 1000: 50, 2000: 60, 4000: None})
    assert (four.db, four.rule, four.degree, four.scale) == (37.5, "0.5, 1, 2, 4 kHz", "moderate", "WHO 2021")
    assert (three.db, three.rule, three.degree) == (50, "0.5, 1, 2 kHz", "moderate")
    assert mean_of({500: 20, 1000: 25}) is None


@pytest.mark.parametrize(
    ("db", "degree"),
    [
        (19, "normal"),
        (20, "mild"),
        (35, "moderate"),
        (50, "moderately severe"),
        (65, "severe"),
        (80, "profound"),
        (95, "complete"),
    ],
)
def test_degrees_begin_where_who_says(db, degree):
    assert mean_of(dict.fromkeys((500, 1000, 2000, 4000), db)).degree == degree


def test_the_air_bone_gap_stands_with_the_air_conduction_of_its_ear():
    said = "air conduction on the right 40 at 500, 45 at 1000, 50 at 2000 bone 10 at 500, 10 at 1000, 15 at 2000"
    air, bone = named(find_entities(talk(f"c: {said}")), "audiogram")
    assert (air.attributes["air_bone_gap"], air.attributes["air_bone_gap_rule"]) == ("33.3", "0.5, 1, 2 kHz")
    assert "pta" not in bone.attributes
    assert air_bone_gap({500: 40}, {500: 10}) is None


@pytest.mark.parametrize(
    "said", ["insulin 20 units at 500", "metformin 500 mg, ramipril 5 mg", "call 500 20 1000 25", "BP 120/80"]
)
def test_other_numbers_are_no_audiogram(said):
    assert audiograms(said) == []


def test_a_tympanogram_has_type_side_and_numbers():
    said = "tympanogram on the left is type B with volume 0.9 ml, on the right type C with pressure minus 180"
    entities = find_entities(talk(f"c: {said}"))
    (left,), (right,) = named(entities, "type b tympanogram"), named(entities, "type c tympanogram")
    assert (left.side, left.attributes) == ("left", {"type": "B", "volume": "0.9 ml"})
    assert (right.side, right.attributes) == ("right", {"type": "C", "pressure": "-180 daPa"})


def test_diabetes_of_a_type_is_no_tympanogram():
    assert not [e for e in find_entities(talk("c: it is type b behaviour")) if e.kind == "hearing"]


def test_speech_scores_belong_to_their_ear():
    entities = find_entities(
        talk("d: SRT 30 dB HL right, WRS 88%. SRT 40 dB HL left, WRS 76%. PTA right 45 dB, left 60 dB")
    )
    scores = [(e.name, e.side, e.value) for e in entities if e.value]
    assert scores == [
        ("speech reception threshold", "right", "30 dB HL"), ("word recognition score", "right", "88%"),
        ("speech reception threshold", "left", "40 dB HL"), ("word recognition score", "left", "76%"),
        ("pure tone average", "right", "45 dB"), ("pure tone average", "left", "60 dB"),
    ]  # fmt: skip


def test_reflexes_and_a_matched_tinnitus_keep_what_was_found():
    entities = find_entities(talk("d: Acoustic reflexes absent on the left. Tinnitus matched at 6000 Hz and 45 dB"))
    assert [(e.value, e.side) for e in named(entities, "acoustic reflex")] == [("absent", "left")]
    assert named(entities, "tinnitus")[0].attributes == {"pitch": "6000 Hz", "loudness": "45 dB"}


def test_a_device_has_maker_model_and_style():
    entities = find_entities(talk("d: Fitted with Phonak Audeo L90 receiver in canal on the right"))
    maker = named(entities, "phonak")[0]
    assert maker.attributes == {"maker": "phonak", "model": "Audeo L90", "style": "receiver in canal"}


@pytest.mark.parametrize(
    "text",
    ["right 500 20 " * 750, "20 at " * 1_500, "type b tymp pressure minus " * 375, "srt wrs pta " * 750,
     "acoustic reflex " * 625, "acoustic reflexes" + " a" * 3_000, "1-0-1 " * 1_500, "one tablet half a " * 500,
     "phonak Audeo L90 " * 625, "mg per dl " * 1_000, "take start " * 1_000, "plan: " * 1_500, "sugar hai " * 1_000],
    ids=lambda text: text[:12],
)  # fmt: skip
@pytest.mark.parametrize("speaker", ["c", "d"])
def test_hostile_text_is_read_in_bounded_work(speaker, text):
    found = find_entities(talk(f"{speaker}: {text}"))  # a pattern that goes back over it would never come to an end
    assert len(found) <= len(text.split())
    assert all(text[one.start : one.end] == one.text for one in found)
