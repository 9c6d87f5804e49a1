"""Vectors of what approved notes say, to find notes by."""

from alembic import op

from auricle.db.tenancy import protect

revision = "0030_note_search"
down_revision = "0025_uploads"

PASSAGE = """
create table note_passage (
    id uuid primary key,
    organization_id uuid not null default nullif(current_setting('auricle.organization', true), '')::uuid,
    created_at timestamptz not null default now(),
    note_id uuid not null,
    patient_id uuid not null,
    statement_id uuid not null,
    embedder text not null,
    embedding vector not null,
    constraint uq_note_passage_statement unique (organization_id, statement_id, embedder)
)"""


def upgrade() -> None:
    op.execute(PASSAGE)
    # Not audited: derived from signed statements, whose own changes are. No words are kept, sealed or clear: they are
    # read from the statements, under the patient's key, by whoever may see them. Without a dimension, so that notes
    # can be embedded anew by another model beside the one in use.
    protect(
        "note_passage",
        references={"note_id": "soap_note", "patient_id": "patient", "statement_id": "note_statement"},
        audit=False,
        index=("embedder", "note_id"),
    )
