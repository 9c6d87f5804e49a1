"""`/api/v1/rag`: search what the organization's agents were taught, and ask it."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import asdict
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Header, Query
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime

from auricle.actor import Actor
from auricle.assembly import Assembly
from auricle.billing.budgets.require import BudgetExhausted, require_budget
from auricle.knowledge.admission import spoken_in
from auricle.knowledge.answer import Answer, answer
from auricle.knowledge.emergencies import emergency_in, scripted
from auricle.knowledge.highlight import highlights
from auricle.knowledge.only import Only
from auricle.knowledge.schemas import (
    AnswerOut,
    CitationOut,
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
from auricle.web.deps import Db, Installed, Requires
from auricle.web.problems import problems
from auricle.web.streaming import EVENT_STREAM, NOT_KEPT, streamed

router = APIRouter(prefix="/api/v1/rag", tags=["knowledge"])

Reader = Annotated[Actor, Requires("knowledge:read")]
Writer = Annotated[Actor, Requires("knowledge:write")]


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
