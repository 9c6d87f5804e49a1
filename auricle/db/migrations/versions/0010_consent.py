"""Consent texts and decisions, retention, exports, legal holds, erasure, break-glass access."""

from alembic import op

from auricle.db.tenancy import APP, protect

revision = "0010_consent"
down_revision = "0009_people"

OWN = """    id uuid primary key,
    organization_id uuid not null default nullif(current_setting('auricle.organization', true), '')::uuid,
    created_at timestamptz not null default now(),
"""

CONSENT_TEXT = f"""
create table consent_text (
{OWN}
    kind text not null check (kind in ('recording', 'ai_use', 'sharing')),
    language text not null check (language ~ '^[a-z]{{2}}$'),
    version integer not null check (version > 0),
    title text not null check (length(title) between 1 and 200),
    body text not null check (length(body) between 1 and 20000),
    hash text not null check (hash ~ '^[0-9a-f]{{64}}$'),
    renew boolean not null default false,
    published_by uuid,
    constraint uq_consent_text_version unique (organization_id, kind, language, version)
)"""

CONSENT = f"""
create table consent (
{OWN}
    patient_id uuid not null,
    kind text not null check (kind in ('recording', 'ai_use', 'sharing')),
    position integer not null check (position > 0),
    decision text not null check (decision in ('granted', 'withdrawn')),
    text_id uuid not null,
    text_version integer not null,
    text_hash text not null,
    language text not null,
    decided_by text not null check (decided_by in ('patient', 'representative', 'erasure')),
    how text not null check (how in ('in_app', 'spoken', 'paper', 'phone')),
    recorded_by uuid,
    constraint uq_consent_position unique (organization_id, patient_id, kind, position)
)"""

RETENTION_RULE = f"""
create table retention_rule (
{OWN}
    data_class text not null check (data_class ~ '^[a-z][a-z_]{{2,39}}$'),
    days integer check (days between 1 and 36500),
    updated_by uuid,
    updated_at timestamptz not null default now(),
    constraint uq_retention_rule_data_class unique (organization_id, data_class)
)"""

LEGAL_HOLD = f"""
create table legal_hold (
{OWN}
    patient_id uuid not null,
    reason bytea not null,
    placed_by uuid,
    released_by uuid,
    released_at timestamptz
)"""

ERASURE = f"""
create table erasure (
{OWN}
    patient_id uuid not null,
    reason text not null check (reason in ('patient_request', 'retention', 'mistake', 'law')),
    requested_by uuid,
    status text not null default 'erasing' check (status in ('erasing', 'erased')),
    counts jsonb not null default '{{}}',
    erased_at timestamptz,
    certificate jsonb,
    constraint uq_erasure_patient_id unique (organization_id, patient_id),
    constraint ck_erasure_certificate check ((status = 'erased') = (certificate is not null))
)"""

PATIENT_EXPORT = f"""
create table patient_export (
{OWN}
    patient_id uuid not null,
    requested_by uuid not null,
    status text not null default 'queued' check (status in ('queued', 'ready', 'taken', 'expired', 'failed')),
    failure_code text,
    byte_size bigint,
    content_hash text,
    expires_at timestamptz,
    taken_at timestamptz,
    constraint ck_patient_export_failed check ((status = 'failed') = (failure_code is not null))
)"""

BREAK_GLASS = f"""
create table break_glass (
{OWN}
    patient_id uuid not null,
    member_id uuid not null,
    reason bytea not null,
    expires_at timestamptz not null,
    reads integer not null default 0,
    revoked_at timestamptz,
    revoked_by uuid,
    constraint ck_break_glass_short check (expires_at <= created_at + interval '4 hours 1 second')
)"""

KEY_EPOCH = """
create table key_epoch (
    one boolean primary key default true check (one),
    number bigint not null default 1
)"""

# An argument that ends in '#' names a column of which the audit keeps a digest: what was stored stays provable, while
# the stored value itself can be erased when it is due, without the patient's whole key.
AUDIT_WRITE = """
create or replace function audit_write() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    old_row jsonb := case when tg_op = 'INSERT' then null else to_jsonb(old) end;
    new_row jsonb := case when tg_op = 'DELETE' then null else to_jsonb(new) end;
    one jsonb := coalesce(new_row, old_row);
    col text;
begin
    for i in 1 .. tg_nargs - 1 loop
        if right(tg_argv[i], 1) = '#' then
            col := rtrim(tg_argv[i], '#');
            if old_row ->> col is not null then
                old_row := jsonb_set(old_row, array[col], to_jsonb('sha256:' || encode(sha256((old_row ->> col)::bytea), 'hex')));
            end if;
            if new_row ->> col is not null then
                new_row := jsonb_set(new_row, array[col], to_jsonb('sha256:' || encode(sha256((new_row ->> col)::bytea), 'hex')));
            end if;
        else
            old_row := old_row - tg_argv[i];
            new_row := new_row - tg_argv[i];
        end if;
    end loop;
    if tg_op = 'UPDATE' then
        select jsonb_object_agg(o.key, o.value), jsonb_object_agg(o.key, n.value) into old_row, new_row
        from jsonb_each(old_row) o join jsonb_each(new_row) n on n.key = o.key where o.value is distinct from n.value;
        if new_row is null then
            return null;
        end if;
    end if;
    insert into audit_entry (organization_id, action, entity, entity_id, old, new)
    values (coalesce(one ->> 'organization_id', one ->> 'id')::uuid, lower(tg_op), tg_argv[0],
            (one ->> 'id')::uuid, old_row, new_row);
    return null;
end $$
"""

# Whoever has the application's role may forget a patient's key only where no hold stands, and never undo it.
GUARD_KEY = """
create function guard_data_key() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
    if old.wrapped is null then
        raise exception 'a forgotten key stays forgotten' using errcode = 'integrity_constraint_violation';
    end if;
    if new.wrapped is null and (new.patient_id is null or exists (
            select from legal_hold h join patient p on p.id = new.patient_id
            where h.patient_id in (p.id, p.merged_into) and h.released_at is null)) then
        raise exception 'this key must be kept' using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end $$
"""

# The application may not delete a note's versions; retention may, where no hold stands, and what it removes it says.
ERASE_NOTES = """
create function erase_notes(notes uuid[]) returns integer
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    due uuid[];
begin
    select array_agg(n.id) into due from soap_note n where n.id = any (notes) and n.status <> 'queued'
        and n.status <> 'generating'
        and not exists (select from legal_hold h join patient p on p.id = n.patient_id
                        where h.patient_id in (p.id, p.merged_into) and h.released_at is null);
    delete from note_version where note_id = any (due);
    delete from note_statement where note_id = any (due);
    update soap_note set status = 'deleted', deleted_at = coalesce(deleted_at, now()), user_approved = false,
        approved_by = null, approved_at = null, version = 0, source = null, masks = null, context_data = null,
        source_hash = null, source_message_ids = '[]' where id = any (due);
    return coalesce(cardinality(due), 0);
end $$
"""


def upgrade() -> None:
    for table in (CONSENT_TEXT, CONSENT, RETENTION_RULE, LEGAL_HOLD, ERASURE, PATIENT_EXPORT, BREAK_GLASS, KEY_EPOCH):
        op.execute(table)
    op.execute("insert into key_epoch default values")
    op.execute(f"grant select, update on key_epoch to {APP}")
    op.execute(AUDIT_WRITE)
    protect("consent_text", grants="select, insert", references={"published_by": "member"}, index=())
    protect("consent", grants="select, insert", index=(),
            references={"patient_id": "patient", "text_id": "consent_text", "recorded_by": "member"})
    protect("retention_rule", grants="select, insert, update", references={"updated_by": "member"}, index=())
    protect("legal_hold", grants="select, insert, update",
            references={"patient_id": "patient", "placed_by": "member", "released_by": "member"})
    op.execute("create unique index uq_legal_hold_standing on legal_hold (organization_id, patient_id) "
               "where released_at is null")
    protect("erasure", grants="select, insert, update", references={"patient_id": "patient", "requested_by": "member"})
    protect("patient_export", grants="select, insert, update",
            references={"patient_id": "patient", "requested_by": "member"})
    protect("break_glass", grants="select, insert, update",
            references={"patient_id": "patient", "member_id": "member", "revoked_by": "member"})
    op.execute(GUARD_KEY)
    op.execute("create trigger guard before update on data_key for each row execute function guard_data_key()")
    op.execute(ERASE_NOTES)
    op.execute("revoke all on function erase_notes(uuid[]) from public")
    op.execute(f"grant execute on function erase_notes(uuid[]) to {APP}")
    for table, arguments in (("message", "'text#', 'heard#'"), ("note_statement", "'body#', 'overrule_reason#'"),
                             ("consultation", "'notes#'"), ("member", "'given_name', 'family_name', 'profile#'"), ("patient", "'record_number_blind'")):
        op.execute(f"drop trigger audit on {table}")
        op.execute(f"create trigger audit after insert or update or delete on {table} "
                   f"for each row execute function audit_write('{table}', {arguments})")
    # By row alone: an explorer asks what happened to these rows of a patient, whatever tables they are in.
    op.execute("drop index ix_audit_entry_entity")
    op.execute("create index ix_audit_entry_entity_id on audit_entry (organization_id, entity_id, id desc)")
