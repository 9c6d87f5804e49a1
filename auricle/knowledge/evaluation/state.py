"""What a run was asked of: everything that can change an answer, so that two runs can be told apart, or be the same."""

import hashlib
from dataclasses import asdict
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from auricle import __version__
from auricle.knowledge.embedder import in_use
from auricle.knowledge.evaluation.models import EvaluationRun
from auricle.knowledge.models import DocumentStatus, KnowledgeDocument
from auricle.knowledge.search import Knowledge
from auricle.knowledge.tuning import tuning


async def state_of(db: AsyncSession, knowledge: Knowledge, run: EvaluationRun) -> dict[str, Any]:
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
        "rerank": run.rerank and own.rerank and knowledge.rerank is not None,
        "answered_by": "model" if run.with_model else "quotation",
        "version": __version__,
    }


def digest(value: object) -> str:
    """The SHA-256 of a value's canonical JSON."""
    return hashlib.sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)).hexdigest()
