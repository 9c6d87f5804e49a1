"""`/api/v1/rag`: teach the organization's agents, look at what they were taught, ask it."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import asdict
from functools import partial
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime
from sqlalchemy import func, select

from auricle.actor import Actor
from auricle.assembly import Assembly
from auricle.billing.budgets.require import BudgetExhausted, require_budget
from auricle.db.keyset import alphabetical, in_order
from auricle.knowledge.admission import spoken_in
from auricle.knowledge.answer import Answer, answer
from auricle.knowledge.emergencies import emergency_in, scripted
from auricle.knowledge.highlight import highlights
from auricle.knowledge.models import DocumentStatus, KnowledgeDocument
from auricle.knowledge.only import Only
from auricle.knowledge.receive import BadLabel, Labels, NoSuchDocument, NotRetryable, receive, remove, retry
from auricle.knowledge.schemas import (
    Accepted,
    AnswerOut,
    CitationOut,
    DocumentOut,
    OwnThresholds,
    Question,
    SearchHit,
    SearchOut,
    SearchSettings,
    SearchSettingsOut,
)
from auricle.knowledge.search import MAX_HITS, MAX_QUERY, EmptyQuestion, Hit, asked, search
from auricle.knowledge.tuning import Strictness, ThresholdsCrossed, Tuning, tune, tuning
from auricle.providers.call import Call
from auricle.providers.ports import LanguageRequest, ProviderFailed, TextDelta
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
from auricle.web.paging import Cursor, Limit, Page, Sort, ordered, page
from auricle.web.problems import problems
from auricle.web.streaming import EVENT_STREAM, NOT_KEPT, streamed

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


@router.get(
    "/search",
    operation_id="search_knowledge",
    summary="Passages for a question",
    responses=problems(EmptyQuestion),
)
async def search_knowledge(
    assembly: Installed,
    actor: Reader,
    q: Annotated[str, Query(min_length=1, max_length=MAX_QUERY)],
    k: Annotated[int, Query(ge=1, le=MAX_HITS)] = 5,
    collection: Annotated[str | None, Query(max_length=63)] = None,
    language: Annotated[str | None, Query(pattern="^[a-z]{2,3}$")] = None,
    specialty: Annotated[str | None, Query(max_length=63)] = None,
    since: Annotated[AwareDatetime | None, Query(description="Documents live since then.")] = None,
    until: Annotated[AwareDatetime | None, Query(description="Documents live by then.")] = None,
    rerank: Annotated[bool, Query(description="By a provider, where one is set up for it.")] = True,
) -> SearchOut:
    """The best chunks for a question, and whether they hold what was asked."""
    only = Only(collection, language, specialty, since, until)
    found = await search(assembly.knowledge, actor, q, k, only=only, rerank=rerank, patient_id=actor.patient_id)
    hits = [_hit(hit, f"{q[:MAX_QUERY]} {found.meant}") for hit in found.hits]
    return SearchOut(known=found.verdict.level, suggestion=found.verdict.suggestion, degraded=found.degraded, hits=hits)


@router.get("/settings", operation_id="get_search_settings", summary="How the knowledge is searched")
async def get_settings(db: Db, assembly: Installed, actor: Reader) -> SearchSettingsOut:
    return _settings(await tuning(db), assembly)


@router.put(
    "/settings",
    operation_id="set_search_settings",
    summary="Say how strict answers are to be, and whether a provider reranks",
    responses=problems(ThresholdsCrossed),
)
async def set_settings(body: SearchSettings, db: Db, assembly: Installed, actor: Writer) -> SearchSettingsOut:
    own = body.thresholds.model_dump(exclude_none=True) if body.strictness is Strictness.OWN else {}
    wanted = Tuning(body.strictness, tuple(sorted(own.items())), body.rerank)
    await tune(db, actor, wanted, assembly.knowledge.thresholds)
    return _settings(wanted, assembly)


def _settings(own: Tuning, assembly: Assembly) -> SearchSettingsOut:
    return SearchSettingsOut(
        strictness=own.strictness,
        thresholds=OwnThresholds(**dict(own.own)),
        rerank=own.rerank,
        effective=asdict(own.over(assembly.knowledge.thresholds)),
    )


@router.post(
    "/answer",
    operation_id="answer_question",
    summary="An answer from the knowledge, with its sources",
    response_model=AnswerOut,
    responses={**problems(EmptyQuestion, ProviderFailed, BudgetExhausted), 200: {"content": {EVENT_STREAM: {}}}},
)
async def answer_question(
    body: Question,
    assembly: Installed,
    actor: Reader,
    accept: Annotated[str, Header(include_in_schema=False)] = "",
) -> AnswerOut | StreamingResponse:
    """Answer from the knowledge, with citations; an emergency in the question with its script, whatever else is asked.

    As server-sent events (`delta`, `answer`, `error`) when asked for.
    """
    language = body.language or spoken_in(body.question)
    if script := await emergency_in(assembly.database, actor, body.question, language):
        pieces = scripted(script)
    else:
        async with assembly.database.transaction(actor) as db:
            await require_budget(db)
        pieces = answer(
            assembly.knowledge,
            actor,
            asked(body.question),
            partial(_generated, assembly, actor, language),
            k=body.k,
            language=language,
            only=Only(body.collection, body.only_language, body.specialty, body.since, body.until),
        )
    if EVENT_STREAM in accept:
        return StreamingResponse(streamed(_told(pieces)), media_type=EVENT_STREAM, headers=NOT_KEPT)
    async with aclosing(pieces):
        async for piece in pieces:
            if isinstance(piece, Answer):
                return _answer(piece)
    raise ProviderFailed


def _generated(
    assembly: Assembly, actor: Actor, language: str, request: LanguageRequest
) -> AsyncGenerator[object, None]:
    call = Call(actor.organization_id, language=language, patient_id=actor.patient_id)
    return assembly.router.generate(call, request)


async def _told(pieces: AsyncGenerator[TextDelta | Answer, None]) -> AsyncIterator[tuple[str, dict[str, object]]]:
    async with aclosing(pieces):
        async for piece in pieces:
            if isinstance(piece, TextDelta):
                yield "delta", {"text": piece.text}
            else:
                yield "answer", _answer(piece).model_dump(mode="json")


def _answer(whole: Answer) -> AnswerOut:
    return AnswerOut(
        answer=whole.text,
        known=whole.level,
        red_flag=whole.red_flag,
        degraded=whole.degraded,
        citations=[CitationOut.model_validate(citation) for citation in whole.citations],
    )


def _hit(hit: Hit, question: str) -> SearchHit:
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
        highlights=highlights(chunk.text, question),
        score=round(hit.score, 4),
    )
