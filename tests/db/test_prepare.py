"""Preparing a database, and refusing a server or a role that would break the isolation of organizations."""

from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from auricle.db.embedded import role_passwords
from auricle.db.prepare import (
    APP,
    OWNER,
    Passwords,
    RoleTooPowerful,
    ServerTooOld,
    Urls,
    check,
    check_role,
    check_server,
    prepare,
)


def test_the_application_role_is_accepted_and_owns_nothing(postgres):
    check(postgres.urls.app)
    with psycopg.connect(postgres.urls.app) as app, pytest.raises(psycopg.errors.InsufficientPrivilege):
        app.execute("create table mine (id int)")


def test_the_owner_may_create_tables_but_not_roles_or_databases(postgres):
    with psycopg.connect(postgres.urls.owner, autocommit=True) as owner:
        owner.execute("create table of_the_owner (id int)")
        owner.execute("drop table of_the_owner")
        for statement in ("create role another", "create database another"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                owner.execute(statement)


def test_the_worker_finds_the_queue_first_and_may_not_create_in_it(postgres):
    with psycopg.connect(postgres.urls.worker) as worker:
        assert worker.execute("show search_path").fetchone() == ("jobs, public",)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            worker.execute("create table jobs.mine (id int)")


def test_preparing_twice_changes_nothing_but_passwords(postgres):
    before = postgres.urls
    fresh = Passwords.generate()
    try:
        after = prepare(postgres.admin_url, passwords=fresh)
        check(after.app)
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(before.app)
    finally:
        prepare(postgres.admin_url, passwords=role_passwords(postgres.server.passwords))
    check(before.app)


def test_a_role_that_was_given_too_much_is_restrained_again(postgres):
    with psycopg.connect(postgres.admin_url, autocommit=True) as admin:
        admin.execute(f"alter role {APP} bypassrls createdb")
        with psycopg.connect(postgres.urls.app) as app, pytest.raises(RoleTooPowerful, match="bypasses"):
            check_role(app)
    prepare(postgres.admin_url, passwords=role_passwords(postgres.server.passwords))
    check(postgres.urls.app)


@pytest.mark.parametrize(
    ("setup", "reason"),
    [
        ("create role {role} login password 'x' superuser", "superuser"),
        ("create role {role} login password 'x' bypassrls", "bypasses"),
        ("create role {role} login password 'x' createrole", "create roles"),
        (
            "create role {role} login password 'x'; create table t_{role} ();alter table t_{role} owner to {role}",
            "owns",
        ),
        ("create role {role} login password 'x'; grant create on schema public to {role}", "public"),
        (f"create role {{role}} login password 'x'; grant {OWNER} to {{role}}", "member"),
        (f"create role {{role}} login password 'x' noinherit; grant {OWNER} to {{role}} with inherit false", "member"),
        (
            "create role {role} login password 'x'; create role m_{role}; grant m_{role} to {role};"
            f" grant {OWNER} to m_{{role}}",
            "member",
        ),
        ("create role {role} login password 'x'; create database d_{role} owner {role}", None),
    ],
)
def test_a_role_that_could_reach_past_the_isolation_is_refused(postgres, setup, reason):
    role = f"role_{uuid4().hex[:8]}"
    inside = make_conninfo(postgres.admin_url, dbname="auricle")
    with psycopg.connect(inside, autocommit=True) as admin:
        for statement in setup.format(role=role).split(";"):
            admin.execute(statement)
        admin.execute(sql.SQL("grant connect on database auricle to {}").format(sql.Identifier(role)))
        try:
            with psycopg.connect(make_conninfo(inside, user=role, password="x")) as connection:
                if reason is None:
                    check_role(connection)  # owning another database gives nothing here
                else:
                    with pytest.raises(RoleTooPowerful, match=reason):
                        check_role(connection)
        finally:
            admin.execute(f"drop database if exists d_{role}")
            admin.execute(f"drop owned by {role}")
            admin.execute(f"drop role {role}")
            admin.execute(f"drop role if exists m_{role}")


def test_the_owner_of_the_database_is_refused_as_the_application(postgres):
    with psycopg.connect(postgres.urls.owner) as owner, pytest.raises(RoleTooPowerful, match="owns this database"):
        check_role(owner)


def test_a_database_without_pgvector_is_refused_with_what_to_do(postgres):
    with psycopg.connect(postgres.admin_url) as bare, pytest.raises(ServerTooOld, match="create extension vector"):
        check_server(bare)


def test_an_older_pgvector_is_refused_with_both_versions(postgres):
    inside = make_conninfo(postgres.admin_url, dbname="auricle")
    with psycopg.connect(inside) as admin:
        admin.execute("update pg_extension set extversion = '0.7.4' where extname = 'vector'")
        with pytest.raises(ServerTooOld, match=r"0\.8 or newer .* has 0\.7\.4"):
            check_server(admin)
        admin.rollback()


def test_a_password_with_any_character_works_in_a_url(postgres):
    odd = Passwords("o:@/?#%& '\"", "a:@/?#%& é", "w")
    try:
        urls = prepare(postgres.admin_url, passwords=odd)
        check(urls.app)
        for url, role in ((urls.owner, OWNER), (urls.app, APP)):
            with psycopg.connect(url) as connection:
                assert connection.execute("select current_user").fetchone() == (role,)
    finally:
        prepare(postgres.admin_url, passwords=role_passwords(postgres.server.passwords))


def test_urls_keep_the_options_of_the_administrators_url_and_hide_from_repr():
    urls = Urls.of(
        "postgresql://root:secret@db.example:6432/postgres?sslmode=require", "clinic", Passwords("o", "a", "w")
    )
    assert urls.app == "postgresql://auricle_app:a@db.example:6432/clinic?sslmode=require"
    assert urls.owner.startswith("postgresql://auricle_owner:o@")
    assert repr(urls) == "Urls()"
    socket = Urls.of("postgresql:///postgres?host=/run/pg", "clinic", Passwords("o", "a", "w"))
    assert socket.worker == "postgresql://auricle_worker:w@/clinic?host=%2Frun%2Fpg&port=5432"


def test_a_managed_services_administrator_who_is_no_superuser_can_prepare(postgres):
    """He may create roles and databases; the extension is already in the template that his service gives him."""
    passwords = role_passwords(postgres.server.passwords)
    with psycopg.connect(postgres.admin_url, autocommit=True) as admin:
        admin.execute("create role landlord login password 'x' createrole createdb")
        admin.execute(f"grant {OWNER}, {APP}, auricle_worker to landlord with admin option")
        admin.execute("create database with_vector")
        with psycopg.connect(make_conninfo(postgres.admin_url, dbname="with_vector"), autocommit=True) as template:
            template.execute("create extension vector")
        admin.execute("alter database with_vector is_template true")
        try:
            landlord = make_conninfo(postgres.admin_url, user="landlord", password="x")
            urls = prepare(landlord, passwords=passwords, database="rented", template="with_vector")
            check(urls.app)
            with psycopg.connect(urls.owner) as owner:
                owns = "select datname, pg_get_userbyid(datdba) from pg_database where datname = current_database()"
                assert owner.execute(owns).fetchone() == ("rented", OWNER)
        finally:
            admin.execute("alter database with_vector is_template false")
            for name in ("rented", "with_vector"):
                admin.execute(f"drop database if exists {name} (force)")
            admin.execute("drop owned by landlord cascade")
            admin.execute("drop role landlord")
