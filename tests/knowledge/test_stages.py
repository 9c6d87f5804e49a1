"""How an upload becomes knowledge, seen from outside: stages, troubles, tries, and nothing left of what went."""

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from uuid import UUID, uuid4

import psycopg
import pytest

from auricle.errors import AuricleError
from auricle.jobs.worker import run_worker
from auricle.knowledge.ingest import gave_up, ingest_document
from auricle.knowledge.models import DocumentStatus, KnowledgeDocument
from auricle.knowledge.receive import NoSuchDocument, NotRetryable, remove, retry
from auricle.knowledge.search import search
from auricle.live.fanout import Fanout
from auricle.providers.ports import ProviderRefused, ProviderTimeout
from tests.uploads.hostile import ALL, Hostile
from tests.uploads.office import docx_of, h, p
from tests.uploads.papers import drawn, pdf_drawn, pdf_of

LONG = "\n\n".join(f"Paragraph {n} speaks about hearing aids and their {n} parts. " * 8 for n in range(90))
WORKER = Path(__file__).parent / "worker_process.py"


class Embedder:
    """The clinic's own, behind a switch: with `fails` it raises that, after so many calls."""

    def __init__(self, real) -> None:
        self.real, self.fails, self.after, self.texts = real, None, 0, 0

    async def __call__(self, texts, **how):
        if self.fails is not None:
            self.after -= 1
            if self.after < 0:
                raise self.fails
        self.texts += len(texts)
        return await self.real(texts, **how)


@pytest.fixture
def embedder(clinic):
    switch = Embedder(clinic.knowledge.embed)
    object.__setattr__(clinic.knowledge, "embed", switch)
    return switch


def assembly_of(clinic, urls):
    return SimpleNamespace(
        worker_url=urls.worker, database=clinic.database, knowledge=clinic.knowledge, objects=clinic.objects
    )


@contextlib.asynccontextmanager
async def working(clinic, urls) -> AsyncIterator[None]:
    stop = asyncio.Event()
    worker = asyncio.create_task(run_worker(assembly_of(clinic, urls), stop, concurrency=2, grace_s=1.0))
    try:
        yield
    finally:
        stop.set()
        await worker


async def document(clinic, document_id: UUID) -> KnowledgeDocument | None:
    async with clinic.database.transaction(clinic.actor) as db:
        return await db.get(KnowledgeDocument, document_id)


async def when(clinic, document_id: UUID, holds) -> KnowledgeDocument:
    for _ in range(1_200):
        found = await document(clinic, document_id)
        if found is not None and holds(found):
            return found
        await asyncio.sleep(0.05)
    raise AssertionError(found and (found.status, found.failure_code, found.trouble_code))


def is_live(found: KnowledgeDocument) -> bool:
    return found.status is DocumentStatus.LIVE


async def test_every_stage_is_told_to_watchers_in_its_order(clinic, urls):
    told: list[tuple[str, int]] = []
    async with (
        Fanout(urls.app) as fanout,
        fanout.subscribe(clinic.actor.organization_id, {"knowledge.changed"}) as events,
        working(clinic, urls),
        asyncio.timeout(60),
    ):
        document_id = (await clinic.receive("long.txt", LONG)).document.id
        while not told or told[-1][0] != "live":
            subject = (await anext(events)).subject
            assert subject.pop("document_id") == str(document_id) and subject.keys() == {"status", "percent"}
            told.append((subject["status"], subject["percent"]))
    assert list(dict.fromkeys(status for status, _ in told)) == ["queued", "extracted", "chunked", "embedded", "live"]
    assert [percent for _, percent in told] == sorted(percent for _, percent in told)
    assert told[-1] == ("live", 100)


async def test_a_provider_that_goes_away_in_the_middle_is_shown_and_waited_for(clinic, urls, embedder):
    embedder.fails, embedder.after = ProviderTimeout(), 2
    async with working(clinic, urls):
        document_id = (await clinic.receive("long.txt", LONG)).document.id
        troubled = await when(clinic, document_id, lambda found: found.trouble_code)
        assert (troubled.trouble_code, troubled.attempts) == (ProviderTimeout.code, 1)
        assert troubled.status is DocumentStatus.CHUNKED and 30 < troubled.percent < 95
        assert await clinic.rows("select 1 from knowledge_document where status = 'live'") == []
        embedder.fails = None
        live = await when(clinic, document_id, is_live)
    assert (live.trouble_code, live.failure_code) == (None, None)
    assert embedder.texts == live.chunk_count, "what was embedded before was not kept"


async def test_a_provider_that_refuses_us_fails_the_document_at_once_with_its_reason(clinic, urls, embedder):
    embedder.fails = ProviderRefused()
    async with working(clinic, urls):
        document_id = (await clinic.receive("long.txt", LONG)).document.id
        failed = await when(clinic, document_id, lambda found: found.status is DocumentStatus.FAILED)
        assert (failed.failure_code, failed.can_retry, failed.percent) == (ProviderRefused.code, True, 0)
        assert await clinic.rows("select 1 from knowledge_chunk") == []
        embedder.fails = None
        async with clinic.database.transaction(clinic.actor) as db:
            again = await retry(db, document_id)
            assert (again.status, again.failure_code) == (DocumentStatus.QUEUED, None)
        assert (await when(clinic, document_id, is_live)).attempts == 0


async def test_a_provider_that_stays_away_fails_the_document_with_the_last_reason(clinic, urls, embedder):
    document_id = (await clinic.receive("long.txt", LONG)).document.id
    assembly = assembly_of(clinic, urls)
    for error in (ConnectionError(), ProviderTimeout()):
        embedder.fails = error
        with pytest.raises(type(error)):
            await ingest_document(assembly, clinic.actor, document_id)
    await gave_up(assembly, clinic.actor, document_id)
    failed = await document(clinic, document_id)
    assert failed is not None
    assert (failed.failure_code, failed.attempts, failed.can_retry) == (ProviderTimeout.code, 2, True)


async def test_the_same_file_sent_again_after_a_failure_is_the_same_document_tried_again(clinic, urls, embedder):
    embedder.fails = ProviderRefused()
    document_id = (await clinic.receive("long.txt", LONG)).document.id
    with pytest.raises(ProviderRefused):
        await ingest_document(assembly_of(clinic, urls), clinic.actor, document_id)
    await gave_up(assembly_of(clinic, urls), clinic.actor, document_id)
    again = await clinic.receive("renamed.txt", LONG)
    assert (again.document.id, again.known_already, again.document.status) == (document_id, True, DocumentStatus.QUEUED)


async def test_only_what_failed_for_a_passing_reason_can_be_tried_again(clinic, other):
    live = await clinic.teach("a.txt", "Some words about hearing.")
    refused = await clinic.teach("b.txt", bytes(500))
    queued = (await clinic.receive("c.txt", "Other words about hearing.")).document.id
    for document_id, error in (
        (live, NotRetryable),
        (refused, NotRetryable),
        (queued, NotRetryable),
        (uuid4(), NoSuchDocument),
    ):
        async with clinic.database.transaction(clinic.actor) as db:
            with pytest.raises(error):
                await retry(db, document_id)
    async with other.database.transaction(other.actor) as db:
        with pytest.raises(NoSuchDocument):
            await retry(db, refused)


@pytest.mark.slow
async def test_a_document_whose_worker_is_killed_in_the_middle_is_finished_by_another_and_whole(clinic, urls, tmp_path):
    def started() -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, WORKER, urls.app, urls.worker, tmp_path], stderr=subprocess.DEVNULL)

    first, second = started(), None
    try:
        document_id = (await clinic.receive("long.txt", LONG)).document.id
        begun = await when(clinic, document_id, lambda found: found.status is DocumentStatus.CHUNKED)
        first.kill()
        first.wait()
        assert begun.percent < 90, "killed too late to show anything"
        second = started()
        live = await when(clinic, document_id, is_live)
    finally:
        for process in filter(None, (first, second)):
            process.kill()
            process.wait()
    positions = [row[0] for row in await clinic.rows("select position from knowledge_chunk order by position")]
    assert positions == list(range(live.chunk_count)) and live.chunk_count > 60


@pytest.mark.slow
async def test_two_thousand_pages_are_one_document(clinic):
    pages = [f"Page {n} speaks about hearing aids of the kind number {n}. " * 6 for n in range(1, 2_001)]
    document_id = await clinic.teach("book.pdf", pdf_of(pages))
    live = await document(clinic, document_id)
    assert live is not None and is_live(live), live and live.failure_code
    ((last, count),) = await clinic.rows("select max(page), count(*) from knowledge_chunk")
    assert (last, count) == (2_000, live.chunk_count)
    ((text, stored),) = await clinic.rows(
        "select c.text, substring(d.text, c.start_offset + 1, c.end_offset - c.start_offset) from knowledge_chunk c "
        "join knowledge_document d on d.id = c.document_id where c.page = 1789 limit 1"
    )
    assert text == stored and "1789" in text


async def test_what_was_hidden_is_told_with_the_document(clinic):
    page = drawn("Words that a reader of this page sees, about hearing.", 72, 700) + drawn("evil", 72, 500, "1 g")
    live = await document(clinic, await clinic.teach("a.pdf", pdf_drawn(page)))
    assert live is not None and (live.hidden, live.hidden_characters) == ({"white": 4}, 4)


BODY, HEADING, NAME, GIVEN = "quorvelous", "zymbrantine", "plumquistery", "snorvalesque"


def everywhere(urls, word: str) -> set[str]:
    """The tables of all schemas in which a word stands, whoever's row it is."""
    with psycopg.connect(urls.owner) as connection:
        tables = connection.execute(
            "select format('%I.%I', table_schema, table_name) from information_schema.tables "
            "where table_type = 'BASE TABLE' and table_schema in ('public', 'jobs')"
        ).fetchall()
        found = set()
        for (table,) in tables:
            connection.execute(f"alter table {table} no force row level security")
            if connection.execute(f"select 1 from {table} t where t::text ilike %s limit 1", [f"%{word}%"]).fetchone():
                found.add(table)
        connection.rollback()
    return found


async def test_of_a_deleted_document_no_word_stays_but_its_name_in_the_audit(clinic, urls, tmp_path):
    body = h(HEADING) + p(f"The {BODY} device is worn behind the ear.")
    document_id = await clinic.teach(f"{NAME}.docx", docx_of(body), title=GIVEN)
    assert everywhere(urls, BODY) == {
        "public.knowledge_document",
        "public.knowledge_chunk",
        "public.knowledge_chunk_rest",  # the partition that it lies in
    }
    await search(clinic.knowledge, clinic.actor, BODY)
    await remove(clinic.database, clinic.objects, clinic.knowledge, clinic.actor, document_id)
    assert everywhere(urls, BODY) == everywhere(urls, HEADING) == set()
    assert everywhere(urls, NAME) == everywhere(urls, GIVEN) == {"public.audit_entry"}
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert (await search(clinic.knowledge, clinic.actor, BODY)).hits == []
    assert not clinic.knowledge.snapshots._held[clinic.actor.organization_id].chunks


ONE_OF_EACH = {file.code: file for file in ALL if file.name not in ("HTML of attributes", "huge object stream")}


@pytest.mark.parametrize("file", ONE_OF_EACH.values(), ids=ONE_OF_EACH)
async def test_of_a_hostile_file_nothing_is_stored(clinic, tmp_path, file: Hostile):
    try:
        document_id = await clinic.teach(file.file_name, file.made())
    except AuricleError as refused:
        assert refused.code == file.code
        assert await clinic.rows("select 1 from knowledge_document") == []
    else:
        failed = await document(clinic, document_id)
        assert failed is not None and (failed.failure_code, failed.can_retry) == (file.code, False)
        assert await clinic.rows("select 1 from knowledge_document where text is not null") == []
    assert await clinic.rows("select 1 from knowledge_chunk") == []
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
