"""Test scenarios of agents and their runs, and the summaries of long consultations."""

from alembic import op

from auricle.db.tenancy import protect

revision = "0016_agents"
down_revision = "0015_recording"

OWN = """    id uuid primary key,
    organization_id uuid not null default nullif(current_setting('auricle.organization', true), '')::uuid,
    created_at timestamptz not null default now(),
"""

SCENARIO = f"""
create table agent_scenario (
{OWN}
    agent_id uuid not null,
    name text not null check (length(name) between 1 and 100),
    language text not null check (language ~ '^[a-z]{{2}}$'),
    body jsonb not null,
    updated_at timestamptz not null default now(),
    constraint uq_agent_scenario_name unique (organization_id, agent_id, name)
)"""

RUN = f"""
create table agent_scenario_run (
{OWN}
    agent_id uuid not null,
    agent_version_id uuid not null,
    status text not null default 'queued' check (status in ('queued', 'running', 'passed', 'failed', 'broken')),
    results jsonb not null default '[]',
    requested_by uuid,
    finished_at timestamptz
)"""

MEMORY = f"""
create table consultation_memory (
{OWN}
    consultation_id uuid not null,
    covers integer not null check (covers > 0),
    method text not null check (method in ('model', 'extract')),
    summary bytea not null,
    updated_at timestamptz not null default now(),
    constraint uq_consultation_memory_consultation_id unique (organization_id, consultation_id)
)"""


def upgrade() -> None:
    for table in (SCENARIO, RUN, MEMORY):
        op.execute(table)
    protect("agent_scenario", references={"agent_id": "agent"}, index=())
    protect(
        "agent_scenario_run",
        grants="select, insert, update",
        index=("agent_id", "id desc"),
        references={"agent_id": "agent", "agent_version_id": "agent_version", "requested_by": "member"},
    )
    # Not audited: derived from messages, whose every change is.
    protect("consultation_memory", audit=False, index=(), references={"consultation_id": "consultation"})
