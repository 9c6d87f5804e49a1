"""Find, list and read documents. What is clinical of them is read only here, and audited."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.audit.reads import record_read
from auricle.db.keyset import NEWEST, Order, in_order
from auricle.db.sealed import Keyring
from auricle.db.session import actor_of
from auricle.documents.content import Paragraph, open_name, open_text, paragraphs_of
from auricle.documents.models import Document, DocumentStatus
from auricle.errors import Conflict, NotFound
from auricle.patients.create import whole


class NotExtracted(Conflict):
    """There is no text of this document: it is still being read, or could not be."""

    code = "document.not_extracted"


@dataclass(frozen=True, slots=True)
class Named:
    """A document with its name in clear; empty where the patient was erased."""

    document: Document
    name: str


async def find_document(db: AsyncSession, document_id: UUID, *, lock: bool = False) -> Document:
    """A document of the actor's organization that was not deleted."""
    actor_of(db).require("documents:read")
    document = await db.get(Document, document_id, with_for_update=lock or None, populate_existing=lock)
    if document is None or document.status is DocumentStatus.DELETED:
        raise NotFound("No such document.")
    return document


async def list_documents(
    db: AsyncSession,
    keyring: Keyring,
    *,
    patient_id: UUID | None = None,
    consultation_id: UUID | None = None,
    status: DocumentStatus | None = None,
    order: Order = NEWEST,
    limit: int = 20,
) -> Sequence[Named]:
    """One audit entry for the page."""
    statement = await in_order(db, select(Document), order, Document.id, limit=limit)
    statement = statement.where(Document.status != DocumentStatus.DELETED)
    if patient_id is not None:
        statement = statement.where(Document.patient_id.in_(whole(patient_id)))
    if consultation_id is not None:
        statement = statement.where(Document.consultation_id == consultation_id)
    if status is not None:
        statement = statement.where(Document.status == status)
    rows = (await db.scalars(statement)).all()
    await record_read(db, "document", None, listed=len(rows))
    return await named(db, keyring, rows)


async def named(db: AsyncSession, keyring: Keyring, rows: Sequence[Document]) -> list[Named]:
    keys = await keyring.patients(db, list({row.patient_id for row in rows}))
    return [Named(row, open_name(keys[row.patient_id], row) if row.patient_id in keys else "") for row in rows]


async def read_document(db: AsyncSession, keyring: Keyring, document_id: UUID) -> Named:
    document = await find_document(db, document_id)
    await record_read(db, "document", document.id)
    return (await named(db, keyring, [document]))[0]


async def read_text(db: AsyncSession, keyring: Keyring, document_id: UUID) -> Sequence[Paragraph]:
    """All that a document says. Audited as a read of its text.

    Raises:
        NotExtracted
    """
    document = await find_document(db, document_id)
    paragraphs = await text_of(db, keyring, document)
    await record_read(db, "document", document.id, part="text")
    return paragraphs


async def text_of(db: AsyncSession, keyring: Keyring, document: Document) -> Sequence[Paragraph]:
    """For whoever works with the text; the caller has checked that the actor may see it. Raises `NotExtracted`."""
    sealed = await db.scalar(select(Document.text).where(Document.id == document.id))
    if document.status is not DocumentStatus.DONE or sealed is None:
        raise NotExtracted(status=document.status.value, failure_code=document.failure_code or "")
    key = await keyring.patient(db, document.patient_id)
    return paragraphs_of(document.id, open_text(key, document.id, sealed))
