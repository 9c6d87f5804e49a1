"""Texts embedded for a program, by the organization's own embedder."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from auricle.actor import Actor
from auricle.assembly import Assembly
from auricle.audit.reads import record
from auricle.billing.budgets.require import require_budget
from auricle.openai_api.asked import EmbeddingIn
from auricle.openai_api.complete import UnknownModel
from auricle.providers.call import Call

# OpenAI's form does not say what a text is for, and many embedders want to know: two names of the one embedder do.
TASKS: dict[str, Literal["query", "document"]] = {"embedding": "document", "embedding-query": "query"}


async def embed(assembly: Assembly, actor: Actor, asked: EmbeddingIn) -> tuple[NDArray[np.float32], int | None]:
    """Vectors in the order of the texts, and the tokens that were read, where they were counted.

    Raises `NotOffered`, `TooMuch`, `Invalid`, `UnknownModel`, `BudgetExhausted` or `ProviderFailed`.
    """
    task = TASKS.get(asked.model)
    if task is None:
        raise UnknownModel("There is no such embedder.", param="model")
    texts = asked.texts()
    async with assembly.database.transaction(actor) as db:
        await require_budget(db)
        await record(db, "embed", "text", None, count=len(texts), task=task)
    found = await assembly.router.embed(Call(actor.organization_id, patient_id=actor.patient_id), texts, task=task)
    return found.vectors, found.usage.input_tokens
