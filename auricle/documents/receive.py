"""Take a file in for a patient. An upload is answered at once; `extract.py` reads it as a job."""

import asyncio
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.actor import Actor
from auricle.billing.budgets.require import require_budget
from auricle.consultations.lifecycle import find_consultation
from auricle.db.base import new_id
from auricle.db.sealed import Key, Keyring
from auricle.db.session import Database
from auricle.documents.models import Document, DocumentStatus
from auricle.errors import Conflict, Invalid, NotFound
from auricle.jobs.queue import enqueue
from auricle.live.events import publish
from auricle.patients.create import find_patient, is_part_of
from auricle.patients.models import Patient
from auricle.storage.objects import Objects, ObjectsUnavailable
from auricle.uploads.kinds import SOUNDS
from auricle.uploads.receive import Incoming

EXTRACT = "documents.extract"
MOST_DOCUMENTS = 1_000  # of one patient
MOST_BYTES = 5_000_000_000


class WhoseDocument(Invalid):
    """Say whose document this is: a patient, or a consultation of theirs."""

    code = "document.whose"


class TooManyDocuments(Conflict):
    """This patient has as many documents as are kept of one."""

    code = "document.too_many"


class Means(Protocol):
    """What documents need of the assembly."""

    @property
    def database(self) -> Database: ...
    @property
    def keyring(self) -> Keyring: ...
    @property
    def objects(self) -> Objects: ...


@dataclass(frozen=True, slots=True)
class About:
    """Whose file it is. A consultation's patient need not be named; `language` None: the patient's."""

    patient_id: UUID | None = None
    consultation_id: UUID | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Received:
    document: Document
    known_already: bool  # the same file is here already, and nothing new was stored


async def receive(means: Means, actor: Actor, incoming: Incoming, about: About) -> Received:
    """Keep a file, sealed, and queue its reading. Opens its own short transactions.

    The same bytes twice for the same patient are one document; one that failed is tried again.

    Raises:
        WhoseDocument, NotFound, TooManyDocuments; BudgetExhausted for sound, which costs something to understand.
    """
    async with means.database.transaction(actor) as db:
        patient = await patient_of(db, about)
        key = await means.keyring.patient(db, patient.id)
        blind = key.blind("document", incoming.content_hash)
        if known := await known_document(db, patient.id, blind):
            return Received(await again(db, known), known_already=True)
        await check_room(db, patient.id, incoming.size)
        if incoming.kind in SOUNDS.values():
            await require_budget(db)
    assert actor.organization_id is not None
    document = new_document(key, patient, incoming, about, actor)
    with tempfile.TemporaryFile() as sealed:
        await asyncio.to_thread(key.seal_large, incoming.file, sealed, "document", document.id)
        await means.objects.put_file(actor.organization_id, document.object_key, sealed)
    stored = None
    try:
        async with means.database.transaction(actor) as db:
            stored = await stored_once(db, document, blind)
    finally:
        if stored is None or stored.id != document.id:  # refused, or somebody sent the same bytes at the same time
            with suppress(ObjectsUnavailable):  # sealed, and nobody's: only space
                await means.objects.delete(actor.organization_id, document.object_key)
    return Received(stored, known_already=stored.id != document.id)


async def patient_of(db: AsyncSession, about: About) -> Patient:
    """The patient, whom the actor may see, and whose consultation it is. Raises `WhoseDocument` and `NotFound`."""
    consultation = await find_consultation(db, about.consultation_id) if about.consultation_id else None
    patient_id = about.patient_id or (consultation.patient_id if consultation else None)
    if patient_id is None:
        raise WhoseDocument
    patient = await find_patient(db, patient_id)
    if consultation is not None and not await is_part_of(db, consultation.patient_id, patient.id):
        raise WhoseDocument("This consultation is another patient's.")
    if patient.status == "erased":
        raise NotFound("No such patient.")
    return patient


async def known_document(db: AsyncSession, patient_id: UUID, blind: bytes) -> Document | None:
    own = select(Document).where(Document.patient_id == patient_id, Document.content_hash == blind)
    return (await db.scalars(own.with_for_update())).one_or_none()


async def check_room(db: AsyncSession, patient_id: UUID, size: int) -> None:
    kept = select(func.count(), func.coalesce(func.sum(Document.byte_size), 0)).where(
        Document.patient_id == patient_id, Document.status != DocumentStatus.DELETED
    )
    count, size_before = (await db.execute(kept)).one()
    if count >= MOST_DOCUMENTS or size_before + size > MOST_BYTES:
        raise TooManyDocuments(limit=MOST_DOCUMENTS, limit_bytes=MOST_BYTES)


def new_document(key: Key, patient: Patient, incoming: Incoming, about: About, actor: Actor) -> Document:
    document_id = new_id()
    return Document(
        id=document_id,
        organization_id=actor.organization_id,
        patient_id=patient.id,
        consultation_id=about.consultation_id,
        name=key.seal(incoming.file_name, "document", "name", document_id),
        kind=incoming.kind,
        language=about.language or patient.language,
        byte_size=incoming.size,
        uploaded_by=actor.member_id,
    )


COLUMNS = ("id", "patient_id", "consultation_id", "name", "kind", "language", "byte_size", "uploaded_by")


async def stored_once(db: AsyncSession, document: Document, blind: bytes) -> Document:
    """Insert a document, and queue it, unless its bytes are here already; the one that is here afterwards."""
    # An erasure under way ends first; it would not see a document that comes after it.
    locked = {"read": True, "key_share": True}
    patient = await db.get(Patient, document.patient_id, with_for_update=locked, populate_existing=True)
    if patient is None or patient.status == "erased":
        raise NotFound("No such patient.")
    values = {name: getattr(document, name) for name in COLUMNS}
    once = insert(Document).values(**values, content_hash=blind).on_conflict_do_nothing()
    await db.execute(once)
    stored = await known_document(db, document.patient_id, blind)
    assert stored is not None
    if stored.id == document.id:
        await queue(db, stored)
    return stored


async def again(db: AsyncSession, document: Document) -> Document:
    """Queue one that failed; others stay as they are."""
    if document.status is DocumentStatus.FAILED:
        document.status, document.failure_code, document.trouble_code = DocumentStatus.PENDING, None, None
        await db.flush()
        await queue(db, document)
    return document


async def queue(db: AsyncSession, document: Document) -> None:
    """Queue the reading of a document. A note that is to be written from it waits behind it, by the same lock."""
    await enqueue(db, EXTRACT, lock=lock_of(document.id), document_id=document.id)
    await tell(db, document)


def lock_of(document_id: UUID) -> str:
    return f"document:{document_id}"


async def tell(db: AsyncSession, document: Document) -> None:
    """Tell watchers how far a document has come."""
    await publish(
        db,
        "document.changed",
        document_id=document.id,
        patient_id=document.patient_id,
        status=document.status.value,
    )
