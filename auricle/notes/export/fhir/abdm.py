"""The same document as ABDM's OP consultation record (NRCeS profiles of FHIR R4).

What these profiles ask for is taken from bundles in use, not from their own definitions: `docs/guides/notes.md` lists
the rules that we hold to, and what an installation must still bring.
"""

import orjson

from auricle.errors import Conflict, Invalid
from auricle.notes.export.document import Document
from auricle.notes.export.fhir.bundle import bundle
from auricle.notes.export.fhir.parts import Json, concept, reference

PROFILES = "https://nrces.in/ndhm/fhir/r4/StructureDefinition/"
SNOMED = "http://snomed.info/sct"
PROFILED = {
    "Composition": "OPConsultRecord",
    **{name: name for name in ("Patient", "Practitioner", "Organization", "Encounter", "DocumentReference")},
}


class RevealNeeded(Invalid):
    """ABDM's record names the patient: ask for it with `reveal=true`."""

    code = "note.reveal_needed"


class EncounterNeeded(Conflict):
    """ABDM's record tells of an encounter, and this note's document belongs to no consultation."""

    code = "note.encounter_needed"


def fhir_abdm(document: Document) -> bytes:
    return orjson.dumps(op_consultation(document), option=orjson.OPT_INDENT_2)


def op_consultation(document: Document) -> Json:
    told = bundle(document)
    told["meta"]["profile"] = [PROFILES + "DocumentBundle"]
    for one in told["entry"]:
        resource = one["resource"]
        if profile := PROFILED.get(resource["resourceType"]):
            resource["meta"] = {"profile": [PROFILES + profile]}
    report = concept(SNOMED, "371530004", "Clinical consultation report")
    composition = told["entry"][0]["resource"]
    composition["type"] = report
    composition["section"].append(
        {
            "title": "Document Reference",
            "code": report,
            "entry": [reference(document.version.id, f"{document.note.title}, version {document.note.version}")],
        }
    )
    return told
