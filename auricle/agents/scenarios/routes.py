"""`/api/v1/agents/{id}/scenarios`: what an agent is tested with, and the runs."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Response, status
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select

from auricle.actor import Actor
from auricle.agents.models import AgentVersion
from auricle.agents.scenarios.keep import (
    NoScenarios,
    TooManyScenarios,
    ask_for_run,
    find_run,
    keep_scenarios,
    remove_scenario,
    scenarios_of,
)
from auricle.agents.scenarios.model import AgentScenario, RunStatus, Scenario, ScenarioResult, ScenarioRun
from auricle.agents.versions import BadAgentFile, as_yaml, find_agent
from auricle.agents.yaml_io import read_scenarios
from auricle.billing.budgets.require import BudgetExhausted, require_budget
from auricle.db.keyset import in_order
from auricle.errors import NotFound
from auricle.web.deps import Db, Requires
from auricle.web.paging import ByAge, Cursor, Limit, Page, ordered, page
from auricle.web.problems import problems

router = APIRouter(prefix="/api/v1/agents/{agent_id}/scenarios", tags=["agents"])

Reader = Annotated[Actor, Requires("agents:read")]
Writer = Annotated[Actor, Requires("agents:write")]

EXAMPLE: dict[str, Any] = {
    "name": "Asks before it books",
    "language": "en",
    "turns": [{"patient": "I need an appointment.", "expect": {"must_not_say": ["booked"], "max_sentences": 3}}],
}


class ScenarioOut(BaseModel):
    id: UUID
    updated_at: datetime
    scenario: Scenario

    @classmethod
    def of(cls, row: AgentScenario) -> "ScenarioOut":
        return cls(id=row.id, updated_at=row.updated_at, scenario=Scenario.model_validate(row.body))


class RunIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    number: int | None = Field(None, ge=1, lt=2**31, description="The version; unset: the one that serves.")


class RunOut(BaseModel):
    id: UUID
    number: int = Field(description="The version it ran against.")
    status: RunStatus
    created_at: datetime
    finished_at: datetime | None
    results: list[ScenarioResult]


async def run_out(db: Db, run: ScenarioRun) -> RunOut:
    version = await db.get_one(AgentVersion, run.agent_version_id)
    return RunOut.model_validate(
        {
            "id": run.id,
            "number": version.number,
            "status": run.status,
            "created_at": run.created_at,
            "finished_at": run.finished_at,
            "results": run.results,
        }
    )


@router.get("", operation_id="list_scenarios", summary="An agent's test scenarios", responses=problems(NotFound))
async def index(agent_id: UUID, db: Db, actor: Reader) -> list[ScenarioOut]:
    return [ScenarioOut.of(row) for row in await scenarios_of(db, agent_id)]


@router.post(
    "",
    operation_id="save_scenario",
    summary="Add a scenario; one of the same name is replaced",
    status_code=status.HTTP_201_CREATED,
    responses=problems(NotFound, TooManyScenarios),
)
async def save(
    agent_id: UUID, body: Annotated[Scenario, Body(examples=[EXAMPLE])], db: Db, actor: Writer
) -> ScenarioOut:
    return ScenarioOut.of((await keep_scenarios(db, agent_id, [body]))[0])


@router.get(
    "/yaml",
    operation_id="export_scenarios",
    summary="All scenarios as YAML",
    responses={**problems(NotFound), 200: {"content": {"application/yaml": {}}, "description": "The file."}},
    response_class=Response,
)
async def export(agent_id: UUID, db: Db, actor: Reader) -> Response:
    scenarios = [Scenario.model_validate(row.body) for row in await scenarios_of(db, agent_id)]
    text = as_yaml([one.model_dump(mode="json", exclude_defaults=True) for one in scenarios])
    return Response(text, media_type="application/yaml")


@router.post(
    "/import",
    operation_id="import_scenarios",
    summary="Add scenarios from YAML; those of the same name are replaced",
    status_code=status.HTTP_201_CREATED,
    responses=problems(NotFound, TooManyScenarios, BadAgentFile),
)
async def import_yaml(
    agent_id: UUID,
    text: Annotated[str, Body(media_type="application/yaml", max_length=500_000)],
    db: Db,
    actor: Writer,
) -> list[ScenarioOut]:
    return [ScenarioOut.of(row) for row in await keep_scenarios(db, agent_id, read_scenarios(text))]


@router.post(
    "/run",
    operation_id="run_scenarios",
    summary="Run all scenarios against a version, in the background and without any effect",
    status_code=status.HTTP_202_ACCEPTED,
    responses=problems(NotFound, NoScenarios, BudgetExhausted),
)
async def run(agent_id: UUID, body: RunIn, db: Db, actor: Writer) -> RunOut:
    await require_budget(db)
    return await run_out(db, await ask_for_run(db, agent_id, body.number))


@router.get("/runs", operation_id="list_scenario_runs", summary="Runs", responses=problems(NotFound))
async def runs(
    agent_id: UUID, db: Db, actor: Reader, sort: ByAge = "-created_at", limit: Limit = 20, cursor: Cursor = None
) -> Page[RunOut]:
    await find_agent(db, agent_id)
    of_agent = select(ScenarioRun).where(ScenarioRun.agent_id == agent_id)
    listed = await in_order(db, of_agent, ordered(sort, cursor), ScenarioRun.id, limit=limit + 1)
    rows = (await db.scalars(listed)).all()
    return page([await run_out(db, row) for row in rows], [row.id for row in rows], limit)


@router.get(
    "/runs/{run_id}", operation_id="get_scenario_run", summary="One run, with what each expectation came to",
    responses=problems(NotFound),
)  # fmt: skip
async def get_run(agent_id: UUID, run_id: UUID, db: Db, actor: Reader) -> RunOut:
    return await run_out(db, await find_run(db, agent_id, run_id))


@router.delete(
    "/{scenario_id}",
    operation_id="delete_scenario",
    summary="Remove a scenario",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(NotFound),
)
async def delete(agent_id: UUID, scenario_id: UUID, db: Db, actor: Writer) -> None:
    await remove_scenario(db, agent_id, scenario_id)
