"""One organization's vectors in Qdrant.

Every request about points takes its bound from `Points._mine`, which names the organization: as a condition on what
each point carries and, where organizations have shards of their own, as the shard. What is found is an id; its text is
read from PostgreSQL, whose row-level security is a second bound.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

import numpy as np
from qdrant_client import models

from auricle.errors import Forbidden
from auricle.knowledge.qdrant.collections import DOCUMENT, ORGANIZATION, Collections
from auricle.knowledge.qdrant.link import Link
from auricle.knowledge.store import Embedder, Floats
from auricle.settings import Qdrant

POINTS_PER_READ = 200  # with their vectors: parsing more at once would hold up the calls of this process
POINTS_PER_WRITE = 256


class NoOrganization(Forbidden):
    """Vectors are an organization's."""

    code = "knowledge.no_organization"


@dataclass(frozen=True, slots=True)
class Point:
    id: UUID
    document_id: UUID
    vector: Floats


class Mine(NamedTuple):
    """What a request may reach."""

    filter: models.Filter
    shard: str | None


class Points:
    """Calls raise `VectorsAway` where Qdrant does not answer; for some seconds after that, reads do so at once."""

    def __init__(self, link: Link, settings: Qdrant) -> None:
        self._link = link
        self._collections = Collections(link, settings)

    async def aclose(self) -> None:
        await self._link.client.close()

    async def state(self) -> str:
        return await self._link.state()

    async def put(self, organization_id: UUID | None, embedder: Embedder, points: Sequence[Point]) -> None:
        """Store points; returns when they can be found.

        Raises:
            VectorsAway, OtherCollection, NoOrganization
        """
        mine = self._mine(organization_id)
        async with self._link.asked():
            await self._collections.make(embedder, mine.shard)
        for begin in range(0, len(points), POINTS_PER_WRITE):
            structs = [
                models.PointStruct(
                    id=str(one.id),
                    vector=one.vector.tolist(),
                    payload={ORGANIZATION: str(organization_id), DOCUMENT: str(one.document_id)},
                )
                for one in points[begin : begin + POINTS_PER_WRITE]
            ]
            async with self._link.asked():
                name = self._collections.name(embedder)
                await self._link.client.upsert(name, structs, wait=True, shard_key_selector=mine.shard)

    async def nearest(
        self,
        organization_id: UUID | None,
        embedder: Embedder,
        vector: Floats,
        limit: int,
        documents: Sequence[UUID] | None = None,
    ) -> list[UUID]:
        """The ids nearest to a vector, the nearest first; among some documents' where they are named."""
        mine = self._mine(organization_id, *([] if documents is None else [_of(documents)]))
        async with self._link.asked(is_read=True):
            if not await self._collections.has(embedder, mine.shard):
                return []
            found = await self._link.client.query_points(
                self._collections.name(embedder),
                query=vector.tolist(),
                query_filter=mine.filter,
                shard_key_selector=mine.shard,
                limit=limit,
                with_payload=False,
                timeout=self._link.seconds,
            )
        return [UUID(str(one.id)) for one in found.points]

    async def vectors(
        self, organization_id: UUID | None, embedder: Embedder, ids: Sequence[UUID]
    ) -> Mapping[UUID, Floats]:
        """The vectors of those points that are there."""
        found: dict[UUID, Floats] = {}
        for begin in range(0, len(ids), POINTS_PER_READ):
            some = ids[begin : begin + POINTS_PER_READ]
            mine = self._mine(organization_id, _these(some))
            async with self._link.asked(is_read=True):
                if not await self._collections.has(embedder, mine.shard):
                    return found
                records, _ = await self._link.client.scroll(
                    self._collections.name(embedder),
                    scroll_filter=mine.filter,
                    shard_key_selector=mine.shard,
                    limit=len(some),
                    with_payload=False,
                    with_vectors=True,
                    timeout=self._link.seconds,
                )
            found |= {UUID(str(one.id)): np.asarray(one.vector, np.float32) for one in records}
        return found

    async def remove(self, organization_id: UUID | None, embedder: Embedder, ids: Sequence[UUID]) -> None:
        """Remove those points that are there."""
        for begin in range(0, len(ids), POINTS_PER_WRITE):
            await self._remove(organization_id, embedder, _these(ids[begin : begin + POINTS_PER_WRITE]))

    async def remove_of(self, organization_id: UUID | None, embedder: Embedder, documents: Sequence[UUID]) -> None:
        """Remove every point of documents, also one that no row was committed for."""
        for begin in range(0, len(documents), POINTS_PER_WRITE):
            await self._remove(organization_id, embedder, _of(documents[begin : begin + POINTS_PER_WRITE]))

    async def _remove(self, organization_id: UUID | None, embedder: Embedder, which: models.Condition) -> None:
        mine = self._mine(organization_id, which)
        async with self._link.asked():
            if await self._collections.has(embedder, mine.shard):
                selector = models.FilterSelector(filter=mine.filter)
                name = self._collections.name(embedder)
                await self._link.client.delete(name, selector, wait=True, shard_key_selector=mine.shard)

    def _mine(self, organization_id: UUID | None, *also: models.Condition) -> Mine:
        """The one bound of every request: the organization's points, and no other's."""
        if organization_id is None:
            raise NoOrganization
        own = models.FieldCondition(key=ORGANIZATION, match=models.MatchValue(value=str(organization_id)))
        shard = str(organization_id) if self._collections.is_sharded else None
        return Mine(models.Filter(must=[own, *also]), shard)


def _these(ids: Sequence[UUID]) -> models.HasIdCondition:
    return models.HasIdCondition(has_id=[str(one) for one in ids])


def _of(documents: Sequence[UUID]) -> models.FieldCondition:
    return models.FieldCondition(key=DOCUMENT, match=models.MatchAny(any=[str(one) for one in documents]))
