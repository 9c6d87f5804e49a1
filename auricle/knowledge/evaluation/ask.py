"""One question, asked as a patient asks it, and what came of it."""

import time
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from uuid import UUID

from auricle.actor import Actor
from auricle.knowledge.admission import spoken_in
from auricle.knowledge.answer import Answer, Generate, given
from auricle.knowledge.evaluation.measures import DEPTH, first_rank, ndcg
from auricle.knowledge.evaluation.models import Verdict
from auricle.knowledge.evaluation.targets import Wanted
from auricle.knowledge.only import Only
from auricle.knowledge.search import MAX_HITS, Knowledge, search
from auricle.providers.ports import ProviderFailed

ANSWERED_FROM = 5  # passages, as `/api/v1/rag/answer` has it by default
MAX_ANSWER = 4_000  # characters of an answer that are kept


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a question; the columns of `EvaluationResult`."""

    verdict: Verdict
    known: str
    rank: int | None
    ndcg: float | None
    missing: int
    answer: str
    cited: list[list[str]]
    found: list[list[str]]
    support: float
    wall_ms: float
    cpu_ms: float


@dataclass(frozen=True, slots=True)
class Asking:
    """How a run asks all its questions."""

    knowledge: Knowledge
    actor: Actor
    only: Only
    rerank: bool

    async def ask(self, question: str, language: str, wanted: Wanted, generate: Generate) -> Outcome:
        """Search, judge, answer. The search goes deeper than the answer needs, which changes nothing in its first ones.

        Raises:
            ProviderFailed
        """
        knowledge = self.knowledge
        deep = max(ANSWERED_FROM, min(MAX_HITS, knowledge.weights.depth))
        wall, cpu = time.perf_counter(), time.process_time()
        found = await search(knowledge, self.actor, question, deep, only=self.only, rerank=self.rerank)
        met = replace(found, hits=found.hits[:ANSWERED_FROM])
        pieces = given(knowledge, self.actor, question, met, generate, language or spoken_in(question))
        answer: Answer | None = None
        async with aclosing(pieces):
            async for piece in pieces:
                if isinstance(piece, Answer):
                    answer = piece
        wall_ms, cpu_ms = 1_000 * (time.perf_counter() - wall), 1_000 * (time.process_time() - cpu)
        if answer is None:
            raise ProviderFailed
        titles = {hit.chunk.document_id: hit.chunk.title for hit in found.hits}
        ranked = wanted.things(titles)
        return Outcome(
            verdict=verdict_of(answer, ranked, wanted),
            known=found.verdict.level,
            rank=first_rank(ranked, wanted.gains),
            ndcg=ndcg(ranked, wanted.gains) if wanted.gains else None,
            missing=wanted.missing,
            answer=answer.text[:MAX_ANSWER],
            cited=[[one.document_id, one.title] for one in answer.citations],
            found=[[str(document_id), title] for document_id, title in list(titles.items())[:DEPTH]],
            support=round(found.verdict.support, 4),
            wall_ms=round(wall_ms, 2),
            cpu_ms=round(cpu_ms, 2),
        )


def verdict_of(answer: Answer, ranked: Sequence[object], wanted: Wanted) -> Verdict:
    """An answer that rests on no passage counts as none: it quotes nothing, and a model says so in its own words."""
    if answer.level == "answer" and answer.citations:
        cited = {UUID(one.document_id) for one in answer.citations}
        return Verdict.FOUND if cited & wanted.by_document.keys() else Verdict.WRONGLY_ANSWERED
    if not wanted.gains:
        return Verdict.RIGHTLY_REFUSED
    return Verdict.UNANSWERED if set(ranked[:DEPTH]) & wanted.gains.keys() else Verdict.NOT_FOUND
