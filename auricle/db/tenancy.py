"""Isolation of organizations and the write audit, in the one place where both are made: the database.

A migration calls `protect("note", references={"patient_id": "patient"})` once for each tenant table:

- row-level security, enabled and forced (the owner is bound too): a row is seen and written only by the organization
  that the transaction announced in `auricle.organization`; with none announced nothing is seen;
- a unique `(organization_id, id)`, and foreign keys that carry the organization, because foreign keys ignore RLS;
- the audit trigger, which copies changed columns as stored (clinical columns are ciphertext by then);
- the least grants the application's role needs: never TRUNCATE.
"""

from collections.abc import Mapping, Sequence

from alembic import op

APP = "auricle_app"

POLICY = "organization_id = nullif(current_setting('auricle.organization', true), '')::uuid"

# Tables that no organization owns, each with the reason. A test compares this list with the database.
GLOBAL_TABLES: Mapping[str, str] = {
    "account": "a person may belong to several organizations; read before one is chosen; holds no clinical data",
    "auth_session": "a sign-in is found by its token before the organization is known",
    "refresh_token": "hashes only; found before the organization is known; belongs to a sign-in",
    "lockout": "counts of failed sign-ins under hashed names and addresses; kept before anybody is known",
    "second_factor": "belongs to an account, whatever organization it signs in to; the secret is sealed",
    "recovery_code": "hashes only; belongs to an account, whatever organization it signs in to",
    "one_time_link": "hashes only; found by its secret before the organization is known; belongs to an account",
    "outside_identity": "who an account is at an OpenID provider; found before the organization is known",
    "outside_sign_in": "a sign-in at an OpenID provider that is under way; nobody is known yet; lives for minutes",
    "organization": "names of the tenants themselves; sign-in and registration choose one before it is announced",
    "key_epoch": "one number that moves when any data key is forgotten, so that every process drops what it holds",
    "request_key": "repeated requests also of platform administrators, who act in no organization; forced to its maker",
    "platform_rate": "what the installation pays its vendors, for every organization; none of them can write it",
    "exchange_rate": "rupees for a dollar, for every organization; none of them can write it",
    "alembic_version": "migration state; the application's role may only read it",
}


def protect(
    table: str,
    *,
    references: Mapping[str, str] | None = None,
    grants: str = "select, insert, update, delete",
    audit: bool = True,
    sealed_from_audit: Sequence[str] = (),
    index: Sequence[str] = ("created_at desc", "id desc"),
) -> None:
    """Make a table the organizations' own (see the module). Without audit, say why beside the call.

    Args:
        references: column → tenant table; each becomes a foreign key `(organization_id, column)`.
        sealed_from_audit: columns that never go into the audit (large derived values).
        index: further columns of the tenant-leading index that lists page by; empty for none.
    """
    op.execute(f"alter table {table} add constraint uq_{table}_organization_id_id unique (organization_id, id)")
    op.execute(
        f"alter table {table} add constraint fk_{table}_organization_id "
        "foreign key (organization_id) references organization (id)"
    )
    for column, target in (references or {}).items():
        op.execute(
            f"alter table {table} add constraint fk_{table}_{column} foreign key (organization_id, {column}) "
            f"references {target} (organization_id, id)"
        )
        op.execute(f"create index ix_{table}_{column} on {table} (organization_id, {column})")
    if index:
        op.execute(f"create index ix_{table}_organization on {table} (organization_id, {', '.join(index)})")
    isolate(table, grants=grants)
    if audit:
        arguments = ", ".join(f"'{word}'" for word in (table, *sealed_from_audit))
        op.execute(
            f"create trigger audit after insert or update or delete on {table} "
            f"for each row execute function audit_write({arguments})"
        )


def isolate(table: str, *, grants: str) -> None:
    """Row-level security and grants alone; called for each partition as well, for theirs are not inherited."""
    op.execute(f"alter table {table} enable row level security")
    op.execute(f"alter table {table} force row level security")
    op.execute(f"create policy organization on {table} using ({POLICY}) with check ({POLICY})")
    op.execute(f"grant {grants} on {table} to {APP}")


def with_force_lifted(table: str, statement: str) -> None:
    """Run a data migration over every organization: under FORCE the owner would silently change no row."""
    op.execute(f"alter table {table} no force row level security")
    op.execute(statement)
    op.execute(f"alter table {table} force row level security")
