"""The organization's own order: who is asked first for a capability, in a language, where an agent says nothing."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.db.session import actor_of
from auricle.db.uniques import flush_unique
from auricle.errors import Conflict, Invalid
from auricle.providers.accounts.judge import Judge
from auricle.providers.accounts.listings import known
from auricle.providers.accounts.models import ProviderOrder
from auricle.providers.accounts.schemas import ChoiceIO, OrdersIn
from auricle.providers.catalog import ModelGone
from auricle.providers.lineup import ANY, Lineup


class OrderInvalid(Invalid):
    """This order does not fit the organization's providers; `context` names the places."""

    code = "provider_orders.invalid"


class OrderChanged(Conflict):
    """Somebody has changed the order since you read it."""

    code = "provider_orders.changed"


async def stored_order(db: AsyncSession, *, lock: bool = False) -> ProviderOrder | None:
    statement = select(ProviderOrder)
    return await db.scalar(statement.with_for_update() if lock else statement)


async def replace_order(
    db: AsyncSession, lineup: Lineup, wanted: OrdersIn, *, version: int | None = None
) -> tuple[ProviderOrder, dict[str, str]]:
    """Put the order down, with what is to be known of it.

    Args:
        version: the one that was read (0: none); another one by now is refused. None: whichever.

    Raises `OrderInvalid`, `ModelGone` or `OrderChanged`; then nothing is changed.
    """
    row = await stored_order(db, lock=True)
    if version is not None and version != (row.version if row else 0):
        raise OrderChanged
    warnings = await examined(db, lineup, wanted, chosen=choices_in(row.orders if row else {}))
    row = row or ProviderOrder(version=0)
    row.orders, row.version = wanted.model_dump(mode="json")["orders"], row.version + 1
    row.changed_by, row.changed_at = actor_of(db).member_id, datetime.now(UTC)
    db.add(row)
    await flush_unique(db, {"uq_provider_order_organization_id": OrderChanged()})  # two first orders at once
    return row, warnings


async def examined(
    db: AsyncSession, lineup: Lineup, wanted: OrdersIn, *, chosen: Sequence[Mapping[str, Any]]
) -> dict[str, str]:
    judge = Judge(lineup, await known(db, lineup), datetime.now(UTC).date())
    found: dict[str, dict[str, str]] = {"error": {}, "gone": {}, "warning": {}}
    for capability, languages in wanted.orders.items():
        for language, choices in languages.items():
            for index, one in enumerate(choices):
                finding = judge.look_at(capability, one.choice, is_new=one.model_dump(mode="json") not in chosen)
                if finding is not None:
                    found[finding.kind][f"{capability}.{language}.{index}"] = finding.text
            able = [lineup.providers[one.provider] for one in choices if one.provider in lineup.providers]
            if language != ANY and able and not any(p.vendor.speaks(capability, language) for p in able):
                found["error"][f"{capability}.{language}"] = "No provider of the list knows this language."
    if found["error"]:
        raise OrderInvalid(**dict(list({**found["gone"], **found["error"]}.items())[:30]))
    if found["gone"]:
        raise ModelGone(**dict(list(found["gone"].items())[:30]))
    return found["warning"]


def choices_in(orders: Mapping[str, Mapping[str, Sequence[Mapping[str, Any]]]]) -> list[Mapping[str, Any]]:
    return [one for languages in orders.values() for choices in languages.values() for one in choices]


def shown(lineup: Lineup) -> dict[str, dict[str, list[ChoiceIO]]]:
    """The orders of a lineup as they are told."""
    return {
        capability: {
            language: [ChoiceIO.model_validate(choice) for choice in choices] for language, choices in languages.items()
        }
        for capability, languages in lineup.orders.items()
    }
