"""What is done in Qdrant after PostgreSQL's transactions: points whose rows are gone, vectors that are to move there.

Each may be stopped and run again. No transaction is open while Qdrant is asked.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from uuid import UUID

from sqlalchemy import LargeBinary, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.actor import Actor
from auricle.db.session import Database
from auricle.knowledge.embedder import embedder_of
from auricle.knowledge.models import KnowledgeChunk, KnowledgeDocument, KnowledgeEmbedder, KnowledgeRemoval
from auricle.knowledge.pgvector import matrix
from auricle.knowledge.qdrant.points import Point, Points
from auricle.knowledge.store import INSTALLED, Embedder

AT_ONCE = 500

C, D, R = KnowledgeChunk, KnowledgeDocument, KnowledgeRemoval


async def remove_gone(points: Points, database: Database, actor: Actor) -> None:
    """Remove the points that are written down. Of documents that are gone, all: some may never have had a row.

    Raises:
        VectorsAway: what is not removed stays written down.
    """
    while True:
        async with database.transaction(actor) as db:
            page = select(R.id, R.document_id, R.embedder).order_by(R.id).limit(AT_ONCE)
            rows = (await db.execute(page)).all()
            here = set(await db.scalars(select(D.id).where(D.id.in_({row.document_id for row in rows}))))
            embedders = await _named(db, {row.embedder for row in rows})
        if not rows:
            return
        for name, embedder in embedders.items():
            of_it = [row for row in rows if row.embedder == name]
            gone = {row.document_id for row in of_it} - here
            await points.remove(actor.organization_id, embedder, [row.id for row in of_it])
            await points.remove_of(actor.organization_id, embedder, list(gone))
        async with database.transaction(actor) as db:
            await db.execute(delete(R).where(R.id.in_([row.id for row in rows])))


async def take_over(points: Points, database: Database, actor: Actor) -> None:
    """Move to Qdrant what PostgreSQL holds from before. A chunk is in one of both at every moment.

    Raises:
        VectorsAway: the rest stays where it is, and is found there.
    """
    after = UUID(int=0)
    while True:
        async with database.transaction(actor) as db:
            held = select(C.id, C.document_id, C.embedder, func.vector_send(C.embedding, type_=LargeBinary))
            page = held.where(C.embedding.is_not(None), C.id > after).order_by(C.id).limit(AT_ONCE)
            rows = (await db.execute(page)).all()
            embedders = await _named(db, {row.embedder for row in rows})
        if not rows:
            return
        moved = defaultdict[str, list[Point]](list)
        for row in rows:
            if row.embedder in embedders:
                moved[row.embedder].append(Point(row.id, row.document_id, matrix([row[-1]])[0]))
        for name, some in moved.items():
            await _moved(points, database, actor, embedders[name], some)
        after = rows[-1].id


async def _moved(points: Points, database: Database, actor: Actor, embedder: Embedder, some: list[Point]) -> None:
    await points.put(actor.organization_id, embedder, some)
    async with database.transaction(actor) as db:
        ours = update(C).where(C.id.in_([one.id for one in some])).values(embedding=None).returning(C.id)
        kept = set(await db.scalars(ours))
    if deleted := [one.id for one in some if one.id not in kept]:  # meanwhile
        await points.remove(actor.organization_id, embedder, deleted)


async def _named(db: AsyncSession, names: Iterable[str]) -> Mapping[str, Embedder]:
    """The organization's embedders by name, also those that are no longer in use."""
    wanted = set(names)
    found = {row.name: embedder_of(row) for row in await db.scalars(select(KnowledgeEmbedder))}
    found.setdefault(INSTALLED.name, INSTALLED)
    return {name: embedder for name, embedder in found.items() if name in wanted}
