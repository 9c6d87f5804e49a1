"""Search in an organization's knowledge: one function for HTTP, tools and the voice loop."""

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol
from uuid import UUID

import numpy as np

from auricle.actor import Actor
from auricle.db.session import Database
from auricle.errors import Invalid
from auricle.knowledge.known import NOTHING, Evidence, Thresholds, Verdict, judge
from auricle.knowledge.rank import Index, Weights, fits_dense
from auricle.knowledge.snapshot import Snapshots, indexed
from auricle.knowledge.store import ChunkStore, Floats, StoredChunk
from auricle.knowledge.words import words
from auricle.providers.ports import Passage

MAX_QUERY = 2_000
MAX_HITS = 50


class Embed(Protocol):
    """Embeds texts for an organization; `Assembly.embed` is one."""

    def __call__(
        self, texts: Sequence[str], *, task: Literal["query", "document"], organization_id: UUID | None
    ) -> Awaitable[Floats]: ...


class EmptyQuestion(Invalid):
    """A question needs at least one word."""

    code = "knowledge.empty_question"


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What searching needs; `assemble.py` makes one for a process."""

    database: Database
    store: ChunkStore
    snapshots: Snapshots
    embed: Embed
    embedder: str = "all-MiniLM-L6-v2-int8"  # stored with each vector: vectors of different embedders can't be compared
    multilingual: bool = False  # whether the embedder knows other scripts than Latin
    weights: Weights = field(default_factory=Weights)
    thresholds: Thresholds = field(default_factory=Thresholds)


@dataclass(frozen=True, slots=True)
class Hit:
    chunk: StoredChunk
    score: float
    dense: float
    coverage: float

    @property
    def passage(self) -> Passage:
        """As offered to a language model."""
        chunk = self.chunk
        return Passage(
            str(chunk.id),
            str(chunk.document_id),
            chunk.title,
            chunk.text,
            chunk.page,
            chunk.start,
            chunk.end,
            self.score,
        )


@dataclass(frozen=True, slots=True)
class Found:
    """The best chunks, and whether they hold what was asked."""

    hits: Sequence[Hit]
    verdict: Verdict


async def search(
    knowledge: Knowledge, actor: Actor, query: str, k: int = 5, *, collection: str | None = None, stale_s: float = 0.0
) -> Found:
    """The best `k` chunks of the actor's organization for a question. Opens its own short transactions.

    Args:
        collection: only documents of this collection.
        stale_s: how old, in seconds, knowledge may be that another process has changed since (the voice loop's 1.0
            spares it a round trip; 0 asks the database each time).

    Raises:
        EmptyQuestion: no word in it.
    """
    query = asked(query)
    k = max(1, min(k, MAX_HITS))
    snapshot = await knowledge.snapshots.of(actor, stale_s=stale_s)
    if snapshot is not None:
        meant = snapshot.index.spelling.meant(query)
        vector = await _vector(knowledge, actor, meant)
        return _ranked(knowledge, query, meant, vector, snapshot.chunks, snapshot.index, k, collection)
    vector = await _vector(knowledge, actor, query)
    async with knowledge.database.transaction(actor) as db:
        loaded = await knowledge.store.candidates(db, query, vector, max(k, knowledge.weights.depth), collection)
    return _ranked(knowledge, query, query, vector, loaded.chunks, indexed(loaded, knowledge.weights), k, None)


def asked(question: str) -> str:
    """A question as it is searched for. Raises `EmptyQuestion`."""
    if not words(question):
        raise EmptyQuestion
    return question[:MAX_QUERY]


async def _vector(knowledge: Knowledge, actor: Actor, query: str) -> Floats | None:
    if not fits_dense(query, multilingual=knowledge.multilingual):
        return None
    embedded = await knowledge.embed([query], task="query", organization_id=actor.organization_id)
    vector: Floats = embedded[0]
    return vector


def _ranked(
    knowledge: Knowledge,
    query: str,
    meant: str,
    vector: Floats | None,
    chunks: Sequence[StoredChunk],
    index: Index,
    k: int,
    collection: str | None,
) -> Found:
    among = None
    if collection is not None:
        among = np.flatnonzero([chunk.collection == collection for chunk in chunks])
    ranked = index.rank(meant, vector, k, among)
    hits = [Hit(chunks[one.index], one.score, one.dense, one.coverage) for one in ranked]
    best = [_evidence(hit, is_embedded=vector is not None) for hit in hits]
    verdict = judge(query, best, index.terms, len(index), knowledge.thresholds) if best else NOTHING
    return Found(hits, verdict)


def _evidence(hit: Hit, *, is_embedded: bool) -> Evidence:
    chunk = hit.chunk
    titles = [title for title in (chunk.title, chunk.section) if title]
    return Evidence(f"{chunk.heading} {chunk.text}", hit.dense if is_embedded else None, titles)
