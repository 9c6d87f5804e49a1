"""Patient search tokens, merges, the page of patients in one message, professionals, appointments."""

from alembic import op

from auricle.db.tenancy import APP, protect

revision = "0009_people"
down_revision = "0008_roles"

OWN = """    id uuid primary key,
    organization_id uuid not null default nullif(current_setting('auricle.organization', true), '')::uuid,
    created_at timestamptz not null default now(),
"""

TOKEN = f"""
create table patient_token (
{OWN}
    patient_id uuid not null,
    kind text not null check (kind in ('prefix', 'gram', 'sound', 'phone', 'number', 'email', 'twin')),
    token bigint not null
)"""

MERGE = f"""
create table patient_merge (
{OWN}
    kept_id uuid not null,
    absorbed_id uuid not null check (absorbed_id <> kept_id),
    carried jsonb not null default '[]' check (jsonb_typeof(carried) = 'array'),
    merged_by uuid,
    undone_by uuid,
    undone_at timestamptz
)"""

PROFESSIONAL = f"""
create table professional (
{OWN}
    member_id uuid not null,
    department_id uuid,
    specialty_id uuid,
    employee_number text check (length(employee_number) between 1 and 40),
    phone bytea,
    bookable boolean not null default true,
    constraint uq_professional_member_id unique (organization_id, member_id),
    constraint uq_professional_employee_number unique (organization_id, employee_number)
)"""

HOURS = f"""
create table weekly_hours (
{OWN}
    member_id uuid not null,
    weekday smallint not null check (weekday between 0 and 6),
    opens time not null,
    closes time not null check (closes > opens)
)"""

EXCEPTION = f"""
create table hours_exception (
{OWN}
    member_id uuid not null,
    day date not null,
    kind text not null check (kind in ('off', 'extra')),
    opens time,
    closes time,
    constraint ck_hours_exception_times check ((opens is null) = (closes is null) and closes > opens
        and (kind = 'off' or opens is not null))
)"""

APPOINTMENT = f"""
create table appointment (
{OWN}
    patient_id uuid not null,
    member_id uuid not null,
    starts_at timestamptz not null,
    ends_at timestamptz not null check (ends_at > starts_at),
    status text not null default 'booked' check (status in ('booked', 'cancelled', 'kept', 'missed')),
    type text not null default 'in_person' check (type in ('text', 'voice', 'video', 'phone', 'in_person')),
    reason bytea,
    booked_by uuid,
    cancelled_at timestamptz,
    constraint ck_appointment_cancelled check ((status = 'cancelled') = (cancelled_at is not null))
)"""

# A booked appointment takes every five minutes of its time, once. The two unique keys are what makes a double booking
# impossible, whoever asks at the same moment; an exclusion constraint would need btree_gist.
SLOT = f"""
create table appointment_slot (
{OWN}
    appointment_id uuid not null,
    member_id uuid not null,
    patient_id uuid not null,
    starts_at timestamptz not null check (extract(epoch from starts_at)::bigint % 300 = 0),
    constraint uq_appointment_slot_member unique (organization_id, member_id, starts_at),
    constraint uq_appointment_slot_patient unique (organization_id, patient_id, starts_at)
)"""

# The list of patients is the hottest read. One message to the server announces the actor, reads the page under row
# security and writes the entry of the read; as a statement of its own it is one transaction, committed when it answers.
PAGE = """
create function patient_page(
    announced_organization uuid, announced jsonb, wanted_status text, wanted_language text, before_id uuid, most integer
) returns table (id uuid, identity bytea, language text, status text, created_at timestamptz, key_id uuid, wrapped bytea)
language plpgsql volatile security invoker set search_path = public, pg_temp as $$
declare
    one text;
    listed integer;
begin
    perform set_config('auricle.organization', announced_organization::text, true);
    foreach one in array array['actor', 'member', 'request', 'address', 'agent'] loop
        perform set_config('auricle.' || one, coalesce(announced ->> one, ''), true);
    end loop;
    return query
        select p.id, p.identity, p.language, p.status, p.created_at, k.id, k.wrapped
        from patient p
        left join data_key k on k.organization_id = p.organization_id and k.patient_id = p.id
        where p.organization_id = announced_organization
          and p.status = wanted_status
          and (wanted_language is null or p.language = wanted_language)
          and (before_id is null or p.id < before_id)
        order by p.id desc
        limit most;
    get diagnostics listed = row_count;
    insert into audit_entry (action, entity, new) values ('read', 'patient', jsonb_build_object('listed', listed));
end
$$
"""


def upgrade() -> None:
    op.execute("alter table patient add column merged_into uuid check (merged_into <> id)")
    op.execute("alter table patient add constraint ck_patient_merged check ((status = 'merged') <= (merged_into is not null)"
               " and (merged_into is null or status in ('merged', 'erased')))")
    op.execute("alter table patient add constraint fk_patient_merged_into foreign key (organization_id, merged_into) "
               "references patient (organization_id, id)")
    op.execute("create index ix_patient_merged_into on patient (organization_id, merged_into) "
               "where merged_into is not null")
    op.execute("create index ix_patient_status on patient (organization_id, status, id desc)")
    for table in (TOKEN, MERGE, PROFESSIONAL, HOURS, EXCEPTION, APPOINTMENT, SLOT):
        op.execute(table)
    # Not audited: derived from the sealed identity, whose own changes are. Rewritten with it, deleted at erasure.
    protect("patient_token", references={"patient_id": "patient"}, grants="select, insert, delete", audit=False, index=())
    # Under row security only leakproof comparisons use an index; those of bigint and text are.
    op.execute("create index ix_patient_token_token on patient_token (organization_id, token) include (patient_id)")
    op.execute("create index ix_patient_token_twin on patient_token (organization_id, token) include (patient_id) "
               "where kind = 'twin'")
    protect("patient_merge", grants="select, insert, update", index=("id desc",),
            references={"kept_id": "patient", "absorbed_id": "patient", "merged_by": "member", "undone_by": "member"})
    op.execute("create unique index uq_patient_merge_absorbed on patient_merge (organization_id, absorbed_id) "
               "where undone_at is null")
    protect("professional", grants="select, insert, update", index=("id desc",),
            references={"member_id": "member", "department_id": "department", "specialty_id": "specialty"})
    protect("weekly_hours", grants="select, insert, delete", references={"member_id": "member"}, index=())
    protect("hours_exception", grants="select, insert, delete", references={"member_id": "member"}, index=())
    protect("appointment", grants="select, insert, update",
            references={"patient_id": "patient", "member_id": "member", "booked_by": "member"}, index=("starts_at", "id"))
    # Not audited: derived from an appointment, whose own changes are.
    protect("appointment_slot", grants="select, insert, delete", references={"appointment_id": "appointment"},
            audit=False, index=())
    op.execute("alter table appointment_slot add constraint fk_appointment_slot_member foreign key "
               "(organization_id, member_id) references member (organization_id, id)")
    op.execute("alter table appointment_slot add constraint fk_appointment_slot_patient foreign key "
               "(organization_id, patient_id) references patient (organization_id, id)")
    op.execute(PAGE)
    signature = "patient_page(uuid, jsonb, text, text, uuid, integer)"
    op.execute(f"revoke all on function {signature} from public")
    op.execute(f"grant execute on function {signature} to {APP}")
