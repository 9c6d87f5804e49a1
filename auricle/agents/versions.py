"""Save, publish and read agent versions; YAML in and out."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml
from pydantic import ValidationError
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.agents.config import AgentConfig
from auricle.agents.models import Agent, AgentVersion
from auricle.db.keyset import Order, alphabetical, in_order
from auricle.db.session import actor_of
from auricle.errors import Conflict, Invalid, NotFound


class BadAgentFile(Invalid):
    """This is not an agent configuration."""

    code = "agent.bad_file"


class AgentNameTaken(Conflict):
    """An agent of this name exists."""

    code = "agent.name_taken"


class AgentChanged(Conflict):
    """Somebody has changed this agent since you read it."""

    code = "agent.changed"


@dataclass(frozen=True, slots=True)
class Serving:
    """An agent version as conversations use it."""

    agent_id: UUID
    version_id: UUID
    number: int
    config: AgentConfig


def parsed(text: str) -> Any:
    """The document in a YAML text, read without aliases (few lines could stand for millions). Raises `BadAgentFile`."""
    try:
        if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(text)):
            raise BadAgentFile("Aliases are not read.")
        return yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise BadAgentFile("This is not YAML.") from error


def from_yaml(text: str) -> AgentConfig:
    """Read a configuration; raises `BadAgentFile` naming the fields that are wrong."""
    try:
        return AgentConfig.model_validate(parsed(text))
    except ValidationError as error:
        fields = {".".join(str(p) for p in e["loc"]): e["type"] for e in error.errors()[:20]}
        raise BadAgentFile("Some fields are not valid.", **fields) from error


def to_yaml(config: AgentConfig) -> str:
    return as_yaml(config.model_dump(mode="json", exclude_defaults=True))


def as_yaml(value: Any) -> str:
    return yaml.safe_dump(value, allow_unicode=True, sort_keys=False)


@cache
def shipped() -> AgentConfig:
    """`agents/assistant.yaml`, as shipped: beside the package in a checkout, inside it in a wheel."""
    places = (Path(__file__).parents[2] / "agents", Path(__file__).parent / "shipped")
    file = next(p / "assistant.yaml" for p in places if (p / "assistant.yaml").exists())
    return from_yaml(file.read_text("utf-8"))


def slug_of(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "agent"


async def create_agent(db: AsyncSession, config: AgentConfig, *, earlier: Sequence[AgentConfig] = ()) -> Serving:
    """Add an agent with its first version, published; with `earlier` ones before it, that is the last of them."""
    slug = slug_of(config.name)
    if await db.scalar(select(Agent.id).where(Agent.slug == slug)):
        raise AgentNameTaken
    agent = Agent(name=config.name, slug=slug)
    db.add(agent)
    await db.flush()
    for one in (*earlier, config):
        version = await save_version(db, agent.id, one)
    agent.published = version.number
    await db.flush()
    return Serving(agent.id, version.id, version.number, config)


async def find_agent(db: AsyncSession, agent_id: UUID, *, lock: bool = False) -> Agent:
    agent = await db.get(Agent, agent_id, with_for_update=lock or None)
    if agent is None or agent.archived_at is not None:
        raise NotFound("No such agent.")
    return agent


async def last_number(db: AsyncSession, agent_id: UUID) -> int:
    statement = select(func.max(AgentVersion.number)).where(AgentVersion.agent_id == agent_id)
    return await db.scalar(statement) or 0


async def last_config(db: AsyncSession, agent_id: UUID) -> AgentConfig | None:
    """The configuration that was saved last; None where there is no such agent."""
    newest = select(AgentVersion).where(AgentVersion.agent_id == agent_id).order_by(AgentVersion.number.desc()).limit(1)
    version = await db.scalar(newest)
    return AgentConfig.model_validate(version.config) if version else None


async def save_version(
    db: AsyncSession, agent_id: UUID, config: AgentConfig, *, based_on: int | None = None
) -> AgentVersion:
    """Add the next version; it serves once it is published.

    Args:
        based_on: the version that was edited. Raises `AgentChanged` where somebody has saved another since.
    """
    agent = await find_agent(db, agent_id, lock=True)
    last = await last_number(db, agent_id)
    if based_on is not None and based_on != last:
        raise AgentChanged(latest=last)
    version = AgentVersion(
        agent_id=agent_id,
        number=last + 1,
        config=config.model_dump(mode="json"),
        created_by=actor_of(db).member_id,
    )
    db.add(version)
    agent.name = config.name
    await db.flush()
    return version


async def publish_version(db: AsyncSession, agent_id: UUID, number: int, *, instead_of: int | None = None) -> Serving:
    """Let a version serve (an earlier one, too: that is the roll-back).

    Args:
        instead_of: the version that is thought to serve now. Raises `AgentChanged` where another one does.
    """
    agent = await find_agent(db, agent_id, lock=True)
    if instead_of is not None and instead_of != agent.published:
        raise AgentChanged(published=agent.published)
    version = await find_version(db, agent_id, number)
    agent.published = number
    await db.flush()
    return serving_of(version)


async def find_version(db: AsyncSession, agent_id: UUID, number: int) -> AgentVersion:
    version = await db.scalar(
        select(AgentVersion).where(AgentVersion.agent_id == agent_id, AgentVersion.number == number)
    )
    if version is None:
        raise NotFound("No such agent version.")
    return version


async def list_versions(db: AsyncSession, agent_id: UUID, order: Order, *, limit: int) -> Sequence[AgentVersion]:
    await find_agent(db, agent_id)
    of_agent = select(AgentVersion).where(AgentVersion.agent_id == agent_id)
    return (await db.scalars(await in_order(db, of_agent, order, AgentVersion.id, limit=limit))).all()


async def published(db: AsyncSession, agent_id: UUID | None = None, *, slug: str | None = None) -> Serving:
    """The published version of an agent, by id or slug, or of the organization's first agent."""
    statement = (
        select(AgentVersion)
        .join(Agent, (Agent.id == AgentVersion.agent_id) & (Agent.published == AgentVersion.number))
        .where(Agent.archived_at.is_(None))
        .order_by(Agent.created_at, Agent.id)
        .limit(1)
    )
    if agent_id is not None:
        statement = statement.where(Agent.id == agent_id)
    if slug is not None:
        statement = statement.where(Agent.slug == slug)
    version = await db.scalar(statement)
    if version is None:
        raise NotFound("No such agent, or none is published.")
    return serving_of(version)


async def list_agents(db: AsyncSession, order: Order, *, limit: int) -> Sequence[Agent]:
    statement = await in_order(db, select(Agent), order, Agent.id, limit=limit, name=alphabetical(Agent.name))
    return (await db.scalars(statement.where(Agent.archived_at.is_(None)))).all()


async def published_agents(db: AsyncSession, *, limit: int) -> Sequence[Agent]:
    """Those that serve, oldest first."""
    serving = select(Agent).where(Agent.archived_at.is_(None), Agent.published.is_not(None))
    return (await db.scalars(serving.order_by(Agent.created_at, Agent.id).limit(limit))).all()


def serving_of(version: AgentVersion) -> Serving:
    return Serving(version.agent_id, version.id, version.number, AgentConfig.model_validate(version.config))
