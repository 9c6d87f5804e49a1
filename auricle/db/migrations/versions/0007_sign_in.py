"""Lockout, second factor, recovery codes, one-time links, outside identities; word of ended sign-ins."""

from alembic import op

from auricle.db.tenancy import APP

revision = "0007_sign_in"
down_revision = "0006_live_retention"

# All global, for all are read before an organization is chosen; the reasons stand in db/tenancy.py.
TABLES = """
alter table account add column email_verified_at timestamptz;
create table lockout (
    key bytea primary key,
    failures int not null default 0,
    last_failure_at timestamptz,
    locked_until timestamptz,
    pending int not null default 0,
    pending_until timestamptz
);
create table second_factor (
    account_id uuid primary key references account (id),
    secret bytea not null,
    confirmed_at timestamptz,
    last_step bigint not null default 0,
    created_at timestamptz not null default now()
);
create table recovery_code (
    hash bytea primary key,
    account_id uuid not null references account (id),
    created_at timestamptz not null default now(),
    used_at timestamptz
);
create index ix_recovery_code_account_id on recovery_code (account_id);
create table one_time_link (
    hash bytea primary key,
    purpose text not null,
    account_id uuid not null references account (id),
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    used_at timestamptz
);
create index ix_one_time_link_account_id on one_time_link (account_id);
create table outside_identity (
    issuer text not null,
    subject text not null check (length(subject) between 1 and 255),
    account_id uuid not null references account (id),
    created_at timestamptz not null default now(),
    constraint pk_outside_identity primary key (issuer, subject)
);
create index ix_outside_identity_account_id on outside_identity (account_id);
create table outside_sign_in (
    hash bytea primary key,
    state_hash bytea not null,
    secrets bytea not null,
    organization text,
    expires_at timestamptz not null
)
"""

# Sign-in happens before an organization is chosen, so its trail goes to each one the announced account belongs to.
# The policy own_membership lets the function see those, and no others.
NOTE_SIGN_IN = """
create function note_sign_in(account uuid, action text, outcome text, reason text) returns void
language sql security definer set search_path = public, pg_temp as $$
    insert into audit_entry (organization_id, action, entity, entity_id, outcome, reason)
    select m.organization_id, note_sign_in.action, 'account', account, note_sign_in.outcome, note_sign_in.reason
    from member m where m.account_id = account
$$
"""

# Whoever changes a standing, every process hears of it when the change is committed.
TELL_STANDING = """
create function tell_standing() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
    perform pg_notify('auricle_standing', tg_argv[0] || ':' || (to_jsonb(coalesce(new, old)) ->> tg_argv[1]));
    return null;
end $$
"""

STANDING = (
    "update of revoked_at on auth_session for each row when (old.revoked_at is distinct from new.revoked_at) "
    "execute function tell_standing('session', 'id')",
    "update on account for each row when (old.disabled_at is distinct from new.disabled_at "
    "or old.platform_admin is distinct from new.platform_admin) execute function tell_standing('account', 'id')",
    "update or delete on member for each row execute function tell_standing('account', 'account_id')",
    "update of status on organization for each row when (old.status is distinct from new.status) "
    "execute function tell_standing('organization', 'id')",
)


def upgrade() -> None:
    for statement in filter(str.strip, TABLES.split(";\n")):
        op.execute(statement)
    op.execute(NOTE_SIGN_IN)
    op.execute("revoke all on function note_sign_in(uuid, text, text, text) from public")
    op.execute(f"grant execute on function note_sign_in(uuid, text, text, text) to {APP}")
    op.execute(TELL_STANDING)
    for change in STANDING:
        op.execute(f"create trigger standing after {change}")
    op.execute("grant select, insert, update, delete on lockout, second_factor, recovery_code, one_time_link, "
               f"outside_sign_in to {APP}")
    op.execute(f"grant select, insert, delete on outside_identity to {APP}")
    op.execute(f"grant delete on refresh_token to {APP}")  # those of sign-ins long over
