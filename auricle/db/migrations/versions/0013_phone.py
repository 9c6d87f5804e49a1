"""Phone lines, carrier accounts and phone calls."""

from alembic import op

from auricle.db.prepare import OWNER
from auricle.db.tenancy import APP, protect

revision = "0013_phone"
down_revision = "0012_sessions"

OWN = """    id uuid primary key,
    organization_id uuid not null default nullif(current_setting('auricle.organization', true), '')::uuid,
    created_at timestamptz not null default now(),
"""

CARRIER = f"""
create table phone_carrier (
{OWN}
    kind text not null check (kind in ('twilio', 'exotel', 'plivo')),
    name text not null,
    account_id text not null,
    secrets bytea not null,
    url text,
    networks jsonb not null default '[]' check (jsonb_typeof(networks) = 'array'),
    constraint uq_phone_carrier_account_id unique (organization_id, kind, account_id)
)"""

LINE = f"""
create table phone_line (
{OWN}
    name text not null,
    carrier_id uuid not null,
    agent_id uuid not null,
    language text not null default 'en',
    number bytea not null,
    number_blind bytea not null,
    handover_number bytea,
    token bytea not null,
    token_hash bytea not null,
    notice jsonb not null default '{{}}' check (jsonb_typeof(notice) = 'object'),
    active boolean not null default true,
    constraint uq_phone_line_number unique (organization_id, number_blind),
    constraint uq_phone_line_token_hash unique (token_hash)
)"""

CALL = f"""
create table phone_call (
{OWN}
    line_id uuid not null,
    carrier_call_id text,
    direction text not null check (direction in ('inbound', 'outbound')),
    status text not null default 'queued' check (status in
        ('queued', 'initiated', 'ringing', 'answered', 'completed', 'busy', 'no_answer', 'failed', 'canceled')),
    patient_id uuid,
    identified boolean not null default false,
    consultation_id uuid,
    number bytea,
    number_blind bytea,
    reason bytea,
    requested_by uuid,
    ended_because text,
    answered_by text,
    notice text,
    answered_at timestamptz,
    ended_at timestamptz,
    seconds integer check (seconds >= 0),
    ticket_hash bytea,
    ticket_expires_at timestamptz,
    constraint uq_phone_call_carrier_call_id unique (organization_id, line_id, carrier_call_id)
)"""

# A carrier calls without naming an organization, which row-level security wants to know first. Of a whole hash of a
# line's token, and of nothing else, this tells the organization, and nothing more.
WHOSE_LINE = """
create function phone_line_organization(wanted bytea) returns uuid
language sql stable security definer set search_path = public, pg_temp as
$$ select organization_id from phone_line where token_hash = wanted $$
"""


def upgrade() -> None:
    op.execute(CARRIER)
    protect("phone_carrier", sealed_from_audit=("secrets",))
    op.execute(LINE)
    protect("phone_line", references={"carrier_id": "phone_carrier", "agent_id": "agent"},
            sealed_from_audit=("token", "token_hash", "number_blind"))  # fmt: skip
    op.execute(f"create policy found_by_token on phone_line for select to {OWNER} using (true)")
    op.execute(WHOSE_LINE)
    op.execute("revoke all on function phone_line_organization(bytea) from public")
    op.execute(f"grant execute on function phone_line_organization(bytea) to {APP}")
    op.execute(CALL)
    protect("phone_call",
            references={"line_id": "phone_line", "patient_id": "patient", "consultation_id": "consultation",
                        "requested_by": "member"},
            grants="select, insert, update", sealed_from_audit=("ticket_hash", "ticket_expires_at"))  # fmt: skip
    op.execute("create index ix_phone_call_number_blind on phone_call (organization_id, number_blind)")
