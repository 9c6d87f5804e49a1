"""One part of a draft written anew, from the same masked source."""

import asyncio
from dataclasses import dataclass
from typing import Protocol

from auricle.actor import Actor
from auricle.ai.port import ClinicalAI, Statement
from auricle.billing.budgets.require import BudgetExhausted
from auricle.db.session import Database
from auricle.errors import NotFound
from auricle.notes.content import OpenNote
from auricle.notes.templates.shape import Outlined, outlined
from auricle.notes.writing.draft import WHOLE_S, attempt, extracted
from auricle.notes.writing.terms import model_for, terms_of
from auricle.providers.routing import Router

LONGEST_WISH = 500


class UnknownPart(NotFound):
    """This note has no such part."""

    code = "note.unknown_part"


class Means(Protocol):
    @property
    def database(self) -> Database: ...
    @property
    def ai(self) -> ClinicalAI: ...
    @property
    def router(self) -> Router: ...


@dataclass(frozen=True, slots=True)
class WrittenPart:
    """Statements not judged yet. `outline.method` says by what they were written; `model` names it where one was."""

    outline: Outlined
    statements: list[Statement]
    model: str | None = None


async def write_section(means: Means, actor: Actor, opened: OpenNote, key: str, *, wish: str = "") -> WrittenPart:
    """Write the part `key` of a note again, as the organization's notes are written now.

    A model that fails or that there is not leaves it to the extractive draft. The transaction is its own: none may be
    open, for the AI works.

    Args:
        wish: what the reader wants otherwise ("shorter"), at most `LONGEST_WISH` characters; masked.

    Raises:
        UnknownPart: the note's template has no part of this key.
        BudgetExhausted: a model would be asked, and a budget of the organization is used up.
    """
    async with means.database.transaction(actor) as db:
        terms = await terms_of(db, opened.note)
    part = terms.template.part(key)
    if part is None:
        raise UnknownPart
    if terms.by_model:
        if not terms.pays:
            raise BudgetExhausted
        model = await model_for(means.router, terms)
        ends_at = asyncio.get_running_loop().time() + WHOLE_S
        if model is not None:
            found = await attempt(model, part, terms.template, opened.source, ends_at, wish[:LONGEST_WISH])
            if found is not None:
                return WrittenPart(outlined(part, "model"), found, model.names)
    statements = await extracted(means.ai, terms.template, opened.source, opened.context.entities, part)
    return WrittenPart(outlined(part), statements)
