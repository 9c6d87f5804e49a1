"""Organizations, accounts, members, sign-in sessions, data keys, the audit and live events."""

from alembic import op

from auricle.db.prepare import OWNER
from auricle.db.tenancy import APP, isolate, protect

revision = "0001_foundation"
down_revision = None

ACCOUNTS = """
create table organization (
    id uuid primary key,
    name text not null constraint uq_organization_name unique check (length(name) between 1 and 200),
    slug text not null constraint uq_organization_slug unique check (slug ~ '^[a-z0-9][a-z0-9-]{1,62}$'),
    kind text not null default 'hospital' check (kind in ('hospital', 'clinic', 'company')),
    email text not null,
    contact_name text not null default '',
    status text not null default 'active' check (status in ('active', 'suspended', 'closed')),
    open_registration boolean not null default false,
    time_zone text not null default 'UTC',
    created_at timestamptz not null default now()
);
create table account (
    id uuid primary key,
    email text not null constraint uq_account_email unique check (email = lower(email)),
    username text constraint uq_account_username unique check (username = lower(username)),
    password_hash text,
    platform_admin boolean not null default false,
    disabled_at timestamptz,
    created_at timestamptz not null default now()
);
create table member (
    id uuid primary key,
    organization_id uuid not null default nullif(current_setting('auricle.organization', true), '')::uuid,
    account_id uuid not null references account (id),
    role text not null,
    status text not null default 'active' check (status in ('active', 'invited', 'suspended')),
    given_name text not null default '',
    family_name text not null default '',
    language text not null default 'en',
    specialty text,
    created_at timestamptz not null default now(),
    constraint uq_member_account unique (organization_id, account_id)
);
create index ix_member_account_id on member (account_id);
create table auth_session (
    id uuid primary key,
    account_id uuid not null references account (id),
    organization_id uuid references organization (id),
    member_id uuid,
    created_at timestamptz not null default now(),
    last_used_at timestamptz not null default now(),
    expires_at timestamptz not null,
    revoked_at timestamptz,
    revoked_reason text,
    address text not null default '',
    user_agent text not null default ''
);
create index ix_auth_session_account_id on auth_session (account_id);
create table refresh_token (
    hash bytea primary key,
    session_id uuid not null references auth_session (id) on delete cascade,
    created_at timestamptz not null default now(),
    used_at timestamptz
);
create index ix_refresh_token_session_id on refresh_token (session_id);
"""

TENANT_TABLES = """
create table data_key (
    id uuid primary key,
    organization_id uuid not null default nullif(current_setting('auricle.organization', true), '')::uuid,
    patient_id uuid,
    wrapped bytea,
    created_at timestamptz not null default now(),
    constraint uq_data_key_patient_id unique nulls not distinct (organization_id, patient_id)
);
create table ticket (
    id uuid primary key,
    organization_id uuid not null default nullif(current_setting('auricle.organization', true), '')::uuid,
    hash bytea not null,
    session_id uuid,
    member_id uuid not null,
    consultation_id uuid,
    expires_at timestamptz not null,
    created_at timestamptz not null default now(),
    constraint uq_ticket_hash unique (organization_id, hash)
);
create table audit_entry (
    id bigint generated always as identity primary key,
    organization_id uuid not null default nullif(current_setting('auricle.organization', true), '')::uuid,
    xid bigint not null default pg_current_xact_id()::text::bigint,
    at timestamptz not null default clock_timestamp(),
    actor_id uuid default nullif(current_setting('auricle.actor', true), '')::uuid,
    member_id uuid default nullif(current_setting('auricle.member', true), '')::uuid,
    request_id text not null default coalesce(current_setting('auricle.request', true), ''),
    address text not null default coalesce(current_setting('auricle.address', true), ''),
    user_agent text not null default coalesce(current_setting('auricle.agent', true), ''),
    action text not null,
    entity text not null,
    entity_id uuid,
    old jsonb,
    new jsonb,
    outcome text not null default 'allowed',
    reason text
);
create table audit_link (
    organization_id uuid not null default nullif(current_setting('auricle.organization', true), '')::uuid,
    id bigint not null check (id > 0),
    entry_id bigint not null,
    horizon bigint not null,
    hash bytea not null,
    sealed_at timestamptz not null default now(),
    constraint pk_audit_link primary key (organization_id, id),
    constraint uq_audit_link_entry_id unique (organization_id, entry_id)
);
create table live_event (
    id bigint generated always as identity primary key,
    organization_id uuid not null default nullif(current_setting('auricle.organization', true), '')::uuid,
    xid bigint not null default pg_current_xact_id()::text::bigint,
    at timestamptz not null default now(),
    kind text not null,
    subject jsonb not null default '{}'
);
"""

AUDIT_WRITE = """
create function audit_write() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
    old_row jsonb := case when tg_op = 'INSERT' then null else to_jsonb(old) end;
    new_row jsonb := case when tg_op = 'DELETE' then null else to_jsonb(new) end;
    one jsonb := coalesce(new_row, old_row);
begin
    for i in 1 .. tg_nargs - 1 loop
        old_row := old_row - tg_argv[i];
        new_row := new_row - tg_argv[i];
    end loop;
    if tg_op = 'UPDATE' then
        select jsonb_object_agg(o.key, o.value), jsonb_object_agg(o.key, n.value) into old_row, new_row
        from jsonb_each(old_row) o join jsonb_each(new_row) n on n.key = o.key where o.value is distinct from n.value;
        if new_row is null then
            return null;
        end if;
    end if;
    insert into audit_entry (organization_id, action, entity, entity_id, old, new)
    values (coalesce(one ->> 'organization_id', one ->> 'id')::uuid, lower(tg_op), tg_argv[0],
            (one ->> 'id')::uuid, old_row, new_row);
    return null;
end $$
"""


def upgrade() -> None:
    for block in (ACCOUNTS, TENANT_TABLES):
        for statement in filter(str.strip, block.split(";\n")):
            op.execute(statement)
    op.execute(AUDIT_WRITE)
    op.execute("create trigger audit after insert or update or delete on organization "
               "for each row execute function audit_write('organization')")
    protect("member")
    op.execute("alter table auth_session add constraint fk_auth_session_member "
               "foreign key (organization_id, member_id) references member (organization_id, id)")
    # At sign-in the organization is not chosen yet: a person may read where they belong, and only that, and only then.
    op.execute("create policy own_membership on member for select "
               "using (nullif(current_setting('auricle.organization', true), '') is null "
               "and account_id = nullif(current_setting('auricle.actor', true), '')::uuid)")
    protect("data_key", grants="select, insert, update", sealed_from_audit=("wrapped",), index=())
    protect("ticket", grants="select, insert, delete", audit=False)  # lives for seconds and opens one socket
    # Is the audit. Who, when and for whom an entry is are not the application's to say: the defaults and the trigger do.
    protect("audit_entry", grants="select, insert (action, entity, entity_id, new, outcome, reason)", audit=False,
            index=("id desc",))
    # The trigger runs as the owner, who is bound like everybody; a new organization is announced to nobody yet.
    op.execute(f"create policy trigger_writes on audit_entry for insert to {OWNER} with check (true)")
    # A bigint, for under row security only leakproof comparisons use an index, and those of xid8 are not.
    op.execute("create index ix_audit_entry_xid on audit_entry (organization_id, xid, id)")
    # Tells the sealer, for all organizations at once, whether there is anything new.
    op.execute(f"grant select on sequence audit_entry_id_seq to {APP}")
    op.execute("create index ix_audit_entry_entity on audit_entry (organization_id, entity, entity_id, id desc)")
    op.execute("alter table audit_link add constraint fk_audit_link_organization_id "
               "foreign key (organization_id) references organization (id)")
    isolate("audit_link", grants="select, insert")  # seals the audit; its primary key carries the organization
    protect("live_event", grants="select, insert", audit=False, index=("id",))  # ids of what is audited where it happens
    op.execute("create index ix_live_event_xid on live_event (organization_id, xid)")
    op.execute(f"grant select, insert, update on organization, account, auth_session, refresh_token to {APP}")
    op.execute(f"grant select on alembic_version to {APP}")
