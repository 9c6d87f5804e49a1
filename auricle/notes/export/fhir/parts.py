"""The small FHIR R4 shapes that every resource is made of."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeAlias
from uuid import NAMESPACE_URL, UUID, uuid5

from auricle.consultations.models import Consultation
from auricle.notes.export.document import Document, Person

Json: TypeAlias = dict[str, Any]

LOINC = "http://loinc.org"
TERMS = "http://terminology.hl7.org/CodeSystem"
ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"


def derived(*parts: object) -> UUID:
    """An id that is the same whenever the same thing is told again."""
    return uuid5(NAMESPACE_URL, "auricle:" + "/".join(map(str, parts)))


def urn(id: UUID) -> str:
    return f"urn:uuid:{id}"


def reference(id: UUID, display: str) -> Json:
    return {"reference": urn(id), "display": display}


def concept(system: str, code: str, text: str) -> Json:
    return {"coding": [coding(system, code, text)], "text": text}


def coding(system: str, code: str, display: str) -> Json:
    return {"system": system, "code": code, "display": display}


def identifier(value: str, *, system: str = "urn:ietf:rfc:3986", type: Json | None = None) -> Json:
    return {**({"type": type} if type else {}), "system": system, "value": value}


def moment(document: Document, at: datetime) -> str:
    """In the organization's own time, with its distance from UTC."""
    return document.local(at).isoformat(timespec="milliseconds")


def entry(resource: Mapping[str, Any]) -> Json:
    return {"fullUrl": urn(UUID(resource["id"])), "resource": dict(resource)}


def writer_id(document: Document) -> UUID:
    return derived("writer", document.organization.id, document.note.method, document.note.model)


def to_patient(document: Document) -> Json:
    name = document.patient.full_name if document.patient else "Masked"
    return reference(document.patient_id, name)


def to_organization(document: Document) -> Json:
    return reference(document.organization.id, document.organization.name)


def to_person(person: Person) -> Json:
    return reference(person.id, person.name)


def to_writer(document: Document) -> Json:
    return reference(writer_id(document), "Auricle")


def to_encounter(consultation: Consultation) -> Json:
    return reference(consultation.id, f"Consultation of {consultation.visit_date}")


def to_composition(document: Document) -> Json:
    return reference(document.note.id, f"{document.note.title}, version {document.note.version}")
