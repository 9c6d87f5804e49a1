"""The collections of this installation in Qdrant, one an embedder: found, or made with shards and indexes."""

import hashlib
import re

from qdrant_client import models
from qdrant_client.http.exceptions import UnexpectedResponse

from auricle.errors import Misconfigured
from auricle.knowledge.qdrant.link import Link
from auricle.knowledge.store import Embedder
from auricle.settings import Qdrant

ORGANIZATION, DOCUMENT = "organization_id", "document_id"  # what a point carries, and all that it does
KEYWORD = models.KeywordIndexType.KEYWORD


class OtherCollection(Misconfigured):
    """A collection is there already with other settings: another length of vectors, or another kind of sharding."""

    code = "knowledge.other_collection"
    retryable = False


class Collections:
    """What is known to be there is not asked for again until a request fails. Every call is within `Link.asked`."""

    def __init__(self, link: Link, settings: Qdrant) -> None:
        self._link, self._settings = link, settings
        self._known: set[str] = set()
        self._shards: set[tuple[str, str]] = set()
        self._indexed: set[str] = set()
        self._known_since = 0

    @property
    def is_sharded(self) -> bool:
        """Whether each organization has shards of its own."""
        return self._settings.sharding == "organization"

    def name(self, embedder: Embedder) -> str:
        """A readable name, kept apart from others that read alike by a hash."""
        readable = re.sub(r"[^A-Za-z0-9]+", "-", embedder.name).strip("-")[:60]
        known_by = hashlib.sha256(f"{embedder.name}/{embedder.dimension}".encode()).hexdigest()[:8]
        return f"{self._settings.prefix}-{readable}-{embedder.dimension}-{known_by}"

    async def has(self, embedder: Embedder, shard: str | None) -> bool:
        """Whether there is a place that an organization's points could be in. Raises `OtherCollection`."""
        self._forget_after_failure()
        name = self.name(embedder)
        if name not in self._known:
            if not await self._link.client.collection_exists(name):
                return False
            await self._check(name, embedder)
        if shard is not None and (name, shard) not in self._shards:
            listed = (await self._link.client.list_shard_keys(name)).shard_keys or []
            self._shards |= {(name, str(one.key)) for one in listed}
            return (name, shard) in self._shards
        return True

    async def make(self, embedder: Embedder, shard: str | None) -> None:
        """See that the collection is there, its indexes, and the organization's shard. Raises `OtherCollection`."""
        name = self.name(embedder)
        if not await self.has(embedder, shard):
            if name not in self._known:
                await self._make_collection(name, embedder)
            if shard is not None and not await self.has(embedder, shard):
                await self._make_shard(name, embedder, shard)
        if name not in self._indexed:
            await self._make_indexes(name)
            self._indexed.add(name)

    async def _make_collection(self, name: str, embedder: Embedder) -> None:
        try:
            await self._link.client.create_collection(
                name,
                vectors_config=models.VectorParams(size=embedder.dimension, distance=models.Distance.COSINE),
                # Where organizations share shards, one graph over all would lose answers when it is filtered: each
                # gets a graph of its own instead, by what its points carry.
                hnsw_config=None if self.is_sharded else models.HnswConfigDiff(m=0, payload_m=16),
                shard_number=self._settings.shards,
                replication_factor=self._settings.replicas,
                sharding_method=models.ShardingMethod.CUSTOM if self.is_sharded else models.ShardingMethod.AUTO,
                # A filter on what has no index is refused: a mistake is an error, and no slow scan of all.
                strict_mode_config=models.StrictModeConfig(
                    enabled=True, unindexed_filtering_retrieve=False, unindexed_filtering_update=False
                ),
            )
        except UnexpectedResponse:  # another process was quicker
            if not await self._link.client.collection_exists(name):
                raise
        await self._check(name, embedder)

    async def _make_shard(self, name: str, embedder: Embedder, shard: str) -> None:
        shards, replicas = self._settings.shards, self._settings.replicas
        try:
            await self._link.client.create_shard_key(name, shard, shards_number=shards, replication_factor=replicas)
        except UnexpectedResponse:  # another process was quicker
            if not await self.has(embedder, shard):
                raise
        self._shards.add((name, shard))

    async def _make_indexes(self, name: str) -> None:
        """Not before there is a shard: servers of before 2026 refuse an index on none."""
        there = (await self._link.client.get_collection(name)).payload_schema
        own = models.KeywordIndexParams(type=KEYWORD, is_tenant=not self.is_sharded)
        for field, schema in ((ORGANIZATION, own), (DOCUMENT, models.KeywordIndexParams(type=KEYWORD))):
            if field not in there:
                await self._link.client.create_payload_index(name, field, field_schema=schema, wait=True)

    async def _check(self, name: str, embedder: Embedder) -> None:
        params = (await self._link.client.get_collection(name)).config.params
        size = params.vectors.size if isinstance(params.vectors, models.VectorParams) else 0
        is_sharded = params.sharding_method == models.ShardingMethod.CUSTOM
        if size != embedder.dimension or is_sharded != self.is_sharded:
            raise OtherCollection(collection=name)
        self._known.add(name)

    def _forget_after_failure(self) -> None:
        if self._link.failures != self._known_since:
            self._known_since = self._link.failures
            for known in (self._known, self._shards, self._indexed):
                known.clear()
