"""Recordings: sealed chunks of sound by consent, and what came of playing them to the engine again."""

from alembic import op

from auricle.db.tenancy import protect

revision = "0015_recording"
down_revision = "0014_tools"

OWN = """    id uuid primary key,
    organization_id uuid not null default nullif(current_setting('auricle.organization', true), '')::uuid,
    created_at timestamptz not null default now(),
"""

RECORDING = f"""
create table recording (
{OWN}
    consultation_id uuid not null,
    session_id uuid not null,
    rate_hz integer not null check (rate_hz in (8000, 16000)),
    status text not null default 'recording' check (status in ('recording', 'complete', 'deleted')),
    length_s double precision not null default 0,
    missing integer not null default 0,
    ended_at timestamptz
)"""

CHUNK = f"""
create table recording_chunk (
{OWN}
    recording_id uuid not null,
    start bigint not null check (start >= 0),
    samples integer not null check (samples > 0),
    byte_size integer not null,
    constraint uq_recording_chunk_start unique (organization_id, recording_id, start)
)"""

REPLAY = f"""
create table replay (
{OWN}
    recording_id uuid not null,
    agent_version_id uuid not null,
    voice jsonb not null default '{{}}',
    status text not null default 'queued' check (status in ('queued', 'running', 'done', 'failed')),
    failure_code text,
    result bytea,
    finished_at timestamptz
)"""


def upgrade() -> None:
    op.execute(RECORDING)
    protect("recording", references={"consultation_id": "consultation", "session_id": "consultation_session"})
    op.execute(CHUNK)
    # Not audited: a row every few seconds of every recorded call; the recording's own row tells who, when and how long.
    protect("recording_chunk", references={"recording_id": "recording"}, audit=False, index=())
    op.execute(REPLAY)
    # The result tells what was said: the audit, which is kept for longer, gets a digest.
    protect(
        "replay",
        references={"recording_id": "recording", "agent_version_id": "agent_version"},
        sealed_from_audit=("result#",),
    )
