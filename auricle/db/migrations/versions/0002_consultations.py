"""Patients, agents and their versions, consultations, sessions, messages and alerts."""

from alembic import op

from auricle.db.tenancy import protect

revision = "0002_consultations"
down_revision = "0001_foundation"

OWN = """    id uuid primary key,
    organization_id uuid not null default nullif(current_setting('auricle.organization', true), '')::uuid,
    created_at timestamptz not null default now(),
"""

PATIENT = f"""
create table patient (
{OWN}
    account_id uuid references account (id),
    identity bytea not null,
    record_number_blind bytea,
    language text not null default 'en',
    status text not null default 'active' check (status in ('active', 'merged', 'erased')),
    constraint uq_patient_account_id unique (organization_id, account_id),
    constraint uq_patient_record_number unique (organization_id, record_number_blind)
)"""

AGENT = f"""
create table agent (
{OWN}
    name text not null,
    slug text not null,
    published integer,
    archived_at timestamptz,
    constraint uq_agent_slug unique (organization_id, slug)
)"""

AGENT_VERSION = f"""
create table agent_version (
{OWN}
    agent_id uuid not null,
    number integer not null check (number > 0),
    config jsonb not null,
    created_by uuid,
    constraint uq_agent_version_number unique (organization_id, agent_id, number)
)"""

CONSULTATION = f"""
create table consultation (
{OWN}
    patient_id uuid not null,
    clinician_id uuid,
    agent_version_id uuid not null,
    type text not null check (type in ('text', 'voice', 'video', 'phone', 'in_person')),
    status text not null default 'active' check (status in ('active', 'ended')),
    specialty text,
    language text not null default 'en',
    visit_date date not null default current_date,
    notes bytea,
    total_s double precision not null default 0,
    ended_at timestamptz
)"""

SESSION = f"""
create table consultation_session (
{OWN}
    consultation_id uuid not null,
    channel text not null check (channel in ('browser', 'phone', 'text')),
    last_activity_at timestamptz not null default now(),
    ended_at timestamptz,
    tokens_used bigint not null default 0,
    calls_used integer not null default 0
)"""

MESSAGE = f"""
create table message (
{OWN}
    consultation_id uuid not null,
    session_id uuid not null,
    position integer not null check (position > 0),
    sender text not null check (sender in ('patient', 'assistant', 'clinician')),
    text bytea not null,
    heard bytea,
    interrupted boolean not null default false,
    language text,
    start_s double precision,
    end_s double precision,
    citations jsonb not null default '[]',
    waterfall jsonb not null default '{{}}',
    red_flag text,
    processing_ms integer,
    constraint uq_message_position unique (organization_id, consultation_id, position)
)"""

ALERT = f"""
create table alert (
{OWN}
    consultation_id uuid not null,
    patient_id uuid not null,
    kind text not null default 'red_flag',
    category text not null,
    acknowledged_by uuid,
    acknowledged_at timestamptz
)"""


def upgrade() -> None:
    for table in (PATIENT, AGENT, AGENT_VERSION, CONSULTATION, SESSION, MESSAGE, ALERT):
        op.execute(table)
    protect("patient", grants="select, insert, update")
    protect("agent", grants="select, insert, update")
    protect("agent_version", grants="select, insert", references={"agent_id": "agent", "created_by": "member"}, index=())
    protect("consultation", grants="select, insert, update",
            references={"patient_id": "patient", "clinician_id": "member", "agent_version_id": "agent_version"})
    protect("consultation_session", grants="select, insert, update", references={"consultation_id": "consultation"},
            index=())
    protect("message", grants="select, insert, update", index=(),
            references={"consultation_id": "consultation", "session_id": "consultation_session"})
    protect("alert", grants="select, insert, update",
            references={"consultation_id": "consultation", "patient_id": "patient", "acknowledged_by": "member"})
    op.execute("alter table data_key add constraint fk_data_key_patient_id "
               "foreign key (organization_id, patient_id) references patient (organization_id, id) "
               "deferrable initially deferred")  # a patient's key is made in the transaction that makes the patient
