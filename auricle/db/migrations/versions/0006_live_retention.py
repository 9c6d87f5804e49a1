"""Forgetting old live events: they are hints to reload, not records, so nobody needs them after a day."""

from alembic import op

from auricle.db.tenancy import APP

revision = "0006_live_retention"
down_revision = "0005_usage"

# Row-level security binds the owner too, so the function goes through the organizations one by one.
FORGET = """
create function forget_live_events(keep interval) returns bigint
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    announced text := current_setting('auricle.organization', true);
    one uuid;
    step bigint;
    gone bigint := 0;
begin
    if keep < interval '1 hour' then
        raise exception 'live events are kept for an hour at least' using errcode = 'invalid_parameter_value';
    end if;
    for one in select id from organization loop
        perform set_config('auricle.organization', one::text, true);
        delete from live_event where organization_id = one and at < now() - keep;
        get diagnostics step = row_count;
        gone := gone + step;
    end loop;
    perform set_config('auricle.organization', coalesce(announced, ''), true);
    return gone;
end
$$
"""


def upgrade() -> None:
    op.execute(FORGET)
    op.execute("revoke all on function forget_live_events(interval) from public")
    op.execute(f"grant execute on function forget_live_events(interval) to {APP}")
