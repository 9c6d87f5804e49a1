"""Where an organization names its providers: its order, and the agents that serve."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.agents.models import Agent, AgentVersion
from auricle.providers.accounts.models import ProviderOrder


async def users_of(db: AsyncSession, name: str) -> Sequence[str]:
    """What names a provider: `order`, and the slugs of agents whose published version does."""
    found = []
    orders = await db.scalar(select(ProviderOrder.orders))
    if orders and name in set(names_in(orders)):
        found.append("order")
    serving = (
        select(Agent.slug, AgentVersion.config)
        .join(AgentVersion, (AgentVersion.agent_id == Agent.id) & (AgentVersion.number == Agent.published))
        .where(Agent.archived_at.is_(None))
        .order_by(Agent.slug)
    )
    for slug, config in (await db.execute(serving)).tuples():
        if name in set(names_in(config.get("providers", {}))):
            found.append(slug)
    return found


def names_in(tree: Any) -> Iterator[str]:
    """Every `provider` in nested lists of choices."""
    if isinstance(tree, Mapping):
        if isinstance(tree.get("provider"), str):
            yield tree["provider"]
        else:
            for part in tree.values():
                yield from names_in(part)
    elif isinstance(tree, list):
        for part in tree:
            yield from names_in(part)
