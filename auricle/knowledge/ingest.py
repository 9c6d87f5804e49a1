"""The job that makes an uploaded file searchable: parse, cut, embed, go live, and show how far it is.

It may run again from its beginning, or twice at once: what is stored already is looked up first, a chunk has one place,
and the last transaction decides under a lock. No transaction is open while a file is read or texts are embedded.
"""

import asyncio
import logging
import tempfile
from collections.abc import Awaitable, Collection, Sequence
from dataclasses import dataclass
from typing import TypeVar, cast
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.actor import Actor
from auricle.assembly import Assembly
from auricle.errors import AuricleError
from auricle.jobs.app import task
from auricle.jobs.queue import enqueue
from auricle.knowledge.chunk import Chunk, split
from auricle.knowledge.embedder import embedded, in_use, one_at_a_time
from auricle.knowledge.models import DocumentStatus, KnowledgeDocument
from auricle.knowledge.receive import AFTER_OTHERS, INGEST, discard, drop_file, tell
from auricle.knowledge.search import EmbedderReplaced, Knowledge
from auricle.knowledge.store import Embedder, Floats, embedded_text
from auricle.log import event
from auricle.storage.objects import Objects
from auricle.uploads.jail import read
from auricle.uploads.kinds import HEAD_BYTES, kind_of
from auricle.uploads.parse.parsed import Parsed

log = logging.getLogger(__name__)

BATCH = 32
EMBEDDING_BEGINS, EMBEDDING_ENDS = 30, 95  # percent
PERCENT_A_STEP = 4  # less is not told

Document = KnowledgeDocument
T = TypeVar("T")
S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Work:
    """What a run of the job works with."""

    knowledge: Knowledge
    objects: Objects
    actor: Actor
    document_id: UUID


async def gave_up(assembly: Assembly, actor: Actor, document_id: UUID) -> None:
    """Tell whoever waits that the job has failed for good, and for what reason at last."""
    work = Work(assembly.knowledge, assembly.objects, actor, document_id)
    async with assembly.database.transaction(actor) as db:
        code = await db.scalar(select(Document.trouble_code).where(Document.id == document_id))
    await _fail(work, code or "knowledge.gave_up")


@task(INGEST, retries=4, timeout_s=3600, on_failed=gave_up)
async def ingest_document(assembly: Assembly, actor: Actor, document_id: UUID) -> None:
    work = Work(assembly.knowledge, assembly.objects, actor, document_id)
    try:
        await ingest(work)
    except Exception as error:
        await _note_trouble(work, error.code if isinstance(error, AuricleError) else AuricleError.code)
        raise


async def ingest(work: Work) -> None:
    """Bring a document live, or to `failed` when its file can't be read. Does nothing for one that is live or gone."""
    async with work.knowledge.database.transaction(work.actor) as db:
        document = await db.get(Document, work.document_id)
    if document is None or document.status in (DocumentStatus.LIVE, DocumentStatus.FAILED):
        return
    try:
        parsed = await _parsed(work, document)
        chunks = await asyncio.to_thread(split, parsed)
    except AuricleError as error:
        if error.status >= 500:
            raise
        await _refuse(work, document, error.code)
        return
    title = document.requested_title or parsed.title[:300] or document.title
    async with work.knowledge.database.transaction(work.actor) as db:
        embedder = await in_use(db)
    stored = await _extracted(work, title, parsed, chunks, embedder)
    if stored is not None:
        await _embed(work, title, chunks, stored, embedder)
        await _go_live(work, len(chunks), embedder)


async def _parsed(work: Work, document: Document) -> Parsed:
    assert work.actor.organization_id is not None
    with tempfile.TemporaryFile() as file:
        await work.objects.fetch(work.actor.organization_id, document.object_key, file)
        file.seek(0)
        kind = kind_of(document.file_name, file.read(HEAD_BYTES))
        return await read(kind, file)


async def _extracted(
    work: Work, title: str, parsed: Parsed, chunks: Sequence[Chunk], embedder: Embedder
) -> Collection[int] | None:
    """Store the text. Chunks of an earlier run stay where they are what this run makes, else they go.

    Returns:
        The positions that are stored; None when the document is gone.
    """
    async with work.knowledge.database.transaction(work.actor) as db:
        sections = [[section.title, section.start, section.body] for section in parsed.sections]
        if not await _progress(
            db,
            work.document_id,
            DocumentStatus.EXTRACTED,
            EMBEDDING_BEGINS,
            title=title,
            text=parsed.text,
            pages=list(parsed.pages),
            sections=sections,
            hidden=dict(parsed.hidden),
            hidden_characters=parsed.hidden_characters,
        ):
            return None
        held = await work.knowledge.store.chunks(db, work.document_id, embedder)
        stored = {chunk.position: (chunk.start, chunk.end) for chunk in held}
        wanted = {chunk.position: (chunk.start, chunk.end) for chunk in chunks}
        if stored.items() <= wanted.items():
            return stored.keys()
        await work.knowledge.store.delete(db, work.document_id)
        return ()


async def _embed(work: Work, title: str, chunks: Sequence[Chunk], stored: Collection[int], embedder: Embedder) -> None:
    """Embed and store what is not stored yet, batch by batch: one is stored while the next is embedded."""
    missing = [chunk for chunk in chunks if chunk.position not in stored]
    batches = [missing[begin : begin + BATCH] for begin in range(0, len(missing), BATCH)]
    ready: tuple[Sequence[Chunk], Floats] | None = None
    told, done = EMBEDDING_BEGINS, len(chunks) - len(missing)
    for batch in [*batches, None]:
        storing = _store(work, title, *ready, embedder, told, done / len(chunks)) if ready else _same(told)
        embedding = _vectors(work, title, batch, embedder) if batch else _same(None)
        told_now, vectors = await _both(storing, embedding)
        if told_now is None:
            return  # deleted meanwhile
        told = told_now
        if batch and vectors is not None:
            ready, done = (batch, vectors), done + len(batch)


async def _store(
    work: Work, title: str, batch: Sequence[Chunk], vectors: Floats, embedder: Embedder, told: int, share: float
) -> int | None:
    """Store a batch, after which this share of the chunks is; the percentage told by then, None for a deleted one."""
    percent = EMBEDDING_BEGINS + int((EMBEDDING_ENDS - EMBEDDING_BEGINS) * share)
    knowledge = work.knowledge
    async with knowledge.database.transaction(work.actor) as db:
        if percent - told >= PERCENT_A_STEP or percent == EMBEDDING_ENDS:
            status = DocumentStatus.CHUNKED if percent < EMBEDDING_ENDS else DocumentStatus.EMBEDDED
            if not await _progress(db, work.document_id, status, percent):
                return None
            told = percent
        elif await db.scalar(select(Document.id).where(Document.id == work.document_id)) is None:
            return None
        await knowledge.store.put(db, work.document_id, title, batch, vectors, embedder)
    return told


async def _vectors(work: Work, title: str, batch: Sequence[Chunk], embedder: Embedder) -> Floats:
    texts = [embedded_text(title, chunk) for chunk in batch]
    organization_id = work.actor.organization_id
    return await embedded(work.knowledge.embed, embedder, texts, task="document", organization_id=organization_id)


async def _same(value: T) -> T:
    return value


async def _both(one: Awaitable[T], other: Awaitable[S]) -> tuple[T, S]:
    """Two at once; a failure of either is raised when both have ended, so that neither runs on unowned."""
    first, second = await asyncio.gather(one, other, return_exceptions=True)
    for ended in (first, second):
        if isinstance(ended, BaseException):
            raise ended
    return cast(T, first), cast(S, second)


async def _go_live(work: Work, chunks: int, embedder: Embedder) -> None:
    """Put the document in the place of its predecessors, in one transaction; a newer one may hold it already."""
    knowledge = work.knowledge
    async with knowledge.database.transaction(work.actor) as db:
        await one_at_a_time(db, shared=True)
        if await in_use(db) != embedder:
            raise EmbedderReplaced
        document = await db.get(Document, work.document_id, with_for_update=True)
        if document is None or document.status in (DocumentStatus.LIVE, DocumentStatus.FAILED):
            return
        gone = await _superseded(db, document)
        for one in gone:
            await knowledge.store.delete(db, one.id)
            await db.delete(one)
            await tell(db, one.id, None)
        if document not in gone:
            await _progress(
                db,
                document.id,
                DocumentStatus.LIVE,
                100,
                chunk_count=chunks,
                embedder=embedder.name,
                trouble_code=None,
                live_at=func.clock_timestamp(),
            )
            await enqueue(db, "knowledge.arrange", queueing_lock="knowledge.arrange", priority=AFTER_OTHERS)
    assert work.actor.organization_id is not None
    knowledge.snapshots.forget(work.actor.organization_id)
    for one in gone:
        await discard(work.objects, knowledge, work.actor, one)


async def _superseded(db: AsyncSession, document: Document) -> list[Document]:
    """Whom the document replaces; or the document itself, where a later upload went live before it."""
    place = (document.collection, document.file_name, document.requested_title)
    key = func.hashtextextended(func.concat_ws("/", "knowledge", str(document.organization_id), *place), 0)
    await db.execute(select(func.pg_advisory_xact_lock(key)))  # two versions must not both find themselves alone
    others = (
        await db.scalars(
            select(Document)
            .where(
                Document.collection == place[0],
                Document.file_name == place[1],
                Document.requested_title == place[2],
                Document.status == DocumentStatus.LIVE,
                Document.id != document.id,
            )
            .with_for_update()
        )
    ).all()
    later = [one for one in others if one.id > document.id]  # keys grow with time
    return [document] if later else list(others)


async def _progress(
    db: AsyncSession, document_id: UUID, status: DocumentStatus, percent: int, **columns: object
) -> bool:
    """Note how far a document has come; whether it is still there, and not live already."""
    moved = await db.execute(
        update(Document)
        .where(Document.id == document_id, Document.status != DocumentStatus.LIVE)
        .values({"status": status, "percent": percent, "failure_code": None, **columns})
        .returning(Document.id)
    )
    if moved.scalar_one_or_none() is None:
        return False
    await tell(db, document_id, status, percent)
    return True


async def _note_trouble(work: Work, code: str) -> None:
    """A run failed and there may be another: show why, until it succeeds."""
    async with work.knowledge.database.transaction(work.actor) as db:
        troubled = await db.execute(
            update(Document)
            .where(Document.id == work.document_id, Document.status != DocumentStatus.LIVE)
            .values(attempts=Document.attempts + 1, trouble_code=code)
            .returning(Document.status, Document.percent)
        )
        if (row := troubled.one_or_none()) is not None:
            await tell(db, work.document_id, *row)


async def _refuse(work: Work, document: Document, code: str) -> None:
    """The file itself is the reason, and will be at every try: nothing of it stays but that it was refused."""
    await _fail(work, code, file_kept=False)
    assert work.actor.organization_id is not None
    await drop_file(work.objects, work.actor.organization_id, document)


async def _fail(work: Work, code: str, *, file_kept: bool = True) -> None:
    async with work.knowledge.database.transaction(work.actor) as db:
        nothing: dict[str, object] = {"text": None, "pages": [], "sections": []}
        failed = {"failure_code": code, "trouble_code": None, "file_kept": file_kept, **nothing}
        if not await _progress(db, work.document_id, DocumentStatus.FAILED, 0, **failed):
            return
        await work.knowledge.store.delete(db, work.document_id)
    event(
        log,
        "a document could not be indexed",
        logging.WARNING,
        document_id=work.document_id,
        organization_id=work.actor.organization_id,
        error_code=code,
    )
