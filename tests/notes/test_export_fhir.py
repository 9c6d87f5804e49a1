"""A note as a FHIR R4 document, held against HL7's definitions; as ABDM's record, against our list of its rules."""

import base64
from copy import deepcopy
from xml.etree import ElementTree

import pytest

from auricle.notes.export.fhir.abdm import op_consultation
from auricle.notes.export.fhir.bundle import bundle
from tests.builders import make_member
from tests.notes.abdm_rules import broken
from tests.notes.r4 import R4, definitions
from tests.notes.taking_out import amended, signed, taken


@pytest.fixture(scope="module")
def r4() -> R4:
    return definitions()


def kinds(told) -> list[str]:
    return [entry["resource"]["resourceType"] for entry in told["entry"]]


def first(told, kind: str):
    return next(e["resource"] for e in told["entry"] if e["resource"]["resourceType"] == kind)


async def test_drafts_and_signed_notes_masked_or_not_are_valid_r4(clinic, r4):
    draft = await clinic.drafted()
    note_id = await signed(clinic)
    for one in (draft, note_id):
        for reveal in (False, True):
            told = bundle(await taken(clinic, one, reveal=reveal))
            assert r4.faults(told) == []
            assert kinds(told)[0] == "Composition"
            wanted = {"Patient", "Practitioner", "Organization", "Encounter", "DocumentReference"}
            assert wanted | {"Device", "Consent", "Provenance", "AuditEvent", "Condition"} == set(kinds(told)[1:])


async def test_these_definitions_find_what_is_wrong(clinic, r4):
    told = bundle(await taken(clinic, await clinic.drafted()))
    for spoil, said in (
        (lambda b: first(b, "Composition").update(status="bogus"), "composition-status"),
        (lambda b: first(b, "Composition").pop("date"), "Composition).date: missing"),
        (lambda b: first(b, "Composition").update(colour="red"), "colour"),
        (lambda b: first(b, "Composition")["subject"].update(reference="urn:uuid:nobody"), "leads nowhere"),
        (lambda b: first(b, "Encounter").update(subject=first(b, "Composition")["encounter"]), "leads to a Encounter"),
        (lambda b: first(b, "Composition").update(confidentiality="loud"), "v3-ConfidentialityClassification"),
        (lambda b: first(b, "Provenance")["entity"][0].update(role="rumour"), "provenance-entity-role"),
        (lambda b: first(b, "Patient")["telecom"][0].update(system="pigeon"), "contact-point-system"),
        (lambda b: first(b, "AuditEvent").pop("source"), "source: missing"),
    ):
        spoiled = deepcopy(told)
        spoil(spoiled)
        assert any(said in fault for fault in r4.faults(spoiled)), said


async def test_a_draft_is_preliminary_and_a_signed_note_final_with_its_signer_and_its_hash(clinic):
    draft = bundle(await taken(clinic, await clinic.drafted()))
    assert first(draft, "Composition")["status"] == "preliminary" and "attester" not in first(draft, "Composition")
    assert first(draft, "DocumentReference")["docStatus"] == "preliminary"
    assert "unsigned draft" in first(draft, "Composition")["title"]
    document = await taken(clinic, await signed(clinic))
    told = bundle(document)
    composition = first(told, "Composition")
    (attester,) = composition["attester"]
    assert composition["status"] == first(told, "DocumentReference")["docStatus"] == "final"
    assert (attester["mode"], attester["party"]["display"]) == ("legal", "Meera Iyer")
    what = first(told, "Provenance")["entity"][1]["what"]["identifier"]
    assert what["value"] == document.version.hash.hex() and document.version.reason == "approved"
    assert kinds(told).count("AuditEvent") == 2


async def test_an_addendum_makes_it_amended_and_is_its_authors_own(clinic, r4, database):
    colleague = await make_member(database, clinic.clinician.organization_id)
    note_id = await amended(clinic, colleague)
    told = bundle(await taken(clinic, note_id))
    assert r4.faults(told) == [] and r4.faults(bundle(await taken(clinic, note_id, reveal=False))) == []
    composition = first(told, "Composition")
    assert composition["status"] == first(told, "DocumentReference")["docStatus"] == "amended"
    signer, author = (one["party"]["reference"] for one in composition["attester"])
    assert author == f"urn:uuid:{colleague.member_id}" and signer != author
    assert [one["reference"] for one in composition["author"]][:2] == [signer, author]
    (section,) = [one for one in composition["section"] if one["title"].startswith("Addendum by Meera Iyer, ")]
    assert "Asha Rao was told to return in a week." in section["text"]["div"]
    assert not any("return in a week" in s["text"]["div"] for s in composition["section"] if s is not section)
    assert kinds(told).count("Practitioner") == 2


async def test_each_statement_stands_in_its_section_with_what_supports_it(clinic):
    document = await taken(clinic, await signed(clinic))
    told = {s["title"]: s["text"]["div"] for s in first(bundle(document), "Composition")["section"]}
    quotes = 0
    for statement in document.note.statements:
        root = ElementTree.fromstring(told[statement.section.capitalize()])
        (item,) = (e for e in root.iter() if e.get("id") == f"s-{statement.id}")
        said = "".join(item.itertext())
        assert statement.text in said
        assert all(e.quote in said for e in statement.evidence)
        assert ("no support" in said) == (statement.verdict == "unsupported")
        quotes += len(statement.evidence)
    assert quotes > 0


async def test_a_masked_document_holds_nothing_that_tells_the_patient(clinic):
    note_id = await clinic.drafted()
    masked, clear = [str(bundle(await taken(clinic, note_id, reveal=reveal))) for reveal in (False, True)]
    told = bundle(await taken(clinic, note_id, reveal=False))
    whole = masked + base64.b64decode(first(told, "DocumentReference")["content"][0]["attachment"]["data"]).decode()
    for identifier in ("Asha", "Rao", "98450", "MRN-"):
        assert identifier not in whole and identifier in clear
    assert told["meta"]["security"][0]["code"] == "MASKED"


async def test_audit_events_and_provenance_carry_ids_and_no_clinical_text(clinic):
    told = bundle(await taken(clinic, await signed(clinic), reveal=False))
    beside = str([e for e in told["entry"] if e["resource"]["resourceType"] in ("AuditEvent", "Provenance", "Consent")])
    assert "metformin" not in beside and "ringing" not in beside


async def test_a_finding_has_its_suggested_code_and_is_unconfirmed(clinic):
    told = bundle(await taken(clinic, await clinic.drafted()))
    tinnitus = next(e["resource"] for e in told["entry"] if "tinnitus" in str(e["resource"].get("code")))
    (code,) = tinnitus["code"]["coding"]
    assert code["code"].startswith("H93.1") and code["system"].endswith("icd-10-cm")
    assert tinnitus["verificationStatus"]["coding"][0]["code"] == "unconfirmed"
    (section,) = [s for s in first(told, "Composition")["section"] if s["title"].startswith("Findings")]
    assert f"urn:uuid:{tinnitus['id']}" in {e["reference"] for e in section["entry"]}


async def test_abdm_s_record_keeps_our_list_of_its_rules_and_is_still_r4(clinic, r4):
    for note_id in (await clinic.drafted(), await signed(clinic)):
        told = op_consultation(await taken(clinic, note_id))
        assert broken(told) == set() and r4.faults(told) == []
    assert len(broken(bundle(await taken(clinic, note_id)))) >= 4


async def test_what_was_said_can_t_break_out_of_the_narrative(make_clinic):
    clinic = await make_clinic([("patient", "My ear is ringing <script>x</script> & \x0b\ufffe since two weeks.")])
    document = await taken(clinic, await clinic.drafted())
    for section in first(bundle(document), "Composition")["section"]:
        root = ElementTree.fromstring(section["text"]["div"])
        assert not [e for e in root.iter() if e.tag.endswith("script")]
