"""Which embedder an organization's knowledge is searched by, and the change to another.

The new one's vectors are made beside the old ones by a job (`reembed.py`); until the one transaction that switches,
every question and every chunk is compared by the old one. Vectors that nobody uses any more go some time later, when no
search can be under way among them.
"""

from collections.abc import Awaitable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal, Protocol
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.db.base import new_id
from auricle.db.session import actor_of
from auricle.errors import Conflict, Misconfigured, NotFound
from auricle.jobs.queue import enqueue
from auricle.knowledge.models import EmbedderStatus, KnowledgeEmbedder
from auricle.knowledge.store import INSTALLED, Embedder, Floats
from auricle.live.events import publish
from auricle.providers.call import Choice

REMOVED_AFTER = timedelta(minutes=5)  # longer than any search takes

Row = KnowledgeEmbedder


class Embed(Protocol):
    """Embeds texts for an organization, by one provider where `by` names it, else by the installation's. `patient_id`
    is who asks, whom the provider may not be told."""

    def __call__(
        self,
        texts: Sequence[str],
        *,
        task: Literal["query", "document"],
        organization_id: UUID | None,
        by: Choice | None = None,
        patient_id: UUID | None = None,
    ) -> Awaitable[Floats]: ...


class ChangeRunning(Conflict):
    """The knowledge is being embedded anew already; cancel that first."""

    code = "knowledge.embedder_change_running"


class NoChange(NotFound):
    """The knowledge is not being embedded anew."""

    code = "knowledge.no_embedder_change"


class AlreadyInUse(Conflict):
    """The knowledge is embedded by this model already."""

    code = "knowledge.embedder_in_use"


class WrongDimension(Misconfigured):
    """The embedder's vectors are not as long as those that it made before."""

    code = "knowledge.wrong_dimension"
    retryable = False


async def in_use(db: AsyncSession) -> Embedder:
    """The embedder of the organization's vectors."""
    row = await db.scalar(select(Row).where(Row.status == EmbedderStatus.IN_USE))
    return embedder_of(row) if row else INSTALLED


async def wanted(db: AsyncSession) -> list[Embedder]:
    """The one in use, and the one that is to replace it: what is embedded now must be found after the switch too."""
    building = await db.scalar(select(Row).where(Row.status == EmbedderStatus.BUILDING))
    return [await in_use(db), *([embedder_of(building)] if building else [])]


def embedder_of(row: KnowledgeEmbedder) -> Embedder:
    by = None if row.provider is None else Choice(row.provider, row.model)
    return Embedder(row.name, by, row.dimension, row.multilingual)


async def embedded(
    embed: Embed,
    embedder: Embedder,
    texts: Sequence[str],
    *,
    task: Literal["query", "document"],
    organization_id: UUID | None,
    patient_id: UUID | None = None,
) -> Floats:
    """Vectors by one embedder and no other.

    Raises:
        WrongDimension, ProviderFailed
    """
    if embedder.by is None:
        vectors = await embed(texts, task=task, organization_id=organization_id)
    else:
        about = {} if patient_id is None else {"patient_id": patient_id}
        vectors = await embed(texts, task=task, organization_id=organization_id, by=embedder.by, **about)
    if vectors.shape != (len(texts), embedder.dimension):
        raise WrongDimension(dimension=vectors.shape[-1], wanted=embedder.dimension)
    return vectors


async def change(db: AsyncSession, embedder: Embedder) -> KnowledgeEmbedder:
    """Begin to embed the organization's knowledge by another embedder.

    Raises:
        ChangeRunning, AlreadyInUse
    """
    await one_at_a_time(db)
    rows = {row.status: row for row in await db.scalars(select(Row).where(Row.status.in_(("building", "in_use"))))}
    if EmbedderStatus.BUILDING in rows:
        raise ChangeRunning
    old = rows.get(EmbedderStatus.IN_USE)
    if (old.name if old else INSTALLED.name) == embedder.name:
        raise AlreadyInUse
    if old is None:
        db.add(_row(INSTALLED, EmbedderStatus.IN_USE))
    new = _row(embedder, EmbedderStatus.BUILDING)
    db.add(new)
    await db.flush()
    await enqueue(db, "knowledge.reembed", queueing_lock=f"reembed:{new.id}", lock="reembed", change_id=new.id)
    await tell(db, new)
    return new


async def cancel(db: AsyncSession) -> KnowledgeEmbedder:
    """Stop a change: the old embedder stays. Raises `NoChange`."""
    await one_at_a_time(db)
    row = await db.scalar(select(Row).where(Row.status == EmbedderStatus.BUILDING).with_for_update())
    if row is None:
        raise NoChange
    await give_up(db, row, EmbedderStatus.CANCELLED)
    return row


async def give_up(
    db: AsyncSession, row: KnowledgeEmbedder, status: EmbedderStatus, failure_code: str | None = None
) -> None:
    row.status, row.failure_code = status, failure_code
    await db.flush()
    await remove_later(db, row.id)
    await tell(db, row)


async def switch(db: AsyncSession, change_id: UUID) -> bool:
    """Put the new embedder in the old one's place; whether it was still wanted. Under `one_at_a_time`."""
    new = await db.get(Row, change_id, with_for_update=True, populate_existing=True)
    if new is None or new.status is not EmbedderStatus.BUILDING:
        return False
    old = await db.scalar(select(Row).where(Row.status == EmbedderStatus.IN_USE).with_for_update())
    assert old is not None
    old.status = EmbedderStatus.REPLACED
    await db.flush()  # there is room for one in use
    new.status, new.done = EmbedderStatus.IN_USE, new.total
    await db.flush()
    await remove_later(db, old.id)
    await tell(db, new)
    return True


async def progressed(db: AsyncSession, change_id: UUID, done: int, total: int) -> bool:
    """Note how far a change has come; whether it is still wanted. Who cancels waits for this transaction."""
    moved = await db.scalar(
        update(Row)
        .where(Row.id == change_id, Row.status == EmbedderStatus.BUILDING)
        .values(done=done, total=total)
        .returning(Row.id)
    )
    return moved is not None


async def one_at_a_time(db: AsyncSession, *, shared: bool = False) -> None:
    """A document that goes live and a switch of the embedder wait for one another; documents (`shared`) do not."""
    key = func.hashtextextended(f"knowledge.embedder/{actor_of(db).organization_id}", 0)
    lock = func.pg_advisory_xact_lock_shared if shared else func.pg_advisory_xact_lock
    await db.execute(select(lock(key)))


async def remove_later(db: AsyncSession, row_id: UUID) -> None:
    await enqueue(db, "knowledge.remove_vectors", run_at=datetime.now(UTC) + REMOVED_AFTER, change_id=row_id)


async def tell(db: AsyncSession, row: KnowledgeEmbedder) -> None:
    await publish(db, "knowledge.embedder", change_id=row.id, status=row.status.value, done=row.done, total=row.total)


def _row(embedder: Embedder, status: EmbedderStatus) -> KnowledgeEmbedder:
    by = embedder.by
    return KnowledgeEmbedder(
        id=new_id(),
        name=embedder.name,
        provider=by.provider if by else None,
        model=by.model if by else None,
        dimension=embedder.dimension,
        multilingual=embedder.multilingual,
        status=status,
        done=0,
        total=0,
    )
