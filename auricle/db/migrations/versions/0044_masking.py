"""What an organization asks for about masking: one row, none while it asks for nothing."""

from alembic import op

from auricle.db.tenancy import protect

revision = "0044_masking"
down_revision = "0043_review"

POLICY = """
create table masking_policy (
    id uuid primary key,
    organization_id uuid not null default nullif(current_setting('auricle.organization', true), '')::uuid,
    created_at timestamptz not null default now(),
    mode text not null check (mode in ('off', 'text', 'all')),
    passes jsonb not null default '[]' check (jsonb_typeof(passes) = 'array'),
    own_servers jsonb not null default '{}' check (jsonb_typeof(own_servers) = 'object'),
    version integer not null check (version > 0),
    changed_by uuid,
    changed_at timestamptz not null default now(),
    constraint uq_masking_policy_organization_id unique (organization_id)
)"""


def upgrade() -> None:
    op.execute(POLICY)
    protect("masking_policy", references={"changed_by": "member"}, index=(), grants="select, insert, update")
    op.execute("create trigger tell after insert or update on masking_policy "
               "for each row execute function tell_providers()")  # fmt: skip
