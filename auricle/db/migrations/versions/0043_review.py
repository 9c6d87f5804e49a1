"""Review of notes: whose turn a draft is, what a queue counts, and addenda to what was signed."""

from alembic import op

from auricle.db.tenancy import protect

revision = "0043_review"
down_revision = "0042_note_templates"

ADDENDUM = """
create table note_addendum (
    id uuid primary key,
    organization_id uuid not null default nullif(current_setting('auricle.organization', true), '')::uuid,
    created_at timestamptz not null default now(),
    note_id uuid not null,
    version integer not null check (version > 1),
    created_by uuid not null,
    constraint uq_note_addendum_version unique (organization_id, note_id, version)
)"""

REASONS = "('generated', 'edited', 'regenerated', 'approved', 'addendum')"


def upgrade() -> None:
    op.execute(
        "alter table soap_note add column amended_at timestamptz, add column assigned_to uuid, "
        "add column assigned_at timestamptz, add column missing_count integer, "
        "add constraint ck_soap_note_amended check (amended_at is null or status = 'approved'), "
        "add constraint ck_soap_note_assigned check ((assigned_to is null) = (assigned_at is null)), "
        "add constraint fk_soap_note_assigned_to foreign key (organization_id, assigned_to) "
        "references member (organization_id, id)"
    )
    # What waits for somebody is a small part of all notes, and asked for often.
    op.execute(
        "create index ix_soap_note_open on soap_note (organization_id, id) "
        "where status in ('queued', 'generating', 'draft', 'failed')"
    )
    op.execute(ADDENDUM)
    protect(
        "note_addendum",
        grants="select, insert",
        index=(),
        references={"note_id": "soap_note", "created_by": "member"},
    )
    op.execute(
        "alter table note_statement add column addendum_id uuid, "
        "add constraint fk_note_statement_addendum_id foreign key (organization_id, addendum_id) "
        "references note_addendum (organization_id, id)"
    )
    op.execute(
        "alter table note_version drop constraint note_version_reason_check, "
        f"add constraint ck_note_version_reason check (reason in {REASONS})"
    )
