"""The list of patients from the oldest on, too."""

from alembic import op

from auricle.db.tenancy import APP

revision = "0049_patient_order"
down_revision = "0048_order_version"

ROWS = """
    return query
        select p.id, p.identity, p.language, p.status, p.created_at, k.id, k.wrapped
        from patient p
        left join data_key k on k.organization_id = p.organization_id and k.patient_id = p.id
        where p.organization_id = announced_organization
          and p.status = wanted_status
          and (wanted_language is null or p.language = wanted_language)
          and (after_id is null or p.id {beyond} after_id)
        order by p.id {way}
        limit most;
    get diagnostics listed = row_count;
"""

# Two statements, for one whose direction is a parameter would sort what an index has in order.
PAGE = f"""
create function patient_page(
    announced_organization uuid, announced jsonb, wanted_status text, wanted_language text, after_id uuid,
    oldest_first boolean, most integer
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
    if oldest_first then {ROWS.format(beyond=">", way="asc")}
    else {ROWS.format(beyond="<", way="desc")}
    end if;
    insert into audit_entry (action, entity, new) values ('read', 'patient', jsonb_build_object('listed', listed));
end
$$
"""


def upgrade() -> None:
    """What it was before stays, for processes of the version before."""
    op.execute(PAGE)
    signature = "patient_page(uuid, jsonb, text, text, uuid, boolean, integer)"
    op.execute(f"revoke all on function {signature} from public")
    op.execute(f"grant execute on function {signature} to {APP}")
