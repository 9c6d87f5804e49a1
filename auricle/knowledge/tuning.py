"""How the knowledge is searched: the installation's numbers, and how strict each organization wants to be."""

from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.actor import Actor
from auricle.db.base import new_id
from auricle.errors import Invalid, Misconfigured
from auricle.knowledge.known import Thresholds
from auricle.knowledge.models import KnowledgeSetting
from auricle.knowledge.rank import Weights
from auricle.settings import KnowledgeSearch

HIGHEST = 0.95  # support beyond this is not to be had


class ThresholdsCrossed(Invalid):
    """Asking back must begin at or below the support from which an answer is given."""

    code = "knowledge.thresholds_crossed"


class Strictness(StrEnum):
    """How sure the knowledge must be before an answer is given from it."""

    STRICT = "strict"
    NORMAL = "normal"
    LENIENT = "lenient"
    OWN = "own"  # the organization's own numbers


FACTOR = {Strictness.STRICT: 1.2, Strictness.NORMAL: 1.0, Strictness.LENIENT: 0.8}


@dataclass(frozen=True, slots=True)
class Tuning:
    """An organization's own settings."""

    strictness: Strictness = Strictness.NORMAL
    own: tuple[tuple[str, float], ...] = ()  # thresholds by name, for `OWN`
    rerank: bool = True

    def over(self, installation: Thresholds) -> Thresholds:
        """The thresholds to judge by."""
        if self.strictness is Strictness.OWN:
            return replace(installation, **dict(self.own))
        factor = FACTOR[self.strictness]
        return Thresholds(
            **{one.name: min(HIGHEST, factor * getattr(installation, one.name)) for one in fields(Thresholds)}
        )


NORMAL = Tuning()


def weights_of(settings: KnowledgeSearch) -> Weights:
    """The installation's weights: what is not set stays as measured."""
    return replace(Weights(), **_given(settings, Weights))


def thresholds_of(settings: KnowledgeSearch) -> Thresholds:
    """The installation's thresholds. Raises `Misconfigured` where asking back begins above answering."""
    thresholds = replace(Thresholds(), **_given(settings, Thresholds))
    if is_crossed(thresholds):
        raise Misconfigured("AURICLE_KNOWLEDGE__…CONFIRM must not be above …ANSWER.")
    return thresholds


def is_crossed(one: Thresholds) -> bool:
    return one.confirm > one.answer or one.lexical_confirm > one.lexical_answer


def _given(settings: KnowledgeSearch, into: type) -> dict[str, Any]:
    found = {one.name: getattr(settings, one.name, None) for one in fields(into)}
    return {name: value for name, value in found.items() if value is not None}


async def tuning(db: AsyncSession) -> Tuning:
    """That of the transaction's organization."""
    row = (
        await db.execute(select(KnowledgeSetting.strictness, KnowledgeSetting.thresholds, KnowledgeSetting.rerank))
    ).one_or_none()
    return NORMAL if row is None else Tuning(Strictness(row[0]), tuple(sorted(row[1].items())), row[2])


async def tune(db: AsyncSession, actor: Actor, wanted: Tuning, installation: Thresholds) -> None:
    """Set the organization's own settings. Every process is told.

    Raises:
        ThresholdsCrossed
    """
    if is_crossed(wanted.over(installation)):
        raise ThresholdsCrossed
    values = {"strictness": wanted.strictness.value, "thresholds": dict(wanted.own), "rerank": wanted.rerank}
    changed: dict[str, Any] = {**values, "changed_by": _member(actor), "changed_at": func.now()}
    await db.execute(
        insert(KnowledgeSetting)
        .values(id=new_id(), **changed)
        .on_conflict_do_update(constraint="uq_knowledge_setting_organization_id", set_=changed)
    )


def _member(actor: Actor) -> UUID | None:
    return actor.member_id
