"""Whatever the owner of the database does to the audit behind our back is found and named.

The tampering is random but repeatable: each kind is tried with several seeds, on a chain whose head was signed.
"""

import os
from collections.abc import Callable
from random import Random
from uuid import UUID

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import text

from auricle.actor import Actor
from auricle.audit.chain import CANONICAL, Position, follow, start
from auricle.audit.heads import Heads
from auricle.audit.reads import record
from auricle.audit.seal import Sealer
from auricle.audit.verify import AuditReport, Fault, verify_all
from auricle.db.base import new_id
from tests.builders import make_organization

ENTRIES = 40
SEEDS = range(9)
MORE_SEEDS = range(9, 93)  # the long form: more than 1,000 in all, with AURICLE_TEST_LONG=1

EDITS = {
    "at": "at + interval '1 microsecond'",
    "actor_id": "gen_random_uuid()",
    "member_id": "gen_random_uuid()",
    "request_id": "request_id || 'x'",
    "address": "'198.51.100.9'",
    "user_agent": "user_agent || ' '",
    "action": "'reed'",
    "entity": "entity || 's'",
    "entity_id": "case when entity_id is null then gen_random_uuid() end",
    "old": "case when old is null then 'null'::jsonb end",
    "new": "coalesce(new, '{}') || '{\"added\": 1}'",
    "outcome": "outcome || '.'",
    "reason": "coalesce(reason, '') || 'x'",
    "xid": "xid - 1",
}


class Tamperer:
    """The database's owner, at work on one organization's audit."""

    def __init__(self, owner: psycopg.Connection, organization_id: UUID, seed: int) -> None:
        self.owner, self.random = owner, Random(seed)
        self.organization_id = organization_id
        self.run("select set_config('auricle.organization', %s, false)", str(organization_id))

    def run(self, statement: str, *values: object) -> list[tuple]:
        cursor = self.owner.execute(statement, values)
        return cursor.fetchall() if cursor.description else []

    def links(self) -> list[tuple[int, int]]:
        return self.run("select id, entry_id from audit_link order by id")

    def one(self) -> tuple[int, int]:
        return self.random.choice(self.links())

    def two(self) -> tuple[tuple[int, int], tuple[int, int]]:
        first, second = self.random.sample(self.links(), 2)
        return first, second


def edit_a_column(t: Tamperer) -> None:
    _, entry = t.one()
    column = t.random.choice(sorted(EDITS))
    t.run(f"update audit_entry set {column} = {EDITS[column]} where id = %s", entry)


def delete_an_entry(t: Tamperer) -> None:
    t.run("delete from audit_entry where id = %s", t.one()[1])


def delete_a_link(t: Tamperer) -> None:
    t.run("delete from audit_link where id = %s", t.one()[0])


def delete_an_entry_and_close_the_gap(t: Tamperer) -> None:
    link, entry = t.one()
    t.run("delete from audit_entry where id = %s", entry)
    t.run("delete from audit_link where id = %s", link)
    for later in range(link + 1, ENTRIES + 2):
        t.run("update audit_link set id = id - 1 where id = %s", later)


def insert_an_entry_of_the_past(t: Tamperer) -> None:
    _, entry = t.one()
    t.run(
        "insert into audit_entry (id, xid, at, action, entity, entity_id) overriding system value "
        "select -%s, xid, at, 'read', entity, entity_id from audit_entry where id = %s",
        t.random.randrange(1, 10_000),
        entry,
    )


def insert_an_entry_with_a_link_of_its_own(t: Tamperer) -> None:
    ((entry,),) = t.run("insert into audit_entry (action, entity) values ('read', 'patient') returning id")
    t.run(
        "insert into audit_link (id, entry_id, horizon, hash) "
        "select max(id) + 1, %s, max(horizon), sha256('guess') from audit_link",
        entry,
    )


def swap_two_links(t: Tamperer) -> None:
    (first, a), (second, b) = t.two()
    t.run("update audit_link set entry_id = -1 where id = %s", first)
    t.run("update audit_link set entry_id = %s where id = %s", a, second)
    t.run("update audit_link set entry_id = %s where id = %s", b, first)


def swap_two_entries(t: Tamperer) -> None:
    (_, a), (_, b) = t.two()
    for old, new in ((a, -1), (b, a), (-1, b)):
        t.run(
            "with gone as (delete from audit_entry where id = %s returning *) "
            "insert into audit_entry overriding system value select (jsonb_populate_record(null::audit_entry, "
            "to_jsonb(gone) || jsonb_build_object('id', %s::bigint))).* from gone",
            old,
            new,
        )


def change_a_hash(t: Tamperer) -> None:
    t.run("update audit_link set hash = sha256(hash) where id = %s", t.one()[0])


def change_a_horizon(t: Tamperer) -> None:
    t.run("update audit_link set horizon = horizon + 1 where id = %s", t.one()[0])


def cut_the_tail(t: Tamperer) -> None:
    kept = t.random.randrange(0, ENTRIES)
    t.run("delete from audit_entry where id in (select entry_id from audit_link where id > %s)", kept)
    t.run("delete from audit_link where id > %s", kept)


def rewrite_the_chain(t: Tamperer) -> None:
    """Edit an entry and recompute every hash: all that the owner lacks is the signing key."""
    edit_a_column(t)
    position = start(t.organization_id)
    rows = t.run(
        f"select l.id, l.horizon, {CANONICAL} from audit_link l join audit_entry e on e.id = l.entry_id order by l.id"
    )
    for seq, horizon, canonical in rows:
        position = follow(position, horizon, canonical)
        t.run("update audit_link set hash = %s where id = %s", position.hash, seq)


TAMPERING: tuple[tuple[Callable[[Tamperer], None], set[str]], ...] = (
    (edit_a_column, {"entry altered"}),
    (delete_an_entry, {"entry missing"}),
    (delete_a_link, {"link missing", "chain cut"}),
    (delete_an_entry_and_close_the_gap, {"entry altered", "chain cut"}),
    (insert_an_entry_of_the_past, {"entry not sealed"}),
    (insert_an_entry_with_a_link_of_its_own, {"entry altered"}),
    (swap_two_links, {"entry altered"}),
    (swap_two_entries, {"entry altered"}),
    (change_a_hash, {"entry altered"}),
    (change_a_horizon, {"entry altered"}),
    (cut_the_tail, {"chain cut"}),
    (rewrite_the_chain, {"chain rewritten"}),
)


@pytest.fixture(scope="module")
async def chained(database, tmp_path_factory):
    """An organization with a sealed chain and a signed head."""
    organization_id = await make_organization(database)
    for number in range(ENTRIES - 1):  # and the entry of the organization itself
        async with database.transaction(Actor.system(organization_id)) as db:
            await record(db, "read", "patient", new_id() if number % 3 else None, page=number)
    sealer = Sealer(database, Heads(tmp_path_factory.mktemp("heads") / "heads.jsonl", bytes(32)))
    assert await sealer.round() == ENTRIES
    await sealer.sign()
    return organization_id, sealer.heads


@pytest.fixture
def owner(urls, chained):
    """The owner's connection; what it did is undone afterwards."""
    tables = ("audit_entry", "audit_link")
    with psycopg.connect(urls.owner, autocommit=True) as owner:
        owner.execute("select set_config('auricle.organization', %s, false)", (str(chained[0]),))
        for table in tables:
            owner.execute(f"create temporary table kept_{table} as select * from {table}")
        yield owner
        for table in tables:
            owner.execute(f"delete from {table}")
            owner.execute(f"insert into {table} overriding system value select * from kept_{table}")


async def checked(database, chained) -> Fault | None:
    report: AuditReport = await verify_all(database, chained[1])
    (one,) = report.organizations
    assert report.ok is (one.fault is None)
    return one.fault


async def test_an_untouched_chain_is_whole(database, chained):
    report = await verify_all(database, chained[1])
    (one,) = report.organizations
    assert report.ok
    assert (one.links, one.waiting, one.signed_to) == (ENTRIES, 0, ENTRIES)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("tamper", "kinds"), TAMPERING, ids=lambda value: getattr(value, "__name__", ""))
async def test_tampering_is_found(database, chained, owner, tamper, kinds, seed):
    tamperer = Tamperer(owner, chained[0], seed)
    tamper(tamperer)
    fault = await checked(database, chained)
    assert fault is not None
    assert fault.kind in kinds


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get("AURICLE_TEST_LONG"), reason="the long form: AURICLE_TEST_LONG=1")
@pytest.mark.parametrize(("tamper", "kinds"), TAMPERING, ids=lambda value: getattr(value, "__name__", ""))
async def test_tampering_of_any_seed_is_found(database, chained, urls, tamper, kinds):
    tables = ("audit_entry", "audit_link")
    for seed in MORE_SEEDS:
        with psycopg.connect(urls.owner) as owner:
            tamperer = Tamperer(owner, chained[0], seed)
            for table in tables:
                owner.execute(f"create temporary table kept_{table} as select * from {table}")
            tamper(tamperer)
            owner.commit()
            fault = await checked(database, chained)
            tamperer.run("select set_config('auricle.organization', %s, false)", str(chained[0]))
            for table in tables:
                owner.execute(f"delete from {table}")
                owner.execute(f"insert into {table} overriding system value select * from kept_{table}")
                owner.execute(f"drop table kept_{table}")
            owner.commit()
        assert fault is not None and fault.kind in kinds, seed
    assert await checked(database, chained) is None


async def test_the_first_of_several_faults_is_named(database, chained, owner):
    tamperer = Tamperer(owner, chained[0], 0)
    links = dict(tamperer.links())
    for seq in (31, 7, 19):
        tamperer.run("update audit_entry set action = 'changed' where id = %s", links[seq])
    assert await checked(database, chained) == Fault("entry altered", 7, links[7])


async def test_cutting_the_whole_chain_or_the_organization_is_found(database, chained, owner):
    tamperer = Tamperer(owner, chained[0], 0)
    tamperer.run("delete from audit_link")
    tamperer.run("delete from audit_entry")
    assert await checked(database, chained) == Fault("chain cut", 1)


async def test_a_chain_that_was_cut_and_sealed_again_is_still_found(database, chained, owner):
    """The sealer would take the entries whose links were removed for new ones."""
    tamperer = Tamperer(owner, chained[0], 0)
    links = dict(tamperer.links())
    tamperer.run("delete from audit_entry where id = %s", links[20])
    tamperer.run("delete from audit_link where id >= 20")
    await Sealer(database, chained[1]).round()
    fault = await checked(database, chained)
    assert fault is not None and fault.seq is not None and fault.seq >= 20


async def test_heads_that_were_forged_are_refused_by_line(database, chained, tmp_path):
    organization_id, heads = chained
    other = Heads(tmp_path / "heads.jsonl", b"\x01" * 32)
    other.sign(organization_id, Position(1, bytes(32), 1))
    forged = Heads(tmp_path / "mixed.jsonl", bytes(32))
    forged.path.write_bytes(heads.path.read_bytes() + other.path.read_bytes())
    report = await verify_all(database, forged)
    assert not report.ok
    assert report.bad_heads == "Line 2 of mixed.jsonl is not a head we signed."


@pytest.mark.parametrize("line", [b"{}\n", b"not json\n", b"[1]\n", b'{"organization": 7}\n', b"\xff\xfe\n"])
async def test_a_garbled_line_of_heads_is_refused(database, tmp_path, line):
    heads = Heads(tmp_path / "heads.jsonl", bytes(32))
    heads.path.write_bytes(line)
    assert not (await verify_all(database, heads)).ok


async def test_a_last_line_cut_by_a_crash_is_forgiven(database, chained, tmp_path):
    heads = Heads(tmp_path / "heads.jsonl", bytes(32))
    whole = chained[1].path.read_bytes()
    heads.path.write_bytes(whole + whole[:50])
    assert (await verify_all(database, heads)).ok


async def test_the_canonical_form_does_not_depend_on_the_connections_settings(database, chained, urls):
    with psycopg.connect(urls.owner) as owner:
        owner.execute("select set_config('auricle.organization', %s, false)", (str(chained[0]),))
        forms = []
        for zone, style in (("UTC", "ISO"), ("Asia/Kolkata", "German")):
            owner.execute(sql.SQL("set time zone {}").format(sql.Literal(zone)))
            owner.execute(sql.SQL("set datestyle = {}").format(sql.Literal(style)))
            forms.append(owner.execute(f"select {CANONICAL} from audit_entry e order by id").fetchall())
    assert forms[0] == forms[1]
    async with database.transaction(Actor.system(chained[0])) as db:
        ours = (await db.scalars(text(f"select {CANONICAL} from audit_entry e order by id"))).all()
    assert ours == [form for (form,) in forms[0]]
