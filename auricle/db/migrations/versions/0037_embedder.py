"""Which model an organization's knowledge is embedded by, and the change to another while the old one answers."""

from alembic import op

from auricle.db.tenancy import protect

revision = "0037_embedder"
down_revision = "0036_where_chunks_live"

EMBEDDER = """
create table knowledge_embedder (
    id uuid primary key,
    organization_id uuid not null default nullif(current_setting('auricle.organization', true), '')::uuid,
    created_at timestamptz not null default now(),
    name text not null check (name ~ '^[A-Za-z0-9_./:@ -]{1,200}$'),
    provider text,
    model text,
    dimension integer not null check (dimension between 1 and 16000),
    multilingual boolean not null default false,
    status text not null check (status in ('building', 'in_use', 'replaced', 'failed', 'cancelled')),
    done integer not null default 0,
    total integer not null default 0,
    failure_code text,
    changed_at timestamptz not null default now(),
    constraint ck_knowledge_embedder_failure check ((status = 'failed') = (failure_code is not null)),
    constraint ck_knowledge_embedder_provider check (model is null or provider is not null)
)"""


def upgrade() -> None:
    op.execute(EMBEDDER)
    # How far it is, is told to watchers; the trail keeps who chose what, and when it came into use.
    protect("knowledge_embedder", sealed_from_audit=("done", "total", "changed_at"))
    for status in ("building", "in_use"):
        op.execute(
            f"create unique index uq_knowledge_embedder_{status} on knowledge_embedder (organization_id)"
            f" where status = '{status}'"
        )
    op.execute(
        "create trigger tell_knowledge after update on knowledge_embedder for each row"
        " when (old.status is distinct from new.status and new.status = 'in_use') execute function tell_knowledge()"
    )
