"""Search in an organization's knowledge: one function for HTTP, tools and the voice loop."""

import asyncio
import logging
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from auricle.actor import Actor
from auricle.db.session import Database
from auricle.errors import Invalid, Unavailable
from auricle.knowledge.embedder import Embed, embedded, in_use
from auricle.knowledge.known import NOTHING, PASSAGES, Evidence, Thresholds, Verdict, judge
from auricle.knowledge.only import ALL, Only
from auricle.knowledge.rank import Index, Weights, fits_dense
from auricle.knowledge.snapshot import Snapshots, indexed
from auricle.knowledge.store import ChunkStore, Embedder, Floats, Loaded, StoredChunk
from auricle.knowledge.tuning import Tuning, tuning
from auricle.knowledge.words import words
from auricle.log import event
from auricle.providers.ports import Passage, ProviderFailed

log = logging.getLogger(__name__)

MAX_QUERY = 2_000
MAX_HITS = 50
TRIES = 3  # of a search during which the embedder is replaced


class EmbedderReplaced(Unavailable):
    """The embedder was replaced while it was asked; trying again will do."""

    code = "knowledge.embedder_replaced"


class Rerank(Protocol):
    """Scores texts by how well they answer a question, by a provider of the organization's; `assemble.py` makes one."""

    def __call__(
        self, question: str, texts: Sequence[str], *, organization_id: UUID | None, patient_id: UUID | None = None
    ) -> Awaitable[Floats | None]:
        """One score a text, higher is better; None where nobody is set up for it, or did it in time."""
        ...


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
    weights: Weights = field(default_factory=Weights)
    thresholds: Thresholds = field(default_factory=Thresholds)
    rerank: Rerank | None = None
    rerank_candidates: int = 24


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
class Meaning:
    """A question's vector; None where the embedder does not know its script, or did not answer (`is_away`)."""

    vector: Floats | None
    is_away: bool = False


AWAY = Meaning(None, is_away=True)


@dataclass(frozen=True, slots=True)
class Found:
    """The best chunks, and whether they hold what was asked."""

    hits: Sequence[Hit]
    verdict: Verdict
    meant: str = ""  # the question as it was understood, its misspelt words replaced
    degraded: bool = False  # searched by words alone, for what compares meanings is away


async def search(
    knowledge: Knowledge,
    actor: Actor,
    query: str,
    k: int = 5,
    *,
    only: Only = ALL,
    stale_s: float = 0.0,
    rerank: bool = False,
    patient_id: UUID | None = None,
) -> Found:
    """The best `k` chunks of the actor's organization for a question. Opens its own short transactions.

    Args:
        only: to which documents to keep.
        stale_s: how old, in seconds, knowledge may be that another process has changed since (the voice loop's spares
            it a round trip; 0 asks the database each time).
        rerank: have the best put in order by a provider, where the organization has one and wants it. Whether the
            knowledge holds what was asked is judged before, on the order that the thresholds were measured with.
        patient_id: who asks, whom no provider may be told where the organization asks for masking.

    Where the embedder fails, or the vectors are away, words alone are searched and judged: the answer is `degraded`.

    Raises:
        EmptyQuestion: no word in it.
    """
    query = asked(query)
    k = max(1, min(k, MAX_HITS))
    wide = max(k, knowledge.rerank_candidates) if rerank and knowledge.rerank else k
    snapshot = await knowledge.snapshots.of(actor, stale_s=stale_s)
    if snapshot is not None:
        own, meant = snapshot.tuning, snapshot.index.spelling.meant(query)
        meaning = (
            AWAY if snapshot.degraded else await meaning_of(knowledge, actor, snapshot.embedder, meant, patient_id)
        )
        if meaning.is_away and not snapshot.degraded:
            now = await knowledge.snapshots.of(actor)
            if now is not None and now.embedder != snapshot.embedder:  # replaced meanwhile
                snapshot, meaning = now, await meaning_of(knowledge, actor, now.embedder, meant, patient_id)
        chunks, index, among = snapshot.chunks, snapshot.index, snapshot.among(only)
        found = _ranked(knowledge, own, query, meant, meaning, chunks, index, wide, among)
    else:
        meaning, loaded, own = await _from_store(
            knowledge, actor, query, max(wide, knowledge.weights.depth), only, patient_id
        )
        index = await asyncio.to_thread(indexed, loaded, knowledge.weights)
        found = _ranked(knowledge, own, query, query, meaning, loaded.chunks, index, wide, None)
    hits = await _reranked(knowledge, actor, found, patient_id) if rerank and own.rerank else found.hits
    return replace(found, hits=hits[:k])


async def _reranked(knowledge: Knowledge, actor: Actor, found: Found, patient_id: UUID | None) -> Sequence[Hit]:
    """The hits in the order of a provider's scores; in ours where there is no provider, or it did not answer."""
    hits = found.hits
    if knowledge.rerank is None or len(hits) < 2:
        return hits
    best, rest = hits[: knowledge.rerank_candidates], hits[knowledge.rerank_candidates :]
    texts = [f"{hit.chunk.heading}. {hit.chunk.text}" for hit in best]
    scores = await knowledge.rerank(found.meant, texts, organization_id=actor.organization_id, patient_id=patient_id)
    if scores is None:
        return hits
    return [*(best[i] for i in np.argsort(-scores, kind="stable")), *rest]


async def _from_store(
    knowledge: Knowledge, actor: Actor, query: str, depth: int, only: Only, patient_id: UUID | None
) -> tuple[Meaning, Loaded, Tuning]:
    """The question's meaning, the best chunks, and how to judge them; all by the one embedder in use."""
    async with knowledge.database.transaction(actor) as db:
        embedder = await in_use(db)
    for _ in range(TRIES):
        meaning = await meaning_of(knowledge, actor, embedder, query, patient_id)
        async with knowledge.database.transaction(actor) as db:
            now = await in_use(db)
            if now == embedder:
                loaded = await knowledge.store.candidates(db, embedder, query, meaning.vector, depth, only)
                return AWAY if loaded.degraded else meaning, loaded, await tuning(db)
            embedder = now
    raise EmbedderReplaced


def asked(question: str) -> str:
    """A question as it is searched for. Raises `EmptyQuestion`."""
    if not words(question):
        raise EmptyQuestion
    return question[:MAX_QUERY]


async def vector_of(
    knowledge: Knowledge, actor: Actor, embedder: Embedder, query: str, patient_id: UUID | None = None
) -> Floats | None:
    """A question's vector by an embedder; None where that does not know its script."""
    if not fits_dense(query, multilingual=embedder.multilingual):
        return None
    whose = actor.organization_id
    vectors = await embedded(
        knowledge.embed, embedder, [query], task="query", organization_id=whose, patient_id=patient_id
    )
    vector: Floats = vectors[0]
    return vector


async def meaning_of(
    knowledge: Knowledge, actor: Actor, embedder: Embedder, query: str, patient_id: UUID | None = None
) -> Meaning:
    """The same for a search, which goes on without."""
    try:
        return Meaning(await vector_of(knowledge, actor, embedder, query, patient_id))
    except ProviderFailed as error:
        event(log, "a question is searched by words alone", logging.WARNING, error_code=error.code)
        return AWAY


def _ranked(
    knowledge: Knowledge,
    own: Tuning,
    query: str,
    meant: str,
    meaning: Meaning,
    chunks: Sequence[StoredChunk],
    index: Index,
    k: int,
    among: NDArray[np.int64] | None,
) -> Found:
    ranked = index.rank(meant, meaning.vector, k, among)
    hits = [Hit(chunks[one.index], one.score, one.dense, one.coverage) for one in ranked]
    best = [_evidence(hit, is_embedded=meaning.vector is not None) for hit in hits[:PASSAGES]]
    thresholds = own.over(knowledge.thresholds)
    verdict = judge(query, best, index.terms, len(index), thresholds) if best else NOTHING
    return Found(hits, verdict, meant, degraded=meaning.is_away)


def _evidence(hit: Hit, *, is_embedded: bool) -> Evidence:
    chunk = hit.chunk
    titles = [title for title in (chunk.title, chunk.section) if title]
    return Evidence(f"{chunk.heading} {chunk.text}", hit.dense if is_embedded else None, titles)
