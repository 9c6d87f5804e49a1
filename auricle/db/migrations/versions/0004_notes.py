"""SOAP notes, their statements and their versions."""

from alembic import op

from auricle.db.tenancy import protect

revision = "0004_notes"
down_revision = "0003_knowledge"

OWN = """    id uuid primary key,
    organization_id uuid not null default nullif(current_setting('auricle.organization', true), '')::uuid,
    created_at timestamptz not null default now(),
"""

NOTE = f"""
create table soap_note (
{OWN}
    consultation_id uuid not null,
    patient_id uuid not null,
    status text not null default 'queued'
        check (status in ('queued', 'generating', 'draft', 'approved', 'failed', 'deleted')),
    failure_code text,
    template text not null default 'soap',
    version integer not null default 0 check (version >= 0),
    ai_approved boolean,
    user_approved boolean not null default false,
    approved_by uuid,
    approved_at timestamptz,
    requested_by uuid,
    deleted_by uuid,
    deleted_at timestamptz,
    method text,
    model text,
    completeness double precision check (completeness between 0 and 1),
    source_message_ids jsonb not null default '[]',
    source_hash bytea,
    source bytea,
    masks bytea,
    context_data bytea,
    constraint ck_soap_note_approved check ((status = 'approved') = user_approved
        and user_approved = (approved_by is not null) and user_approved = (approved_at is not null)),
    constraint ck_soap_note_written check (status not in ('draft', 'approved') or version > 0),
    constraint ck_soap_note_failed check (status <> 'failed' or failure_code is not null)
)"""

STATEMENT = f"""
create table note_statement (
{OWN}
    note_id uuid not null,
    position integer not null check (position > 0),
    section text not null check (section in ('subjective', 'objective', 'assessment', 'plan')),
    kind text not null check (kind in ('fact', 'inferred', 'plan')),
    verdict text not null check (verdict in ('supported', 'inferred', 'contradicted', 'unsupported')),
    edited boolean not null default false,
    seen_by uuid,
    seen_at timestamptz,
    overruled_by uuid,
    overruled_at timestamptz,
    overrule_reason bytea,
    body bytea not null,
    constraint uq_note_statement_position unique (organization_id, note_id, position) deferrable initially deferred,
    constraint ck_note_statement_overruled check ((overruled_by is null) = (overrule_reason is null))
)"""

VERSION = f"""
create table note_version (
{OWN}
    note_id uuid not null,
    number integer not null check (number > 0),
    reason text not null check (reason in ('generated', 'edited', 'approved')),
    created_by uuid,
    body bytea not null,
    previous_hash bytea,
    hash bytea not null check (length(hash) = 32),
    constraint uq_note_version_number unique (organization_id, note_id, number),
    constraint ck_note_version_first check ((number = 1) = (previous_hash is null))
)"""


def upgrade() -> None:
    for table in (NOTE, STATEMENT, VERSION):
        op.execute(table)
    # Kept out of the audit: large and sealed, written only together with a version, whose hash the audit has.
    protect("soap_note", grants="select, insert, update", sealed_from_audit=("source", "masks", "context_data"),
            index=("id desc",),
            references={"consultation_id": "consultation", "patient_id": "patient", "approved_by": "member",
                        "requested_by": "member", "deleted_by": "member"})
    # One note of a kind is in the making at a time, whoever asks how often.
    op.execute("create unique index uq_soap_note_unfinished on soap_note (organization_id, consultation_id, template) "
               "where status in ('queued', 'generating')")
    protect("note_statement", references={"note_id": "soap_note", "seen_by": "member", "overruled_by": "member"},
            index=())
    protect("note_version", grants="select, insert", sealed_from_audit=("body",), index=(),
            references={"note_id": "soap_note", "created_by": "member"})
