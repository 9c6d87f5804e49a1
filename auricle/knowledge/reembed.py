"""The job that embeds an organization's knowledge by another embedder, beside the one in use, and then switches.

It may run again from its beginning: what is stored already is looked up first. No transaction is open while texts are
embedded. A provider that fails leaves the old embedder in its place.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.actor import Actor
from auricle.assembly import Assembly
from auricle.errors import AuricleError, Unavailable
from auricle.jobs.app import task
from auricle.knowledge.chunk import Chunk
from auricle.knowledge.embedder import (
    embedded,
    embedder_of,
    give_up,
    in_use,
    one_at_a_time,
    progressed,
    switch,
    tell,
    wanted,
)
from auricle.knowledge.models import DocumentStatus, EmbedderStatus, KnowledgeDocument, KnowledgeEmbedder
from auricle.knowledge.search import Knowledge
from auricle.knowledge.store import Embedder, embedded_text

BATCH = 32
PASSES = 20  # documents that went live meanwhile are embedded in the next one


@dataclass(frozen=True, slots=True)
class Follower:
    """Something else that is searched by the organization's embedder."""

    embed: Callable[[Assembly, Actor, Embedder], Awaitable[None]]  # before the switch
    remove: Callable[[AsyncSession, Embedder], Awaitable[None]]


FOLLOWERS: list[Follower] = []


class NeverDone(Unavailable):
    """Documents come faster than they can be embedded anew."""

    code = "knowledge.reembedding_never_done"


@dataclass(frozen=True, slots=True)
class Change:
    knowledge: Knowledge
    actor: Actor
    id: UUID
    new: Embedder


async def failed(assembly: Assembly, actor: Actor, change_id: UUID) -> None:
    async with assembly.database.transaction(actor) as db:
        row = await db.get(KnowledgeEmbedder, change_id, with_for_update=True)
        if row is not None and row.status is EmbedderStatus.BUILDING:
            await give_up(db, row, EmbedderStatus.FAILED, "knowledge.embedder_failed")


@task("knowledge.reembed", retries=6, timeout_s=6 * 3600, on_failed=failed)
async def reembed_knowledge(assembly: Assembly, actor: Actor, change_id: UUID) -> None:
    knowledge = assembly.knowledge
    async with knowledge.database.transaction(actor) as db:
        row = await db.get(KnowledgeEmbedder, change_id)
    if row is None or row.status is not EmbedderStatus.BUILDING:
        return

    async def follow(new: Embedder) -> None:
        for follower in FOLLOWERS:
            await follower.embed(assembly, actor, new)

    try:
        await reembed(Change(knowledge, actor, change_id, embedder_of(row)), follow)
    except AuricleError as error:
        if error.status < 500 or getattr(error, "retryable", True) is False:
            await _fail(knowledge, actor, change_id, error.code)
        raise


async def reembed(change: Change, follow: Callable[[Embedder], Awaitable[None]] | None = None) -> None:
    """Embed every live document by the new embedder, then switch. Ends early where the change is cancelled."""
    knowledge = change.knowledge
    for _ in range(PASSES):
        async with knowledge.database.transaction(change.actor) as db:
            missing = await _missing(db, change)
        if not missing:
            async with knowledge.database.transaction(change.actor) as db:
                await knowledge.store.arrange(db, change.new)
            if follow is not None:
                await follow(change.new)
            if await _switched(change):
                return
        for document_id in missing:
            if not await _document(change, document_id):
                return
    raise NeverDone


@task("knowledge.remove_vectors", retries=6, timeout_s=3600)
async def remove_vectors(assembly: Assembly, actor: Actor, change_id: UUID) -> None:
    """Delete the vectors of an embedder that was replaced or given up, unless it is wanted again."""
    async with assembly.database.transaction(actor) as db:
        await one_at_a_time(db)
        row = await db.get(KnowledgeEmbedder, change_id)
        if row is not None and row.name not in {one.name for one in await wanted(db)}:
            await assembly.knowledge.store.delete_all_by(db, embedder_of(row))
            for follower in FOLLOWERS:
                await follower.remove(db, embedder_of(row))


@task("knowledge.arrange", retries=3, timeout_s=3600)
async def arrange(assembly: Assembly, actor: Actor) -> None:
    """Give an organization that has grown large what its search needs."""
    async with assembly.database.transaction(actor) as db:
        await assembly.knowledge.store.arrange(db, await in_use(db))


async def _missing(db: AsyncSession, change: Change) -> list[UUID]:
    """Live documents that the new embedder has not as many chunks of as the old one; notes how far it is."""
    store = change.knowledge.store
    old, new = await store.counts(db, await in_use(db)), await store.counts(db, change.new)
    live = await db.scalars(select(KnowledgeDocument.id).where(KnowledgeDocument.status == DocumentStatus.LIVE))
    live_ids = sorted(live)
    total = sum(old.get(one, 0) for one in live_ids)
    done = sum(min(new.get(one, 0), old.get(one, 0)) for one in live_ids)
    if await progressed(db, change.id, done, total):
        row = await db.get(KnowledgeEmbedder, change.id, populate_existing=True)
        assert row is not None
        await tell(db, row)
    return [one for one in live_ids if new.get(one, 0) != old.get(one, 0)]


async def _document(change: Change, document_id: UUID) -> bool:
    """Embed one document; whether the change is still wanted."""
    knowledge = change.knowledge
    async with knowledge.database.transaction(change.actor) as db:
        title = await db.scalar(select(KnowledgeDocument.title).where(KnowledgeDocument.id == document_id))
        if title is None:
            return True
        stored = {chunk.position for chunk in await knowledge.store.chunks(db, document_id, change.new)}
        chunks = await knowledge.store.chunks(db, document_id, await in_use(db))
    lacking = [chunk for chunk in chunks if chunk.position not in stored]
    for begin in range(0, len(lacking), BATCH):
        if not await _batch(change, document_id, title, lacking[begin : begin + BATCH]):
            return False
    return True


async def _batch(change: Change, document_id: UUID, title: str, batch: Sequence[Chunk]) -> bool:
    knowledge = change.knowledge
    texts = [embedded_text(title, chunk) for chunk in batch]
    vectors = await embedded(
        knowledge.embed, change.new, texts, task="document", organization_id=change.actor.organization_id
    )
    async with knowledge.database.transaction(change.actor) as db:
        row = await db.get(KnowledgeEmbedder, change.id, with_for_update=True)
        if row is None or row.status is not EmbedderStatus.BUILDING:
            return False
        document = select(KnowledgeDocument.id).where(KnowledgeDocument.id == document_id).with_for_update(read=True)
        if await db.scalar(document) is not None:
            await knowledge.store.put(db, document_id, title, batch, vectors, change.new)
            row.done += len(batch)
    return True


async def _switched(change: Change) -> bool:
    """Switch, if nothing went live since; whether the change is over, one way or the other."""
    knowledge = change.knowledge
    async with knowledge.database.transaction(change.actor) as db:
        await one_at_a_time(db)
        if await _missing(db, change):
            return False
        await switch(db, change.id)
    assert change.actor.organization_id is not None
    knowledge.snapshots.forget(change.actor.organization_id)
    return True


async def _fail(knowledge: Knowledge, actor: Actor, change_id: UUID, code: str) -> None:
    async with knowledge.database.transaction(actor) as db:
        row = await db.get(KnowledgeEmbedder, change_id, with_for_update=True)
        if row is not None and row.status is EmbedderStatus.BUILDING:
            await give_up(db, row, EmbedderStatus.FAILED, code)
