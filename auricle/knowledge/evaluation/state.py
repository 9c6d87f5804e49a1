"""What a run was asked of: everything that can change an answer, so that two runs can be told apart, or be the same."""

import hashlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from auricle import __version__
from auricle.actor import Actor
from auricle.knowledge.embedder import in_use
from auricle.knowledge.evaluation.models import EvaluationRun
from auricle.knowledge.models import DocumentStatus, KnowledgeDocument
from auricle.knowledge.search import Knowledge
from auricle.knowledge.tuning import tuning
from auricle.providers.call import Choice
from auricle.providers.routing import Router

QUOTATION = "quotation"  # who answers where no model is asked


@dataclass(frozen=True, slots=True)
class Lineup:
    """Whom an organization asks, by provider and model, in order; empty where it has nobody."""

    models: str
    rerankers: str

    @classmethod
    async def of(cls, router: Router, actor: Actor) -> "Lineup":
        """Without a transaction open: the router may have to look."""
        models, rerankers = [await router.choices(one, actor.organization_id) for one in ("llm", "rerank")]
        return cls(_named(models), _named(rerankers))


def _named(choices: Iterable[Choice]) -> str:
    return ", ".join(f"{one.provider}/{one.model}" if one.model else one.provider for one in choices)


async def state_of(db: AsyncSession, knowledge: Knowledge, run: EvaluationRun, lineup: Lineup) -> dict[str, Any]:
    """The base by what its documents hold (not their ids: a file taught anew is the same), and how it is asked.

    All documents count, whatever a search keeps to: how rare a word is, is judged by all.
    """
    one = KnowledgeDocument
    live = (
        select(one.content_hash, one.title, one.collection, one.language, one.specialty, one.chunk_count)
        .where(one.status == DocumentStatus.LIVE)
        .order_by(one.content_hash)
    )
    rows = [list(row) for row in await db.execute(live)]
    own = await tuning(db)
    return {
        "documents": len(rows),
        "chunks": sum(row[-1] for row in rows),
        "content": digest(rows),
        "embedder": (await in_use(db)).name,
        "weights": asdict(knowledge.weights),
        "strictness": own.strictness.value,
        "thresholds": asdict(own.over(knowledge.thresholds)),
        "reranked_by": lineup.rerankers if run.rerank and own.rerank and knowledge.rerank else "",
        "answered_by": lineup.models if run.with_model else QUOTATION,
        "version": __version__,
    }


def digest(value: object) -> str:
    """The SHA-256 of a value's canonical JSON."""
    return hashlib.sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)).hexdigest()
