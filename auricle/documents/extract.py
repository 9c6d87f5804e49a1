"""The job that reads an uploaded document: its text by the jail, or by the organization's speech providers.

It may run again from its beginning, or twice at once: only the last transaction stores anything, and only while the
document is still unread. No transaction is open while a file is read or heard.
"""

import asyncio
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import BinaryIO, cast
from uuid import UUID

from auricle.actor import Actor
from auricle.assembly import Assembly
from auricle.billing.budgets.require import require_budget
from auricle.consent.decide import require
from auricle.consent.models import Kind as Consent
from auricle.db.sealed import Key
from auricle.documents.content import Text, seal_text, text_of_file, text_of_sound
from auricle.documents.hear import transcribed
from auricle.documents.models import UNREAD, Document, DocumentStatus
from auricle.documents.receive import EXTRACT, tell
from auricle.errors import AuricleError
from auricle.jobs.app import may_pass, task
from auricle.uploads.jail import read
from auricle.uploads.kinds import Kind


@dataclass(frozen=True, slots=True)
class Work:
    """A document to be read, and the key that opens it."""

    document: Document
    key: Key


@dataclass(frozen=True, slots=True)
class Extracted:
    text: Text
    pages: int | None = None
    length_s: float | None = None
    read_by: str | None = None


async def gave_up(assembly: Assembly, actor: Actor, document_id: UUID) -> None:
    """The job will not be tried again by itself; asking for it will."""
    await fail(assembly, actor, document_id, "document.gave_up")


@task(EXTRACT, retries=4, timeout_s=3_600, on_failed=gave_up)
async def extract_document(assembly: Assembly, actor: Actor, document_id: UUID) -> None:
    """Read a document, unless that was done already. What can't be read is `failed`, with the reason's code."""
    try:
        work = await begin(assembly, actor, document_id)
        if work is not None:
            await finish(assembly, actor, document_id, await extracted(assembly, work))
    except AuricleError as error:
        if may_pass(error):
            await note_trouble(assembly, actor, document_id, error.code)
            raise
        await fail(assembly, actor, document_id, error.code)


async def begin(assembly: Assembly, actor: Actor, document_id: UUID) -> Work | None:
    """Mark a document as being read; None where there is nothing to do."""
    async with assembly.database.transaction(actor) as db:
        document = await db.get(Document, document_id, with_for_update=True)
        if document is None or document.status not in UNREAD:
            return None
        if document.is_sound:
            await require(db, document.patient_id, Consent.AI_USE)
            await require_budget(db)
        key = await assembly.keyring.patient(db, document.patient_id)
        if document.status is DocumentStatus.PENDING:
            document.status = DocumentStatus.PROCESSING
            await db.flush()
            await tell(db, document)
        return Work(document, key)


async def extracted(assembly: Assembly, work: Work) -> Extracted:
    document = work.document
    with tempfile.TemporaryFile() as sealed, tempfile.TemporaryFile() as plain:
        await assembly.objects.fetch(document.organization_id, document.object_key, sealed)
        await asyncio.to_thread(unseal, work, sealed, plain)
        if document.is_sound:
            plain.seek(0)
            sound = await asyncio.to_thread(plain.read)
            heard = await transcribed(
                assembly.router, document.organization_id, document.patient_id, document.language, sound
            )
            return Extracted(text_of_sound(heard.heard), length_s=heard.length_s, read_by=heard.by)
        parsed = await read(cast(Kind, document.kind), plain)
    text = await asyncio.to_thread(text_of_file, parsed)
    return Extracted(text, pages=len(parsed.pages) or None)


def unseal(work: Work, sealed: BinaryIO, plain: BinaryIO) -> None:
    for piece in work.key.open_large(sealed, "document", work.document.id):
        plain.write(piece)


async def finish(assembly: Assembly, actor: Actor, document_id: UUID, done: Extracted) -> None:
    """Store the text; nothing if the document is gone or another run was first."""
    async with assembly.database.transaction(actor) as db:
        document = await db.get(Document, document_id, with_for_update=True, populate_existing=True)
        if document is None or document.status not in UNREAD:
            return
        seal_text(await assembly.keyring.patient(db, document.patient_id), document, done.text)
        document.page_count, document.length_s, document.read_by = done.pages, done.length_s, done.read_by
        document.status, document.trouble_code = DocumentStatus.DONE, None
        document.processed_at = datetime.now(UTC)
        await db.flush()
        await tell(db, document)


async def fail(assembly: Assembly, actor: Actor, document_id: UUID, code: str) -> None:
    """What was the trouble last is more telling than that we gave up."""
    async with assembly.database.transaction(actor) as db:
        document = await db.get(Document, document_id, with_for_update=True)
        if document is None or document.status not in UNREAD:
            return
        document.status = DocumentStatus.FAILED
        document.failure_code = (code == "document.gave_up" and document.trouble_code) or code
        document.trouble_code, document.processed_at = None, datetime.now(UTC)
        await db.flush()
        await tell(db, document)


async def note_trouble(assembly: Assembly, actor: Actor, document_id: UUID, code: str) -> None:
    async with assembly.database.transaction(actor) as db:
        document = await db.get(Document, document_id, with_for_update=True)
        if document is not None and document.status in UNREAD:
            document.trouble_code = code
