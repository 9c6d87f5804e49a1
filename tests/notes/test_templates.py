"""Templates: what a note's parts are, whose they are, and what becomes of notes when they change."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from auricle.ai.entities.find import find_entities
from auricle.ai.port import Evidence, Statement, Utterance
from auricle.notes.export.fhir.bundle import bundle
from auricle.notes.export.forms import FORMS, FormName
from auricle.notes.export.markdown import markdown
from auricle.notes.generate import generate, request_note
from auricle.notes.models import Note
from auricle.notes.outline import under
from auricle.notes.templates.arrange import arranged
from auricle.notes.templates.keep import MOST_TEMPLATES, TooManyTemplates, create
from auricle.notes.templates.shape import Outlined, Template
from auricle.notes.templates.shipped import shipped
from tests.builders import make_member, make_organization
from tests.emulators.openai_chat import OpenAIEmulator
from tests.notes.serving import client_of
from tests.notes.taking_out import taken
from tests.providers.contract.vendors import Case, running

TEMPLATES, SETTINGS = "/api/v1/soap/templates", "/api/v1/soap/settings"
HEARING = (
    ("subjective", "Can't hear well on the right side since last year, and the right ear rings."),
    ("subjective", "Has worn a hearing aid in the left ear for two years."),
    ("objective", "On otoscopy the right ear canal is clear and the left eardrum is intact."),
    ("objective", "The audiogram shows a threshold of 45 decibels at 2000 hertz in the right ear."),
    ("objective", "The tympanogram is type A on the right."),
    ("objective", "Hearing aid of the left ear is clean."),
    ("assessment", "Mild sensorineural hearing loss on the right."),
    ("plan", "Order a hearing aid for the right side, follow up in four weeks."),
)
HOUSE: dict[str, Any] = {
    "key": "house",
    "name": {"en": "House note", "hi": "हमारा नोट"},
    "parts": [
        {"key": "story", "heading": {"en": "Story & course", "hi": "कहानी"}, "section": "subjective", "required": True},
        {"key": "seen", "heading": {"en": "Seen"}, "section": "objective"},
        {"key": "next", "heading": {"en": "Next"}, "section": "plan", "required": True},
    ],
}


def placed(said: Any, template: Template) -> dict[str, list[str]]:
    """Statements (section, text), each the whole of one turn, by the parts of a template."""
    source = [Utterance(id=str(n), speaker="clinician", text=text) for n, (_, text) in enumerate(said)]
    statements = [
        Statement(
            section=section,
            text=one.text,
            evidence=[Evidence(utterance_id=one.id, start=0, end=len(one.text), quote=one.text)],
        )
        for one, (section, _) in zip(source, said, strict=True)
    ]
    found: dict[str, list[str]] = {}
    for statement in arranged(statements, find_entities(source), template):
        found.setdefault(statement.part or "", []).append(statement.text)
    return found


# ── what a template is ────────────────────────────────────────────────────────────────────────────────────────────
def test_the_shipped_templates_have_headings_in_english_and_hindi_and_the_default_comes_first() -> None:
    assert list(shipped())[0] == "soap" and {"hearing_care", "follow_up", "referral_letter"} < set(shipped())
    for one in shipped().values():
        assert one.version >= 1
        for part in one.template.parts:
            assert {"en", "hi"} <= set(part.heading)
            assert part.titled("ta") == part.heading["en"] and part.titled("hi-IN") == part.heading["hi"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"parts": []},
        {"parts": [HOUSE["parts"][0]] * 2},
        {"parts": [{**HOUSE["parts"][0], "section": "diagnosis"}]},
        {"parts": [{**HOUSE["parts"][0], "heading": {"hi": "कहानी"}}]},
        {"parts": [{**HOUSE["parts"][0], "instructions": "x" * 1_001}]},
        {"parts": [{**HOUSE["parts"][0], "key": "Story!"}]},
        {"parts": [{**HOUSE["parts"][0], "key": f"p{n}"} for n in range(21)]},
        {"name": {"en": "a\0b"}},
        {"name": {}},
        {"prompt": "Say that all is well."},
    ],
)
def test_what_is_no_template_is_refused_whole(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Template.model_validate({**HOUSE, **wrong})


# ── an extractive draft under its parts ───────────────────────────────────────────────────────────────────────────
def test_a_hearing_care_note_has_its_findings_where_an_audiologist_looks_for_them() -> None:
    found = placed(HEARING, shipped()["hearing_care"].template)
    texts = [text for _, text in HEARING]
    assert (
        found
        == {
            "history": texts[0:1],
            "devices": [texts[1], texts[5]],  # told, and looked at
            "otoscopy": texts[2:3],
            "audiometry": texts[3:4],
            "tympanometry": texts[4:5],
            "impression": texts[6:7],
            "plan": texts[7:8],
        }
    )


def test_a_referral_letter_puts_the_request_first_and_medicines_by_themselves() -> None:
    said = (
        ("subjective", "Right ear has been discharging for three weeks."),
        ("subjective", "Takes amoxicillin 500 mg three times a day."),
        ("assessment", "Chronic otitis media."),
        ("plan", "Keep the ear dry."),
        ("plan", "Refer to the ENT surgeon this week."),
    )
    found = placed(said, shipped()["referral_letter"].template)
    assert list(found) == ["request", "reason", "history", "medicines", "until_then"]
    assert found["request"] == [said[4][1]] and found["medicines"] == [said[1][1]]


def test_what_a_template_has_no_part_for_is_left_out() -> None:
    assert placed(HEARING[6:7], Template.model_validate(HOUSE)) == {}


def test_a_statement_whose_part_is_gone_stands_in_the_last_of_its_section() -> None:
    parts = [Outlined(key=k, heading={"en": k}, section="plan") for k in ("a", "b")]

    def stands(part: str | None, section: Any = "plan") -> str:
        one = Outlined(key="x", heading={"en": "x"}, section=section)
        statement = Statement(section=one.section, part=part, text="x")
        return next(p.key for p, found in under(parts, [statement]) if found)

    assert [stands("a"), stands("gone"), stands(None), stands(None, "objective")] == ["a", "b", "b", "b"]


# ── the organization's own, over HTTP ─────────────────────────────────────────────────────────────────────────────
@pytest.fixture
async def admin(clinic: Any) -> Any:
    own = await make_member(clinic.means.database, clinic.clinician.organization_id, "org_admin")
    async with client_of(clinic, own) as client:
        yield client


async def note_by(clinic: Any, key: str) -> Any:
    async with clinic.transaction() as db:
        note_id = (await request_note(db, clinic.consultation.id, key)).id
    await generate(clinic.means, clinic.system, note_id)
    return await clinic.read(note_id)


async def test_a_template_is_made_used_changed_published_and_rolled_back(clinic: Any, admin: Any) -> None:
    made = await admin.post(TEMPLATES, json=HOUSE)
    assert made.status_code == 201 and made.json() == {"key": "house", "number": 1, "published": 1}
    assert (await admin.post(TEMPLATES, json=HOUSE)).json()["error_code"] == "note_template.taken"
    first = await note_by(clinic, "house")
    assert (first.template, first.template_version, first.title) == ("house", 1, "House note")
    assert [p.heading for p in first.parts] == ["Story & course", "Seen", "Next"]
    assert {s.part for s in first.statements} == {"story"}

    later = {**HOUSE, "parts": [{**HOUSE["parts"][0], "heading": {"en": "What was told"}}]}
    saved = await admin.put(f"{TEMPLATES}/house", json=later, headers={"if-match": '"1"'})
    assert saved.json() == {"key": "house", "number": 2, "published": 1}
    stale = await admin.put(f"{TEMPLATES}/house", json=later, headers={"if-match": '"1"'})
    assert (stale.status_code, stale.json()["error_code"]) == (409, "note_template.changed")
    assert (await note_by(clinic, "house")).id == first.id  # the same words by the same template
    assert (await admin.post(f"{TEMPLATES}/house/publish/2")).json()["published"] == 2
    second = await note_by(clinic, "house")
    assert second.id != first.id and [p.heading for p in second.parts] == ["What was told"]
    assert (await admin.post(f"{TEMPLATES}/house/publish/1")).json()["published"] == 1
    versions = (await admin.get(f"{TEMPLATES}/house/versions")).json()
    assert (versions["published"], [v["number"] for v in versions["versions"]]) == (1, [2, 1])
    then = (await admin.get(f"{TEMPLATES}/house/versions/2")).json()
    assert then["template"]["parts"][0]["heading"] == {"en": "What was told"}
    assert (await admin.post(f"{TEMPLATES}/house/publish/9")).status_code == 404
    assert (await clinic.read(first.id)).parts[0].heading == "Story & course"  # as it was written


async def test_an_own_template_takes_the_place_of_a_shipped_one_until_it_is_removed(clinic: Any, admin: Any) -> None:
    assert (await admin.put(f"{TEMPLATES}/soap", json=HOUSE)).json()["error_code"] == "note_template.shipped"
    assert (await admin.post(TEMPLATES, json={**HOUSE, "key": "soap"})).status_code == 201
    listed = (await admin.get(TEMPLATES)).json()
    assert listed[0]["key"] == "soap" and listed[0]["own"] and len(listed) == len(shipped())
    note = await note_by(clinic, "soap")
    assert [p.key for p in note.parts] == ["story", "seen", "next"]
    assert (await admin.delete(f"{TEMPLATES}/soap")).status_code == 204
    assert (await admin.get(f"{TEMPLATES}/soap")).json()["own"] is False
    assert (await admin.delete(f"{TEMPLATES}/soap")).json()["error_code"] == "note_template.shipped"
    assert [p.key for p in (await clinic.read(note.id)).parts] == ["story", "seen", "next"]
    async with clinic.transaction() as db:
        assert (await db.get_one(Note, note.id)).template_id is not None


async def test_a_template_that_there_is_not_and_one_of_another_organization_are_unknown(
    clinic: Any, admin: Any
) -> None:
    await admin.post(TEMPLATES, json=HOUSE)
    other = await make_member(clinic.means.database, await make_organization(clinic.means.database), "org_admin")
    async with client_of(clinic, other) as stranger:
        for asked in (await stranger.get(f"{TEMPLATES}/house"), await stranger.delete(f"{TEMPLATES}/house")):
            assert (asked.status_code, asked.json()["error_code"]) == (404, "note_template.unknown")
        assert all(row["key"] != "house" for row in (await stranger.get(TEMPLATES)).json())
    body = {"consultation_id": str(clinic.consultation.id), "template": "nowhere"}
    assert (await admin.post("/api/v1/soap/generate", json=body)).json()["error_code"] == "note_template.unknown"


async def test_a_clinician_reads_templates_and_changes_none(clinic: Any) -> None:
    async with client_of(clinic) as clinician:
        assert (await clinician.get(TEMPLATES)).status_code == 200
        for refused in (
            await clinician.post(TEMPLATES, json=HOUSE),
            await clinician.put(SETTINGS, json={"writer": "model"}),
        ):
            assert refused.status_code == 403


async def test_an_organization_keeps_so_many_templates_and_no_more(clinic: Any) -> None:
    async with clinic.transaction() as db:
        for number in range(MOST_TEMPLATES):
            await create(db, Template.model_validate({**HOUSE, "key": f"t{number}"}))
        with pytest.raises(TooManyTemplates):
            await create(db, Template.model_validate(HOUSE))


# ── how notes are written ─────────────────────────────────────────────────────────────────────────────────────────
async def test_settings_are_kept_whole_and_name_who_can_be_asked(clinic: Any, tmp_path: Path) -> None:
    async with running(Case("openai_compatible", OpenAIEmulator, {"llm": "some-model"}), tmp_path) as it:
        clinic.means = replace(clinic.means, router=it.router)
        own = await make_member(clinic.means.database, clinic.clinician.organization_id, "org_admin")
        async with client_of(clinic, own) as admin:
            assert (await admin.get(SETTINGS)).json()["writer"] == "extractive"
            wanted = {"writer": "model", "judges": True, "style": "Short sentences.", "phrases": ["Tinnitus AD."]}
            saved = await admin.put(SETTINGS, json=wanted)
            assert saved.status_code == 200 and saved.json()["models"] == ["it"]  # and not the offline one, which can't
            assert (await admin.get(SETTINGS)).json()["style"] == "Short sentences."
            for wrong, code in (
                ({"writer": "model", "provider": "nobody"}, "note_setting.no_such_writer"),
                ({"writer": "model", "provider": "offline"}, "note_setting.no_such_writer"),
                ({"model": "alone"}, "validation.invalid"),
                ({"style": "x" * 2_001}, "validation.invalid"),
                ({"phrases": ["x"] * 21}, "validation.invalid"),
                ({"writer": "parrot"}, "validation.invalid"),
            ):
                refused = await admin.put(SETTINGS, json=wrong)
                assert (refused.status_code, refused.json()["error_code"]) == (422, code), wrong
            assert (await admin.get(SETTINGS)).json()["judges"] is True  # what was refused changed nothing
            assert (await admin.put(SETTINGS, json={})).json()["judges"] is False


# ── taken out ─────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_every_form_has_the_templates_headings(clinic: Any, admin: Any) -> None:
    await admin.post(TEMPLATES, json=HOUSE)
    note = await note_by(clinic, "house")
    document = await taken(clinic, note.id)
    told = markdown(document.note)
    assert told.startswith("# House note, version 1") and "## Story \\& course" in told and "## Next" in told
    assert "## Seen" not in told  # empty, and not required
    composition = bundle(document)["entry"][0]["resource"]
    assert [s["title"] for s in composition["section"][:2]] == ["Story & course", "Next"]
    assert [s["code"]["coding"][0]["code"] for s in composition["section"][:2]] == ["61150-9", "18776-5"]
    for form in FormName:
        assert FORMS[form].write(document)
    async with client_of(clinic) as client:
        hindi = await client.get(f"/api/v1/soap/notes/{note.id}/export?language=hi")
        assert "## कहानी" in hindi.text and hindi.text.startswith("# हमारा नोट")
        read = (await client.get(f"/api/v1/soap/notes/{note.id}?language=hi")).json()
        assert [p["heading"] for p in read["parts"]] == ["कहानी", "Seen", "Next"]


async def test_a_statement_is_moved_to_another_part_and_keeps_it(clinic: Any, admin: Any) -> None:
    await admin.post(TEMPLATES, json=HOUSE)
    note = await note_by(clinic, "house")
    place = f"/api/v1/soap/notes/{note.id}"
    kept = [{"id": str(s.id), "section": s.section, "kind": s.kind, "text": s.text} for s in note.statements]
    async with client_of(clinic) as client:
        lost = await client.put(place, json={"version": 1, "statements": [{**kept[0], "part": "nowhere"}]})
        assert (lost.status_code, lost.json()["error_code"]) == (404, "note.unknown_part")
        moved = await client.put(place, json={"version": 1, "statements": [{**kept[0], "part": "next"}, *kept[1:]]})
        assert [s["part"] for s in moved.json()["statements"]] == ["next"] + ["story"] * (len(kept) - 1)
        same = await client.put(place, json={"version": 2, "statements": kept})
        assert same.json()["version"] == 2  # nothing was named, so nothing moved
        version = (await client.get(f"{place}/versions/2")).json()
        assert version["statements"][0]["part"] == "next"
