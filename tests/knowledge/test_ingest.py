import asyncio

import pytest

from auricle.knowledge.embedder import WrongDimension
from auricle.knowledge.models import DocumentStatus, KnowledgeDocument
from auricle.knowledge.receive import BadLabel, NoSuchDocument, remove
from auricle.knowledge.search import search
from auricle.knowledge.store import INSTALLED
from auricle.storage.objects import ObjectMissing
from auricle.uploads.refused import KindMismatch, UnknownKind
from tests.uploads.papers import blank_pdf, encrypted_pdf, pdf_of

WAX = "# Earwax\n\nEarwax cleans the ear by itself. Never push cotton buds into the canal."
WAX_V2 = "# Earwax\n\nEarwax is harmless. Soften it with olive drops only when a clinician has looked."


async def document(clinic, document_id):
    async with clinic.database.transaction(clinic.actor) as db:
        return await db.get(KnowledgeDocument, document_id)


async def texts(clinic, query, **how):
    return [hit.chunk.text for hit in (await search(clinic.knowledge, clinic.actor, query, 50, **how)).hits]


def files(folder):
    return (path for path in folder.rglob("*") if path.is_file())


async def test_a_document_is_received_queued_indexed_and_found(clinic):
    received = await clinic.receive("earwax.md", WAX)
    assert received.document.status is DocumentStatus.QUEUED
    assert await texts(clinic, "cotton buds") == []
    await clinic.ingest(received.document.id)
    stored = await document(clinic, received.document.id)
    assert (stored.status, stored.percent, stored.title) == (DocumentStatus.LIVE, 100, "Earwax")
    assert "cotton buds" in (await texts(clinic, "cotton buds"))[0]


async def test_receiving_queues_one_job_with_the_organization_stamped_in(clinic, postgres, urls):
    import psycopg

    received = await clinic.receive("job.md", WAX)
    with psycopg.connect(urls.owner) as connection:
        jobs = connection.execute(
            "select task_name, args from jobs.procrastinate_jobs where args ->> 'document_id' = %s",
            [str(received.document.id)],
        ).fetchall()
    assert len(jobs) == 1
    assert jobs[0][0] == "knowledge.ingest"
    assert jobs[0][1]["organization"] == str(clinic.actor.organization_id)


async def test_the_same_file_twice_is_one_document(clinic):
    first = await clinic.receive("a.md", WAX)
    again = await clinic.receive("other-name.md", WAX)
    assert again.known_already
    assert again.document.id == first.document.id
    assert len(await clinic.rows("select id from knowledge_document")) == 1


async def test_the_same_file_sent_many_times_at_once_is_one_document(clinic, tmp_path):
    answers = await asyncio.gather(*(clinic.receive("a.md", WAX) for _ in range(6)))
    assert len({one.document.id for one in answers}) == 1
    assert sum(not one.known_already for one in answers) == 1
    assert len(list((tmp_path / str(clinic.actor.organization_id) / "knowledge").iterdir())) == 1


async def test_two_organizations_may_have_the_same_file(clinic, other):
    one, two = await clinic.teach("a.md", WAX), await other.teach("a.md", WAX)
    assert one != two
    assert len(await texts(other, "cotton")) == 1


async def test_a_new_version_replaces_the_old_one_when_it_goes_live_and_not_before(clinic):
    first = await clinic.teach("wax.md", WAX)
    second = (await clinic.receive("wax.md", WAX_V2)).document.id
    assert "cotton" in (await texts(clinic, "earwax"))[0]
    await clinic.ingest(second)
    assert await document(clinic, first) is None
    found = await texts(clinic, "earwax")
    assert found
    assert not any("cotton" in text for text in found)
    assert await clinic.rows("select 1 from knowledge_chunk where document_id = :id", id=first) == []
    with pytest.raises(ObjectMissing):
        await clinic.objects.get(clinic.actor.organization_id, f"knowledge/{first}")


async def test_a_file_of_the_same_name_with_another_title_replaces_nothing(clinic):
    await clinic.teach("notes.txt", "Opening hours are nine to five.", title="Hours")
    await clinic.teach("notes.txt", "A hearing test costs five hundred rupees.", title="Fees")
    assert len(await clinic.rows("select id from knowledge_document")) == 2


async def test_versions_that_overtake_each_other_leave_the_newest(clinic):
    older = (await clinic.receive("wax.md", WAX)).document.id
    newer = (await clinic.receive("wax.md", WAX_V2)).document.id
    await clinic.ingest(newer)
    await clinic.ingest(older)
    assert await document(clinic, older) is None
    assert (await document(clinic, newer)).status is DocumentStatus.LIVE


async def test_versions_that_go_live_at_the_same_moment_leave_one(clinic):
    ids = [(await clinic.receive("wax.md", f"{WAX}\n\nEdition {n}.")).document.id for n in range(4)]
    await asyncio.gather(*map(clinic.ingest, ids))
    assert [row[0] for row in await clinic.rows("select id from knowledge_document")] == [ids[-1]]


async def test_running_the_job_again_changes_nothing(clinic):
    document_id = await clinic.teach("wax.md", WAX)
    before = await clinic.rows("select id, text from knowledge_chunk order by id")
    await clinic.ingest(document_id)
    assert await clinic.rows("select id, text from knowledge_chunk order by id") == before


async def test_two_runs_at_once_store_every_chunk_once(clinic):
    long = "\n\n".join(f"Paragraph {n} speaks about hearing aids and their {n} parts. " * 8 for n in range(40))
    document_id = (await clinic.receive("long.txt", long)).document.id
    await asyncio.gather(clinic.ingest(document_id), clinic.ingest(document_id))
    positions = [row[0] for row in await clinic.rows("select position from knowledge_chunk order by position")]
    assert positions == list(range(len(positions)))
    assert (await document(clinic, document_id)).chunk_count == len(positions) > 32


async def test_a_run_after_a_crash_embeds_only_what_is_missing(clinic):
    long = "\n\n".join(f"Paragraph {n} speaks about hearing aids and their {n} parts. " * 8 for n in range(70))
    document_id = (await clinic.receive("long.txt", long)).document.id
    embed = clinic.knowledge.embed
    real, left = type(embed).__call__, 1

    async def dies(self, texts, **how):
        nonlocal left
        left -= 1
        if left < 0:
            raise ConnectionError
        return await real(self, texts, **how)

    type(embed).__call__ = dies
    try:
        with pytest.raises(ConnectionError):
            await clinic.ingest(document_id)
    finally:
        type(embed).__call__ = real
    assert len(await clinic.rows("select 1 from knowledge_chunk")) == 32
    assert await texts(clinic, "hearing aids") == []
    embed.calls.clear()
    await clinic.ingest(document_id)
    embedded = sum(len(call) for call in embed.calls if len(call) > 1 or "Paragraph" in call[0])
    assert embedded == len(await clinic.rows("select 1 from knowledge_chunk")) - 32


async def test_every_stored_chunk_is_a_slice_of_the_stored_text(clinic):
    await clinic.teach(
        "care.pdf", pdf_of(["Batteries last a week. Keep the tab on. " * 20, "Dry the mould at night. " * 30])
    )
    broken = await clinic.rows(
        "select c.id from knowledge_chunk c join knowledge_document d on d.id = c.document_id "
        "where substring(d.text, c.start_offset + 1, c.end_offset - c.start_offset) <> c.text"
    )
    assert broken == []
    assert {row[0] for row in await clinic.rows("select distinct page from knowledge_chunk")} == {1, 2}


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("scan.pdf", blank_pdf(2), "upload.scanned"),
        ("locked.pdf", encrypted_pdf(), "upload.encrypted"),
        ("broken.pdf", pdf_of(["x"])[:60], "upload.garbled"),
        ("noise.txt", bytes(range(256)) * 9, "upload.garbled"),
        ("blank.txt", b" \n ", "upload.empty"),
    ],
)
async def test_a_file_that_cannot_be_read_fails_with_its_reason(clinic, name, data, code):
    document_id = await clinic.teach(name, data)
    failed = await document(clinic, document_id)
    assert (failed.status, failed.failure_code) == (DocumentStatus.FAILED, code)
    assert await clinic.rows("select 1 from knowledge_chunk") == []


async def test_a_refused_file_is_not_kept_and_sent_again_is_a_new_document(clinic, tmp_path):
    document_id = await clinic.teach("noise.txt", bytes(range(256)) * 9)
    refused = await document(clinic, document_id)
    assert (refused.can_retry, list(files(tmp_path))) == (False, [])
    again = await clinic.receive("noise.txt", bytes(range(256)) * 9)
    assert again.document.status is DocumentStatus.QUEUED
    assert [row[0] for row in await clinic.rows("select id from knowledge_document")] == [again.document.id]


async def test_a_hostile_upload_leaves_nothing_behind(clinic, tmp_path):
    for name, data, error in (("a.exe", b"MZ", UnknownKind), ("a.pdf", b"PK\x03\x04", KindMismatch)):
        with pytest.raises(error):
            await clinic.receive(name, data)
    for labels in ({"collection": "No Such"}, {"collection": "../x"}, {"language": "EN"}, {"title": "x" * 301}):
        with pytest.raises(BadLabel):
            await clinic.receive("a.txt", "text", **labels)
    assert await clinic.rows("select 1 from knowledge_document") == []
    assert list(tmp_path.rglob("knowledge/*")) == []


async def test_a_vector_of_the_wrong_size_stops_the_job_without_going_live(clinic):
    embed = clinic.knowledge.embed
    real = type(embed).__call__

    async def narrow(self, texts, **how):
        return (await real(self, texts, **how))[:, :100]

    received = await clinic.receive("a.md", WAX)
    type(embed).__call__ = narrow
    try:
        with pytest.raises(WrongDimension):
            await clinic.ingest(received.document.id)
    finally:
        type(embed).__call__ = real
    assert (await document(clinic, received.document.id)).status is not DocumentStatus.LIVE


async def test_deleting_removes_every_chunk_the_file_and_the_answers(clinic):
    document_id = await clinic.teach("wax.md", WAX)
    assert await texts(clinic, "cotton")
    await remove(clinic.database, clinic.objects, clinic.knowledge, clinic.actor, document_id)
    assert await texts(clinic, "cotton") == []
    assert await clinic.rows("select 1 from knowledge_chunk") == []
    with pytest.raises(ObjectMissing):
        await clinic.objects.get(clinic.actor.organization_id, f"knowledge/{document_id}")


async def test_a_document_deleted_while_it_is_indexed_stays_deleted(clinic):
    document_id = (await clinic.receive("wax.md", WAX)).document.id
    embed = clinic.knowledge.embed
    real = type(embed).__call__

    async def meanwhile(self, texts, **how):
        await remove(clinic.database, clinic.objects, clinic.knowledge, clinic.actor, document_id)
        return await real(self, texts, **how)

    type(embed).__call__ = meanwhile
    try:
        await clinic.ingest(document_id)
    finally:
        type(embed).__call__ = real
    assert await document(clinic, document_id) is None
    assert await clinic.rows("select 1 from knowledge_chunk") == []


async def test_no_function_reaches_another_organization_s_documents(clinic, other):
    document_id = await clinic.teach("wax.md", WAX)
    assert await texts(other, "cotton earwax") == []
    assert await document(other, document_id) is None
    with pytest.raises(NoSuchDocument):
        await remove(other.database, other.objects, other.knowledge, other.actor, document_id)
    await other.ingest(document_id)
    store = clinic.knowledge.store
    async with other.database.transaction(other.actor) as db:
        assert await store.delete(db, document_id) == 0
        assert await store.chunks(db, document_id, INSTALLED) == []
        assert (await store.stamp(db, INSTALLED))[0] == 0
        assert (await store.load(db, INSTALLED, 100)).chunks == []
        vector = (await clinic.knowledge.embed(["cotton earwax"], task="query", organization_id=None))[0]
        assert (await store.candidates(db, INSTALLED, "cotton earwax", vector, 50)).chunks == []
    assert len(await texts(clinic, "cotton")) == 1


async def test_chunks_cannot_be_put_into_another_organization_s_document(clinic, other):
    from auricle.errors import IntegrityBroken
    from auricle.knowledge.chunk import Chunk

    document_id = await clinic.teach("wax.md", WAX)
    planted = [Chunk(99, "planted", 0, 7, None, "")]
    vectors = await other.knowledge.embed(["planted"], task="document", organization_id=None)
    with pytest.raises(IntegrityBroken):
        async with other.database.transaction(other.actor) as db:
            await other.knowledge.store.put(db, document_id, "t", planted, vectors, INSTALLED)
