"""Live events reach each watcher of their organization and no other, whatever transactions and connections do."""

import asyncio
import os
import signal
import sys
from contextlib import AsyncExitStack
from uuid import uuid4

import asyncpg
import psycopg
import pytest

from auricle.actor import Actor
from auricle.db.session import Database
from auricle.errors import DatabaseUnavailable
from auricle.live import fanout as fanout_module
from auricle.live.events import publish
from auricle.live.fanout import BadCursor, EventsMissed, Fanout, WatcherTooSlow, parse_cursor
from tests.builders import make_organization


@pytest.fixture
async def fanout(urls):
    async with Fanout(urls.app) as fanout:
        yield fanout


@pytest.fixture
async def clinic(database):
    return await make_organization(database, f"clinic-{uuid4().hex[:8]}")


async def tell(database: Database, organization_id, *words: str) -> list[int]:
    """One transaction for each event."""
    numbers = []
    for word in words:
        async with database.transaction(Actor.system(organization_id)) as db:
            numbers.append(await publish(db, "test.said", word=word))
    return numbers


async def read(events, count: int) -> list[str]:
    async with asyncio.timeout(15):
        return [(await anext(events)).subject["word"] for _ in range(count)]


async def nothing_comes(events) -> bool:
    try:
        async with asyncio.timeout(0.3):
            await anext(events)
    except TimeoutError:
        return True
    return False


def backends(postgres) -> list[int]:
    with psycopg.connect(postgres.admin_url) as admin:
        rows = admin.execute("select pid from pg_stat_activity where application_name = 'auricle-events'").fetchall()
        return [pid for (pid,) in rows]


async def test_a_committed_event_arrives_whole(fanout, database, clinic):
    async with fanout.subscribe(clinic) as events:
        note = uuid4()
        async with database.transaction(Actor.system(clinic)) as db:
            number = await publish(db, "note.approved", note_id=note, version=3, reason=None)
            assert await nothing_comes(events)
        event = await asyncio.wait_for(anext(events), 5)
    assert (event.id, event.organization_id, event.kind) == (number, clinic, "note.approved")
    assert event.subject == {"note_id": str(note), "version": 3, "reason": None}


async def test_a_rolled_back_event_never_arrives(fanout, database, clinic):
    async with fanout.subscribe(clinic) as events:
        with pytest.raises(RuntimeError):
            async with database.transaction(Actor.system(clinic)) as db:
                await publish(db, "test.said", word="never")
                raise RuntimeError
        await tell(database, clinic, "after")
        assert await read(events, 1) == ["after"]


async def test_an_event_that_commits_late_is_not_lost_and_none_comes_twice(fanout, database, clinic):
    async with fanout.subscribe(clinic) as events:
        async with database.transaction(Actor.system(clinic)) as slow:
            late = await publish(slow, "test.said", word="late")
            (early,) = await tell(database, clinic, "early")
            assert await read(events, 1) == ["early"]
            assert late < early
        assert await read(events, 1) == ["late"]
        await tell(database, clinic, "last")
        assert await read(events, 1) == ["last"]
        assert await nothing_comes(events)


async def test_an_event_begun_before_the_subscription_and_committed_after_it_arrives(fanout, database, clinic):
    await tell(database, clinic, "long ago")
    async with database.transaction(Actor.system(clinic)) as slow:
        await publish(slow, "test.said", word="begun before")
        subscription = fanout.subscribe(clinic)
        events = await subscription.__aenter__()
    assert await read(events, 1) == ["begun before"]
    await subscription.__aexit__(None, None, None)


async def test_other_organizations_events_never_arrive(fanout, database, clinic):
    other = await make_organization(database, f"other-{uuid4().hex[:8]}")
    async with fanout.subscribe(clinic) as mine, fanout.subscribe(other) as theirs:
        for _ in range(20):
            await asyncio.gather(tell(database, clinic, "mine"), tell(database, other, "theirs"))
        assert set(await read(mine, 20)) == {"mine"}
        assert set(await read(theirs, 20)) == {"theirs"}
        assert await nothing_comes(mine)


async def test_a_forged_notification_shows_nothing(fanout, database, clinic, urls):
    other = await make_organization(database, f"other-{uuid4().hex[:8]}")
    (foreign,) = await tell(database, other, "theirs")
    async with fanout.subscribe(clinic) as events:
        connection = await asyncpg.connect(urls.app)
        for payload in (f"{clinic}:{foreign}", "garbage", "", ":::", f"{clinic}", "x" * 7_000):
            await connection.execute("select pg_notify('auricle_events', $1)", payload)
        await connection.close()
        assert await nothing_comes(events)
        await tell(database, clinic, "still alive")
        assert await read(events, 1) == ["still alive"]


async def test_a_killed_connection_loses_nothing(postgres, fanout, database, clinic):
    async with fanout.subscribe(clinic) as events:
        await tell(database, clinic, "1")
        assert await read(events, 1) == ["1"]
        async with database.transaction(Actor.system(clinic)) as open_meanwhile:
            await publish(open_meanwhile, "test.said", word="2")
            with psycopg.connect(postgres.admin_url, autocommit=True) as admin:
                for pid in backends(postgres):
                    admin.execute("select pg_terminate_backend(%s)", (pid,))
            await tell(database, clinic, "3", "4")
        await tell(database, clinic, "5")
        assert sorted(await read(events, 4)) == ["2", "3", "4", "5"]
        assert await nothing_comes(events)


async def test_watchers_who_leave_while_they_join_spoil_nothing_for_the_next(fanout, database, clinic):
    for step in range(40):
        joining = asyncio.create_task(fanout.subscribe(clinic).__aenter__())
        for _ in range(step % 20):
            await asyncio.sleep(0)
        joining.cancel()
        await asyncio.gather(joining, return_exceptions=True)
    async with fanout.subscribe(clinic) as events:
        await tell(database, clinic, "still here")
        assert await read(events, 1) == ["still here"]


@pytest.mark.skipif(not sys.platform.startswith("linux") or os.geteuid() != 0, reason="freezing a server needs root")
async def test_a_frozen_connection_is_noticed_and_replaced(monkeypatch, postgres, urls, database, clinic):
    monkeypatch.setattr(fanout_module, "ANSWER_S", 0.5)
    before = set(backends(postgres))
    async with Fanout(urls.app, ping_s=0.2) as fanout, fanout.subscribe(clinic) as events:
        (frozen,) = set(backends(postgres)) - before
        os.kill(frozen, signal.SIGSTOP)
        try:
            await tell(database, clinic, "while frozen")
            assert await read(events, 1) == ["while frozen"]
        finally:
            os.kill(frozen, signal.SIGCONT)


async def test_many_writers_at_once_each_event_exactly_once(fanout, database, clinic):
    words = [[f"{writer}-{n}" for n in range(15)] for writer in range(8)]
    async with fanout.subscribe(clinic) as events:
        await asyncio.gather(*(tell(database, clinic, *own) for own in words))
        assert sorted(await read(events, 120)) == sorted(word for own in words for word in own)
        assert await nothing_comes(events)


async def test_a_watcher_may_choose_kinds(fanout, database, clinic):
    async with fanout.subscribe(clinic, kinds={"note.approved"}) as events:
        await tell(database, clinic, "unwanted")
        async with database.transaction(Actor.system(clinic)) as db:
            await publish(db, "note.approved", word="wanted")
        assert await read(events, 1) == ["wanted"]


async def test_a_slow_watcher_is_bounded_and_told_and_the_others_are_not_held(fanout, database, clinic):
    async with fanout.subscribe(clinic) as slow, fanout.subscribe(clinic) as quick:
        for _ in range(3):
            async with database.transaction(Actor.system(clinic)) as db:
                for n in range(100):
                    await publish(db, "test.said", word=str(n))
            assert len(await read(quick, 100)) == 100
        assert len(await read(slow, fanout_module.MOST_WAITING)) == fanout_module.MOST_WAITING
        with pytest.raises(WatcherTooSlow):
            await anext(slow)
        await tell(database, clinic, "on")
        assert await read(quick, 1) == ["on"]


async def test_more_than_can_be_told_at_once_is_a_typed_end(monkeypatch, fanout, database, clinic):
    monkeypatch.setattr(fanout_module, "WINDOW", 10)
    async with fanout.subscribe(clinic) as events:
        async with database.transaction(Actor.system(clinic)) as db:
            for n in range(11):
                await publish(db, "test.said", word=str(n))
        with pytest.raises(EventsMissed):
            await asyncio.wait_for(anext(events), 5)
    async with fanout.subscribe(clinic) as again:
        await tell(database, clinic, "fresh")
        assert await read(again, 1) == ["fresh"]


@pytest.mark.parametrize("seen", range(1, 6))
async def test_a_watcher_that_returns_with_its_cursor_misses_nothing(fanout, database, clinic, seen):
    async with fanout.subscribe(clinic) as events, database.transaction(Actor.system(clinic)) as slow:
        await publish(slow, "test.said", word="late")
        await tell(database, clinic, "1", "2", "3", "4", "5")
        last = [await asyncio.wait_for(anext(events), 5) for _ in range(seen)][-1]
    await tell(database, clinic, "6")
    async with fanout.subscribe(clinic, after=last.cursor) as events:
        await tell(database, clinic, "7")
        told = set()
        async with asyncio.timeout(5):
            while "7" not in told:
                told.update(await read(events, 1))
        assert told >= {str(n) for n in range(seen + 1, 8)} | {"late"}
        assert str(seen) not in told
        assert await nothing_comes(events)


async def test_several_events_of_one_transaction_can_be_resumed_in_the_middle(fanout, database, clinic):
    async with fanout.subscribe(clinic) as events:
        async with database.transaction(Actor.system(clinic)) as db:
            for word in "abcd":
                await publish(db, "test.said", word=word)
        first, second = [await asyncio.wait_for(anext(events), 5) for _ in range(2)]
    async with fanout.subscribe(clinic, after=second.cursor) as events:
        told = await read(events, 3)
    assert told[-2:] == ["c", "d"]


async def test_a_cursor_of_a_forgotten_or_foreign_event_says_that_events_were_missed(fanout, database, clinic):
    other = await make_organization(database, f"other-{uuid4().hex[:8]}")
    (foreign,) = await tell(database, other, "theirs")
    for cursor in ("1-999999999", f"0-{foreign}"):
        with pytest.raises(EventsMissed):
            async with fanout.subscribe(clinic, after=cursor):
                pass


@pytest.mark.parametrize("cursor", ["-", "1", "a-b", "1-2-3", "-1-2", "1" * 30 + "-1", " 1-2", "1-2\n", "१-२"])
def test_a_malformed_cursor_is_refused(cursor):
    with pytest.raises(BadCursor):
        parse_cursor(cursor)


async def test_without_a_database_a_subscription_says_so(monkeypatch):
    monkeypatch.setattr(fanout_module, "ANSWER_S", 0.2)
    async with Fanout("postgresql://nobody:x@127.0.0.1:1/none") as fanout:
        with pytest.raises(DatabaseUnavailable):
            async with fanout.subscribe(uuid4()):
                pass


async def test_closing_ends_every_subscription(urls, clinic):
    async with AsyncExitStack() as stack:
        fanout = await stack.enter_async_context(Fanout(urls.app))
        events = await stack.enter_async_context(fanout.subscribe(clinic))
        reading = asyncio.create_task(anext(events, "ended"))
        await asyncio.sleep(0)
        await fanout.__aexit__(None, None, None)
        assert await asyncio.wait_for(reading, 5) == "ended"


async def test_nothing_is_kept_of_those_who_left(fanout, clinic):
    for _ in range(3):
        async with fanout.subscribe(clinic):
            pass
    assert fanout._readings == {}
