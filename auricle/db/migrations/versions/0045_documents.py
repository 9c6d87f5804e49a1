"""Documents of patients, and notes that are written from one."""

from alembic import op

from auricle.db.tenancy import protect

revision = "0045_documents"
down_revision = "0044_masking"

DOCUMENT = """
create table document (
    id uuid primary key,
    organization_id uuid not null default nullif(current_setting('auricle.organization', true), '')::uuid,
    created_at timestamptz not null default now(),
    patient_id uuid not null,
    consultation_id uuid,
    name bytea,
    kind text not null,
    language text not null,
    byte_size bigint not null check (byte_size > 0),
    content_hash bytea,
    status text not null default 'pending'
        check (status in ('pending', 'processing', 'done', 'failed', 'deleted')),
    failure_code text,
    trouble_code text,
    text bytea,
    paragraph_count integer not null default 0,
    character_count integer not null default 0,
    page_count integer,
    length_s double precision,
    read_by text,
    uploaded_by uuid,
    processed_at timestamptz,
    deleted_by uuid,
    deleted_at timestamptz,
    constraint ck_document_failed check ((status = 'failed') = (failure_code is not null) or status = 'deleted'),
    constraint ck_document_done check (status <> 'done' or (text is not null and processed_at is not null)),
    constraint ck_document_deleted check ((status = 'deleted') = (name is null)
        and (status <> 'deleted' or (text is null and content_hash is null)))
)"""


def upgrade() -> None:
    op.execute(DOCUMENT)
    protect(
        "document",
        grants="select, insert, update",
        references={"patient_id": "patient", "consultation_id": "consultation", "uploaded_by": "member",
                    "deleted_by": "member"},
        sealed_from_audit=("name#", "text#", "content_hash", "trouble_code"),
        index=("id desc",),
    )
    op.execute("create unique index uq_document_content on document (organization_id, patient_id, content_hash)")

    op.execute("alter table soap_note alter column consultation_id drop not null")
    op.execute("alter table soap_note add column document_id uuid")
    op.execute("alter table soap_note add constraint ck_soap_note_source "
               "check (consultation_id is not null or document_id is not null)")
    op.execute("alter table soap_note add constraint fk_soap_note_document_id foreign key (organization_id, document_id) "
               "references document (organization_id, id)")
    op.execute("create index ix_soap_note_document_id on soap_note (organization_id, document_id)")
    # One note of a kind is in the making at a time from one source, whoever asks how often.
    op.execute("drop index uq_soap_note_unfinished")
    op.execute("create unique index uq_soap_note_unfinished on soap_note "
               "(organization_id, coalesce(document_id, consultation_id), template) "
               "where status in ('queued', 'generating')")
