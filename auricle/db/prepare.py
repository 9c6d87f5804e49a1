"""What only a database administrator can do, once: roles, database, extension. And the checks at every start.

Four accounts share the work. The administrator creates; the owner owns tables and migrates; the application owns
nothing and is bound by row-level security; the worker sees the job queue alone.
"""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import quote, urlencode

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from auricle.errors import Misconfigured

OWNER, APP, WORKER = "auricle_owner", "auricle_app", "auricle_worker"
NEEDED_POSTGRES = 16
NEEDED_PGVECTOR = (0, 8)
LOCK = 7_236_002  # any constant; one preparation at a time


class ServerTooOld(Misconfigured):
    """The PostgreSQL server is too old or lacks pgvector."""

    code = "database.server_unsuitable"


class RoleTooPowerful(Misconfigured):
    """The application's database role could reach past the isolation of organizations."""

    code = "database.role_too_powerful"


@dataclass(frozen=True)
class Passwords:
    """The passwords of the three roles."""

    owner: str = field(repr=False)
    app: str = field(repr=False)
    worker: str = field(repr=False)

    @classmethod
    def generate(cls) -> Self:
        return cls(*(secrets.token_urlsafe(24) for _ in range(3)))


@dataclass(frozen=True)
class Urls:
    """`postgresql://…` for each role; they hold passwords."""

    app: str = field(repr=False)
    owner: str = field(repr=False)
    worker: str = field(repr=False)

    @classmethod
    def of(cls, admin_url: str, database: str, passwords: Passwords) -> Self:
        """The roles' URLs on the server of an administrator's URL."""
        pairs = ((APP, passwords.app), (OWNER, passwords.owner), (WORKER, passwords.worker))
        return cls(*(_url(admin_url, database, role, password) for role, password in pairs))


def prepare(admin_url: str, *, passwords: Passwords, database: str = "auricle", template: str = "template0") -> Urls:
    """Create roles, database, extension and the queue's schema, or complete what is there. Run it as often as you like.

    Args:
        admin_url: a superuser, or a role that may create roles and databases and the extension `vector`.
        passwords: what the three roles' passwords shall be from now on.
        template: the database to copy, for tests.

    Raises:
        ServerTooOld: naming what was found and what is needed.
    """
    with _exclusively(admin_url) as admin:
        check_version(admin)
        for role, password in ((OWNER, passwords.owner), (APP, passwords.app), (WORKER, passwords.worker)):
            _make_role(admin, role, password)
        _make_database(admin, database, template)
    with psycopg.connect(make_conninfo(admin_url, dbname=database), autocommit=True) as inside:
        _make_extension(inside)
        check_server(inside)
        _run(
            inside,
            (
                "revoke create on schema public from public",
                f"grant usage on schema public to {APP}",
                f"create schema if not exists jobs authorization {OWNER}",
            ),
        )
    return Urls.of(admin_url, database, passwords)


def check(app_url: str) -> None:
    """Refuse a server or an application role that we can't work with. Run by every process at its start."""
    with psycopg.connect(app_url, connect_timeout=10) as connection:
        check_server(connection)
        check_role(connection)


def check_version(connection: psycopg.Connection[Any]) -> None:
    if connection.info.server_version < NEEDED_POSTGRES * 10_000:
        found = connection.info.parameter_status("server_version")
        raise ServerTooOld(f"PostgreSQL {NEEDED_POSTGRES} or newer is needed, this server is {found}.")


def check_server(connection: psycopg.Connection[Any]) -> None:
    """Raise `ServerTooOld` unless this is PostgreSQL ≥ 16 and its database has pgvector ≥ 0.8."""
    check_version(connection)
    needed = ".".join(map(str, NEEDED_PGVECTOR))
    row = connection.execute("select extversion from pg_extension where extname = 'vector'").fetchone()
    if row is None:
        raise ServerTooOld(
            f"pgvector {needed} or newer is needed, this database has none: "
            "an administrator runs `create extension vector`."
        )
    if tuple(int(part) for part in row[0].split(".")[:2]) < NEEDED_PGVECTOR:
        raise ServerTooOld(
            f"pgvector {needed} or newer is needed, this database has {row[0]}: "
            "an administrator runs `alter extension vector update`."
        )


def check_role(connection: psycopg.Connection[Any]) -> None:
    """Raise `RoleTooPowerful` when this connection's role could see or change another organization's rows."""
    role = connection.info.user
    for reason, query in POWERS:
        row = connection.execute(query).fetchone()
        if row is not None and row[0]:
            raise RoleTooPowerful(f"The application must not run as the database role '{role}': {reason}.")


POWERS: Sequence[tuple[str, str]] = (
    ("it is a superuser", "select rolsuper from pg_roles where rolname = current_user"),
    ("it bypasses row-level security", "select rolbypassrls from pg_roles where rolname = current_user"),
    ("it may create roles", "select rolcreaterole from pg_roles where rolname = current_user"),
    (
        "it owns this database",
        "select true from pg_database where datname = current_database() and datdba = current_user::regrole",
    ),
    (
        "it owns tables, and owners can lift row-level security",
        "select true from pg_class where relowner = current_user::regrole and relkind in ('r', 'p', 'v', 'm') limit 1",
    ),
    (
        "it is a member of a role that owns tables or bypasses row-level security",
        """
     select true from pg_roles r
     where r.rolname <> current_user and pg_has_role(current_user, r.oid, 'member')
       and (r.rolsuper or r.rolbypassrls
            or exists (select from pg_database d where d.datname = current_database() and d.datdba = r.oid)
            or exists (select from pg_class c where c.relowner = r.oid and c.relkind in ('r', 'p')))
     limit 1
     """,
    ),
    ("it may create objects in the schema public", "select has_schema_privilege('public', 'create')"),
)


@contextmanager
def _exclusively(admin_url: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(admin_url, autocommit=True, connect_timeout=10) as admin:
        admin.execute("select pg_advisory_lock(%s)", (LOCK,))
        yield admin


def _make_role(admin: psycopg.Connection[Any], role: str, password: str) -> None:
    # The password is hashed here, so that no server log can ever hold it.
    verifier = admin.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
    found = admin.execute(
        "select rolsuper or rolbypassrls or rolcreatedb or rolcreaterole from pg_roles where rolname = %s", (role,)
    ).fetchone()
    verb, powers = ("create", True) if found is None else ("alter", bool(found[0]))
    # Only a superuser may even mention SUPERUSER on an existing role, so powers are named only where they must go.
    restrained = "login nosuperuser nobypassrls nocreatedb nocreaterole" if powers else "login"
    admin.execute(
        sql.SQL("{} role {} {} password {}").format(
            sql.SQL(verb), sql.Identifier(role), sql.SQL(restrained), sql.Literal(verifier)
        )
    )


def _make_database(admin: psycopg.Connection[Any], database: str, template: str) -> None:
    if admin.execute("select rolsuper from pg_roles where rolname = current_user").fetchone() != (True,):
        admin.execute(f"grant {OWNER} to current_user")  # a managed service's administrator gives away only what it has
    name = sql.Identifier(database)
    if admin.execute("select from pg_database where datname = %s", (database,)).fetchone() is None:
        admin.execute(
            sql.SQL("create database {} owner {} template {} encoding 'UTF8'").format(
                name, sql.Identifier(OWNER), sql.Identifier(template)
            )
        )
    admin.execute(sql.SQL("revoke all on database {} from public").format(name))
    admin.execute(sql.SQL(f"grant connect on database {{}} to {APP}, {WORKER}").format(name))
    admin.execute(sql.SQL(f"alter role {WORKER} in database {{}} set search_path = jobs, public").format(name))


def _make_extension(inside: psycopg.Connection[Any]) -> None:
    try:
        inside.execute("create extension if not exists vector")
    except (psycopg.errors.FeatureNotSupported, psycopg.errors.UndefinedFile):
        raise ServerTooOld(
            "This PostgreSQL server has no pgvector installed; version "
            f"{'.'.join(map(str, NEEDED_PGVECTOR))} or newer is needed."
        ) from None


def _run(connection: psycopg.Connection[Any], statements: Sequence[str]) -> None:
    for statement in statements:
        connection.execute(statement)


def _url(admin_url: str, database: str, role: str, password: str) -> str:
    known = {name: str(value) for name, value in conninfo_to_dict(admin_url).items()}
    host, port = known.pop("host", "localhost"), known.pop("port", "5432")
    for name in ("user", "password", "dbname"):
        known.pop(name, None)
    authority = f"{role}:{quote(password, safe='')}@"
    if host.startswith("/"):
        return f"postgresql://{authority}/{quote(database)}?{urlencode({'host': host, 'port': port, **known})}"
    rest = f"?{urlencode(known)}" if known else ""
    return f"postgresql://{authority}{host}:{port}/{quote(database)}{rest}"
