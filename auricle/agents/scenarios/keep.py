"""Keep scenarios, ask for runs, and do them as jobs."""

from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, datetime
from uuid import UUID, uuid4

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.actor import Actor
from auricle.agents.models import AgentVersion
from auricle.agents.scenarios.model import AgentScenario, Scenario, ScenarioResult, ScenarioRun
from auricle.agents.scenarios.run import rehearsed_tools, run_scenario
from auricle.agents.tools.ledger import RehearsedCalls
from auricle.agents.versions import Serving, find_agent, find_version, serving_of
from auricle.assembly import Assembly
from auricle.consultations.answer import Carried, Talk, answer
from auricle.db.session import actor_of
from auricle.errors import Conflict, NotFound
from auricle.identity.roles import PATIENT
from auricle.jobs.app import task
from auricle.jobs.queue import enqueue
from auricle.providers.ports import ChatMessage
from auricle.voice.ports import ReplyPiece
from auricle.voice.trivial import trivial_kind

MOST = 100  # scenarios of an agent
RUN_S = 900.0


class TooManyScenarios(Conflict):
    """The agent has as many scenarios as it may."""

    code = "agent.too_many_scenarios"


class NoScenarios(Conflict):
    """The agent has no scenarios to run."""

    code = "agent.no_scenarios"


class ScenariosNotPassed(Conflict):
    """This agent is published only with a version that all its scenarios, as they are now, have passed."""

    code = "agent.scenarios_not_passed"


async def scenarios_of(db: AsyncSession, agent_id: UUID) -> Sequence[AgentScenario]:
    """By name."""
    await find_agent(db, agent_id)
    wanted = select(AgentScenario).where(AgentScenario.agent_id == agent_id).order_by(AgentScenario.name).limit(MOST)
    return (await db.scalars(wanted)).all()


async def keep_scenarios(db: AsyncSession, agent_id: UUID, scenarios: Sequence[Scenario]) -> list[AgentScenario]:
    """Add scenarios; one of a name that is there is replaced."""
    await find_agent(db, agent_id, lock=True)
    there = {row.name: row for row in await scenarios_of(db, agent_id)}
    if len(there.keys() | {one.name for one in scenarios}) > MOST:
        raise TooManyScenarios(limit=MOST)
    kept = []
    for one in scenarios:
        row = there.get(one.name) or AgentScenario(agent_id=agent_id, name=one.name)
        row.language, row.body = one.language, one.model_dump(mode="json")
        row.updated_at = datetime.now(UTC)
        db.add(row)
        there[one.name] = row
        kept.append(row)
    await db.flush()
    return kept


async def remove_scenario(db: AsyncSession, agent_id: UUID, scenario_id: UUID) -> None:
    row = await db.get(AgentScenario, scenario_id)
    if row is None or row.agent_id != agent_id:
        raise NotFound("No such scenario.")
    await db.delete(row)
    await db.flush()


async def ask_for_run(db: AsyncSession, agent_id: UUID, number: int | None) -> ScenarioRun:
    """Queue a run of all scenarios against a version, the published one unless told."""
    agent = await find_agent(db, agent_id)
    if not await scenarios_of(db, agent_id):
        raise NoScenarios
    version = await find_version(db, agent_id, number or agent.published or 0)
    run = ScenarioRun(agent_id=agent_id, agent_version_id=version.id, requested_by=actor_of(db).member_id)
    db.add(run)
    await db.flush()
    await enqueue(db, "agents.run_scenarios", lock=f"scenarios:{agent_id}", run_id=run.id)
    return run


async def find_run(db: AsyncSession, agent_id: UUID, run_id: UUID) -> ScenarioRun:
    run = await db.get(ScenarioRun, run_id)
    if run is None or run.agent_id != agent_id:
        raise NotFound("No such run.")
    return run


async def give_up(assembly: Assembly, actor: Actor, run_id: UUID) -> None:
    async with assembly.database.transaction(actor) as db:
        run = await db.get(ScenarioRun, run_id, with_for_update=True)
        if run is not None and run.finished_at is None:
            run.status, run.finished_at = "broken", datetime.now(UTC)


@task("agents.run_scenarios", retries=1, timeout_s=RUN_S, on_failed=give_up)
async def run_scenarios(assembly: Assembly, actor: Actor, run_id: UUID) -> None:
    """Do a run, unless that was done already."""
    async with assembly.database.transaction(actor) as db:
        run = await db.get(ScenarioRun, run_id, with_for_update=True)
        if run is None or run.finished_at is not None:
            return
        run.status = "running"
        serving = serving_of(await db.get_one(AgentVersion, run.agent_version_id))
        scenarios = [Scenario.model_validate(row.body) for row in await scenarios_of(db, run.agent_id)]
    results = [await rehearse(assembly, actor, serving, one) for one in scenarios]
    async with assembly.database.transaction(actor) as db:
        run = await db.get_one(ScenarioRun, run_id, with_for_update=True)
        run.results = [one.model_dump(mode="json") for one in results]
        run.status = "passed" if all(one.passed for one in results) else "failed"
        run.finished_at = datetime.now(UTC)


async def rehearse(assembly: Assembly, actor: Actor, serving: Serving, scenario: Scenario) -> ScenarioResult:
    """One scenario, with what a patient may do and nobody's consultation."""
    somebody = Actor(kind="agent", organization_id=actor.organization_id, role="patient", permissions=PATIENT)
    ledger = RehearsedCalls()
    carried = Carried(tools=await rehearsed_tools(assembly, somebody, serving, scenario.tools), rehearsal=ledger)
    talk = Talk(somebody, uuid4(), uuid4(), uuid4(), serving, scenario.language, carried)

    def speaks(said: str, history: tuple[ChatMessage, ...]) -> AsyncGenerator[ReplyPiece, None]:
        trivial = trivial_kind(said, scenario.language) is not None
        return answer(assembly, talk, said, scenario.language, history, trivial=trivial, turn_id=uuid4())

    return await run_scenario(scenario, serving, speaks, ledger)


async def require_passed(db: AsyncSession, agent_id: UUID, number: int) -> None:
    """Raise `ScenariosNotPassed` unless the last run of this version passed, with the scenarios as they are."""
    version = await find_version(db, agent_id, number)
    last = await db.scalar(
        select(ScenarioRun)
        .where(ScenarioRun.agent_version_id == version.id, ScenarioRun.finished_at.is_not(None))
        .order_by(ScenarioRun.id.desc())
        .limit(1)
    )
    changed = await db.scalar(select(func.max(AgentScenario.updated_at)).where(AgentScenario.agent_id == agent_id))
    if last is None or last.status != "passed" or changed is None or last.created_at < changed:
        raise ScenariosNotPassed
