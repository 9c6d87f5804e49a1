"""What stands around a note: Encounter, DocumentReference, Consent, Provenance, AuditEvent."""

import base64
import hashlib
from collections.abc import Iterator
from typing import Any

from auricle.consent.models import Consent, Decision
from auricle.consultations.models import Consultation, ConsultationStatus, ConsultationType
from auricle.db.base import new_id
from auricle.notes.export.document import Document
from auricle.notes.export.fhir.parts import (
    LOINC,
    TERMS,
    Json,
    coding,
    concept,
    derived,
    identifier,
    moment,
    to_composition,
    to_encounter,
    to_organization,
    to_patient,
    to_person,
    to_writer,
    urn,
)
from auricle.notes.export.markdown import markdown

SCOPES = {
    "recording": ("treatment", "Treatment"),
    "ai_use": ("treatment", "Treatment"),
    "sharing": ("patient-privacy", "Privacy Consent"),
}


def encounter(document: Document, held: Consultation) -> Json:
    here = held.type is ConsultationType.IN_PERSON
    place = coding(f"{TERMS}/v3-ActCode", *(("AMB", "ambulatory") if here else ("VR", "virtual")))
    period = {"start": moment(document, held.created_at)}
    if held.ended_at is not None:
        period["end"] = moment(document, held.ended_at)
    told: Json = {
        "resourceType": "Encounter",
        "id": str(held.id),
        "identifier": [identifier(urn(held.id))],
        "status": "finished" if held.status is ConsultationStatus.ENDED else "in-progress",
        "class": place,
        "type": [{"text": held.type.value.replace("_", " ")}],
        "subject": to_patient(document),
        "period": period,
        "serviceProvider": to_organization(document),
    }
    if held.specialty:
        told["serviceType"] = {"text": held.specialty}
    if document.clinician is not None:
        told["participant"] = [{"individual": to_person(document.clinician)}]
    return told


def document_reference(document: Document) -> Json:
    """The same note as one text, for readers that show no sections."""
    text = markdown(document.note).encode()
    return {
        "resourceType": "DocumentReference",
        "id": str(document.version.id),
        "identifier": [identifier(urn(document.version.id))],
        "status": "current",
        "docStatus": standing(document),
        "type": concept(LOINC, "11488-4", "Consult note"),
        "subject": to_patient(document),
        "date": moment(document, document.version.created_at),
        "author": authors(document),
        "custodian": to_organization(document),
        "content": [
            {
                "attachment": {
                    "contentType": "text/markdown; charset=utf-8",
                    "data": base64.b64encode(text).decode(),
                    "size": len(text),
                    "hash": base64.b64encode(hashlib.sha1(text, usedforsecurity=False).digest()).decode(),  # R4: SHA-1
                    "title": f"{document.note.title}, version {document.note.version}",
                    "creation": moment(document, document.version.created_at),
                }
            }
        ],
        **({"context": {"encounter": [to_encounter(document.consultation)]}} if document.consultation else {}),
    }


def standing(document: Document) -> str:
    """As FHIR says of a document: not signed yet, signed, or added to since."""
    if document.signed_at is None:
        return "preliminary"
    return "amended" if document.is_amended else "final"


def authors(document: Document) -> list[Json]:
    """Whoever signed it first, then whoever added to it; a draft is the software's alone."""
    signer = [document.clinician] if document.signed_at and document.clinician else []
    people = {one.id: one for one in (*signer, *document.amenders)}
    return [*map(to_person, people.values()), to_writer(document)]


def consent(document: Document, decision: Consent) -> Json:
    """The decision that counts, of one kind; the text agreed to is named by its version and hash."""
    granted = decision.decision is Decision.GRANTED
    told: Json = {
        "resourceType": "Consent",
        "id": str(decision.id),
        "identifier": [identifier(urn(decision.id))],
        "status": "active" if granted else "inactive",
        "scope": concept(f"{TERMS}/consentscope", *SCOPES[decision.kind]),
        "category": [{**concept(LOINC, "59284-0", "Consent Document"), "text": decision.kind.value}],
        "patient": to_patient(document),
        "dateTime": moment(document, decision.created_at),
        "organization": [to_organization(document)],
        "policyRule": {"text": f"{decision.kind.value}, version {decision.text_version}, {decision.text_hash}"},
        "provision": {"type": "permit" if granted else "deny"},
    }
    if decision.decided_by == "patient":
        told["performer"] = [to_patient(document)]
    return told


def provenance(document: Document) -> Json:
    """Written by software from what was said or written, and signed by whom; the version is named by its link in the
    chain."""
    roles = f"{TERMS}/provenance-participant-type"
    agents: list[Any] = [{"type": concept(roles, "assembler", "Assembler"), "who": to_writer(document)}]
    if document.signed_at and document.clinician:
        agents.append({"type": concept(roles, "attester", "Attester"), "who": to_person(document.clinician)})
    agents += [{"type": concept(roles, "author", "Author"), "who": to_person(one)} for one in document.amenders]
    chained = identifier(document.version.hash.hex(), system="urn:auricle:note-version-hash")
    return {
        "resourceType": "Provenance",
        "id": str(derived("provenance", document.version.id)),
        "target": [to_composition(document)],
        "occurredDateTime": moment(document, document.version.created_at),
        "recorded": moment(document, document.version.created_at),
        "agent": agents,
        "entity": [
            {"role": "source", "what": source(document)},
            {
                "role": "revision",
                "what": {"identifier": chained, "display": f"Version {document.version.number} of the note"},
            },
        ],
    }


def source(document: Document) -> Json:
    """What the note was written from; a document of the patient is named, and not taken along."""
    if document.note.document_id is not None:
        return {"identifier": identifier(urn(document.note.document_id)), "display": "A document of the patient"}
    assert document.consultation is not None
    return {**to_encounter(document.consultation), "display": "What was said in the consultation"}


def audit_events(document: Document) -> Iterator[Json]:
    """The signature and this disclosure: who and when, and nothing of what the note says."""
    lifecycle = f"{TERMS}/iso-21089-lifecycle"
    if document.signed_at and document.clinician:
        attest = coding(lifecycle, "attest", "Attest Record Lifecycle Event")
        agent = {"who": to_person(document.clinician), "requestor": True}
        yield audit_event(document, str(derived("signed", document.version.id)), attest, "U", document.signed_at, agent)
    disclose = coding(lifecycle, "disclose", "Disclose Record Lifecycle Event")
    by = to_person(document.exporter) if document.exporter else {"display": "An API key"}
    yield audit_event(document, str(new_id()), disclose, "R", document.made_at, {"who": by, "requestor": True})


def audit_event(document: Document, id: str, type: Json, action: str, at: Any, agent: Json) -> Json:
    return {
        "resourceType": "AuditEvent",
        "id": id,
        "type": type,
        "action": action,
        "recorded": moment(document, at),
        "outcome": "0",
        "agent": [agent],
        "source": {"observer": to_organization(document)},
        "entity": [{"what": to_composition(document)}],
    }
