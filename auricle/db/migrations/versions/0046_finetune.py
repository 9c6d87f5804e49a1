"""Ratings of consultations, exports of examples for training, and the consent that they need."""

from alembic import op

from auricle.db.tenancy import protect

revision = "0046_finetune"
down_revision = "0045_documents"

OWN = """    id uuid primary key,
    organization_id uuid not null default nullif(current_setting('auricle.organization', true), '')::uuid,
    created_at timestamptz not null default now(),
"""

RATING = f"""
create table consultation_rating (
{OWN}
    consultation_id uuid not null,
    patient_id uuid not null,
    rated_by uuid not null,
    by_patient boolean not null,
    score integer not null check (score between 1 and 5),
    comment bytea,
    changed_at timestamptz not null default now(),
    constraint uq_consultation_rating unique (organization_id, consultation_id, rated_by)
)"""

EXPORT = f"""
create table finetune_export (
{OWN}
    requested_by uuid not null,
    wanted jsonb not null check (jsonb_typeof(wanted) = 'object'),
    status text not null default 'queued' check (status in ('queued', 'ready', 'failed', 'expired')),
    failure_code text,
    manifest jsonb check (jsonb_typeof(manifest) = 'object'),
    patient_ids jsonb not null default '[]' check (jsonb_typeof(patient_ids) = 'array'),
    byte_size bigint,
    content_hash text,
    read_at timestamptz,
    expires_at timestamptz,
    taken integer not null default 0
)"""

KINDS = "kind in ('recording', 'ai_use', 'sharing', 'training')"


def upgrade() -> None:
    op.execute(RATING)
    references = {"consultation_id": "consultation", "patient_id": "patient", "rated_by": "member"}
    protect("consultation_rating", references=references, sealed_from_audit=("comment",))
    op.execute(EXPORT)
    protect("finetune_export", references={"requested_by": "member"}, sealed_from_audit=("patient_ids",))
    for table in ("consent_text", "consent"):
        op.execute(
            f"alter table {table} drop constraint {table}_kind_check, "
            f"add constraint {table}_kind_check check ({KINDS}) not valid"
        )
        op.execute(f"alter table {table} validate constraint {table}_kind_check")
