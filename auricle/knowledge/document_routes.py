"""`/api/v1/rag/ingest-upload`, `/api/v1/rag/documents`: teach a file, follow it, look into it, forget it."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Request, Response
from sqlalchemy import func, select

from auricle.actor import Actor
from auricle.billing.budgets.require import BudgetExhausted, require_budget
from auricle.db.keyset import BadCursor, Order, alphabetical, in_order
from auricle.knowledge.embedder import in_use
from auricle.knowledge.models import DocumentStatus, KnowledgeChunk, KnowledgeDocument
from auricle.knowledge.receive import BadLabel, Labels, NoSuchDocument, NotRetryable, receive, remove, retry
from auricle.knowledge.schemas import (
    Accepted,
    ChunkOut,
    DocumentOut,
)
from auricle.uploads.receive import BadForm, NoRoom, incoming
from auricle.uploads.refused import (
    ArchiveTooLarge,
    BrokenArchive,
    EmptyDocument,
    EncryptedDocument,
    KindMismatch,
    MacrosInside,
    NestedArchive,
    OversizeDocument,
    TwoKinds,
    UnknownKind,
)
from auricle.web.deps import Db, Installed, Requires
from auricle.web.paging import Cursor, Limit, Page, Sort, after, ordered, page
from auricle.web.problems import problems

router = APIRouter(prefix="/api/v1/rag", tags=["knowledge"])

By = Annotated[Literal["created_at", "-created_at", "title", "-title", "byte_size", "-byte_size"], Sort]

Reader = Annotated[Actor, Requires("knowledge:read")]
Writer = Annotated[Actor, Requires("knowledge:write")]
FIELDS = ("title", "collection", "language", "specialty")
UPLOAD: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {
                            "type": "string",
                            "format": "binary",
                            "description": "A .pdf, .docx, .txt, .md, .html, .csv or .tsv file.",
                        },
                        "title": {"type": "string", "maxLength": 300, "default": ""},
                        "collection": {"type": "string", "pattern": "^[a-z0-9][a-z0-9_-]{0,62}$", "default": "general"},
                        "language": {"type": "string", "pattern": "^[a-z]{2,3}$", "default": "en"},
                        "specialty": {"type": "string", "pattern": "^([a-z0-9][a-z0-9_-]{0,62})?$", "default": ""},
                    },
                }
            }
        },
    }
}


@router.post(
    "/ingest-upload",
    operation_id="upload_knowledge",
    summary="Teach a file",
    description="202 with the document and where to look; it is indexed in the background. The same file twice is one.",
    status_code=202,
    openapi_extra=UPLOAD,
    responses=problems(
        BadForm, BadLabel, UnknownKind, KindMismatch, TwoKinds, MacrosInside, EncryptedDocument, BrokenArchive,
        NestedArchive, ArchiveTooLarge, EmptyDocument, OversizeDocument, NoRoom, BudgetExhausted,
    ),
)  # fmt: skip
async def ingest_upload(request: Request, assembly: Installed, actor: Writer, response: Response) -> Accepted:
    most = assembly.settings.max_body_bytes
    async with assembly.database.transaction(actor) as db:
        await require_budget(db)
    async with incoming(request, fields=dict.fromkeys(FIELDS, 1_000), limit_bytes=most) as file:
        received = await receive(assembly.database, assembly.objects, actor, file, Labels(**file.fields))
    place = response.headers["Location"] = f"/api/v1/rag/documents/{received.document.id}"
    document = DocumentOut.model_validate(received.document).model_dump()
    return Accepted(**document, known_already=received.known_already, status_url=place)


@router.get("/documents", operation_id="list_knowledge", summary="What was taught")
async def list_documents(
    db: Db,
    actor: Reader,
    sort: By = "-created_at",
    limit: Limit = 50,
    cursor: Cursor = None,
    status: DocumentStatus | None = None,
) -> Page[DocumentOut]:
    """The organization's documents."""
    one = KnowledgeDocument
    by = {"title": alphabetical(func.coalesce(func.nullif(one.title, ""), one.file_name)), "byte_size": one.byte_size}
    listed = await in_order(db, select(one), ordered(sort, cursor), one.id, limit=limit + 1, **by)
    if status is not None:
        listed = listed.where(KnowledgeDocument.status == status)
    rows = (await db.scalars(listed)).all()
    return page([DocumentOut.model_validate(row) for row in rows], [row.id for row in rows], limit)


@router.get(
    "/documents/{document_id}",
    operation_id="get_knowledge",
    summary="One document and its stage",
    responses=problems(NoSuchDocument),
)
async def get_document(document_id: UUID, db: Db, actor: Reader) -> DocumentOut:
    document = await db.get(KnowledgeDocument, document_id)
    if document is None:
        raise NoSuchDocument
    return DocumentOut.model_validate(document)


@router.get(
    "/documents/{document_id}/chunks",
    operation_id="list_chunks",
    summary="The passages of a document, in its order",
    responses=problems(NoSuchDocument, BadCursor),
)
async def list_chunks(
    document_id: UUID, db: Db, actor: Reader, limit: Limit = 50, cursor: Cursor = None
) -> Page[ChunkOut]:
    """As they are searched now; none before the document's text was cut."""
    if await db.get(KnowledgeDocument, document_id) is None:
        raise NoSuchDocument
    one, embedder = KnowledgeChunk, await in_use(db)
    of_document = select(one).where(one.document_id == document_id, one.embedder == embedder.name)
    order = Order("position", descending=False, after=after(cursor))
    listed = await in_order(db, of_document, order, one.id, limit=limit + 1, position=one.position)
    rows = (await db.scalars(listed)).all()
    return page([ChunkOut.model_validate(row) for row in rows], [row.id for row in rows], limit)


@router.post(
    "/documents/{document_id}/retry",
    operation_id="retry_document",
    summary="Index a failed document again",
    status_code=202,
    responses=problems(NoSuchDocument, NotRetryable),
)
async def retry_document(document_id: UUID, db: Db, actor: Writer) -> DocumentOut:
    """For one that failed for a passing reason, as a provider that was away; its `can_retry` is true."""
    return DocumentOut.model_validate(await retry(db, document_id))


@router.delete(
    "/documents/{document_id}",
    operation_id="delete_knowledge",
    summary="Forget a document",
    status_code=204,
    responses=problems(NoSuchDocument),
)
async def delete_document(document_id: UUID, assembly: Installed, actor: Writer) -> None:
    """Delete a document with every chunk of it and its file."""
    await remove(assembly.database, assembly.objects, assembly.knowledge, actor, document_id)
