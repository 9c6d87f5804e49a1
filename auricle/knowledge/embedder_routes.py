"""`/api/v1/rag/embedder`: by which model the organization's knowledge is embedded."""

from typing import Annotated

from fastapi import APIRouter
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.actor import Actor
from auricle.assembly import Assembly
from auricle.billing.budgets.require import BudgetExhausted, require_budget
from auricle.errors import Invalid
from auricle.knowledge.embedder import AlreadyInUse, ChangeRunning, NoChange, cancel, change, embedder_of
from auricle.knowledge.models import EmbedderStatus, KnowledgeEmbedder
from auricle.knowledge.schemas import EmbedderChange, EmbedderIn, EmbedderOut, EmbedderState
from auricle.knowledge.store import INSTALLED, Embedder
from auricle.providers.call import Call, Choice
from auricle.providers.ports import ProviderFailed
from auricle.web.deps import Db, Installed, Requires
from auricle.web.problems import problems

router = APIRouter(prefix="/api/v1/rag/embedder", tags=["knowledge"])

Reader = Annotated[Actor, Requires("providers:read")]
Admin = Annotated[Actor, Requires("providers:write")]
TRIED_WITH = "hearing aid"


class ModelWithoutProvider(Invalid):
    """A model is one of a provider: name that too."""

    code = "knowledge.model_without_provider"


@router.get("", operation_id="get_embedder", summary="The embedder in use, and the last change")
async def get_embedder(db: Db, actor: Reader) -> EmbedderState:
    return await state(db)


@router.put(
    "",
    operation_id="change_embedder",
    summary="Embed the knowledge by another model",
    description="It is tried with two words first. The knowledge is embedded in the background; the model in use "
    "answers until that is done.",
    status_code=202,
    responses=problems(ModelWithoutProvider, ChangeRunning, AlreadyInUse, ProviderFailed, BudgetExhausted),
)
async def change_embedder(body: EmbedderIn, assembly: Installed, actor: Admin) -> EmbedderState:
    async with assembly.database.transaction(actor) as db:
        await require_budget(db)
    embedder = await tried(assembly, actor, body)
    async with assembly.database.transaction(actor) as db:
        await change(db, embedder)
        return await state(db)


@router.delete(
    "/change",
    operation_id="cancel_embedder_change",
    summary="Stop a change; the embedder in use stays",
    responses=problems(NoChange),
)
async def cancel_change(db: Db, actor: Admin) -> EmbedderState:
    await cancel(db)
    return await state(db)


async def tried(assembly: Assembly, actor: Actor, wanted: EmbedderIn) -> Embedder:
    """What was chosen, after it has embedded two words: its model's full name and the length of its vectors."""
    if wanted.provider is None:
        if wanted.model is not None:
            raise ModelWithoutProvider
        return INSTALLED
    call = Call(actor.organization_id, [Choice(wanted.provider, wanted.model)])
    answer = await assembly.router.embed(call, [TRIED_WITH], task="document")
    dimension, served = int(answer.vectors.shape[1]), answer.served
    name = "/".join((served.provider, *filter(None, [served.model]), str(dimension)))
    return Embedder(name, Choice(served.provider, served.model), dimension, wanted.multilingual)


async def state(db: AsyncSession) -> EmbedderState:
    """The embedder in use and the last change, read by one statement: two would let a switch fall between them."""
    standing = KnowledgeEmbedder.status != EmbedderStatus.REPLACED
    latest = (
        select(KnowledgeEmbedder.id).where(standing).order_by(KnowledgeEmbedder.id.desc()).limit(1).scalar_subquery()
    )
    either = or_(KnowledgeEmbedder.status == EmbedderStatus.IN_USE, KnowledgeEmbedder.id == latest)
    rows = list(await db.scalars(select(KnowledgeEmbedder).where(either).order_by(KnowledgeEmbedder.id)))
    last = rows[-1] if rows else None
    used = next((row for row in rows if row.status == EmbedderStatus.IN_USE), None)
    now = embedder_of(used) if used else INSTALLED
    by = now.by
    return EmbedderState(
        in_use=EmbedderOut(
            name=now.name,
            provider=by.provider if by else None,
            model=by.model if by else None,
            dimension=now.dimension,
            multilingual=now.multilingual,
        ),
        change=EmbedderChange.model_validate(last) if last else None,
    )
