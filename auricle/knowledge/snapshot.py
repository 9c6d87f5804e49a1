"""An organization's live chunks as an exact index in this process, for answers within a voice turn.

PostgreSQL is the record; a snapshot is a copy with a fingerprint. It is used only while the fingerprint still fits, or
was seen to fit less than `stale_s` ago, so that no process has to be told of a change to be right. PostgreSQL tells all
the same: what is held is then read anew at once, before the next question comes.
"""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from auricle.actor import Actor
from auricle.db.session import Database
from auricle.errors import DatabaseUnavailable
from auricle.knowledge.embedder import in_use
from auricle.knowledge.only import ALL, Only
from auricle.knowledge.rank import Index, Weights
from auricle.knowledge.store import ChunkStore, Embedder, Loaded, StoredChunk
from auricle.knowledge.tuning import NORMAL, Tuning, tuning
from auricle.log import event

log = logging.getLogger(__name__)

CHANNEL = "auricle_knowledge"
MOST_FILTERS = 32  # kept of one snapshot
OUTDATED = float("-inf")
RETRY_S = 10.0  # a snapshot whose vectors are away is read anew so often
MAX_CHUNKS = 20_000  # of one organization; larger ones are searched in PostgreSQL
MAX_CHUNKS_HELD = 100_000  # of all organizations in this process


@dataclass(slots=True)
class Snapshot:
    fingerprint: str
    embedder: Embedder  # what questions have to be embedded by
    chunks: Sequence[StoredChunk]
    index: Index
    tuning: Tuning = NORMAL
    degraded: bool = False  # its vectors are away: it can be searched by words alone
    read_at: float = field(default_factory=time.monotonic)
    fitted_at: float = field(default_factory=time.monotonic)
    _among: dict[Only, NDArray[np.int64]] = field(default_factory=dict)

    @property
    def wants_vectors(self) -> bool:
        """Whether to look for its vectors again."""
        return self.degraded and time.monotonic() - self.read_at >= RETRY_S

    def among(self, only: Only) -> NDArray[np.int64] | None:
        """Where the wanted chunks stand; None for all. Kept: an agent asks with the same limits at every turn."""
        if only == ALL:
            return None
        if only not in self._among:
            if len(self._among) >= MOST_FILTERS:
                self._among.clear()
            self._among[only] = np.flatnonzero([only.holds(chunk) for chunk in self.chunks])
        return self._among[only]


class Snapshots:
    """The snapshots of this process: built when first asked for, rebuilt when outdated, the least used dropped."""

    def __init__(
        self,
        database: Database,
        store: ChunkStore,
        weights: Weights = Weights(),
        *,
        max_chunks: int = MAX_CHUNKS,
        max_chunks_held: int = MAX_CHUNKS_HELD,
    ) -> None:
        self._database, self._store, self._weights = database, store, weights
        self._max_chunks, self._max_held = max_chunks, max_chunks_held
        self._held: OrderedDict[UUID, Snapshot] = OrderedDict()
        self._building: dict[UUID, asyncio.Lock] = {}
        self._changed: set[UUID] = set()
        self._wake = asyncio.Event()

    async def of(self, actor: Actor, *, stale_s: float = 0.0) -> Snapshot | None:
        """The snapshot of the actor's organization, or None where it has too many chunks for one."""
        organization_id = actor.organization_id
        if organization_id is None:
            return None
        held = self._held.get(organization_id)
        if held and time.monotonic() - held.fitted_at < stale_s:
            self._held.move_to_end(organization_id)
            return held
        lock = self._building.setdefault(organization_id, asyncio.Lock())
        try:
            async with lock:  # of many askers one builds
                return await self._current(actor, organization_id)
        finally:
            if not lock.locked():
                self._building.pop(organization_id, None)

    def forget(self, organization_id: UUID) -> None:
        """Drop a snapshot at once: its organization's knowledge has changed."""
        self._held.pop(organization_id, None)

    def heard(self, payload: str) -> None:
        """A process changed an organization's knowledge."""
        with suppress(ValueError):  # any role may notify; what is not ours is not for us
            organization_id = UUID(payload)
            if held := self._held.get(organization_id):
                held.fitted_at = OUTDATED
            if held or organization_id in self._building:
                self._changed.add(organization_id)
                self._wake.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Read anew what has changed, until told to stop."""
        stopping = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                waking = asyncio.create_task(self._wake.wait())
                await asyncio.wait({stopping, waking}, return_when=asyncio.FIRST_COMPLETED)
                waking.cancel()
                self._wake.clear()
                while self._changed and not stop.is_set():
                    await self._renew(self._changed.pop())
        finally:
            stopping.cancel()

    async def _renew(self, organization_id: UUID) -> None:
        try:
            await self.of(Actor.system(organization_id, "knowledge"))
        except DatabaseUnavailable:  # whoever asks next tries again
            event(log, "an organization's knowledge could not be read anew", logging.WARNING)
        except Exception:
            log.exception("an organization's knowledge could not be read anew")

    async def _current(self, actor: Actor, organization_id: UUID) -> Snapshot | None:
        asked_at = time.monotonic()
        async with self._database.transaction(actor) as db:
            embedder = await in_use(db)
            size, fingerprint = await self._store.stamp(db, embedder)
            wanted = await tuning(db)
            held = self._held.get(organization_id)
            if held and held.fingerprint == fingerprint and not held.wants_vectors:
                held.tuning, held.fitted_at = wanted, asked_at
                self._held.move_to_end(organization_id)
                return held
            if size > self._max_chunks:
                self.forget(organization_id)
                return None
            loaded = await self._store.load(db, embedder, self._max_chunks)
        if loaded.degraded:
            loaded = await self._store.fetch(actor, embedder, loaded)
        if held and held.fingerprint == fingerprint and loaded.degraded:
            held.tuning, held.fitted_at, held.read_at = wanted, asked_at, time.monotonic()
            return held  # no better than it was: spare us the index
        snapshot = await asyncio.to_thread(self._build, fingerprint, embedder, loaded)
        snapshot.tuning, snapshot.fitted_at = wanted, asked_at
        self._hold(organization_id, snapshot)
        return snapshot

    def _build(self, fingerprint: str, embedder: Embedder, loaded: Loaded) -> Snapshot:
        index = indexed(loaded, self._weights)
        return Snapshot(fingerprint, embedder, loaded.chunks, index, degraded=loaded.degraded)

    def _hold(self, organization_id: UUID, snapshot: Snapshot) -> None:
        self._held[organization_id] = snapshot
        self._held.move_to_end(organization_id)
        held = sum(len(one.chunks) for one in self._held.values())
        while held > self._max_held and len(self._held) > 1:
            _, dropped = self._held.popitem(last=False)
            held -= len(dropped.chunks)


def indexed(loaded: Loaded, weights: Weights) -> Index:
    return Index(
        [chunk.text for chunk in loaded.chunks], [chunk.heading for chunk in loaded.chunks], loaded.vectors, weights
    )
