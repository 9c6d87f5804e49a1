"""A whole draft by a template: part by part by a language model where one is wanted, extractive where none can.

The model is asked here, in the backend, through the router with the organization's own accounts; what it is given was
masked before. The clinical AI writes what is extractive, wherever it runs.
"""

import asyncio
import logging
import random
from collections.abc import Sequence
from dataclasses import dataclass

from auricle.ai.port import ClinicalAI, Draft, Entity, Masked, Statement
from auricle.log import event
from auricle.notes.templates.arrange import arranged
from auricle.notes.templates.shape import NotePart, Outline, Template, outline
from auricle.notes.writing.part import Model, write_part
from auricle.notes.writing.terms import Terms, model_for
from auricle.providers.call import NoProvider
from auricle.providers.ports import ProviderBusy, ProviderFailed
from auricle.providers.routing import Router

log = logging.getLogger(__name__)

MOST_STATEMENTS = 300  # of a note that a person can still edit
BUSY_S, LONGEST_PAUSE_S = 3.0, 20.0
WHOLE_S = 130.0  # for all parts of a draft; what is not written by then is extracted

EXTRACTIVE = "extractive draft"
BY_MODEL = "draft by a language model"
IN_PART = "draft by a language model, extractive in part"
NOT_SET_UP = "extractive draft: no language model is set up"
NOT_PAID = "extractive draft: the budget is used up"
FAILED = "extractive draft: the language model failed"


@dataclass(frozen=True, slots=True)
class Drafted:
    """A draft with the parts it stands under."""

    draft: Draft
    outline: Outline


async def write_draft(
    ai: ClinicalAI, router: Router | None, terms: Terms, masked: Masked, entities: Sequence[Entity]
) -> Drafted:
    """The statements of all parts in the template's order, not judged yet. No transaction may be open meanwhile.

    Whatever a model does, there is a draft: `method` says how it was made, the outline by what each part was.
    """
    extractive = _Extractive(ai, terms.template, masked, entities)
    model, why = await _model(router, terms)
    if model is None:
        return Drafted(Draft(statements=await extractive.all(), method=why), outline(terms.template))
    parts = await _by_model(model, terms.template, masked)
    statements: list[Statement] = []
    for part in terms.template.parts:
        statements += await extractive.of(part) if parts[part.key] is None else parts[part.key] or ()
    written = [key for key, found in parts.items() if found is not None]
    return Drafted(
        Draft(
            statements=statements[:MOST_STATEMENTS],
            method=BY_MODEL if len(written) == len(parts) else IN_PART if written else FAILED,
            model=model.names if written else None,
        ),
        outline(terms.template, written),
    )


async def _model(router: Router | None, terms: Terms) -> tuple[Model | None, str]:
    """By whom the draft is written, or how it is called when it is extractive."""
    if not terms.by_model:
        return None, EXTRACTIVE
    if not terms.pays:
        return None, NOT_PAID
    model = None if router is None else await model_for(router, terms)
    return model, NOT_SET_UP


async def _by_model(model: Model, template: Template, masked: Masked) -> dict[str, list[Statement] | None]:
    """By part; None where the model failed, or was not ready in time."""
    ends_at = asyncio.get_running_loop().time() + WHOLE_S
    found: dict[str, list[Statement] | None] = {}

    async def write(part: NotePart) -> None:
        found[part.key] = await attempt(model, part, template, masked, ends_at)

    async with asyncio.TaskGroup() as tasks:
        for part in template.parts:
            tasks.create_task(write(part))
    return found


async def attempt(
    model: Model, part: NotePart, template: Template, masked: Masked, ends_at: float, wish: str = ""
) -> list[Statement] | None:
    """One part by the model, None where it can't be had."""
    try:
        async with asyncio.timeout_at(ends_at):
            try:
                return await write_part(model, part, template, masked.utterances, wish)
            except (ProviderBusy, NoProvider) as error:  # nobody waits on the line, so a crowded model is waited for
                pause_s = float(error.context.get("retry_after_s", BUSY_S))
                await asyncio.sleep(min(LONGEST_PAUSE_S, pause_s) + random.uniform(0, 0.5))
                return await write_part(model, part, template, masked.utterances, wish)
    except ProviderFailed as error:
        event(log, "part of a note not written", logging.WARNING, note_id=model.call.note_id, error_code=error.code)
    except TimeoutError:
        event(log, "part of a note not written in time", logging.WARNING, note_id=model.call.note_id)
    return None


class _Extractive:
    """The extractive draft of a source, made when it is first asked for and put under the template's parts."""

    def __init__(self, ai: ClinicalAI, template: Template, masked: Masked, entities: Sequence[Entity]) -> None:
        self._ai, self._template, self._masked, self._entities = ai, template, masked, entities
        self._made: list[Statement] | None = None

    async def all(self) -> list[Statement]:
        if self._made is None:
            draft = await self._ai.write(self._masked.utterances, self._entities)
            self._made = arranged(draft.statements, self._entities, self._template)
        return self._made

    async def of(self, part: NotePart) -> list[Statement]:
        return [statement for statement in await self.all() if statement.part == part.key]


async def extracted(
    ai: ClinicalAI, template: Template, masked: Masked, entities: Sequence[Entity], part: NotePart
) -> list[Statement]:
    """One part of the extractive draft."""
    return await _Extractive(ai, template, masked, entities).of(part)
