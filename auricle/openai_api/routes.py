"""`/v1/chat/completions`, `/v1/models`, `/v1/embeddings`: for programs that speak OpenAI's API, unchanged."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Request, Response

from auricle.actor import Actor
from auricle.agents.models import Agent
from auricle.agents.versions import published_agents
from auricle.billing.budgets.require import BudgetExhausted
from auricle.errors import Forbidden, Invalid
from auricle.openai_api.answers import Completion, Embeddings, Model, Models, Stream, embeddings, whole
from auricle.openai_api.asked import BadConversation, ChatIn, EmbeddingIn, NotOffered, TooMuch
from auricle.openai_api.complete import ToolNotCalled, UnknownModel, Work, begin, find_model, speaking
from auricle.openai_api.embed import TASKS, embed
from auricle.providers.ports import ProviderFailed
from auricle.voice.reply import EmptyAnswer
from auricle.web.deps import Db, Installed, Requires
from auricle.web.idempotency import keep_no_answer
from auricle.web.limits import Limits, QuotaUsed
from auricle.web.problems import openai_errors
from auricle.web.streamed import Streamed

router = APIRouter(prefix="/v1", tags=["openai"])

MOST_MODELS = 1_000
CHARACTERS_A_TOKEN = 4  # where a model did not count, so that its quota is not boundless

User = Annotated[Actor, Requires("openai:use")]


async def charge(request: Request, actor: Actor) -> Limits:
    """Charge a request to the caller's limits of this interface. Raises `RateLimited` or `QuotaUsed`."""
    limits: Limits = request.app.state.limits
    await limits.charge_model(request, actor)
    keep_no_answer(request)  # not even sealed, for whoever repeats a request: nothing of it is stored
    return limits


@router.get(
    "/models",
    operation_id="list_models",
    summary="The published agents and the embedder, as models",
    responses=openai_errors(Forbidden),
)
async def index(db: Db, actor: User) -> Models:
    agents = [as_model(agent) for agent in await published_agents(db, limit=MOST_MODELS)]
    return Models(data=[*agents, *(embedder(name) for name in TASKS)])


@router.get(
    "/models/{model}",
    operation_id="get_model",
    summary="One published agent as a model",
    responses=openai_errors(Forbidden, UnknownModel),
)
async def one(model: Annotated[str, Path(max_length=120)], db: Db, actor: User) -> Model:
    if model in TASKS:
        return embedder(model)
    serving = await find_model(db, model)
    return as_model(await db.get_one(Agent, serving.agent_id))


def as_model(agent: Agent) -> Model:
    return Model(id=agent.slug, created=int(agent.created_at.timestamp()), owned_by="organization")


def embedder(name: str) -> Model:
    return Model(id=name, created=0, owned_by="organization")


@router.post(
    "/chat/completions",
    operation_id="create_chat_completion",
    summary="An agent's answer to a conversation that the caller holds; streamed with `stream`",
    response_model=Completion,
    responses={
        **openai_errors(
            Invalid, Forbidden, UnknownModel, NotOffered, BadConversation, TooMuch, QuotaUsed, ProviderFailed,
            EmptyAnswer, ToolNotCalled, BudgetExhausted,
        ),
        200: {"content": {"text/event-stream": {}}, "description": "The answer."},
    },
)  # fmt: skip
async def chat(body: ChatIn, request: Request, assembly: Installed, actor: User) -> Any:
    limits = await charge(request, actor)
    work = await begin(assembly, actor, body)
    async with AsyncExitStack() as held:
        held.push_async_callback(spend, limits, actor, work)
        sentences = await held.enter_async_context(aclosing(speaking(assembly, work)))
        if body.stream:
            first = await anext(sentences, None)  # what fails at once is still an HTTP error
            with_usage = body.stream_options is not None and bool(body.stream_options.include_usage)
            events = Stream(work, body.model, with_usage=with_usage).events(begun(first, sentences))
            return Streamed(events, held.pop_all())
        async for _ in sentences:
            pass
    return Response(orjson.dumps(whole(work, body.model)), media_type="application/json")


async def begun(first: str | None, rest: AsyncGenerator[str, None]) -> AsyncGenerator[str, None]:
    if first is not None:
        yield first
    async for sentence in rest:
        yield sentence


async def spend(limits: Limits, actor: Actor, work: Work) -> None:
    """Charge what an answer took, however it ended."""
    if work.tokens is not None:
        tokens = sum(work.tokens)
    else:
        tokens = (len(work.conversation.said) + len(work.exchange.text)) // CHARACTERS_A_TOKEN
    await limits.use_tokens(actor, tokens)


@router.post(
    "/embeddings",
    operation_id="create_embedding",
    summary="Texts as vectors, by the organization's embedder",
    response_model=Embeddings,
    responses=openai_errors(
        Invalid, Forbidden, UnknownModel, NotOffered, TooMuch, QuotaUsed, ProviderFailed, BudgetExhausted
    ),
)
async def vectors(body: EmbeddingIn, request: Request, assembly: Installed, actor: User) -> Any:
    limits = await charge(request, actor)
    found, tokens = await embed(assembly, actor, body)
    await limits.use_tokens(actor, tokens or sum(map(len, body.texts())) // CHARACTERS_A_TOKEN)
    answer = embeddings(found, body.model, tokens, packed=body.encoding_format == "base64")
    return Response(orjson.dumps(answer, option=orjson.OPT_SERIALIZE_NUMPY), media_type="application/json")
