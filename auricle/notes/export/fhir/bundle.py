"""A note as a FHIR R4 document: a Bundle whose first entry is the Composition, with all that it refers to.

Every reference leads to an entry of the same Bundle. Until the note is signed the Composition is preliminary, and
with addenda it is amended.
"""

from collections.abc import Iterator

import orjson

from auricle.ai.port import Section
from auricle.notes.export.document import Document
from auricle.notes.export.fhir.conditions import conditions, listed
from auricle.notes.export.fhir.narrative import of_missing, of_statements
from auricle.notes.export.fhir.parts import (
    LOINC,
    TERMS,
    Json,
    coding,
    concept,
    derived,
    entry,
    identifier,
    moment,
    to_encounter,
    to_organization,
    to_patient,
    to_person,
    urn,
)
from auricle.notes.export.fhir.people import organization, patient, practitioners, writer
from auricle.notes.export.fhir.records import (
    audit_events,
    authors,
    consent,
    document_reference,
    encounter,
    provenance,
    standing,
)
from auricle.notes.export.markdown import shown_parts

TITLES: dict[Section, tuple[str, str]] = {
    "subjective": ("61150-9", "Subjective Narrative"),
    "objective": ("61149-1", "Objective Narrative"),
    "assessment": ("51848-0", "Evaluation note"),
    "plan": ("18776-5", "Plan of care note"),
}


def fhir(document: Document) -> bytes:
    return orjson.dumps(bundle(document), option=orjson.OPT_INDENT_2)


def bundle(document: Document) -> Json:
    resources = [
        composition(document),
        patient(document),
        *practitioners(document),
        organization(document),
        writer(document),
        *([encounter(document, document.consultation)] if document.consultation else []),
        document_reference(document),
        *conditions(document),
        *(consent(document, decision) for decision in document.consents),
        provenance(document),
        *audit_events(document),
    ]
    told: Json = {
        "resourceType": "Bundle",
        "id": str(derived("bundle", document.version.id, document.note.revealed)),
        "meta": {"lastUpdated": moment(document, document.made_at)},
        "identifier": identifier(urn(derived("bundle", document.version.id, document.note.revealed))),
        "type": "document",
        "timestamp": moment(document, document.made_at),
        "entry": [entry(resource) for resource in resources],
    }
    if not document.note.revealed:
        told["meta"]["security"] = [coding(f"{TERMS}/v3-ObservationValue", "MASKED", "masked")]
    return told


def composition(document: Document) -> Json:
    told: Json = {
        "resourceType": "Composition",
        "id": str(document.note.id),
        "identifier": identifier(urn(document.note.id)),
        "status": standing(document),
        "type": concept(LOINC, "11488-4", "Consult note"),
        "subject": to_patient(document),
        **({"encounter": to_encounter(document.consultation)} if document.consultation else {}),
        "date": moment(document, document.version.created_at),
        "author": authors(document),
        "title": title(document),
        "confidentiality": "N",
        "custodian": to_organization(document),
        "section": sections(document),
    }
    if attested := list(attesters(document)):
        told["attester"] = attested
    return told


def attesters(document: Document) -> Iterator[Json]:
    """Who signed the note, and who signed each addendum."""
    if document.signed_at and document.clinician:
        yield {"mode": "legal", "time": moment(document, document.signed_at), "party": to_person(document.clinician)}
    people = {one.id: one for one in document.amenders}
    for addendum in document.note.addenda:
        if author := people.get(addendum.created_by):
            yield {"mode": "legal", "time": moment(document, addendum.created_at), "party": to_person(author)}


def title(document: Document) -> str:
    return f"{document.note.title}, version {document.note.version}{'' if document.signed_at else ' (unsigned draft)'}"


def sections(document: Document) -> list[Json]:
    told: list[Json] = [
        {
            "title": part.heading,
            "code": concept(LOINC, *TITLES[part.section]),
            "text": of_statements(statements),
        }
        for part, statements in shown_parts(document.note)
    ]
    for addendum in document.note.addenda:
        added = f"Addendum by {addendum.author}, {document.told(addendum.created_at)}"
        told.append({"title": added, "code": {"text": "Addendum"}, "text": of_statements(addendum.statements)})
    if document.note.missing:
        missing = "Said, but not in this note"
        told.append({"title": missing, "code": {"text": missing}, "text": of_missing(document.note.missing)})
    told.extend(listed(document))
    return told
