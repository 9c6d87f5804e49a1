"""The specialty of a knowledge document, an organization's own settings of its search, and word of what has changed."""

from alembic import op

from auricle.db.tenancy import protect

revision = "0035_search"
down_revision = "0030_note_search"

SETTING = """
create table knowledge_setting (
    id uuid primary key,
    organization_id uuid not null default nullif(current_setting('auricle.organization', true), '')::uuid,
    created_at timestamptz not null default now(),
    strictness text not null check (strictness in ('strict', 'normal', 'lenient', 'own')),
    thresholds jsonb not null default '{}' check (jsonb_typeof(thresholds) = 'object'),
    rerank boolean not null default true,
    changed_by uuid,
    changed_at timestamptz not null default now(),
    constraint uq_knowledge_setting_organization_id unique (organization_id)
)"""

# Every process that holds the organization's knowledge in memory reads it anew, before somebody asks.
TELL = """
create function tell_knowledge() returns trigger language plpgsql security definer set search_path = public, pg_temp as
$$ begin
    perform pg_notify('auricle_knowledge', coalesce(new.organization_id, old.organization_id)::text);
    return null;
end $$
"""
IS_CHANGE = "old.live_at is distinct from new.live_at or old.status is distinct from new.status and 'live' in (old.status, new.status)"
TOLD = (
    f"after update on knowledge_document for each row when ({IS_CHANGE})",
    "after delete on knowledge_document for each row when (old.status = 'live')",
    "after insert or update or delete on knowledge_setting for each row",
)


def upgrade() -> None:
    op.execute("alter table knowledge_document add column specialty text not null default ''")
    op.execute(SETTING)
    protect("knowledge_setting", references={"changed_by": "member"}, index=())
    op.execute(TELL)
    for number, when in enumerate(TOLD, 1):
        op.execute(f"create trigger tell_{number} {when} execute function tell_knowledge()")
