"""ICD-10-CM: codes are looked up in the index that we ship, and only for what the patient has."""

import pytest

from auricle.ai.entities.codes import icd10, suggest, with_codes
from auricle.ai.entities.find import find_entities
from auricle.ai.entities.lexicon import lexicon, load_words
from auricle.ai.local import LocalAI
from tests.ai.conversations import talk


def codes_of(*said):
    return {e.name: [c.code for c in with_codes(e).codes] for e in find_entities(talk(*said))}


@pytest.mark.parametrize(
    ("name", "side", "code"),
    [
        ("tinnitus", "left", "H93.12"),
        ("tinnitus", None, "H93.19"),
        ("sensorineural hearing loss", "both", "H90.3"),
        ("sensorineural hearing loss", "left", "H90.5"),
        ("knee pain", "right", "M25.561"),
        ("bell's palsy", None, "G51.0"),
        ("pulmonary fibrosis", None, "J84.10"),
        ("hypertension", None, "I10"),
    ],
)
def test_the_side_chooses_the_code(name, side, code):
    assert suggest(name, side)[0].code == code


def test_what_the_index_does_not_know_gets_no_code():
    assert suggest("zelvaprim deficiency of the moon", None) == ()


def test_every_code_that_we_map_to_is_in_the_index_and_leads_to_one_that_may_be_billed():
    rows, known = icd10(), {phrase.name for phrase in lexicon().terms()}
    for name, code in load_words("codes")["codes"].items():
        assert code in rows.place or f"-{code}" in rows.place, code
        finding, _, side = name.partition(", ")
        assert finding in known, f"{finding} is no name of ours"
        assert suggest(finding, side or None), name


def test_no_suggested_code_is_a_mere_category():
    rows = icd10()
    for name in load_words("problems"):
        for side in (None, "left", "both"):
            for code in suggest(str(name), side):
                row = rows.rows[rows.place[code.code]]
                assert (row.title, row.until) == (code.display, rows.place[code.code] + 1)


def test_only_what_the_patient_has_now_or_for_good_is_coded():
    assert codes_of("c: any fever?", "p: no") == {"fever": []}
    assert codes_of("p: my father had a stroke") == {"stroke": []}
    assert codes_of("d: Past history: stroke, hypertension.") == {"stroke": [], "hypertension": ["I10"]}
    assert codes_of("p: i have a fever") == {"fever": ["R50.9"]}


async def test_the_clinical_ai_gives_codes_with_its_entities():
    (found,) = await LocalAI().entities(talk("p: tinnitus left"))
    assert [(c.system, c.code, c.score) for c in found.codes] == [("icd-10-cm", "H93.12", 0.95)]
