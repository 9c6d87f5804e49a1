"""Which rows are a patient's, so that one can ask the audit what happened to any of them."""

from uuid import UUID

from sqlalchemy import ColumnElement, TextClause, bindparam, column, text
from sqlalchemy.orm import InstrumentedAttribute

# Tables that name a patient, and those that hang below one of these. New ones belong here; a test compares.
NAMING = (
    "consultation",
    "consultation_rating",
    "alert",
    "document",
    "soap_note",
    "consent",
    "legal_hold",
    "erasure",
    "patient_export",
    "break_glass",
    "data_key",
    "appointment",
    "observation",
    "phone_call",
)
BELOW = {
    "tool_call": ("consultation_id", "consultation"),
    "consultation_session": ("consultation_id", "consultation"),
    "message": ("consultation_id", "consultation"),
    "note_statement": ("note_id", "soap_note"),
    "note_version": ("note_id", "soap_note"),
    "note_addendum": ("note_id", "soap_note"),
}


def row_ids() -> str:
    """SQL for the ids of every row of the patient `:patient`."""
    own = [f"select id from {table} where patient_id = :patient" for table in NAMING]  # noqa: S608
    below = [
        f"select b.id from {table} b join {parent} p on p.id = b.{key} where p.patient_id = :patient"  # noqa: S608
        for table, (key, parent) in BELOW.items()
    ]
    return " union all ".join(["select cast(:patient as uuid)", *own, *below])


def about_patient(entity_id: InstrumentedAttribute[UUID | None], patient_id: UUID) -> ColumnElement[bool]:
    """The condition that an entry is about a row of this patient."""
    rows: TextClause = text(row_ids()).bindparams(bindparam("patient", patient_id))
    return entity_id.in_(rows.columns(column("id")).scalar_subquery())
