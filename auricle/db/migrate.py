"""Runs the migrations as the owner: one run at a time, short lock waits, then the job queue's own schema."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from auricle.errors import Misconfigured

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"
LOCK = 7_236_001  # any constant; one migration at a time


class SchemaOutdated(Misconfigured):
    """The database's schema is not the one this version needs: run `auricle migrate`."""

    code = "database.schema_outdated"


def migrate(owner_url: str, *, attempts: int = 5) -> None:
    """Bring the schema to this version. Waits for a concurrent run; retries when a lock is not had in time."""
    # Two seconds of imports that a start without a migration has no need of.
    from alembic import command
    from sqlalchemy import create_engine, text
    from sqlalchemy.exc import OperationalError
    from sqlalchemy.pool import NullPool

    from auricle.db.session import psycopg_url
    from auricle.jobs.schema import apply as apply_jobs

    engine = create_engine(psycopg_url(owner_url), poolclass=NullPool)
    for attempt in range(attempts):
        try:
            with engine.begin() as connection:
                connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
                connection.execute(text("set local lock_timeout = '2s'"))
                config = configuration()
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
                apply_jobs(connection)
            return
        except OperationalError as error:
            if attempt == attempts - 1 or "lock timeout" not in str(error.orig):
                raise
            time.sleep(0.5 * 2**attempt)


def head() -> str:
    """This version's newest migration. They are numbered, and each file is named for its revision."""
    return max(file.stem for file in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def is_current(url: str) -> bool:
    """Whether the schema is at this version's head, as any of our roles may ask."""
    with psycopg.connect(url, connect_timeout=10) as connection:
        try:
            row = connection.execute("select version_num from alembic_version").fetchone()
        except psycopg.errors.UndefinedTable:
            return False
    return row is not None and row[0] == head()


def check_schema(app_url: str) -> None:
    """Raise `SchemaOutdated` unless the schema is at this version's head."""
    if not is_current(app_url):
        raise SchemaOutdated(needed=head())


def configuration() -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config
