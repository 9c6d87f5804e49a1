"""Sets of questions whose documents are known, the runs that asked them, and what came of each question."""

from alembic import op

from auricle.db.tenancy import protect

revision = "0041_evaluation"
down_revision = "0040_qdrant"

OWN = """
    id uuid primary key,
    organization_id uuid not null default nullif(current_setting('auricle.organization', true), '')::uuid,
    created_at timestamptz not null default now(),"""
TABLES = (
    f"""create table evaluation_set ({OWN}
    name text not null,
    version integer not null default 1,
    collection text,
    only_language text,
    content_hash text not null,
    question_count integer not null,
    changed_by uuid,
    changed_at timestamptz not null default now(),
    constraint uq_evaluation_set_name unique (organization_id, name)
)""",
    f"""create table evaluation_question ({OWN}
    evaluation_id uuid not null,
    position integer not null,
    question text not null,
    language text not null default '',
    expected jsonb not null default '[]',
    constraint uq_evaluation_question_position unique (organization_id, evaluation_id, position)
)""",
    f"""create table evaluation_run ({OWN}
    evaluation_id uuid not null,
    version integer not null,
    label text not null default '',
    collection text,
    only_language text,
    with_model boolean not null default false,
    rerank boolean not null default false,
    status text not null default 'queued' check (status in ('queued', 'running', 'done', 'failed', 'cancelled')),
    question_count integer not null,
    asked integer not null default 0,
    state jsonb,
    fingerprint text,
    changed_under_way boolean not null default false,
    totals jsonb,
    failure_code text,
    requested_by uuid,
    started_at timestamptz,
    finished_at timestamptz
)""",
    # One run of an organization at a time: they would only slow one another down.
    "create unique index uq_evaluation_run_under_way on evaluation_run (organization_id) "
    "where status in ('queued', 'running')",
    f"""create table evaluation_result ({OWN}
    run_id uuid not null,
    position integer not null,
    question text not null,
    language text not null default '',
    expected jsonb not null default '[]',
    verdict text,
    known text,
    rank integer,
    ndcg double precision,
    missing integer,
    answer text,
    cited jsonb,
    found jsonb,
    support double precision,
    wall_ms double precision,
    cpu_ms double precision,
    constraint uq_evaluation_result_position unique (organization_id, run_id, position)
)""",
)


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
    protect("evaluation_set", references={"changed_by": "member"})
    # Not audited: written only with the set or the run that holds them, whose own entries tell which file it was.
    protect("evaluation_question", references={"evaluation_id": "evaluation_set"}, audit=False, index=())
    # The trail keeps that a run was asked for, cancelled or ended; how far it is, is told to watchers.
    protect(
        "evaluation_run",
        references={"evaluation_id": "evaluation_set", "requested_by": "member"},
        sealed_from_audit=("asked", "state", "totals"),
        index=(),
    )
    protect("evaluation_result", references={"run_id": "evaluation_run"}, audit=False, index=())
