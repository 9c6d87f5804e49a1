"""Organizations' own accounts at providers, the order in which theirs are asked, and what providers list of themselves."""

from alembic import op

from auricle.db.tenancy import protect

revision = "0019_providers"
down_revision = "0018_usage_requests"

OWN = """    id uuid primary key,
    organization_id uuid not null default nullif(current_setting('auricle.organization', true), '')::uuid,
    created_at timestamptz not null default now(),
"""

ACCOUNT = f"""
create table provider_account (
{OWN}
    name text not null check (name ~ '^[a-z0-9_-]{{1,40}}$'),
    vendor text not null,
    url text,
    key bytea,
    fingerprint text,
    models jsonb not null default '{{}}' check (jsonb_typeof(models) = 'object'),
    options jsonb not null default '{{}}' check (jsonb_typeof(options) = 'object'),
    enabled boolean not null default true,
    created_by uuid,
    changed_by uuid,
    changed_at timestamptz not null default now(),
    constraint uq_provider_account_name unique (organization_id, name),
    check ((key is null) = (fingerprint is null))
)"""

ORDER = f"""
create table provider_order (
{OWN}
    orders jsonb not null default '{{}}' check (jsonb_typeof(orders) = 'object'),
    changed_by uuid,
    changed_at timestamptz not null default now(),
    constraint uq_provider_order_organization_id unique (organization_id)
)"""

LISTING = f"""
create table provider_listing (
{OWN}
    name text not null,
    vendor text not null,
    fingerprint text not null,
    voices jsonb check (jsonb_typeof(voices) = 'array'),
    models jsonb check (jsonb_typeof(models) = 'array'),
    listed_at timestamptz not null default now(),
    constraint uq_provider_listing_name unique (organization_id, name)
)"""

# Every process that holds the organization's providers drops them, and so goes over to a new key.
TELL = """
create function tell_providers() returns trigger language plpgsql security definer set search_path = public, pg_temp as
$$ begin
    perform pg_notify('auricle_providers', coalesce(new.organization_id, old.organization_id)::text);
    return null;
end $$
"""


def upgrade() -> None:
    op.execute(ACCOUNT)
    by = {"created_by": "member", "changed_by": "member"}
    protect("provider_account", references=by, sealed_from_audit=("key",))
    op.execute(ORDER)
    protect("provider_order", references={"changed_by": "member"}, index=())
    op.execute(LISTING)
    # Not audited: what a vendor says of itself, kept so that no process has to ask again.
    protect("provider_listing", audit=False, index=())
    op.execute(TELL)
    for table in ("provider_account", "provider_order"):
        op.execute(f"create trigger tell after insert or update or delete on {table} "
                   "for each row execute function tell_providers()")  # fmt: skip
