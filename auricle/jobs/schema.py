"""The job queue's tables: procrastinate's own migrations, and the one door through which the application may enter.

Nothing of procrastinate is copied: its numbered files, applied in order, equal its schema, and we remember which were
applied. Its functions have no `search_path`, so each is pinned to the schema `jobs`. The application's role has no
right on any table here; it may only call `jobs.enqueue`.
"""

from importlib.metadata import version
from importlib.resources import files

from sqlalchemy import Connection, text

from auricle.db.prepare import APP, WORKER

SCHEMA = "jobs"

APPLIED = """
create table if not exists jobs.applied (
    name text primary key, package_version text not null, at timestamptz not null default now())
"""

# Our own insert: procrastinate's function raises on a duplicate queueing lock, which ends the caller's transaction.
# Locks carry the organization, so that none can hold another's; the function writes it into the arguments itself.
ENQUEUE = """
create or replace function jobs.enqueue(
    task text, queue text, args jsonb, lock text, queueing_lock text, run_at timestamptz, priority int
) returns bigint language plpgsql security definer set search_path = jobs, pg_temp as $$
#variable_conflict use_column
declare
    organization text := nullif(current_setting('auricle.organization', true), '');
    scope text := coalesce(organization, 'system') || ':';
    stamped jsonb := coalesce(args, '{}') || jsonb_build_object(
        'organization', organization, 'request', nullif(current_setting('auricle.request', true), ''));
    number bigint;
begin
    if octet_length(stamped::text) > 2000 then
        raise exception 'arguments of a job are ids only' using errcode = 'program_limit_exceeded';
    end if;
    insert into procrastinate_jobs (queue_name, task_name, priority, lock, queueing_lock, args, scheduled_at)
    values (queue, task, coalesce(enqueue.priority, 0), scope || enqueue.lock, scope || enqueue.queueing_lock, stamped,
            run_at)
    on conflict (queueing_lock) where status = 'todo' do nothing
    returning id into number;
    return number;
end
$$
"""

GRANTS = f"""
revoke all on all functions in schema jobs from public;
grant usage on schema jobs to {APP}, {WORKER};
grant execute on function jobs.enqueue to {APP}, {WORKER};
grant select, insert, update, delete on all tables in schema jobs to {WORKER};
revoke all on jobs.applied from {WORKER};
grant usage on all sequences in schema jobs to {WORKER};
grant execute on all functions in schema jobs to {WORKER};
"""

UNPINNED = """
select p.oid::regprocedure::text from pg_proc p
where p.pronamespace = 'jobs'::regnamespace
  and not exists (select from unnest(p.proconfig) setting where setting like 'search_path=%')
"""


def apply(connection: Connection) -> None:
    """Bring the queue's schema to the installed procrastinate, in the caller's transaction, as the owner."""
    raw = connection.execution_options(no_parameters=True)  # the files are full of % signs
    raw.exec_driver_sql(APPLIED)
    done = set(connection.scalars(text("select name from jobs.applied")))
    raw.exec_driver_sql(f"set local search_path = {SCHEMA}, public")
    for name, statements in package_migrations():
        if name not in done:
            raw.exec_driver_sql(statements)
            connection.execute(
                text("insert into jobs.applied (name, package_version) values (:name, :version)"),
                {"name": name, "version": version("procrastinate")},
            )
    raw.exec_driver_sql(ENQUEUE)
    for function in list(connection.scalars(text(UNPINNED))):
        raw.exec_driver_sql(f"alter function {function} set search_path = {SCHEMA}, pg_temp")
    raw.exec_driver_sql(GRANTS)
    raw.exec_driver_sql("set local search_path to default")


def package_migrations() -> list[tuple[str, str]]:
    """procrastinate's migration files: name and statements, in the order of their numbers."""
    folder = files("procrastinate.sql") / "migrations"
    named = ((entry.name, entry) for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return [(name, entry.read_text(encoding="utf-8")) for name, entry in sorted(named, key=lambda pair: pair[0])]
