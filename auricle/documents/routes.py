"""`/api/v1/documents`: files of patients, their text, and links to download them."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response, status
from fastapi.responses import StreamingResponse
from sqlalchemy import select

from auricle.actor import Actor
from auricle.billing.budgets.require import BudgetExhausted
from auricle.channels.sound_files import av_module
from auricle.consent.holds import OnHold
from auricle.db.sealed import Forgotten
from auricle.documents.link import LONGEST_LINK, BadLink, LinkExpired, follow, make_link
from auricle.documents.models import DocumentStatus
from auricle.documents.read import (
    NotExtracted,
    find_document,
    list_documents,
    named,
    read_document,
    read_text,
)
from auricle.documents.receive import About, TooManyDocuments, WhoseDocument, again, receive
from auricle.documents.remove import delete_document
from auricle.documents.schemas import Accepted, Deleted, DocumentOut, LinkOut, ParagraphOut, TextOut
from auricle.errors import Forbidden, Invalid, NotFound
from auricle.notes.models import Note, NoteStatus
from auricle.storage.objects import ObjectMissing, ObjectsUnavailable
from auricle.uploads.kinds import EXTENSIONS, SOUNDS, Kind
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
from auricle.web.deps import Caller, Db, Installed, Requires
from auricle.web.paging import ByAge, Cursor, Limit, Page, ordered, page
from auricle.web.problems import problems

router = APIRouter(prefix="/api/v1/documents", tags=["documents"])

Reader = Annotated[Actor, Requires("documents:read")]
Writer = Annotated[Actor, Requires("documents:write")]
FIELDS = {"patient_id": 36, "consultation_id": 36, "language": 3}
LANGUAGE = re.compile("[a-z]{2,3}")
MOST_NOTES = 200
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
                            "description": "A .pdf, .docx, .txt, .md, .html, .csv or .tsv file, or sound: .wav, and "
                            ".mp3, .m4a, .ogg, .webm or .flac where the installation reads them.",
                        },
                        "patient_id": {"type": "string", "format": "uuid"},
                        "consultation_id": {
                            "type": "string",
                            "format": "uuid",
                            "description": "A consultation that it belongs to; then its patient need not be named.",
                        },
                        "language": {
                            "type": "string",
                            "pattern": "^[a-z]{2,3}$",
                            "description": "What is spoken in it; unset: the patient's language.",
                        },
                    },
                }
            }
        },
    }
}


class BadField(Invalid):
    """Ids are UUIDs, and a language is a code like `en`."""

    code = "document.bad_field"


def kinds_taken() -> Mapping[str, Kind]:
    """Without the package for other sounds (`auricle[media]`) only WAV can be heard."""
    return {**EXTENSIONS, **(SOUNDS if av_module() is not None else {".wav": "wav"})}


def about(fields: Mapping[str, str]) -> About:
    """Whose a file is, from a form. Raises `BadField`."""
    try:
        patient_id, consultation_id = (
            UUID(fields[name]) if fields.get(name) else None for name in ("patient_id", "consultation_id")
        )
    except ValueError:
        raise BadField from None
    language = fields.get("language") or None
    if language is not None and not LANGUAGE.fullmatch(language):
        raise BadField(field="language")
    return About(patient_id, consultation_id, language)


@router.post(
    "/upload",
    operation_id="upload_document",
    summary="Keep a file of a patient",
    description="202 with the document and where to look; it is read in the background. The same file twice is one.",
    status_code=status.HTTP_202_ACCEPTED,
    openapi_extra=UPLOAD,
    responses=problems(
        Forbidden, NotFound, BadForm, BadField, WhoseDocument, TooManyDocuments, UnknownKind, KindMismatch, TwoKinds,
        MacrosInside, EncryptedDocument, BrokenArchive, NestedArchive, ArchiveTooLarge, EmptyDocument,
        OversizeDocument, NoRoom, ObjectsUnavailable, BudgetExhausted, Forgotten,
    ),
)  # fmt: skip
async def upload(request: Request, assembly: Installed, actor: Writer, response: Response) -> Accepted:
    most = assembly.settings.max_body_bytes
    async with incoming(request, fields=FIELDS, limit_bytes=most, kinds=kinds_taken()) as file:
        received = await receive(assembly, actor, file, about(file.fields))
    async with assembly.database.transaction(actor) as db:
        told = DocumentOut.of((await named(db, assembly.keyring, [received.document]))[0])
    place = response.headers["Location"] = f"/api/v1/documents/{told.id}"
    return Accepted(**told.model_dump(), known_already=received.known_already, status_url=place)


@router.get("", operation_id="list_documents", summary="Documents", responses=problems(Forbidden))
async def index(
    db: Db,
    assembly: Installed,
    actor: Reader,
    patient_id: UUID | None = None,
    consultation_id: UUID | None = None,
    status: DocumentStatus | None = None,
    sort: ByAge = "-created_at",
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Page[DocumentOut]:
    rows = await list_documents(
        db,
        assembly.keyring,
        patient_id=patient_id,
        consultation_id=consultation_id,
        status=status,
        order=ordered(sort, cursor),
        limit=limit + 1,
    )
    return page([DocumentOut.of(row) for row in rows], [row.document.id for row in rows], limit)


@router.get(
    "/{document_id}",
    operation_id="get_document",
    summary="A document, and how far its reading is",
    responses=problems(Forbidden, NotFound),
)
async def get(document_id: UUID, db: Db, assembly: Installed, actor: Reader) -> DocumentOut:
    return DocumentOut.of(await read_document(db, assembly.keyring, document_id))


@router.post(
    "/{document_id}/process",
    operation_id="process_document",
    summary="Read a document again that could not be read",
    description="For one that failed; any other stays as it is, so that asking twice changes nothing.",
    status_code=status.HTTP_202_ACCEPTED,
    responses=problems(Forbidden, NotFound),
)
async def process(document_id: UUID, db: Db, assembly: Installed, actor: Writer) -> DocumentOut:
    document = await again(db, await find_document(db, document_id, lock=True))
    return DocumentOut.of((await named(db, assembly.keyring, [document]))[0])


@router.get(
    "/{document_id}/text",
    operation_id="read_document_text",
    summary="What a document says, by paragraph",
    responses=problems(Forbidden, NotFound, NotExtracted, Forgotten),
)
async def text(
    document_id: UUID,
    db: Db,
    assembly: Installed,
    actor: Reader,
    after: Annotated[int, Query(ge=0, le=1_000_000, description="The paragraph after which to read on.")] = 0,
    limit: Annotated[int, Query(ge=1, le=1_000, description="Paragraphs at the most.")] = 200,
) -> TextOut:
    paragraphs = await read_text(db, assembly.keyring, document_id)
    shown = paragraphs[after : after + limit]
    more = after + limit < len(paragraphs)
    return TextOut(
        document_id=document_id,
        paragraphs=[ParagraphOut.of(one) for one in shown],
        next=after + limit if more else None,
    )


@router.post(
    "/{document_id}/link",
    operation_id="link_document",
    summary="A link that downloads the file for a short while",
    description="Bound to your own sign-in: it ends with it. Making and using it are audited.",
    responses=problems(Forbidden, NotFound),
)
async def link(document_id: UUID, db: Db, assembly: Installed, actor: Reader) -> LinkOut:
    made = await make_link(db, assembly.keyring.link_secret, document_id)
    return LinkOut(
        url=f"/api/v1/documents/{document_id}/file?link={made.text}",
        expires_at=datetime.fromtimestamp(made.expires_at, UTC),
    )


@router.get(
    "/{document_id}/file",
    operation_id="download_document",
    summary="The file behind a link",
    response_class=StreamingResponse,
    responses={
        **problems(BadLink, LinkExpired, Forbidden, NotFound, Forgotten, ObjectMissing, ObjectsUnavailable),
        200: {
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
            "description": "The file as it was sent.",
        },
    },
)
async def file(
    document_id: UUID,
    assembly: Installed,
    seen: Caller,
    link: Annotated[str, Query(max_length=LONGEST_LINK, description="As `/link` gave it.")] = "",
) -> StreamingResponse:
    found = await follow(assembly, seen, document_id, link)
    plain = f"document-{document_id}.{found.document.kind}"
    headers = {
        "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(found.name)}",
        "Content-Length": str(found.document.byte_size),
    }
    return StreamingResponse(found.pieces(), media_type=found.document.media_type, headers=headers)


@router.delete(
    "/{document_id}",
    operation_id="delete_document",
    summary="Delete a document with its file and its text",
    description="Notes that were written from it stay, with the passages that they cite; they are named.",
    responses=problems(Forbidden, NotFound, OnHold),
)
async def delete(document_id: UUID, db: Db, actor: Writer) -> Deleted:
    await delete_document(db, document_id)
    notes = select(Note.id).where(Note.document_id == document_id, Note.status != NoteStatus.DELETED)
    return Deleted(id=document_id, notes=list(await db.scalars(notes.order_by(Note.id).limit(MOST_NOTES))))
