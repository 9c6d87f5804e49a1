"""`/api/v1/rag/query`, `/rag/similar`, `/rag/embed`: approved notes, searched"""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from datetime import datetime
from functools import partial
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Header, Query, status
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from auricle.actor import Actor
from auricle.assembly import Assembly
from auricle.billing.budgets.require import BudgetExhausted, require_budget
from auricle.errors import Forbidden, NotFound
from auricle.knowledge.admission import spoken_in
from auricle.knowledge.search import EmptyQuestion
from auricle.notes.passages import MOST_NAMED, embed_all_later
from auricle.notes.similar import MIN_SIMILARITY, SIMILAR, NotEmbedded, NotesAnswer, ask, similar
from auricle.patients.create import find_patient
from auricle.providers.call import Call
from auricle.providers.ports import LanguageRequest, ProviderFailed, TextDelta
from auricle.web.deps import Db, Installed, Requires
from auricle.web.problems import problems
from auricle.web.streaming import EVENT_STREAM, NOT_KEPT, streamed

router = APIRouter(prefix="/api/v1/rag", tags=["notes"])

Reader = Annotated[Actor, Requires("notes:read")]
Writer = Annotated[Actor, Requires("notes:write")]


class NotesQuestion(BaseModel):
    model_config = ConfigDict(extra="forbid")

    question: str = Field(min_length=1, max_length=2_000, examples=["Which tablets did she take in spring?"])
    patient_id: UUID | None = Field(None, description="Only this patient's notes.")
    language: str | None = Field(None, pattern="^[a-z]{2,3}$")
    k: int = Field(5, ge=1, le=20)


class NoteCitation(BaseModel):
    """A verbatim span of a signed statement, masked: what `[number]` in the answer points at."""

    model_config = ConfigDict(from_attributes=True)

    number: int
    note_id: UUID
    statement_id: UUID
    patient_id: UUID
    section: str
    quote: str
    approved_at: datetime


class NotesAnswerOut(BaseModel):
    answer: str
    known: Literal["answer", "unknown"]
    citations: list[NoteCitation]


class SimilarNote(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    note_id: UUID
    patient_id: UUID
    consultation_id: UUID | None
    approved_at: datetime
    similarity: float


class SimilarNotes(BaseModel):
    notes: list[SimilarNote]


class Embedding(BaseModel):
    model_config = ConfigDict(extra="forbid")

    note_ids: list[UUID] = Field([], max_length=MOST_NAMED, description="Empty: every signed note that lacks it.")


@router.post(
    "/query",
    operation_id="query_notes",
    summary="Answer a question from approved notes, with citations",
    description="As server-sent events (`delta`, `answer`, `error`) where they are asked for. Everything is masked.",
    response_model=NotesAnswerOut,
    responses={
        **problems(Forbidden, NotFound, EmptyQuestion, ProviderFailed, BudgetExhausted),
        200: {"content": {EVENT_STREAM: {}}},
    },
)
async def query(
    body: NotesQuestion,
    assembly: Installed,
    actor: Reader,
    accept: Annotated[str, Header(include_in_schema=False)] = "",
) -> NotesAnswerOut | StreamingResponse:
    language = body.language or spoken_in(body.question)
    generate = partial(_generated, assembly, actor, language, body.patient_id)
    async with assembly.database.transaction(actor) as db:  # before a stream begins, whose status can no longer say so
        if body.patient_id is not None:
            await find_patient(db, body.patient_id)
        await require_budget(db)
    pieces = ask(assembly, actor, body.question, generate, patient_id=body.patient_id, language=language, k=body.k)
    if EVENT_STREAM in accept:
        return StreamingResponse(streamed(_told(pieces)), media_type=EVENT_STREAM, headers=NOT_KEPT)
    async with aclosing(pieces):
        async for piece in pieces:
            if isinstance(piece, NotesAnswer):
                return _answer(piece)
    raise ProviderFailed


@router.get(
    "/similar",
    operation_id="list_similar_notes",
    summary="Approved notes like one",
    responses=problems(Forbidden, NotFound, NotEmbedded),
)
async def alike(
    note_id: UUID,
    db: Db,
    assembly: Installed,
    actor: Reader,
    limit: Annotated[int, Query(ge=1, le=50)] = SIMILAR,
    min_similarity: Annotated[float, Query(ge=0, le=1)] = MIN_SIMILARITY,
) -> SimilarNotes:
    found = await similar(assembly, db, note_id, limit=limit, at_least=min_similarity)
    return SimilarNotes(notes=[SimilarNote.model_validate(one) for one in found])


@router.post(
    "/embed",
    operation_id="embed_notes",
    summary="Index approved notes, or index them anew",
    status_code=status.HTTP_202_ACCEPTED,
    responses=problems(Forbidden, NotFound, BudgetExhausted),
)
async def embed(body: Embedding, db: Db, actor: Writer) -> None:
    """Done in the background. A note that is not signed, or whose patient does not agree to AI, is passed over."""
    await require_budget(db)
    await embed_all_later(db, body.note_ids)


def _generated(
    assembly: Assembly, actor: Actor, language: str, patient_id: UUID | None, request: LanguageRequest
) -> AsyncGenerator[object, None]:
    call = Call(actor.organization_id, language=language, patient_id=patient_id)
    return assembly.router.generate(call, request)


async def _told(pieces: AsyncGenerator[TextDelta | NotesAnswer, None]) -> AsyncIterator[tuple[str, dict[str, object]]]:
    async with aclosing(pieces):
        async for piece in pieces:
            if isinstance(piece, TextDelta):
                yield "delta", {"text": piece.text}
            else:
                yield "answer", _answer(piece).model_dump(mode="json")


def _answer(whole: NotesAnswer) -> NotesAnswerOut:
    citations = [NoteCitation.model_validate(one) for one in whole.citations]
    return NotesAnswerOut(answer=whole.text, known=whole.level, citations=citations)
