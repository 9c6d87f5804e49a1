"""`/api/v1/rag`: teach the organization's agents, look at what they were taught, ask it."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from functools import partial
from typing import Annotated
from uuid import UUID

import orjson
from fastapi import APIRouter, File, Form, Header, Query, UploadFile
from fastapi.responses import StreamingResponse
from sqlalchemy import select

from auricle.actor import Actor
from auricle.assembly import Assembly
from auricle.errors import AuricleError
from auricle.knowledge.answer import Answer, answer
from auricle.knowledge.models import DocumentStatus, KnowledgeDocument
from auricle.knowledge.parse.parsed import (
    MAX_BYTES,
    EmptyDocument,
    KindMismatch,
    OversizeDocument,
    UnknownKind,
)
from auricle.knowledge.receive import BadLabel, NoSuchDocument, Upload, receive, remove
from auricle.knowledge.schemas import (
    Accepted,
    AnswerOut,
    CitationOut,
    DocumentOut,
    Question,
    SearchHit,
    SearchOut,
)
from auricle.knowledge.search import MAX_HITS, MAX_QUERY, EmptyQuestion, Hit, asked, search
from auricle.providers.call import Call
from auricle.providers.ports import LanguageRequest, ProviderFailed, TextDelta
from auricle.web.deps import Db, Installed, Requires
from auricle.web.paging import Cursor, Limit, Page, after, page
from auricle.web.problems import problems

router = APIRouter(prefix="/api/v1/rag", tags=["knowledge"])

Reader = Annotated[Actor, Requires("knowledge:read")]
Writer = Annotated[Actor, Requires("knowledge:write")]
EVENT_STREAM = "text/event-stream"


@router.post(
    "/ingest-upload",
    status_code=202,
    responses=problems(UnknownKind, KindMismatch, EmptyDocument, OversizeDocument, BadLabel),
)
async def ingest_upload(
    assembly: Installed,
    actor: Writer,
    file: Annotated[UploadFile, File(description="A .txt, .md or .pdf file.")],
    title: Annotated[str, Form(max_length=300)] = "",
    collection: Annotated[str, Form(max_length=63)] = "general",
    language: Annotated[str, Form(max_length=3)] = "en",
) -> Accepted:
    """Take a file in; it is indexed in the background, see `status` and `percent` of the document."""
    data = await file.read(MAX_BYTES + 1)  # one more than allowed tells that there is more
    upload = Upload(file.filename or "", data, title, collection, language)
    received = await receive(assembly.database, assembly.objects, actor, upload)
    document = Accepted.model_validate(received.document)
    return document.model_copy(update={"known_already": received.known_already})


@router.get("/documents")
async def list_documents(
    db: Db,
    actor: Reader,
    limit: Limit = 50,
    cursor: Cursor = None,
    status: DocumentStatus | None = None,
) -> Page[DocumentOut]:
    """The organization's documents, newest first."""
    listed = select(KnowledgeDocument).order_by(KnowledgeDocument.id.desc()).limit(limit + 1)
    if (last := after(cursor)) is not None:
        listed = listed.where(KnowledgeDocument.id < last)
    if status is not None:
        listed = listed.where(KnowledgeDocument.status == status)
    rows = (await db.scalars(listed)).all()
    return page([DocumentOut.model_validate(row) for row in rows], [row.id for row in rows], limit)


@router.get("/documents/{document_id}", responses=problems(NoSuchDocument))
async def get_document(document_id: UUID, db: Db, actor: Reader) -> DocumentOut:
    document = await db.get(KnowledgeDocument, document_id)
    if document is None:
        raise NoSuchDocument
    return DocumentOut.model_validate(document)


@router.delete("/documents/{document_id}", status_code=204, responses=problems(NoSuchDocument))
async def delete_document(document_id: UUID, assembly: Installed, actor: Writer) -> None:
    """Delete a document with every chunk of it and its file."""
    await remove(assembly.database, assembly.objects, assembly.knowledge, actor, document_id)


@router.get("/search", responses=problems(EmptyQuestion))
async def search_knowledge(
    assembly: Installed,
    actor: Reader,
    q: Annotated[str, Query(min_length=1, max_length=MAX_QUERY)],
    k: Annotated[int, Query(ge=1, le=MAX_HITS)] = 5,
    collection: Annotated[str | None, Query(max_length=63)] = None,
) -> SearchOut:
    """The best chunks for a question, and whether they hold what was asked."""
    found = await search(assembly.knowledge, actor, q, k, collection=collection)
    return SearchOut(known=found.verdict.level, suggestion=found.verdict.suggestion, hits=list(map(_hit, found.hits)))


@router.post(
    "/answer",
    response_model=AnswerOut,
    responses={**problems(EmptyQuestion, ProviderFailed), 200: {"content": {EVENT_STREAM: {}}}},
)
async def answer_question(
    body: Question,
    assembly: Installed,
    actor: Reader,
    accept: Annotated[str, Header(include_in_schema=False)] = "",
) -> AnswerOut | StreamingResponse:
    """Answer from the knowledge, with citations. As server-sent events (`delta`, `answer`, `error`) when asked for."""
    generate = partial(_generated, assembly, actor, body.language or "en")
    pieces = answer(
        assembly.knowledge,
        actor,
        asked(body.question),
        generate,
        k=body.k,
        language=body.language,
        collection=body.collection,
    )
    if EVENT_STREAM in accept:
        return StreamingResponse(
            _events(pieces), media_type=EVENT_STREAM, headers={"cache-control": "no-store", "x-accel-buffering": "no"}
        )
    async with aclosing(pieces):
        async for piece in pieces:
            if isinstance(piece, Answer):
                return _answer(piece)
    raise ProviderFailed


def _generated(
    assembly: Assembly, actor: Actor, language: str, request: LanguageRequest
) -> AsyncGenerator[object, None]:
    call = Call(actor.organization_id, language=language)
    return assembly.router.generate(call, request)


async def _events(pieces: AsyncGenerator[TextDelta | Answer, None]) -> AsyncIterator[bytes]:
    """Server-sent events. A failure after the stream has begun is told in the stream, with its code."""
    async with aclosing(pieces):
        try:
            async for piece in pieces:
                if isinstance(piece, TextDelta):
                    yield _sse("delta", {"text": piece.text})
                else:
                    yield _sse("answer", _answer(piece).model_dump(mode="json"))
        except AuricleError as error:
            yield _sse("error", {"error_code": error.code, "message": error.message})


def _sse(event: str, data: dict[str, object]) -> bytes:
    return b"event: " + event.encode() + b"\ndata: " + orjson.dumps(data) + b"\n\n"


def _answer(whole: Answer) -> AnswerOut:
    return AnswerOut(
        answer=whole.text,
        known=whole.level,
        citations=[CitationOut.model_validate(citation) for citation in whole.citations],
    )


def _hit(hit: Hit) -> SearchHit:
    chunk = hit.chunk
    return SearchHit(
        chunk_id=chunk.id,
        document_id=chunk.document_id,
        title=chunk.title,
        section=chunk.section,
        page=chunk.page,
        start=chunk.start,
        end=chunk.end,
        text=chunk.text,
        score=round(hit.score, 4),
    )
