"""Resume tokens of live sessions, and since when a session is live: a consultation moves from one to the next."""

from alembic import op

from auricle.db.tenancy import protect

revision = "0012_sessions"
down_revision = "0011_edges"

RESUME = """
create table session_resume (
    id uuid primary key,
    organization_id uuid not null default nullif(current_setting('auricle.organization', true), '')::uuid,
    session_id uuid not null,
    consultation_id uuid not null,
    member_id uuid not null,
    sign_in_id uuid not null,
    hash bytea not null,
    previous_hash bytea,
    created_at timestamptz not null default now(),
    constraint uq_session_resume_session_id unique (organization_id, session_id)
)
"""


def upgrade() -> None:
    op.execute("alter table consultation_session add column live_since timestamptz")
    op.execute("create index ix_consultation_session_live on consultation_session (organization_id, consultation_id) "
               "where live_since is not null and ended_at is null")
    op.execute(RESUME)
    # Holds hashes for as long as a connection lives; what the connection does is audited where it does it.
    protect("session_resume", references={"session_id": "consultation_session", "consultation_id": "consultation"},
            audit=False, index=())
