"""Taking files in and out of the knowledge. An upload is answered at once; `ingest.py` does the work as a job."""

import logging
import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.actor import Actor
from auricle.db.base import new_id
from auricle.db.session import Database
from auricle.errors import Conflict, Invalid, NotFound
from auricle.jobs.queue import enqueue
from auricle.knowledge.models import DocumentStatus, KnowledgeDocument
from auricle.knowledge.search import Knowledge
from auricle.live.events import publish
from auricle.log import event
from auricle.storage.objects import Objects, ObjectsUnavailable
from auricle.uploads.kinds import MEDIA_TYPES
from auricle.uploads.parse.clean import visible
from auricle.uploads.receive import Incoming

log = logging.getLogger(__name__)

INGEST = "knowledge.ingest"
AFTER_OTHERS = -10  # priority: a note or a message that somebody waits for goes first
MAX_TITLE = 300
COLLECTION = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
LANGUAGE = re.compile(r"[a-z]{2,3}")


class BadLabel(Invalid):
    """A collection or specialty is a short lower-case word, a language a code like `en`, a title up to 300 letters."""

    code = "knowledge.bad_label"


class NoSuchDocument(NotFound):
    """There is no such knowledge document."""

    code = "knowledge.not_found"


class NotRetryable(Conflict):
    """Only a document that failed for a passing reason can be tried again; send the file again instead."""

    code = "knowledge.not_retryable"


@dataclass(frozen=True, slots=True)
class Labels:
    """What a file is filed under. Without a title the document names itself; see `receive` for what replaces what."""

    title: str = ""
    collection: str = "general"
    language: str = "en"
    specialty: str = ""

    def checked(self) -> "Labels":
        """The same, in order. Raises `BadLabel`."""
        title = " ".join(visible(self.title)[0].split())
        words = [self.collection, *([self.specialty] if self.specialty else [])]
        if not all(map(COLLECTION.fullmatch, words)) or not LANGUAGE.fullmatch(self.language) or len(title) > MAX_TITLE:
            raise BadLabel
        return Labels(title, self.collection, self.language, self.specialty)


@dataclass(frozen=True, slots=True)
class Received:
    document: KnowledgeDocument
    known_already: bool  # the same file is here already, and nothing new was stored


async def receive(
    database: Database, objects: Objects, actor: Actor, incoming: Incoming, labels: Labels = Labels()
) -> Received:
    """Keep a file that was taken in, and queue its indexing. Opens its own short transactions.

    The same bytes twice are one document; one that failed is tried again. A file of the same name, title and collection
    replaces its predecessor at the moment it goes live; until then the predecessor answers.

    Raises:
        BadLabel
    """
    labels = labels.checked()
    async with database.transaction(actor) as db:
        if known := await _known(db, incoming.content_hash):
            return Received(known, known_already=True)
    assert actor.organization_id is not None
    document = KnowledgeDocument(
        id=new_id(),
        organization_id=actor.organization_id,
        file_name=incoming.file_name,
        title=labels.title or PurePosixPath(incoming.file_name).stem,
        requested_title=labels.title,
        media_type=MEDIA_TYPES[incoming.kind],
        content_hash=incoming.content_hash,
        byte_size=incoming.size,
        language=labels.language,
        collection=labels.collection,
        specialty=labels.specialty,
    )
    await objects.put_file(actor.organization_id, document.object_key, incoming.file)
    async with database.transaction(actor) as db:
        stored = await _stored_once(db, document)
        if stored.id == document.id:
            await queue(db, stored.id)
    if stored.id != document.id:  # somebody sent the same bytes at the same time
        await objects.delete(actor.organization_id, document.object_key)
    return Received(stored, known_already=stored.id != document.id)


async def retry(db: AsyncSession, document_id: UUID) -> KnowledgeDocument:
    """Queue a failed document again.

    Raises:
        NoSuchDocument, NotRetryable
    """
    document = await db.get(KnowledgeDocument, document_id, with_for_update=True)
    if document is None:
        raise NoSuchDocument
    if not document.can_retry:
        raise NotRetryable
    await _queue_again(db, document)
    return document


async def queue(db: AsyncSession, document_id: UUID) -> None:
    """Queue the indexing of a document, unless it waits already."""
    key = f"knowledge:{document_id}"
    await enqueue(db, INGEST, queueing_lock=key, lock=key, priority=AFTER_OTHERS, document_id=document_id)
    await tell(db, document_id, DocumentStatus.QUEUED)


async def tell(db: AsyncSession, document_id: UUID, status: DocumentStatus | None, percent: int = 0) -> None:
    """Tell watchers how far a document has come; without a status, that it is gone."""
    await publish(
        db,
        "knowledge.changed",
        document_id=document_id,
        percent=percent,
        status=status.value if status else "deleted",
    )


async def remove(database: Database, objects: Objects, knowledge: Knowledge, actor: Actor, document_id: UUID) -> None:
    """Delete a document, every chunk of it, and its file. Opens its own transaction.

    Raises:
        NoSuchDocument
    """
    async with database.transaction(actor) as db:
        document = await db.get(KnowledgeDocument, document_id, with_for_update=True)
        if document is None:
            raise NoSuchDocument
        await knowledge.store.delete(db, document_id)
        await db.delete(document)
        await tell(db, document_id, None)
    await discard(objects, knowledge, actor, document)


async def discard(objects: Objects, knowledge: Knowledge, actor: Actor, document: KnowledgeDocument) -> None:
    """After a document's row is gone: its file, and what this process remembers of it."""
    assert actor.organization_id is not None
    knowledge.snapshots.forget(actor.organization_id)
    await drop_file(objects, actor.organization_id, document)


async def drop_file(objects: Objects, organization_id: UUID, document: KnowledgeDocument) -> None:
    """Delete a document's file. The document is gone or refused for everybody; a file that stays is only space."""
    try:
        await objects.delete(organization_id, document.object_key)
    except ObjectsUnavailable as error:
        event(
            log,
            "a document's file could not be removed",
            logging.WARNING,
            document_id=document.id,
            organization_id=organization_id,
            error=type(error).__name__,
        )


async def _known(db: AsyncSession, content_hash: str) -> KnowledgeDocument | None:
    """The document of these bytes, if there is one. One that failed is queued again; one without its file goes."""
    known = await db.scalar(
        select(KnowledgeDocument).where(KnowledgeDocument.content_hash == content_hash).with_for_update()
    )
    if known is None or known.status is not DocumentStatus.FAILED:
        return known
    if known.can_retry:
        await _queue_again(db, known)
        return known
    await db.delete(known)
    await tell(db, known.id, None)
    return None


async def _queue_again(db: AsyncSession, document: KnowledgeDocument) -> None:
    document.status, document.failure_code, document.percent = DocumentStatus.QUEUED, None, 0
    document.attempts, document.trouble_code = 0, None
    await db.flush()
    await queue(db, document.id)


async def _stored_once(db: AsyncSession, document: KnowledgeDocument) -> KnowledgeDocument:
    """Insert a document unless its bytes are here already; the one that is here afterwards."""
    columns = {
        name: getattr(document, name)
        for name in (
            "id",
            "title",
            "requested_title",
            "file_name",
            "media_type",
            "content_hash",
            "byte_size",
            "language",
            "collection",
            "specialty",
        )
    }
    once = (
        insert(KnowledgeDocument)
        .values(columns)
        .on_conflict_do_nothing(constraint="uq_knowledge_document_content_hash")
    )
    await db.execute(once)
    stored = await db.scalar(select(KnowledgeDocument).where(KnowledgeDocument.content_hash == document.content_hash))
    assert stored is not None
    return stored
