"""What a worker does with good and bad jobs, and what becomes of jobs when a worker or the database dies."""

import asyncio
import os
import signal
from contextlib import asynccontextmanager
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import create_engine

from auricle.actor import Actor
from auricle.db.embedded import running
from auricle.db.session import Database, psycopg_url
from auricle.errors import Forbidden, Misconfigured, NotFound, Unavailable
from auricle.jobs.app import Backoff, may_pass, pause_s, task
from auricle.jobs.queue import enqueue
from auricle.jobs.schema import apply
from auricle.jobs.worker import run_worker
from auricle.providers.ports import ProviderRefused, ProviderTimeout


@asynccontextmanager
async def working(book):
    """A worker in this process for the length of the block."""
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(run_worker(book, stop, grace_s=1))
        try:
            yield
        finally:
            stop.set()


async def queue(database, task: str, word: str, **options):
    actor = Actor.system(uuid4())
    async with database.transaction(actor) as db:
        await enqueue(db, task, word=word, **options)
    return actor.organization_id


def status_of(urls, word: str) -> list[tuple[str, int]]:
    with psycopg.connect(urls.worker) as worker:
        return worker.execute(
            "select status::text, attempts from procrastinate_jobs where args ->> 'word' = %s", (word,)
        ).fetchall()


async def no_longer(urls, word: str, status: str) -> None:
    async with asyncio.timeout(20):
        while any(found == status for found, _ in status_of(urls, word)):
            await asyncio.sleep(0.05)


async def test_a_job_runs_as_the_system_of_its_organization_with_its_ids(database, book):
    async with working(book):
        organization = await queue(database, "tests.write", "hello", thing_id=uuid4())
        lines = await book.wait_for("done hello")
    assert lines == [f"done hello {organization} system UUID"]


async def test_a_finished_job_leaves_the_queue(database, urls, book):
    async with working(book):
        await queue(database, "tests.write", "gone")
        await book.wait_for("done gone")
        await no_longer(urls, "gone", "doing")
    assert status_of(urls, "gone") == []


async def test_what_can_not_pass_is_tried_once_and_told(database, urls, book):
    async with working(book):
        organization = await queue(database, "tests.refused", "no")
        lines = await book.wait_for(f"gave-up {organization} no")
        await no_longer(urls, "no", "doing")
    assert lines.count("tried no") == 1
    assert status_of(urls, "no") == [("failed", 1)]


async def test_what_may_pass_is_tried_again_later_and_then_given_up(database, urls, book):
    async with working(book):
        await queue(database, "tests.flaky", "maybe", queueing_lock="maybe")
        lines = await book.wait_for("gave-up")
        await no_longer(urls, "maybe", "doing")
    assert lines.count("tried maybe") == 2
    assert status_of(urls, "maybe") == [("failed", 2)]


async def test_a_retry_is_not_stopped_by_a_twin_that_was_queued_meanwhile(database, urls, book):
    organization = Actor.system(uuid4())
    async with working(book):
        for _ in range(2):  # the second is queued while the first waits for its second attempt
            async with database.transaction(organization) as db:
                assert await enqueue(db, "tests.flaky", queueing_lock="twin", word="twin") is not None
            async with asyncio.timeout(10):
                while ("todo", 0) in status_of(urls, "twin") or "doing" in dict(status_of(urls, "twin")):
                    await asyncio.sleep(0.02)
        async with asyncio.timeout(20):
            while [line for line in book.lines() if line.startswith("gave-up")] == [] or len(book.lines()) < 6:
                await asyncio.sleep(0.05)
        await no_longer(urls, "twin", "doing")
    assert status_of(urls, "twin") == [("failed", 2)] * 2


async def test_an_endless_attempt_is_ended(database, urls, book):
    async with working(book):
        await queue(database, "tests.endless", "for ever")
        await book.wait_for("gave-up")
        await no_longer(urls, "for ever", "doing")
    assert status_of(urls, "for ever") == [("failed", 1)]


async def test_unknown_tasks_and_broken_arguments_fail_without_harm_to_the_worker(database, urls, book):
    async with working(book):
        await queue(database, "tests.nobody_knows", "lost")
        await queue(database, "tests.write", "odd", surprise=7)
        await queue(database, "tests.write", "after")
        await book.wait_for("done after")
        await no_longer(urls, "lost", "todo")
        await no_longer(urls, "lost", "doing")
        await no_longer(urls, "odd", "todo")
        await no_longer(urls, "odd", "doing")
    assert status_of(urls, "lost")[0][0] == "failed"
    assert status_of(urls, "odd") == [("failed", 1)]


async def test_a_stopped_worker_returns_what_it_could_not_finish(database, urls, book):
    async with working(book):
        await queue(database, "tests.slow", "stopped", queueing_lock="stopped")
        await book.wait_for("began stopped")
    assert status_of(urls, "stopped")[0][0] == "todo"
    async with working(book):
        await book.wait_for("done stopped")


@pytest.mark.slow
async def test_the_job_of_a_killed_worker_is_finished_by_another(database, urls, book, start_worker):
    first = start_worker()
    await queue(database, "tests.slow", "murdered", queueing_lock="murdered")
    await book.wait_for("began murdered")
    first.send_signal(signal.SIGKILL)
    start_worker()
    lines = await book.wait_for("done murdered")
    assert lines.count("began murdered") == 1
    await no_longer(urls, "murdered", "doing")
    assert status_of(urls, "murdered") == []


async def test_a_worker_process_ends_cleanly_on_request(book, start_worker):
    process = start_worker()
    await asyncio.sleep(0.3)
    process.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(process.wait, 10) == 0


async def test_a_worker_outlives_a_killed_database(traversable_folder, ledger, tmp_path):
    with running(traversable_folder / "killed", options={"fsync": "off"}) as server:
        engine = create_engine(psycopg_url(server.urls.owner))
        with engine.begin() as connection:
            apply(connection)
        engine.dispose()
        book, database = ledger.Book(server.urls.worker, tmp_path / "book"), Database(server.urls.app)
        async with working(book):
            await queue(database, "tests.write", "before")
            await book.wait_for("done before")
            os.kill(server.pid, signal.SIGKILL)
            while server.is_alive():
                await asyncio.sleep(0.02)
            await asyncio.sleep(0.7)
            server.restart()
            await queue(database, "tests.write", "after")
            lines = await book.wait_for("done after")
        await database.close()
    assert [line.split()[:2] for line in lines] == [["done", "before"], ["done", "after"]]


def test_pauses_grow_up_to_a_cap():
    assert [round(pause_s(n) / nominal, 0) for n, nominal in enumerate((2, 8, 32, 128, 300, 300, 300))] == [1] * 7
    assert pause_s(10**9) <= 360


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (Unavailable(), True),
        (Misconfigured(), True),
        (RuntimeError(), True),
        (NotFound(), False),
        (Forbidden(), False),
        (ProviderTimeout(), True),
        (ProviderRefused(), False),
    ],
)
def test_only_what_may_pass_is_tried_again(error, passes):
    assert may_pass(error) is passes
    assert Backoff(2).will_retry(error, attempts=1) is passes
    assert Backoff(2).will_retry(error, attempts=2) is False


def test_two_tasks_can_not_share_a_name(ledger):
    with pytest.raises(ValueError, match="two tasks"):

        @task("tests.write")
        async def another(book, actor): ...
