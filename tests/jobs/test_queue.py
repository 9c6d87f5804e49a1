"""Jobs are queued with the transaction, in the name of its organization, and through one door only."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from auricle.actor import Actor
from auricle.jobs.queue import enqueue


def jobs(urls, word: str) -> list[dict]:
    with psycopg.connect(urls.worker, row_factory=psycopg.rows.dict_row) as worker:
        return worker.execute(
            "select * from procrastinate_jobs where args ->> 'word' = %s order by id", (word,)
        ).fetchall()


async def test_a_job_exists_exactly_when_its_transaction_was_committed(database, urls):
    actor = Actor.system(uuid4())
    with pytest.raises(RuntimeError):
        async with database.transaction(actor) as db:
            await enqueue(db, "tests.write", word="rolled-back")
            raise RuntimeError
    async with database.transaction(actor) as db:
        savepoint = await db.begin_nested()
        await enqueue(db, "tests.write", word="rolled-back")
        await savepoint.rollback()
        number = await enqueue(db, "tests.write", word="committed")
        assert jobs(urls, "committed") == []
    assert [job["id"] for job in jobs(urls, "committed")] == [number]
    assert jobs(urls, "rolled-back") == []


async def test_the_organization_is_stamped_by_the_database_and_can_not_be_forged(database, urls):
    mine, theirs = uuid4(), uuid4()
    async with database.transaction(Actor.system(mine, task="request-7")) as db:
        await enqueue(db, "tests.write", word="forged", organization=str(theirs), request="other")
        await db.execute(
            text("select jobs.enqueue('tests.write', 'default', cast(:args as jsonb), null, null, null, 0)"),
            {"args": f'{{"word": "forged", "organization": "{theirs}"}}'},
        )
    found = jobs(urls, "forged")
    assert [job["args"]["organization"] for job in found] == [str(mine)] * 2
    assert [job["args"]["request"] for job in found] == ["request-7"] * 2


async def test_without_an_organization_the_job_has_none(database, urls):
    async with database.transaction(Actor.nobody()) as db:
        await enqueue(db, "tests.write", word="global")
    assert jobs(urls, "global")[0]["args"]["organization"] is None


async def test_a_waiting_twin_is_dropped_without_harm_to_the_transaction(database, urls):
    async with database.transaction(Actor.system(uuid4())) as db:
        first = await enqueue(db, "tests.write", queueing_lock="one", word="twin")
        assert await enqueue(db, "tests.write", queueing_lock="one", word="twin") is None
        await enqueue(db, "tests.write", word="twin-after")
    assert [job["id"] for job in jobs(urls, "twin")] == [first]
    assert len(jobs(urls, "twin-after")) == 1


async def test_locks_of_one_organization_do_not_hold_another(database, urls):
    for _ in range(2):
        async with database.transaction(Actor.system(uuid4())) as db:
            assert await enqueue(db, "tests.write", lock="same", queueing_lock="same", word="both") is not None
    assert len({job["lock"] for job in jobs(urls, "both")}) == 2


async def test_time_priority_queue_and_ids_are_kept(database, urls):
    later, thing = datetime.now(UTC) + timedelta(hours=1), uuid4()
    async with database.transaction(Actor.system(uuid4())) as db:
        await enqueue(db, "tests.write", queue="slow", priority=5, run_at=later, word="kept", thing_id=thing)
    (job,) = jobs(urls, "kept")
    assert (job["queue_name"], job["priority"], job["scheduled_at"]) == ("slow", 5, later)
    assert UUID(job["args"]["thing_id"]) == thing


@pytest.mark.parametrize(
    ("ids", "error"),
    [
        ({"note_id": "not a uuid"}, TypeError),
        ({"note_id": 7}, TypeError),
        ({"word": "She says that her left ear has been ringing since Tuesday. " * 2}, ValueError),
    ],
)
async def test_what_people_wrote_is_refused_as_an_argument(database, ids, error):
    async with database.transaction(Actor.system(uuid4())) as db:
        with pytest.raises(error):
            await enqueue(db, "tests.write", **ids)


async def test_the_database_refuses_long_arguments_too(database):
    with pytest.raises(DBAPIError, match="ids only"):
        async with database.transaction(Actor.system(uuid4())) as db:
            await enqueue(db, "tests.write", **{f"word{n}": "x" * 90 for n in range(30)})


@pytest.mark.parametrize(
    "statement",
    [
        "select * from jobs.procrastinate_jobs",
        "insert into jobs.procrastinate_jobs (queue_name, task_name) values ('default', 'x')",
        "update jobs.procrastinate_jobs set args = '{}'",
        "delete from jobs.procrastinate_jobs",
        "select * from jobs.procrastinate_events",
        "select * from jobs.applied",
        "select jobs.procrastinate_defer_jobs_v1(array[]::jobs.procrastinate_job_to_defer_v1[])",
        "select jobs.procrastinate_cancel_job_v1(1, true, true)",
        "select jobs.procrastinate_finish_job_v1(1, 'failed', true)",
    ],
)
def test_the_application_can_neither_read_nor_touch_the_queue_itself(urls, statement):
    with psycopg.connect(urls.app) as app, pytest.raises(psycopg.errors.InsufficientPrivilege):
        app.execute(statement)


@pytest.mark.parametrize("statement", ["select * from patient", "select * from account", "select * from jobs.applied"])
def test_the_worker_sees_the_queue_and_nothing_else(urls, statement):
    with psycopg.connect(urls.worker) as worker, pytest.raises(psycopg.errors.InsufficientPrivilege):
        worker.execute(statement)
