"""Tools of the organization, every call of one, and what patients told an agent about symptoms and vitals."""

from alembic import op

from auricle.db.tenancy import protect

revision = "0014_tools"
down_revision = "0013_phone"

OWN = """    id uuid primary key,
    organization_id uuid not null default nullif(current_setting('auricle.organization', true), '')::uuid,
    created_at timestamptz not null default now(),
"""

TOOL = f"""
create table tool (
{OWN}
    kind text not null check (kind in ('http', 'mcp')),
    name text not null check (name ~ '^[a-z][a-z0-9_]{{1,39}}$'),
    description text not null check (length(description) between 1 and 1000),
    parameters jsonb not null default '{{}}',
    method text not null default 'POST' check (method in ('GET', 'POST', 'PUT', 'PATCH', 'DELETE')),
    url text check (length(url) between 8 and 2000),
    command text check (length(command) between 1 and 500),
    sends text not null default 'json' check (sends in ('json', 'query')),
    sends_patient boolean not null default false,
    headers bytea,
    timeout_s double precision not null default 6 check (timeout_s between 0.5 and 20),
    effect text not null default 'write' check (effect in ('read', 'write')),
    question jsonb not null default '{{}}',
    listed jsonb not null default '[]',
    listed_at timestamptz,
    archived_at timestamptz,
    updated_at timestamptz not null default now(),
    constraint ck_tool_where check ((url is null) <> (command is null) and (kind = 'mcp' or url is not null))
)"""

TOOL_CALL = f"""
create table tool_call (
{OWN}
    consultation_id uuid not null,
    session_id uuid not null,
    turn_id uuid not null,
    name text not null check (length(name) <= 100),
    status text not null check (status in ('pending', 'running', 'done', 'failed', 'refused', 'expired', 'late')),
    body bytea not null,
    result bytea,
    confirmed_turn_id uuid,
    ms integer,
    updated_at timestamptz not null default now()
)"""

OBSERVATION = f"""
create table observation (
{OWN}
    consultation_id uuid not null,
    patient_id uuid not null,
    turn_id uuid not null,
    kind text not null check (kind in ('symptom', 'vitals')),
    body bytea not null
)"""


def upgrade() -> None:
    for table in (TOOL, TOOL_CALL, OBSERVATION):
        op.execute(table)
    # Headers hold secrets, sealed; a changed key shows in the audit as a changed digest.
    protect("tool", grants="select, insert, update", sealed_from_audit=("headers#",))
    op.execute("create unique index uq_tool_name on tool (organization_id, name) where archived_at is null")
    protect(
        "tool_call",
        grants="select, insert, update",
        sealed_from_audit=("body#", "result#"),
        index=(),
        references={"consultation_id": "consultation", "session_id": "consultation_session"},
    )
    # What an answer looks for before it begins: few rows of a consultation are ever open.
    op.execute(
        "create index ix_tool_call_open on tool_call (organization_id, consultation_id) "
        "where status in ('pending', 'running', 'late')"
    )
    protect(
        "observation",
        grants="select, insert, delete",
        sealed_from_audit=("body#",),
        index=(),
        references={"consultation_id": "consultation", "patient_id": "patient"},
    )
