"""The queue's schema is the installed package's own, however it came about."""

import re
import subprocess
from importlib.resources import files

import psycopg
from sqlalchemy import create_engine

from auricle.db.session import psycopg_url
from auricle.jobs.schema import apply, package_migrations


def dump(postgres, url: str) -> str:
    """The schema `jobs` as statements, without what is ours on purpose: our table and function, pinned search paths."""
    program = postgres.server.programs / "pg_dump"
    done = subprocess.run(
        [
            program,
            "--schema=jobs",
            "--schema-only",
            "--no-owner",
            "--no-privileges",
            "--exclude-table=jobs.applied",
            url,
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    blocks = re.split(r"\n--\n-- Name: ", done.stdout.split("\\unrestrict")[0])[1:]
    kept = [columns_sorted(block) for block in blocks if not block.startswith("enqueue(")]
    return re.sub(r"\n    SET search_path TO 'jobs', 'pg_temp'", "", "\n".join(sorted(kept)))


def columns_sorted(block: str) -> str:
    """A table that grew has its columns in another order; nothing of procrastinate depends on that."""
    if "CREATE TABLE" not in block:
        return block
    return "\n".join(sorted(line.rstrip(",") for line in block.splitlines()))


def test_the_migrated_schema_equals_the_packages_own(postgres, urls):
    fresh = postgres.fresh_database("jobs_reference")
    statements = (files("procrastinate.sql") / "schema.sql").read_text()
    with psycopg.connect(fresh.owner) as owner:
        owner.execute("set search_path = jobs")
        owner.execute(statements)
    reference, ours = dump(postgres, fresh.owner), dump(postgres, urls.owner)
    assert reference.count("CREATE FUNCTION") > 10
    assert ours == reference


def test_applying_again_changes_nothing(urls):
    engine = create_engine(psycopg_url(urls.owner))
    with engine.begin() as connection:
        apply(connection)
    with psycopg.connect(urls.owner) as owner:
        names = [name for (name,) in owner.execute("select name from jobs.applied order by name")]
    engine.dispose()
    assert names == [name for name, _ in package_migrations()]


def test_a_failed_step_leaves_nothing_behind(postgres):
    half = postgres.fresh_database("jobs_half")
    engine = create_engine(psycopg_url(half.owner))
    with engine.connect() as connection:
        apply(connection)
        connection.rollback()
    engine.dispose()
    with psycopg.connect(half.owner) as owner:
        assert owner.execute("select count(*) from pg_class where relnamespace = 'jobs'::regnamespace").fetchone() == (
            0,
        )


def test_every_function_finds_its_own_tables_only(urls):
    with psycopg.connect(urls.owner) as owner:
        paths = owner.execute(
            "select proname, proconfig from pg_proc where pronamespace = 'jobs'::regnamespace"
        ).fetchall()
    assert paths
    assert [name for name, settings in paths if not settings or "search_path=jobs, pg_temp" not in settings] == []
