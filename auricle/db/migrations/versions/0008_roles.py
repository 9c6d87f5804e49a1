"""Custom roles, departments, specialties, members' profiles, invitations."""

from alembic import op

from auricle.db.tenancy import protect

revision = "0008_roles"
down_revision = "0007_sign_in"

OWNED = "organization_id uuid not null default nullif(current_setting('auricle.organization', true), '')::uuid"

TABLES = f"""
create unique index uq_organization_name_folded on organization (lower(name));
create unique index uq_organization_email on organization (lower(email));
create table custom_role (
    id uuid primary key,
    {OWNED},
    name text not null check (length(name) between 1 and 60),
    base text not null check (base in ('org_admin', 'clinician', 'staff', 'patient')),
    parent_id uuid check (parent_id <> id),
    permissions jsonb not null check (jsonb_typeof(permissions) = 'array'),
    created_at timestamptz not null default now()
);
create unique index uq_custom_role_name on custom_role (organization_id, lower(name));
create table department (
    id uuid primary key,
    {OWNED},
    name text not null check (length(name) between 1 and 100),
    description text not null default '',
    created_at timestamptz not null default now()
);
create unique index uq_department_name on department (organization_id, lower(name));
create table specialty (
    id uuid primary key,
    {OWNED},
    name text not null check (length(name) between 1 and 100),
    description text not null default '',
    created_at timestamptz not null default now()
);
create unique index uq_specialty_name on specialty (organization_id, lower(name));
create table invitation (
    id uuid primary key,
    {OWNED},
    email text not null check (email = lower(email)),
    role text not null,
    role_id uuid,
    given_name text not null default '',
    family_name text not null default '',
    language text not null default 'en',
    hash bytea not null,
    sent_at timestamptz,
    invited_by uuid,
    expires_at timestamptz not null,
    accepted_at timestamptz,
    revoked_at timestamptz,
    created_at timestamptz not null default now(),
    constraint uq_invitation_hash unique (organization_id, hash)
);
create unique index uq_invitation_open on invitation (organization_id, email)
    where accepted_at is null and revoked_at is null;
alter table member add column role_id uuid, add column profile bytea;
alter table member drop constraint member_status_check;
alter table member add constraint member_status_check
    check (status in ('active', 'invited', 'suspended', 'removed'));
"""


def upgrade() -> None:
    for statement in filter(str.strip, TABLES.split(";\n")):
        op.execute(statement)
    protect("custom_role", references={"parent_id": "custom_role"})
    protect("department")
    protect("specialty")
    # An invitation is a record of who was let in by whom: it is accepted or revoked, never deleted.
    protect("invitation", references={"role_id": "custom_role"}, grants="select, insert, update",
            sealed_from_audit=("hash",))
    op.execute("alter table member add constraint fk_member_role_id foreign key (organization_id, role_id) "
               "references custom_role (organization_id, id)")
    op.execute("create index ix_member_role_id on member (organization_id, role_id)")
