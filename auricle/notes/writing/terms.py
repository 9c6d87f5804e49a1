"""By what a note is written and judged: its template, the organization's style and models, and whether it may pay.

Read in the short transaction before the work; nothing here calls a provider.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.billing.budgets.require import is_exhausted
from auricle.db.session import actor_of
from auricle.notes.models import Note
from auricle.notes.templates.keep import of_note
from auricle.notes.templates.models import NoteSetting
from auricle.notes.templates.shape import Template
from auricle.notes.writing.part import Model
from auricle.notes.writing.prompts import Style
from auricle.providers.call import Call, Choice
from auricle.providers.routing import Router
from auricle.settings import Timeouts

# A note is not waited for as an answer is in a conversation, and a model may think before it begins.
PATIENT = Timeouts(first_s=60, gap_s=30, total_s=100)


@dataclass(frozen=True, slots=True)
class Terms:
    """How one note is written. `pays` is False where a budget is used up: then no model is asked."""

    template: Template
    organization_id: UUID | None
    consultation_id: UUID | None
    note_id: UUID
    patient_id: UUID | None = None
    by_model: bool = False
    judges: bool = False
    looks_for_missing: bool = False
    provider: str | None = None
    model: str | None = None
    style: Style = Style()
    pays: bool = True

    @property
    def wants_model(self) -> bool:
        return self.by_model or self.judges or self.looks_for_missing


async def terms_of(db: AsyncSession, note: Note) -> Terms:
    kept = await of_note(db, note.template, note.template_id, note.template_version)
    setting = await setting_of(db)
    wants_model = setting.writer == "model" or setting.judges or setting.looks_for_missing
    return Terms(
        kept.template,
        actor_of(db).organization_id,
        note.consultation_id,
        note.id,
        note.patient_id,
        by_model=setting.writer == "model",
        judges=setting.judges,
        looks_for_missing=setting.looks_for_missing,
        provider=setting.provider,
        model=setting.model,
        style=Style(setting.style, tuple(setting.phrases)),
        pays=not wants_model or not await is_exhausted(db),
    )


async def setting_of(db: AsyncSession) -> NoteSetting:
    """How the organization's notes are written; as it is where nothing was set."""
    found = await db.scalar(select(NoteSetting))
    return found or NoteSetting(
        writer="extractive", provider=None, model=None, judges=False, looks_for_missing=False, style="", phrases=[]
    )


async def model_for(router: Router, terms: Terms) -> Model | None:
    """The model that these terms ask for; None where the organization has none that can be asked."""
    choices = await choices_for(router, terms.organization_id, terms.provider, terms.model)
    if not choices:
        return None
    call = Call(
        terms.organization_id,
        choices,
        consultation_id=terms.consultation_id,
        note_id=terms.note_id,
        patient_id=terms.patient_id if terms.consultation_id is None else None,
        timeouts=PATIENT,
        may_hedge=False,  # nobody waits on the line, and two drafts cost twice
    )
    return Model(router, call, terms.style)


async def choices_for(
    router: Router, organization_id: UUID | None, provider: str | None, model: str | None
) -> Sequence[Choice]:
    """Who may write notes: the provider that is named, else the organization's language models in its order.

    The offline model only quotes, and can't keep to a form.
    """
    lineup = await router.lineups.of(organization_id)
    wanted = [Choice(provider, model)] if provider else lineup.choices("llm")
    able = [(one, lineup.providers[one.provider]) for one in wanted if one.provider in lineup.providers]
    return [choice for choice, given in able if given.can("llm") and not given.vendor.always_there]
