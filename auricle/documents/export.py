"""A patient's documents as their export tells them: what each is and says, and the files themselves."""

import asyncio
import tempfile
import zipfile
from collections.abc import AsyncIterator
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import undefer

from auricle.actor import Actor
from auricle.assembly import Assembly
from auricle.db.sealed import Key
from auricle.documents.content import open_name, open_text
from auricle.documents.models import Document, DocumentStatus

BATCH = 50


async def documents_of(assembly: Assembly, actor: Actor, record_id: UUID) -> AsyncIterator[tuple[Document, Key]]:
    """A record's documents, oldest first; no transaction stays open between batches."""
    after = UUID(int=0)
    wanted = select(Document).where(Document.patient_id == record_id, Document.status != DocumentStatus.DELETED)
    while True:
        async with assembly.database.transaction(actor) as db:
            key = await assembly.keyring.patient(db, record_id)
            page = wanted.where(Document.id > after).order_by(Document.id).limit(BATCH).options(undefer(Document.text))
            rows = (await db.scalars(page)).all()
        for row in rows:
            yield row, key
        if len(rows) < BATCH:
            return
        after = rows[-1].id


TOLD = ("id", "patient_id", "consultation_id", "kind", "language", "byte_size", "length_s", "read_by", "created_at")


async def documents(assembly: Assembly, actor: Actor, record_id: UUID) -> AsyncIterator[dict[str, object]]:
    async for row, key in documents_of(assembly, actor, record_id):
        text = None if row.text is None else open_text(key, row.id, row.text).text
        told = {name: getattr(row, name) for name in TOLD}
        yield {**told, "status": row.status.value, "name": open_name(key, row), "text": text, "file": file_of(row)}


def file_of(document: Document) -> str:
    return f"documents/{document.id}.{document.kind}"


async def write_file(assembly: Assembly, document: Document, key: Key, archive: zipfile.ZipFile) -> None:
    """Add a document's file in clear. Raises `ObjectMissing`, and adds nothing then."""
    with tempfile.TemporaryFile() as sealed:
        await assembly.objects.fetch(document.organization_id, document.object_key, sealed)

        def copy() -> None:
            with archive.open(file_of(document), "w") as out:
                for piece in key.open_large(sealed, "document", document.id):
                    out.write(piece)

        await asyncio.to_thread(copy)
