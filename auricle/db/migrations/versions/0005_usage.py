"""Metered provider calls."""

from alembic import op

from auricle.db.tenancy import protect

revision = "0005_usage"
down_revision = "0004_notes"

USAGE = """
create table usage_record (
    id uuid primary key,
    organization_id uuid not null default nullif(current_setting('auricle.organization', true), '')::uuid,
    created_at timestamptz not null default now(),
    at timestamptz not null,
    consultation_id uuid,
    session_id uuid,
    agent_id uuid,
    capability text not null,
    provider text not null,
    model text,
    status text not null check (status in ('ok', 'failed', 'timeout', 'refused', 'busy', 'cancelled')),
    attempt integer not null default 1,
    first_ms double precision,
    total_ms double precision not null,
    input_tokens bigint,
    output_tokens bigint,
    cached_tokens bigint,
    reasoning_tokens bigint,
    audio_s double precision,
    characters bigint,
    cost_usd numeric(18, 9),
    rate_source text,
    rate_date date
)"""


def upgrade() -> None:
    op.execute(USAGE)
    protect("usage_record", grants="select, insert", audit=False,  # append-only itself: nobody may update or delete
            references={"consultation_id": "consultation", "session_id": "consultation_session", "agent_id": "agent"},
            index=("at desc", "id desc"))
