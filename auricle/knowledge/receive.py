"""Taking files in and out of the knowledge. An upload is answered at once; `ingest.py` does the work as a job."""

import hashlib
import logging
import re
import unicodedata
from dataclasses import dataclass
from pathlib import PurePosixPath
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.actor import Actor
from auricle.db.base import new_id
from auricle.db.session import Database
from auricle.errors import Invalid, NotFound
from auricle.jobs.queue import enqueue
from auricle.knowledge.models import DocumentStatus, KnowledgeDocument
from auricle.knowledge.parse import MEDIA_TYPES, kind_of
from auricle.knowledge.search import Knowledge
from auricle.live.events import publish
from auricle.log import event
from auricle.storage.objects import Objects

log = logging.getLogger(__name__)

INGEST = "knowledge.ingest"
MAX_TITLE = 300
MAX_FILE_NAME = 200
COLLECTION = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
LANGUAGE = re.compile(r"[a-z]{2,3}")


class BadLabel(Invalid):
    """A collection is a short lower-case word, a language a code like `en`, a title at most 300 characters."""

    code = "knowledge.bad_label"


class NoSuchDocument(NotFound):
    """There is no such knowledge document."""

    code = "knowledge.not_found"


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it came. Without a title the document names itself; see `receive` for what replaces what."""

    file_name: str
    data: bytes
    title: str = ""
    collection: str = "general"
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Received:
    document: KnowledgeDocument
    known_already: bool  # the same file is here already, and nothing new was stored


async def receive(database: Database, objects: Objects, actor: Actor, upload: Upload) -> Received:
    """Take a file in and queue its indexing. Opens its own short transactions.

    The same bytes twice are one document (a failed one is tried again). A file of the same name, title and collection
    replaces its predecessor at the moment it goes live; until then the predecessor answers.

    Raises:
        UnknownKind, KindMismatch, EmptyDocument, OversizeDocument, BadLabel
    """
    file_name = plain_file_name(upload.file_name)
    title = " ".join(upload.title.split())
    labels_fit = COLLECTION.fullmatch(upload.collection) and LANGUAGE.fullmatch(upload.language)
    if not labels_fit or len(title) > MAX_TITLE:
        raise BadLabel
    kind = kind_of(file_name, upload.data)
    content_hash = hashlib.sha256(upload.data).hexdigest()
    async with database.transaction(actor) as db:
        if known := await _known(db, content_hash):
            return Received(known, known_already=True)
    document = KnowledgeDocument(
        id=new_id(),
        organization_id=actor.organization_id,
        file_name=file_name,
        title=title or PurePosixPath(file_name).stem,
        requested_title=title,
        media_type=MEDIA_TYPES[kind],
        content_hash=content_hash,
        byte_size=len(upload.data),
        language=upload.language,
        collection=upload.collection,
    )
    assert actor.organization_id is not None
    await objects.put(actor.organization_id, document.object_key, upload.data)
    async with database.transaction(actor) as db:
        stored = await _stored_once(db, document)
        if stored.id == document.id:
            await queue(db, stored.id)
    if stored.id != document.id:  # somebody sent the same bytes at the same time
        await objects.delete(actor.organization_id, document.object_key)
    return Received(stored, known_already=stored.id != document.id)


async def queue(db: AsyncSession, document_id: UUID) -> None:
    """Queue the indexing of a document, unless it waits already."""
    key = f"knowledge:{document_id}"
    await enqueue(db, INGEST, queueing_lock=key, lock=key, document_id=document_id)
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
    try:
        await objects.delete(actor.organization_id, document.object_key)
    except OSError as error:  # the document is gone for everybody; a file that stays is only space
        event(
            log,
            "a deleted document's file could not be removed",
            logging.WARNING,
            document_id=document.id,
            organization_id=actor.organization_id,
            error=type(error).__name__,
        )


async def _known(db: AsyncSession, content_hash: str) -> KnowledgeDocument | None:
    """The document of these bytes, if there is one; a failed one is queued again."""
    known = await db.scalar(select(KnowledgeDocument).where(KnowledgeDocument.content_hash == content_hash))
    if known is not None and known.status is DocumentStatus.FAILED:
        known.status, known.failure_code, known.percent = DocumentStatus.QUEUED, None, 0
        await queue(db, known.id)
    return known


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


def plain_file_name(name: str) -> str:
    """The last part of a path, without characters that a file name has no need of, its extension kept."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    shown = "".join(ch for ch in last if ch.isprintable()).strip().lstrip(".")
    path = PurePosixPath(shown or "file")
    return path.stem[: MAX_FILE_NAME - len(path.suffix)] + path.suffix[:20]
