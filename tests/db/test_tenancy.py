"""Every table is isolated in PostgreSQL itself, or stands on the list of global ones with a reason."""

import importlib
import pkgutil

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

import auricle
from auricle.actor import Actor
from auricle.db.base import Base, Tenant, new_id
from auricle.db.tenancy import GLOBAL_TABLES
from auricle.errors import IntegrityBroken
from tests.builders import make_consultation, make_member, make_organization, make_patient

# Tables whose changes are not audited, each for the reason that stands beside its `protect` call.
UNAUDITED = {
    "ticket",
    "session_resume",
    "audit_entry",
    "audit_link",
    "live_event",
    "usage_record",
    "knowledge_chunk",
    "evaluation_question",
    "evaluation_result",
    "note_passage",
    "knowledge_chunk_rest",
    "knowledge_removal",
    "recording_chunk",
    "patient_token",
    "appointment_slot",
    "consultation_memory",
    "provider_listing",
    "spending",
}

TABLES = """
select c.relname as name, c.relrowsecurity and c.relforcerowsecurity as forced,
       exists (select from pg_policy p where p.polrelid = c.oid and p.polpermissive and p.polcmd = '*'
               and pg_get_expr(p.polqual, c.oid) like '%auricle.organization%'
               and pg_get_expr(p.polwithcheck, c.oid) like '%auricle.organization%') as policed,
       exists (select from pg_constraint k where k.conrelid = c.oid and k.contype in ('p', 'u')
               and k.conkey::int[] @> array[o.attnum::int, i.attnum::int] and cardinality(k.conkey) = 2) as keyed,
       exists (select from pg_trigger t where t.tgrelid = c.oid and t.tgname = 'audit') as audited,
       o.attnum is not null and o.attnotnull as owned
from pg_class c
left join pg_attribute o on o.attrelid = c.oid and o.attname = 'organization_id' and not o.attisdropped
left join pg_attribute i on i.attrelid = c.oid and i.attname = 'id' and not i.attisdropped
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
  and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
"""

# A foreign key between tenant tables that does not carry the organization could point into another one.
BARE_KEYS = """
select k.conrelid::regclass::text || '.' || k.conname from pg_constraint k
join pg_attribute own on own.attrelid = k.conrelid and own.attname = 'organization_id'
join pg_attribute far on far.attrelid = k.confrelid and far.attname = 'organization_id'
where k.contype = 'f' and k.connamespace = 'public'::regnamespace and not own.attnum = any (k.conkey)
"""


def mapped() -> type[Base]:
    """Import every module that maps a table."""
    for module in pkgutil.walk_packages(auricle.__path__, "auricle."):
        if module.name.endswith((".models", ".sealed")):
            importlib.import_module(module.name)
    return Base


@pytest.fixture(scope="module")
def tables(urls):
    with psycopg.connect(urls.owner, row_factory=psycopg.rows.dict_row) as owner:
        return {row["name"]: row for row in owner.execute(TABLES)}


@pytest.fixture(scope="module")
async def two(database, keyring):
    """A clinician in each of two organizations, with a patient and a consultation each."""
    actors, patients, consultations = [], [], []
    for _ in range(2):
        actor = await make_member(database, await make_organization(database), "org_admin")
        patient = await make_patient(database, keyring, actor)
        consultations.append(await make_consultation(database, keyring, actor, patient.id))
        actors.append(actor)
        patients.append(patient)
    return actors, patients, consultations


def test_every_table_with_an_organization_is_forced_policed_and_keyed(tables):
    owned = {name: row for name, row in tables.items() if row["owned"] and name not in GLOBAL_TABLES}
    assert len(owned) >= 14
    assert [n for n, row in owned.items() if not (row["forced"] and row["policed"] and row["keyed"])] == []


def test_every_tenant_table_is_audited_unless_listed(tables):
    assert {n for n, row in tables.items() if row["owned"] and not row["audited"]} - set(GLOBAL_TABLES) == UNAUDITED


def test_a_table_is_an_organizations_own_or_stands_on_the_reviewed_list(tables):
    assert {n for n, row in tables.items() if not row["owned"]} <= set(GLOBAL_TABLES)
    assert set(GLOBAL_TABLES) <= set(tables)
    assert all(len(reason) > 20 for reason in GLOBAL_TABLES.values())


def test_every_mapped_tenant_is_protected_and_only_those(tables):
    tenants = {m.local_table.name for m in mapped().registry.mappers if issubclass(m.class_, Tenant)}
    assert "patient" in tenants
    assert tenants <= {n for n, row in tables.items() if row["forced"] and row["keyed"]} - set(GLOBAL_TABLES)


def test_mapped_columns_are_the_databases_columns(urls):
    # Not mapped: what only SQL reads (the generated search words, and vectors).
    unmapped = {"knowledge_chunk": {"words", "embedding"}}
    with psycopg.connect(urls.owner) as owner:
        found = owner.execute(
            "select table_name, column_name, is_nullable = 'YES' from information_schema.columns "
            "where table_schema = 'public'"
        ).fetchall()
    for table in mapped().metadata.tables.values():
        here = {column: nullable for name, column, nullable in found if name == table.name}
        assert set(here) ^ set(table.columns.keys()) <= unmapped.get(table.name, set()), table.name
        assert [c.name for c in table.columns if here[c.name] and not c.nullable] == [], table.name


def test_no_foreign_key_between_tenants_leaves_the_organization_out(urls):
    with psycopg.connect(urls.owner) as owner:
        found = {name for (name,) in owner.execute(BARE_KEYS)}
    assert found == set()


def test_nobody_made_a_view_that_would_run_with_its_owners_rights(urls):
    with psycopg.connect(urls.owner) as owner:
        views = owner.execute(
            "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('v', 'm') "
            "and coalesce(reloptions::text, '') not like '%security_invoker=true%'"
        ).fetchall()
    assert views == []


def test_the_application_may_neither_truncate_nor_delete_what_it_must_keep(urls, tables):
    with psycopg.connect(urls.app, autocommit=True) as app:
        for table in tables:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute(f"truncate {table} cascade")
        for table in ("patient", "message", "consultation", "audit_entry", "audit_link", "usage_record", "account"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute(f"delete from {table}")
        for statement in (
            "alter table patient disable row level security",
            "drop policy organization on patient",
            "set role auricle_owner",
            "alter table patient disable trigger audit",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute(statement)


async def test_an_organization_sees_its_own_rows_and_no_other(database, tables, two):
    actors, _, _ = two
    seen = 0
    for table in sorted(n for n, row in tables.items() if row["owned"] and n not in GLOBAL_TABLES):
        for actor in actors:
            async with database.transaction(actor) as db:
                owners = set(await db.scalars(text(f"select distinct organization_id from {table}")))
            assert owners <= {actor.organization_id}, table
            seen += len(owners)
    assert seen >= 18


async def test_without_an_organization_nothing_is_seen_or_written(database, tables, two):
    async with database.transaction(Actor.nobody()) as db:
        for table in (n for n, row in tables.items() if row["owned"] and n not in GLOBAL_TABLES):
            assert await db.scalar(text(f"select count(*) from {table}")) == 0, table
    with pytest.raises((DBAPIError, IntegrityBroken)):
        async with database.transaction(Actor.nobody()) as db:
            await db.execute(text("insert into agent (id, name, slug) values (:id, 'x', 'x')"), {"id": new_id()})


async def test_a_row_cannot_be_written_for_or_moved_to_another_organization(database, two):
    (own, other), _, _ = two
    for statement in (
        "insert into agent (id, organization_id, name, slug) values (:id, :other, 'x', 'x')",
        "update agent set organization_id = :other where id <> :id",
    ):
        with pytest.raises(DBAPIError, match="row-level security"):
            async with database.transaction(own) as db:
                await db.execute(text(statement), {"id": new_id(), "other": other.organization_id})


async def test_changing_or_deleting_another_organizations_row_touches_nothing(database, two):
    (own, _), (_, foreign), _ = two
    async with database.transaction(own) as db:
        changed = await db.execute(text("update patient set language = 'xx' where id = :id"), {"id": foreign.id})
        assert changed.rowcount == 0


async def test_foreign_keys_cannot_cross_organizations(database, two):
    (own, _), (_, foreign), ((mine, _), (theirs, _)) = two
    crossing = {
        "alert": "insert into alert (id, consultation_id, patient_id, category) values (:id, :mine, :patient, 'x')",
        "session": "insert into consultation_session (id, consultation_id, channel) values (:id, :theirs, 'text')",
        "key": "insert into data_key (id, patient_id) values (:id, :patient)",
    }
    values = {"id": new_id(), "mine": mine.id, "theirs": theirs.id, "patient": foreign.id}
    for statement in crossing.values():
        with pytest.raises(IntegrityBroken):
            async with database.transaction(own) as db:
                used = {name: value for name, value in values.items() if f":{name}" in statement}
                await db.execute(text(statement), used)


async def test_a_person_reads_their_memberships_only_before_choosing_one(database, two):
    (own, other), _, _ = two
    await make_member(database, other.organization_id, "staff", account_id=own.account_id)
    everywhere = Actor(kind="user", account_id=own.account_id)
    members = text("select organization_id from member")
    async with database.transaction(everywhere) as db:
        assert set(await db.scalars(members)) == {own.organization_id, other.organization_id}
    async with database.transaction(own) as db:
        assert set(await db.scalars(members)) == {own.organization_id}
    with pytest.raises(DBAPIError, match="row-level security"):
        async with database.transaction(everywhere) as db:
            await db.execute(
                text("insert into member (id, organization_id, account_id, role) values (:id, :o, :a, 'org_admin')"),
                {"id": new_id(), "o": other.organization_id, "a": own.account_id},
            )
