"""Note templates of an organization with their versions, how its notes are written, and under which parts they stand."""

from alembic import op

from auricle.db.tenancy import protect

revision = "0042_note_templates"
down_revision = "0041_evaluation"

OWN = """
    id uuid primary key,
    organization_id uuid not null default nullif(current_setting('auricle.organization', true), '')::uuid,
    created_at timestamptz not null default now(),"""
TABLES = (
    f"""create table note_template ({OWN}
    key text not null,
    published integer,
    deleted_at timestamptz
)""",
    "create unique index uq_note_template_key on note_template (organization_id, key) where deleted_at is null",
    f"""create table note_template_version ({OWN}
    template_id uuid not null,
    number integer not null,
    body jsonb not null,
    created_by uuid,
    constraint uq_note_template_version_number unique (organization_id, template_id, number)
)""",
    f"""create table note_setting ({OWN}
    writer text not null default 'extractive' check (writer in ('extractive', 'model')),
    provider text,
    model text,
    judges boolean not null default false,
    looks_for_missing boolean not null default false,
    style text not null default '',
    phrases jsonb not null default '[]',
    changed_by uuid,
    changed_at timestamptz not null default now(),
    constraint uq_note_setting_organization unique (organization_id)
)""",
)
COLUMNS = (
    "alter table soap_note add column template_id uuid",  # null: a shipped one
    "alter table soap_note add column template_version integer",
    "alter table soap_note add column outline jsonb not null default '{}'",  # empty: the four sections of a SOAP note
    "alter table soap_note add column judged_by text",
    "alter table note_statement add column part text",
    "alter table usage_record add column note_id uuid",
)


def upgrade() -> None:
    for statement in (*TABLES, *COLUMNS):
        op.execute(statement)
    protect("note_template")
    protect(
        "note_template_version",
        references={"template_id": "note_template", "created_by": "member"},
        grants="select, insert",
    )
    protect("note_setting", references={"changed_by": "member"}, index=())
    op.execute(
        "alter table soap_note add constraint fk_soap_note_template_id foreign key (organization_id, template_id) "
        "references note_template (organization_id, id) not valid"
    )
