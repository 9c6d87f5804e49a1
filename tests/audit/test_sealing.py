"""Every committed entry is chained once, whatever the order in which transactions commit and whoever seals."""

import asyncio

import pytest
from sqlalchemy import text

from auricle.actor import Actor
from auricle.audit.heads import Heads
from auricle.audit.reads import record
from auricle.audit.seal import PENDING, Sealer, seal, seal_forever
from auricle.audit.verify import verify, verify_all
from auricle.db.session import Database
from auricle.errors import Forbidden
from tests.builders import make_organization

UNSEALED = text(
    "select count(*) from audit_entry e where not exists (select from audit_link l where l.entry_id = e.id)"
)
ORDER = text("select entry_id from audit_link order by id")


@pytest.fixture
async def system(database):
    """The system at work in a new organization whose first entry is sealed."""
    actor = Actor.system(await make_organization(database))
    await pass_over(database, actor)
    return actor


async def pass_over(database, actor, **limits) -> int:
    async with database.transaction(actor) as db:
        return (await seal(db, **limits)).count


async def write(database, actor, entries: int = 1) -> None:
    async with database.transaction(actor) as db:
        for _ in range(entries):
            await record(db, "read", "patient", None)


async def state(database, actor) -> tuple[int, list[int]]:
    async with database.transaction(actor) as db:
        assert (await verify(db, ())).fault is None
        return await db.scalar(UNSEALED), list(await db.scalars(ORDER))


async def test_sealing_again_without_news_adds_nothing(database, system):
    await write(database, system, 3)
    assert await pass_over(database, system) == 3
    assert await pass_over(database, system) == 0


async def test_an_entry_that_is_not_committed_is_neither_sealed_nor_lost(database, system):
    """The open transaction holds a lower entry number than one that commits first."""
    async with database.transaction(system) as slow:
        await record(slow, "read", "patient", None)
        await write(database, system)
        await pass_over(database, system)
    await pass_over(database, system)
    unsealed, order = await state(database, system)
    assert unsealed == 0
    assert len(order) == len(set(order)) == 3


async def test_what_was_rolled_back_leaves_no_trace_and_no_gap(database, system):
    with pytest.raises(RuntimeError):
        async with database.transaction(system) as db:
            await record(db, "read", "patient", None)
            raise RuntimeError
    await write(database, system)
    assert await pass_over(database, system) == 1
    assert (await state(database, system))[0] == 0


async def test_batches_of_any_size_end_in_one_whole_chain(database, system):
    for entries in (5, 1, 4):
        await write(database, system, entries)  # one transaction each: batches cut through them
    while await pass_over(database, system, limit=3):
        pass
    assert len((await state(database, system))[1]) == 11


async def test_two_sealers_at_once_seal_each_entry_once(database, system):
    await write(database, system, 50)
    await asyncio.gather(*(pass_over(database, system, limit=20) for _ in range(6)))
    while await pass_over(database, system):
        pass
    unsealed, order = await state(database, system)
    assert (unsealed, len(order)) == (0, 51)


async def test_chains_of_two_organizations_do_not_mix(database, system):
    other = Actor.system(await make_organization(database))
    await asyncio.gather(*(write(database, actor) for actor in (system, other) * 5))
    await pass_over(database, system)
    assert len((await state(database, system))[1]) == 6
    assert (await state(database, other))[1] == []


async def test_nobody_has_no_chain(database):
    with pytest.raises(Forbidden):
        await pass_over(database, Actor.nobody())
    async with database.transaction(Actor.nobody()) as db:
        with pytest.raises(Forbidden):
            await verify(db, ())


async def test_writers_and_sealers_racing_leave_nothing_unsealed(database, system):
    async def writer(number: int) -> None:
        for step in range(6):
            async with database.transaction(system) as db:
                await record(db, "read", "patient", None)
                await asyncio.sleep(0.001 * ((number * 7 + step * 3) % 5))

    async def sealer() -> None:
        for _ in range(20):
            await pass_over(database, system, limit=7)

    await asyncio.gather(*(writer(n) for n in range(8)), sealer(), sealer())
    while await pass_over(database, system):
        pass
    unsealed, order = await state(database, system)
    assert (unsealed, len(order)) == (0, 49)


async def test_an_idle_installation_is_left_in_peace_until_something_is_written(database, system, tmp_path):
    sealer = Sealer(database, Heads(tmp_path / "heads.jsonl", bytes(32)))
    looks = 0
    while await sealer.is_due():
        await sealer.round()
        looks += 1
        assert looks < 5
    await write(database, system)
    assert await sealer.is_due()


async def test_a_late_commit_keeps_the_sealer_looking(database, system, tmp_path):
    sealer = Sealer(database, Heads(tmp_path / "heads.jsonl", bytes(32)))
    async with database.transaction(system) as slow:
        await record(slow, "read", "patient", None)
        for _ in range(3):
            assert await sealer.is_due()
            await sealer.round()
    while await sealer.is_due():
        await sealer.round()
    assert (await state(database, system))[0] == 0


async def until(condition, timeout_s: float = 10.0) -> None:
    async with asyncio.timeout(timeout_s):
        while not await condition():
            await asyncio.sleep(0.02)


async def test_the_loop_seals_and_at_its_end_signs_all(database, system, tmp_path):
    stop, heads = asyncio.Event(), Heads(tmp_path / "heads.jsonl", bytes(32))
    task = asyncio.create_task(seal_forever(database, heads, stop, every_s=0.02))
    await write(database, system, 3)

    async def is_sealed() -> bool:
        return (await state(database, system))[0] == 0

    await until(is_sealed)
    await write(database, system)
    stop.set()
    await task
    report = await verify_all(database, heads)
    (own,) = [r for r in report.organizations if r.organization_id == system.organization_id]
    assert report.ok
    assert own.links == own.signed_to == 5


async def test_the_loop_outlives_a_database_that_goes_away(urls, database, system, tmp_path):
    """Its connections are killed under it, again and again."""
    own, stop = Database(urls.app, pool_size=2), asyncio.Event()
    heads = Heads(tmp_path / "heads.jsonl", bytes(32))
    task = asyncio.create_task(seal_forever(own, heads, stop, every_s=0.01))
    for _ in range(5):
        await write(database, system)
        await own.engine.dispose(close=False)
        async with database.transaction(Actor.nobody()) as db:
            await db.execute(
                text(
                    "select pg_terminate_backend(pid) from pg_stat_activity "
                    "where usename = current_user and pid <> pg_backend_pid() and state = 'idle'"
                )
            )

    async def is_sealed() -> bool:
        return (await state(database, system))[0] == 0

    await until(is_sealed)
    assert not task.done()
    stop.set()
    await task
    await own.close()


async def test_the_sealer_looks_behind_the_horizon_only_however_long_the_audit_is(database, system):
    """Under row security a comparison that is not leakproof would be a filter over the organization's whole audit."""
    values = {"horizon": 7, "oldest": 9, "newest": 9, "seq": 1, "limit": 10}
    async with database.transaction(system) as db:
        for setting in ("enable_seqscan", "enable_bitmapscan"):
            await db.execute(text(f"set local {setting} = off"))
        plan = list(await db.scalars(text(f"explain {PENDING.text}"), values))
    assert any("Index Cond" in line and "(xid >= '7'" in line for line in plan), plan
