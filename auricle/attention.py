"""`GET /api/v1/warnings`: what an administrator should look at now, from all that this installation knows by itself."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.actor import Actor
from auricle.agents.config import AgentConfig
from auricle.agents.models import Agent, AgentVersion
from auricle.agents.validate import provider_findings
from auricle.assembly import Assembly
from auricle.billing.budgets.keep import told
from auricle.errors import Forbidden
from auricle.providers.accounts.judge import Judge
from auricle.providers.accounts.listings import Known, known
from auricle.providers.health import provider_states
from auricle.providers.lineup import Lineup
from auricle.web.deps import Db, Installed, Requires
from auricle.web.problems import problems

router = APIRouter(prefix="/api/v1", tags=["administration"])

MOST_AGENTS = 500

Code = Literal[
    "provider.model_ends",  # a model that a provider uses by itself ends, or has ended
    "provider.refused",  # the vendor refuses the key or the request: a setting to correct
    "provider.unwell",  # it fails, and is not asked for a while
    "agent.provider",  # an agent that serves names what is gone or will go
    "budget.warning",
    "budget.exhausted",
    "usage.unpriced",  # calls of this month whose cost nobody knows: they are in no budget
]


class Warned(BaseModel):
    code: Code
    message: str
    about: dict[str, str] = Field(description="Names and ids of what it is about.")


class Warnings(BaseModel):
    warnings: list[Warned]


@router.get(
    "/warnings",
    operation_id="list_warnings",
    summary="What an administrator should look at now",
    responses=problems(Forbidden),
)
async def index(db: Db, assembly: Installed, actor: Annotated[Actor, Requires("providers:read")]) -> Warnings:
    return Warnings(warnings=[one async for one in warned(db, assembly, actor)])


async def warned(db: AsyncSession, assembly: Assembly, actor: Actor) -> AsyncIterator[Warned]:
    lineup = await assembly.lineups.of(actor.organization_id)
    listed = await known(db, lineup)
    for one in await of_providers(assembly, actor, listed):
        yield one
    if actor.organization_id is None:
        return
    for one in await of_agents(db, lineup, listed):
        yield one
    if actor.may("usage:read"):
        for one in await of_money(db):
            yield one


async def of_providers(assembly: Assembly, actor: Actor, listed: Mapping[str, Known]) -> list[Warned]:
    found = []
    ends = {name: one.told for name, one in listed.items()}
    for state in await provider_states(assembly.router, actor.organization_id, ends):
        about = {"provider": state.name}
        for model, text in state.warnings.items():
            found.append(Warned(code="provider.model_ends", message=text, about={**about, "model": model}))
        if state.refused is not None:
            message = "Its vendor refuses the key, or what is asked with it."
            found.append(Warned(code="provider.refused", message=message, about=about))
        elif state.breaker != "closed":
            found.append(Warned(code="provider.unwell", message="It fails, and is not asked for a while.", about=about))
    return found


async def of_agents(db: AsyncSession, lineup: Lineup, listed: Mapping[str, Known]) -> list[Warned]:
    """What the published versions name, judged as if they were saved today."""
    judge, found = Judge(lineup, listed, datetime.now(UTC).date()), []
    serving = (
        select(Agent.id, Agent.name, AgentVersion.config)
        .join(AgentVersion, (AgentVersion.agent_id == Agent.id) & (AgentVersion.number == Agent.published))
        .where(Agent.archived_at.is_(None))
        .order_by(Agent.name)
        .limit(MOST_AGENTS)
    )
    for agent_id, name, config in (await db.execute(serving)).tuples():
        parsed = AgentConfig.model_validate(config)
        for place, finding in provider_findings(judge, parsed, parsed):
            about = {"agent_id": str(agent_id), "agent": name, "place": place}
            found.append(Warned(code="agent.provider", message=finding.text, about=about))
    return found


async def of_money(db: AsyncSession) -> Sequence[Warned]:
    found, now = [], await told(db)
    for one in now.budgets:
        about = {"budget_id": str(one.id), "owner": one.owner, "spent": str(one.spent), "amount": str(one.amount)}
        if one.state == "exhausted":
            message = "The budget for this month is used up: nothing new begins."
            found.append(Warned(code="budget.exhausted", message=message, about=about))
        elif one.state == "warned":
            message = f"More than {one.warn_percent} % of the budget for this month is used up."
            found.append(Warned(code="budget.warning", message=message, about=about))
    if now.month.unpriced:
        message = "Some calls of this month have no price; they are in no sum and in no budget."
        found.append(Warned(code="usage.unpriced", message=message, about={"calls": str(now.month.unpriced)}))
    return found
