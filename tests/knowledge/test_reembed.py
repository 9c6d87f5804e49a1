"""An organization changes its embedder while it is asked, all the time."""

import asyncio

import numpy as np
import pytest
from sqlalchemy import select

from auricle.knowledge import reembed as job
from auricle.knowledge.embedder import AlreadyInUse, ChangeRunning, NoChange, cancel, change, in_use
from auricle.knowledge.models import EmbedderStatus, KnowledgeEmbedder
from auricle.knowledge.reembed import Change, reembed
from auricle.knowledge.search import Knowledge, search
from auricle.knowledge.snapshot import Snapshots
from auricle.knowledge.store import INSTALLED, Embedder
from auricle.providers.call import Choice
from auricle.providers.ports import ProviderFailed
from tests.knowledge.conftest import BagOfWords

NEW = Embedder("own/longer/512", Choice("own", "longer"), 512, multilingual=True)
PAPERS = {f"{word}.md": f"# {word.title()}\n\nAll about {word} and what it costs." for word in ("zinc", "wax", "noise")}


class Two(BagOfWords):
    """The installation's embedder, and another whose vectors are longer and lie elsewhere."""

    def __init__(self):
        super().__init__()
        self.fails = False
        self.pause = asyncio.Event()
        self.pause.set()
        self.asked = []

    async def __call__(self, texts, *, task, organization_id, by=None):
        vectors = await super().__call__(texts, task=task, organization_id=organization_id)
        self.asked.append((task, by))
        if by is None:
            return vectors
        if self.fails:
            raise ProviderFailed
        if task == "document":
            await self.pause.wait()
            await asyncio.sleep(0.01)
        return np.pad(np.roll(vectors, 7, axis=1), ((0, 0), (0, 128)))


@pytest.fixture
async def asked(clinic):
    """The clinic with both embedders."""
    k = clinic.knowledge
    clinic.knowledge = Knowledge(k.database, k.store, Snapshots(k.database, k.store), Two())
    for name, text in PAPERS.items():
        await clinic.teach(name, text)
    return clinic


async def begin(clinic, embedder=NEW):
    async with clinic.database.transaction(clinic.actor) as db:
        row = await change(db, embedder)
    return Change(clinic.knowledge, clinic.actor, row.id, embedder)


async def status(clinic, change_id):
    async with clinic.database.transaction(clinic.actor) as db:
        return await db.scalar(select(KnowledgeEmbedder).where(KnowledgeEmbedder.id == change_id))


async def current(clinic):
    async with clinic.database.transaction(clinic.actor) as db:
        return (await in_use(db)).name


def large(clinic):
    k = clinic.knowledge
    return Knowledge(k.database, k.store, Snapshots(k.database, k.store, max_chunks=0), k.embed)


async def test_questions_during_a_change_are_all_answered_by_one_embedder_or_the_other(asked):
    done = asyncio.Event()

    async def keep_asking(knowledge):
        answered = 0
        while not done.is_set():
            for word in ("zinc", "wax", "noise"):
                found = await search(knowledge, asked.actor, f"what does {word} cost", 3)
                assert found.hits[0].chunk.title == word.title()
                assert found.hits[0].dense > 0.3  # a mix of two embedders' vectors is near zero, or an error of shape
                answered += 1
        return answered

    running = await begin(asked)
    async with asyncio.TaskGroup() as tasks:
        askers = [tasks.create_task(keep_asking(one)) for one in (asked.knowledge, large(asked))]
        await reembed(running)
        await asyncio.sleep(0.2)
        done.set()
    assert all(asker.result() > 3 for asker in askers)
    assert await current(asked) == NEW.name
    row = await status(asked, running.id)
    assert (row.status, row.done, row.total) == (EmbedderStatus.IN_USE, 3, 3)
    assert ("query", NEW.by) in asked.knowledge.embed.asked
    assert ("document", NEW.by) in asked.knowledge.embed.asked


async def test_a_document_that_goes_live_during_a_change_is_found_after_it(asked):
    embed = asked.knowledge.embed
    running = await begin(asked)
    embed.pause.clear()
    changing = asyncio.create_task(reembed(running))
    await asyncio.sleep(0.1)
    await asked.teach("late.md", "# Late\n\nAll about parking and what it costs.")
    embed.pause.set()
    await changing
    found = await search(large(asked), asked.actor, "parking costs", 4)
    assert found.hits[0].chunk.title == "Late"
    assert await current(asked) == NEW.name
    await asked.teach("later.md", "# Later\n\nAll about lunch.")
    assert await asked.rows("select distinct embedder from knowledge_chunk where title = 'Later'") == [(NEW.name,)]


async def test_a_document_embedded_by_the_old_one_does_not_go_live_after_the_switch(asked):
    from auricle.knowledge.search import EmbedderReplaced

    document_id = (await asked.receive("slow.md", "# Slow\n\nAll about lifts.")).document.id
    old, switched = asked.knowledge.embed, []

    class Switching(Two):
        async def __call__(self, texts, **how):
            if not switched:
                switched.append(1)
                await reembed(await begin(asked))
            return await old(texts, **how)

    k = asked.knowledge
    whole = asked.knowledge
    asked.knowledge = Knowledge(k.database, k.store, k.snapshots, Switching())
    with pytest.raises(EmbedderReplaced):
        await asked.ingest(document_id)
    asked.knowledge = whole
    await asked.ingest(document_id)  # the job's next run
    found = await search(large(asked), asked.actor, "all about lifts", 1)
    assert found.hits[0].chunk.title == "Slow"


async def test_a_change_can_be_cancelled_and_leaves_the_old_embedder(asked):
    embed = asked.knowledge.embed
    running = await begin(asked)
    with pytest.raises(ChangeRunning):
        await begin(asked)
    embed.pause.clear()
    changing = asyncio.create_task(reembed(running))
    await asyncio.sleep(0.1)
    async with asked.database.transaction(asked.actor) as db:
        await cancel(db)
        with pytest.raises(NoChange):
            await cancel(db)
    embed.pause.set()
    await changing
    assert await current(asked) == INSTALLED.name
    assert (await status(asked, running.id)).status is EmbedderStatus.CANCELLED
    assert (await search(asked.knowledge, asked.actor, "zinc", 1)).hits[0].chunk.title == "Zinc"


class Assembled:
    def __init__(self, clinic):
        self.database, self.knowledge = clinic.database, clinic.knowledge


async def test_a_provider_that_fails_leaves_the_old_embedder_and_says_so(asked):
    asked.knowledge.embed.fails = True
    running = await begin(asked)
    with pytest.raises(ProviderFailed):
        await job.reembed_knowledge(Assembled(asked), asked.actor, running.id)
    await job.failed(Assembled(asked), asked.actor, running.id)
    row = await status(asked, running.id)
    assert (row.status, row.failure_code) == (EmbedderStatus.FAILED, "knowledge.embedder_failed")
    assert await current(asked) == INSTALLED.name
    asked.knowledge.embed.fails = False
    await reembed(await begin(asked))
    assert await current(asked) == NEW.name


async def test_the_old_vectors_go_and_those_in_use_stay(asked):
    running = await begin(asked)
    with pytest.raises(AlreadyInUse):
        async with asked.database.transaction(asked.actor) as db:
            await cancel(db)
            await change(db, INSTALLED)
    await reembed(running)
    rows = await asked.rows("select id, name from knowledge_embedder")
    for row_id, _ in rows:
        await job.remove_vectors(Assembled(asked), asked.actor, row_id)
    assert await asked.rows("select distinct embedder from knowledge_chunk") == [(NEW.name,)]
    await reembed(await begin(asked, INSTALLED))  # and back
    assert await current(asked) == INSTALLED.name
    assert (await search(asked.knowledge, asked.actor, "wax", 1)).hits[0].chunk.title == "Wax"
