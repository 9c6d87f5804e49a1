"""The clinical paths: `/soap`, `/ner`, `/pii`, and the port's own questions for `ai/remote.py`."""

from collections.abc import Callable, Coroutine, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.routing import APIRoute

from auricle.ai import wire
from auricle.ai.limits import AmbiguousUtterances, TextTooLarge
from auricle.ai.local import UnknownTemplate
from auricle.ai.port import AIUnavailable, Busy, Entity, Masked
from auricle.ai_service.bodies import ContextAnswer, Entities, Findings, NoteAnswer, NoteRequest, Personal, Source
from auricle.ai_service.engine import Engine, TookTooLong
from auricle.web.problems import problems
from auricle.web.strict import check_body


class Route(APIRoute):
    """Takes a request only where there is room for it, and reads its body as it is written.

    Both before FastAPI reads it: no more bodies are held than may wait, and what is wrong with one is our error.
    """

    __hash__ = object.__hash__  # lost by Starlette's `__eq__`; what `check_body` works out is kept by the route

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            engine = await engine_of(request)
            async with engine.taking():
                await request.body()
                await check_body(request)
                return await handler(request)

        return handle


router = APIRouter(route_class=Route)

REFUSALS = problems(TextTooLarge, AmbiguousUtterances, Busy, AIUnavailable, TookTooLong)


async def engine_of(request: Request) -> Engine:
    engine: Engine = request.app.state.engine
    return engine


Installed = Annotated[Engine, Depends(engine_of)]


@router.post(
    "/soap/generate",
    tags=["soap"],
    operation_id="generate_note",
    summary="From what was said to a judged draft: mask, entities, draft, judge",
    responses={**REFUSALS, **problems(TextTooLarge, UnknownTemplate, AmbiguousUtterances)},
)
async def generate(body: NoteRequest, engine: Installed, request: Request) -> NoteAnswer:
    async def whole() -> NoteAnswer:
        masked = await engine.ai.mask(body.said, body.known)
        entities = await engine.ai.entities(masked.utterances)
        draft = await engine.ai.write(masked.utterances, entities, body.template)
        judged = await engine.ai.judge(draft, masked.utterances, entities)
        return NoteAnswer(masked=masked, entities=entities, judged=judged, method=draft.method, model=draft.model)

    return await engine.worked(request, whole())


@router.post(
    "/ner/extract",
    tags=["ner"],
    operation_id="extract_entities",
    summary="Clinical entities of a text as it is, with negation, experiencer, time and side",
    responses=REFUSALS,
)
async def extract(body: Source, engine: Installed, request: Request) -> Entities:
    return Entities(entities=await engine.worked(request, engine.ai.entities(body.said)))


@router.post(
    "/ner/context",
    tags=["ner"],
    operation_id="note_context",
    summary="The `context_data` of a note: masked, then the entities, and what is present and absent",
    responses=REFUSALS,
)
async def context(body: Personal, engine: Installed, request: Request) -> ContextAnswer:
    async def whole() -> ContextAnswer:
        masked = await engine.ai.mask(body.said, body.known)
        return told(masked, await engine.ai.entities(masked.utterances))

    return await engine.worked(request, whole())


@router.post(
    "/pii/analyze",
    tags=["pii"],
    operation_id="analyze_pii",
    summary="Identifiers where they stand; nothing is hidden",
    responses=REFUSALS,
)
async def analyzed(body: Personal, engine: Installed, request: Request) -> Findings:
    return Findings(findings=await engine.worked(request, engine.ai.analyze(body.said, body.known)))


@router.post(
    "/pii/anonymize",
    tags=["pii"],
    operation_id="anonymize",
    summary="Masks in place of identifiers, and the way back",
    description="`originals` leads from masks to what they hide: whoever stores it seals it.",
    responses=REFUSALS,
)
async def anonymize(body: Personal, engine: Installed, request: Request) -> Masked:
    return await engine.worked(request, engine.ai.mask(body.said, body.known))


@router.post(
    "/pii/quick-anonymize",
    tags=["pii"],
    operation_id="quick_anonymize",
    summary="The same by shape alone: numbers, dates, e-mail, addresses of machines",
    description="Fast and without any list. Names and places stay: this is not enough before a text leaves.",
    responses=REFUSALS,
)
async def quick(body: Source, engine: Installed, request: Request) -> Masked:
    return await engine.worked(request, engine.ai.mask_structured(body.said))


def told(masked: Masked, entities: Sequence[Entity]) -> ContextAnswer:
    present: dict[str, list[str]] = {}
    absent: dict[str, list[str]] = {}
    for entity in entities:
        if entity.experiencer != "patient":
            continue
        words = " ".join(part for part in (entity.name, entity.value, entity.side and f"({entity.side})") if part)
        names = (absent if entity.negated else present).setdefault(entity.kind, [])
        if words not in names:
            names.append(words)
    return ContextAnswer(masked=masked, context_data=entities, present=present, absent=absent)


def add_step(step: wire.Step) -> None:
    """A question of the port, as it is."""

    async def ask(body: Any, engine: Installed, request: Request) -> Any:
        question = getattr(engine.ai, step.name)
        return await engine.worked(request, question(**{name: getattr(body, name) for name in step.body.model_fields}))

    ask.__annotations__.update({"body": step.body, "return": step.answer._type})
    router.add_api_route(
        step.path,
        ask,
        methods=["POST"],
        tags=["port"],
        operation_id=f"ask_{step.name}",
        summary=f"`ClinicalAI.{step.name}`, for Auricle's own processes",
        response_model=None,
        responses={**REFUSALS, **problems(TextTooLarge, UnknownTemplate, AmbiguousUtterances)},
    )


for one in wire.STEPS:
    add_step(one)
