"""Knowledge documents and their chunks with vectors."""

from alembic import op

from auricle.db.tenancy import protect

revision = "0003_knowledge"
down_revision = "0002_consultations"

DOCUMENT = """
create table knowledge_document (
    id uuid primary key,
    organization_id uuid not null default nullif(current_setting('auricle.organization', true), '')::uuid,
    created_at timestamptz not null default now(),
    title text not null check (length(title) <= 300),
    requested_title text not null default '',
    file_name text not null check (length(file_name) between 1 and 200),
    media_type text not null,
    content_hash text not null check (content_hash ~ '^[0-9a-f]{64}$'),
    byte_size bigint not null check (byte_size > 0),
    language text not null default 'en',
    collection text not null default 'general',
    status text not null default 'queued'
        check (status in ('queued', 'extracted', 'chunked', 'embedded', 'live', 'failed')),
    percent smallint not null default 0 check (percent between 0 and 100),
    failure_code text,
    text text,
    pages jsonb not null default '[]',
    sections jsonb not null default '[]',
    hidden_characters integer not null default 0,
    chunk_count integer not null default 0,
    embedder text,
    live_at timestamptz,
    updated_at timestamptz not null default now(),
    constraint uq_knowledge_document_content_hash unique (organization_id, content_hash),
    constraint ck_knowledge_document_failure check ((status = 'failed') = (failure_code is not null))
)"""

CHUNK = """
create table knowledge_chunk (
    id uuid primary key,
    organization_id uuid not null default nullif(current_setting('auricle.organization', true), '')::uuid,
    created_at timestamptz not null default now(),
    document_id uuid not null,
    position integer not null check (position >= 0),
    title text not null,
    text text not null,
    page integer,
    section text not null default '',
    start_offset integer not null check (start_offset >= 0),
    end_offset integer not null,
    embedder text not null,
    embedding vector(384) not null,
    words tsvector not null generated always as
        (setweight(to_tsvector('simple', title || ' ' || section), 'A') || setweight(to_tsvector('simple', text), 'B')) stored,
    constraint uq_knowledge_chunk_position unique (organization_id, document_id, position),
    constraint ck_knowledge_chunk_span check (end_offset > start_offset)
)"""


def upgrade() -> None:
    op.execute(DOCUMENT)
    op.execute(CHUNK)
    # The extracted text and where its parts lie are derived from the file, and large: the audit keeps their hash.
    protect("knowledge_document", sealed_from_audit=("text", "pages", "sections"))
    # Not audited: chunks are derived from a document, whose own changes are. No index over all organizations' vectors:
    # with a filter it silently loses half the answers, so an organization's rows are scanned, exactly.
    protect("knowledge_chunk", references={"document_id": "knowledge_document"}, audit=False, index=())
