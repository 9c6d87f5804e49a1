"""Who a note is about and who answers for it: Patient, Practitioner, Organization, and the software that wrote."""

from collections.abc import Iterator

from auricle.notes.export.document import Document, Person
from auricle.notes.export.fhir.parts import ABSENT, TERMS, Json, concept, identifier, urn, writer_id

ID_TYPES = f"{TERMS}/v2-0203"


def patient(document: Document) -> Json:
    """While identifiers are masked nothing but an id, and that there is a name which is not told."""
    told: Json = {"resourceType": "Patient", "id": str(document.patient_id)}
    known = document.patient
    if known is None:
        return {**told, "name": [{"extension": [{"url": ABSENT, "valueCode": "masked"}]}]}
    number = known.record_number or str(document.patient_id)
    told["identifier"] = [
        identifier(number, system=urn(document.organization.id), type=concept(ID_TYPES, "MR", "Medical record number"))
    ]
    told["name"] = [{"text": known.full_name, "family": known.family_name, "given": [known.given_name]}]
    telecom = [{"system": "phone", "value": known.phone}, {"system": "email", "value": known.email}]
    if present := [one for one in telecom if one["value"]]:
        told["telecom"] = present
    told["gender"] = known.gender
    if known.birth_date is not None:
        told["birthDate"] = known.birth_date.isoformat()
    if known.address:
        told["address"] = [{"text": known.address}]
    return told


def practitioners(document: Document) -> Iterator[Json]:
    """The clinician, whoever added to the note, and whoever took the document out."""
    people: dict[str, Person] = {}
    for one in (document.clinician, *document.amenders, document.exporter):
        if one is not None:
            people.setdefault(str(one.id), one)
    for one in people.values():
        told: Json = {"resourceType": "Practitioner", "id": str(one.id), "name": [{"text": one.name}]}
        employee = concept(ID_TYPES, "EI", "Employee number")
        told["identifier"] = [identifier(str(one.id), system=urn(document.organization.id), type=employee)]
        if one.specialty:
            told["qualification"] = [{"code": {"text": one.specialty}}]
        yield told


def organization(document: Document) -> Json:
    own = document.organization
    return {
        "resourceType": "Organization",
        "id": str(own.id),
        "identifier": [identifier(urn(own.id), type=concept(ID_TYPES, "PRN", "Provider number"))],
        "name": own.name,
        "telecom": [{"system": "email", "value": own.email}],
    }


def writer(document: Document) -> Json:
    """The software that wrote the draft, and by which model."""
    note = document.note
    names = [{"name": "Auricle", "type": "manufacturer-name"}]
    if note.model:
        names.append({"name": note.model, "type": "model-name"})
    return {
        "resourceType": "Device",
        "id": str(writer_id(document)),
        "deviceName": names,
        "type": {"text": f"Clinical note writer ({note.method or 'unknown'})"},
        "owner": {"reference": urn(document.organization.id), "display": document.organization.name},
    }
