"""Documents end: deleted by somebody, by retention or with their patient.

Name and text go at once, a job removes the file as often as it takes. Notes that were written from a document keep the
passages they cite: a signature stands for what its signer saw.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.actor import Actor
from auricle.consent.holds import check_no_hold
from auricle.db.session import actor_of
from auricle.documents.models import Document, DocumentStatus
from auricle.documents.read import find_document
from auricle.documents.receive import Means
from auricle.jobs.app import task
from auricle.jobs.queue import enqueue
from auricle.live.events import publish
from auricle.patients.models import Patient


async def delete_document(db: AsyncSession, document_id: UUID) -> None:
    """Delete one by a person's will. Raises `OnHold`; a hold on a record stands for those merged into it as well."""
    document = await find_document(db, document_id)
    patient = await db.get_one(Patient, document.patient_id)
    await check_no_hold(db, [one for one in (patient.id, patient.merged_into) if one is not None])
    await delete_documents(db, [document_id])


async def delete_documents(db: AsyncSession, ids: Sequence[UUID]) -> int:
    """Blank documents and queue the removal of their files; how many were not deleted before."""
    gone = {"name": None, "text": None, "content_hash": None, "deleted_at": datetime.now(UTC)}
    marked = (
        await db.execute(
            update(Document)
            .where(Document.id.in_(ids), Document.status != DocumentStatus.DELETED)
            .values(status=DocumentStatus.DELETED, deleted_by=actor_of(db).member_id, **gone)
            .returning(Document.id, Document.patient_id)
        )
    ).all()
    for document_id, patient_id in marked:
        await enqueue(db, "documents.remove_file", document_id=document_id)
        await publish(db, "document.changed", document_id=document_id, patient_id=patient_id, status="deleted")
    return len(marked)


@task("documents.remove_file", retries=8, timeout_s=300)
async def remove_file(means: Means, actor: Actor, document_id: UUID) -> None:
    """Remove the file of a deleted document. Doing it twice changes nothing."""
    assert actor.organization_id is not None
    async with means.database.transaction(actor) as db:
        document = await db.scalar(select(Document).where(Document.id == document_id))
    if document is not None and document.status is DocumentStatus.DELETED:
        await means.objects.delete(actor.organization_id, document.object_key)
