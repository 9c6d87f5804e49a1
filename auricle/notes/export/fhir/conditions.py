"""Findings whose code was suggested, as Conditions that nobody has confirmed."""

from collections.abc import Sequence
from uuid import UUID

from auricle.ai.port import Entity
from auricle.notes.export.document import Document
from auricle.notes.export.fhir.narrative import narrative, safe
from auricle.notes.export.fhir.parts import TERMS, Json, coding, derived, reference, to_encounter, to_patient

ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
MOST = 60
TITLE = "Findings with suggested codes (not confirmed)"


def conditions(document: Document) -> list[Json]:
    return [condition(document, entity) for entity in coded(document)]


def coded(document: Document) -> list[Entity]:
    """One of each finding and side, in their order."""
    found: dict[tuple[str, str | None], Entity] = {}
    for entity in document.note.context_data:
        if entity.codes:
            found.setdefault((entity.name, entity.side), entity)
    return list(found.values())[:MOST]


def condition(document: Document, entity: Entity) -> Json:
    told: Json = {
        "resourceType": "Condition",
        "id": str(condition_id(document, entity)),
        "clinicalStatus": {"coding": [coding(f"{TERMS}/condition-clinical", "active", "Active")]},
        "verificationStatus": {"coding": [coding(f"{TERMS}/condition-ver-status", "unconfirmed", "Unconfirmed")]},
        "category": [{"coding": [coding(f"{TERMS}/condition-category", "encounter-diagnosis", "Encounter Diagnosis")]}],
        "code": {"coding": [coding(ICD10CM, one.code, one.display) for one in entity.codes[:1]], "text": entity.name},
        "subject": to_patient(document),
    }
    if document.consultation is not None:
        told["encounter"] = to_encounter(document.consultation)
    if entity.side:
        told["bodySite"] = [{"text": entity.side}]
    return told


def condition_id(document: Document, entity: Entity) -> UUID:
    return derived("condition", document.version.id, entity.name, entity.side)


def listed(document: Document) -> Sequence[Json]:
    """The section that leads to them; none where there is nothing to lead to."""
    found = coded(document)
    items = "".join(f"<li>{safe(one.name)}: {one.codes[0].code} {safe(one.codes[0].display)}</li>" for one in found)
    entries = [reference(condition_id(document, one), one.name) for one in found]
    text = narrative(f"<ul>{items}</ul>")
    return [{"title": TITLE, "code": {"text": TITLE}, "text": text, "entry": entries}] if entries else []
