"""A note as the paragraphs of a printed page, in reading order; what draws them knows nothing of notes."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from auricle.notes.export.document import Document
from auricle.notes.export.markdown import shown_parts
from auricle.notes.export.words import fit_for_xml, remarks_on, source_of, standing
from auricle.notes.schemas import StatementOut

Look = Literal["title", "banner", "fact", "heading", "statement", "quote", "plain"]


@dataclass(frozen=True, slots=True)
class Block:
    """One paragraph. `lead` stands before the text, in bold."""

    look: Look
    text: str
    lead: str = ""


def blocks(document: Document) -> list[Block]:
    return [Block(b.look, one_line(b.text), one_line(b.lead)) for b in told(document)]


def one_line(text: str) -> str:
    return " ".join(fit_for_xml(text).split())


def told(document: Document) -> Iterator[Block]:
    yield Block("title", document.organization.name)
    if document.signed_at is None:
        yield Block("banner", "UNSIGNED DRAFT: no clinician answers for this text.")
    yield from header(document)
    for part, statements in shown_parts(document.note):
        yield Block("heading", part.heading)
        if not statements:
            yield Block("plain", "Nothing noted.")
        for statement in statements:
            yield from statement_blocks(statement)
    for addendum in document.note.addenda:
        yield Block("heading", "Addendum")
        yield Block("fact", f"{addendum.author}, {document.told(addendum.created_at)}", "Signed by:")
        for statement in addendum.statements:
            yield from statement_blocks(statement)
    if document.note.missing:
        yield Block("heading", "Said, but not in this note")
        for one in document.note.missing:
            yield Block("statement", one.text, f"{one.kind}:")
            yield Block("quote", f"“{one.quote}”")
    yield from signature(document)


def header(document: Document) -> Iterator[Block]:
    note, patient, held = document.note, document.patient, document.consultation
    yield Block("fact", f"{note.title}, version {note.version}", "Document:")
    if patient is None:
        yield Block("fact", "identifiers are masked", "Patient:")
    else:
        born = f", born {patient.birth_date}" if patient.birth_date else ""
        number = f", record number {patient.record_number}" if patient.record_number else ""
        gender = "" if patient.gender == "unknown" else f", {patient.gender}"
        yield Block("fact", f"{patient.full_name}{born}{gender}{number}", "Patient:")
    if held is not None:
        specialty = f", {held.specialty}" if held.specialty else ""
        kind = held.type.value.replace("_", " ")
        began = document.told(held.created_at)
        yield Block("fact", f"{held.visit_date}, {kind}{specialty}; began {began}", "Consultation:")
    if note.document_id is not None:
        yield Block("fact", f"a document of the patient, {note.document_id}", "Source:")
    if document.clinician is not None:
        own = f", {document.clinician.specialty}" if document.clinician.specialty else ""
        yield Block("fact", f"{document.clinician.name}{own}", "Clinician:")
    yield Block("fact", document.organization.email, "Clinic:")
    model = f" ({note.model})" if note.model else ""
    judged = "no objection" if note.ai_approved else "objects to statements marked below"
    by = f" ({note.judged_by})" if note.judged_by else ""
    yield Block("fact", f"{note.method or 'unknown'}{model}; the judge{by}: {judged}", "Written:")


def statement_blocks(statement: StatementOut) -> Iterator[Block]:
    remarks = remarks_on(statement)
    yield Block("statement", statement.text + (f" ({'; '.join(remarks)})" if remarks else ""))
    for evidence in statement.evidence:
        yield Block("quote", f"“{evidence.quote}”", f"{source_of(evidence)}:")


def signature(document: Document) -> Iterator[Block]:
    yield Block("heading", "Signature")
    if document.signed_at is None:
        yield Block("plain", "Not signed.")
    else:
        name = document.clinician.name if document.clinician else "a member who is no longer known"
        yield Block("fact", f"{name}, {document.told(document.signed_at)}", "Signed by:")
    yield Block("fact", f"{document.version.number}, written {document.told(document.version.created_at)}", "Version:")
    yield Block("fact", document.version.hash.hex(), "Hash in the chain of versions (SHA-256):")
    by = document.exporter.name if document.exporter else "an API key"
    yield Block("fact", f"{by}, {document.told(document.made_at)}", "Taken out by:")


def footer(document: Document) -> str:
    return one_line(f"{document.organization.name} · {standing(document)} · {document.note.id}")
