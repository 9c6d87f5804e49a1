"""Runs the migrations as the owner: one run at a time, short lock waits, then the job queue's own schema."""

import time
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from auricle.db.session import psycopg_url
from auricle.errors import Misconfigured
from auricle.jobs.schema import apply as apply_jobs

MIGRATIONS = Path(__file__).parent / "migrations"
LOCK = 7_236_001  # any constant; one migration at a time


class SchemaOutdated(Misconfigured):
    """The database's schema is not the one this version needs: run `auricle migrate`."""

    code = "database.schema_outdated"


def migrate(owner_url: str, *, attempts: int = 5) -> None:
    """Bring the schema to this version. Waits for a concurrent run; retries when a lock is not had in time."""
    engine = create_engine(psycopg_url(owner_url), poolclass=NullPool)
    for attempt in range(attempts):
        try:
            with engine.begin() as connection:
                connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
                connection.execute(text("set local lock_timeout = '2s'"))
                config = configuration()
                config.attributes["connection"] = connection
                command.upgrade(config, "heads")
                apply_jobs(connection)
            return
        except OperationalError as error:
            if attempt == attempts - 1 or "lock timeout" not in str(error.orig):
                raise
            time.sleep(0.5 * 2**attempt)


def check_schema(owner_or_app_url: str) -> None:
    """Raise `SchemaOutdated` unless the schema is at this version's head (any role that may read the version)."""
    head = ScriptDirectory.from_config(configuration()).get_current_head()
    engine = create_engine(psycopg_url(owner_or_app_url), poolclass=NullPool)
    with engine.connect() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
    if found != head:
        raise SchemaOutdated(found=found, needed=head)


def configuration() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config
