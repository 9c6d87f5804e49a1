"""Vectors that lie elsewhere: a chunk may have none here, and what is to be removed there is written down."""

from alembic import op

from auricle.db.tenancy import protect

revision = "0040_qdrant"
down_revision = "0039_served"

# A partition's column is not the parent's: each is told.
NULLABLE = """
do $$
declare
    part regclass;
begin
    alter table knowledge_chunk alter column embedding drop not null;
    for part in select inhrelid::regclass from pg_inherits where inhparent = 'knowledge_chunk'::regclass loop
        execute format('alter table %s alter column embedding drop not null', part);
    end loop;
end $$"""

REMOVAL = """
create table knowledge_removal (
    id uuid primary key,
    organization_id uuid not null default nullif(current_setting('auricle.organization', true), '')::uuid,
    created_at timestamptz not null default now(),
    document_id uuid not null,
    embedder text not null
)"""


def upgrade() -> None:
    op.execute(NULLABLE)
    # Whose vectors are all elsewhere is asked at every search: without looking at each of its chunks.
    op.execute("create index ix_knowledge_chunk_held on knowledge_chunk (organization_id) where embedding is not null")
    op.execute(REMOVAL)
    # Not audited: it follows from the deletion of a document, which is. A row lives until its vector is gone.
    protect("knowledge_removal", audit=False, index=("id",), grants="select, insert, delete")
