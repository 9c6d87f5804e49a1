"""API keys of machines, and the answers kept for repeated requests."""

from alembic import op

from auricle.db.prepare import OWNER
from auricle.db.tenancy import APP, protect

revision = "0011_edges"
down_revision = "0010_consent"

API_KEY = """
create table api_key (
    id uuid primary key,
    organization_id uuid not null default nullif(current_setting('auricle.organization', true), '')::uuid,
    name text not null,
    hash bytea not null,
    hint text not null,
    scopes jsonb not null,
    created_by uuid not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    revoked_at timestamptz,
    last_used_at timestamptz,
    last_used_from text not null default '',
    constraint uq_api_key_hash unique (hash)
)
"""

# A key comes without its organization, which row-level security wants to know first. Of a whole hash, and of nothing
# else, this tells the organization, and nothing more.
WHOSE_KEY = """
create function api_key_organization(wanted bytea) returns uuid
language sql stable security definer set search_path = public, pg_temp as
$$ select organization_id from api_key where hash = wanted $$
"""

# Not `protect`ed as a tenant's table: platform administrators, who act in no organization, repeat requests too.
REQUEST_KEY = """
create table request_key (
    id uuid primary key,
    organization_id uuid default nullif(current_setting('auricle.organization', true), '')::uuid
        references organization (id),
    account_id uuid not null default nullif(current_setting('auricle.actor', true), '')::uuid,
    key text not null,
    request_hash bytea not null,
    status smallint,
    answer bytea,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    constraint uq_request_key unique nulls not distinct (organization_id, account_id, key)
)
"""

OWN_REQUESTS = (
    "organization_id is not distinct from nullif(current_setting('auricle.organization', true), '')::uuid "
    "and account_id = nullif(current_setting('auricle.actor', true), '')::uuid"
)

FORGET = """
create function forget_request_keys() returns bigint
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    gone bigint;
begin
    delete from request_key where expires_at < now();
    get diagnostics gone = row_count;
    return gone;
end
$$
"""


def upgrade() -> None:
    op.execute(API_KEY)
    # When and from where a key was last used is no change of it, and its hash is nobody's to read.
    protect("api_key", references={"created_by": "member"}, grants="select, insert, update",
            sealed_from_audit=("hash", "last_used_at", "last_used_from"))
    op.execute(f"create policy found_by_hash on api_key for select to {OWNER} using (true)")
    op.execute(WHOSE_KEY)
    op.execute(REQUEST_KEY)
    op.execute("create index ix_request_key_expires_at on request_key (expires_at)")
    op.execute("alter table request_key enable row level security")
    op.execute("alter table request_key force row level security")
    op.execute(f"create policy own on request_key using ({OWN_REQUESTS}) with check ({OWN_REQUESTS})")
    op.execute(f"create policy forgets on request_key to {OWNER} using (true)")
    op.execute(f"grant select, insert, update, delete on request_key to {APP}")
    op.execute(FORGET)
    for function in ("api_key_organization(bytea)", "forget_request_keys()"):
        op.execute(f"revoke all on function {function} from public")
        op.execute(f"grant execute on function {function} to {APP}")
