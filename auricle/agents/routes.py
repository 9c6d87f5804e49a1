"""`/api/v1/agents`: configurations, their versions, and which of them serves."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Header, Query, Response, status
from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.actor import Actor
from auricle.agents.archive import AgentInUse, archive_agent
from auricle.agents.compare import Difference, differences
from auricle.agents.config import AgentConfig
from auricle.agents.scenarios.keep import ScenariosNotPassed, keep_scenarios, require_passed, scenarios_of
from auricle.agents.scenarios.model import Scenario
from auricle.agents.validate import AgentInvalid, examine
from auricle.agents.versions import (
    AgentChanged,
    AgentNameTaken,
    BadAgentFile,
    Serving,
    create_agent,
    find_version,
    last_config,
    last_number,
    list_agents,
    list_versions,
    publish_version,
    published,
    save_version,
    serving_of,
    to_yaml,
)
from auricle.agents.yaml_io import MOST_VERSIONS, read_agent, write_agent
from auricle.assembly import Assembly
from auricle.db.keyset import NEWEST
from auricle.errors import Forbidden, Invalid, NotFound
from auricle.providers.catalog import ModelGone
from auricle.web.deps import Db, Installed, Requires
from auricle.web.paging import ByAge, ByName, Cursor, Limit, Page, ordered, page
from auricle.web.problems import problems

router = APIRouter(prefix="/api/v1/agents", tags=["agents"])

Reader = Annotated[Actor, Requires("agents:read")]
Writer = Annotated[Actor, Requires("agents:write")]
Publisher = Annotated[Actor, Requires("agents:publish")]
IfMatch = Annotated[
    str | None,
    Header(max_length=20, pattern=r'^"?[0-9]{1,9}"?$', description="The number that you have read; another: 409."),
]


class AgentRow(BaseModel):
    id: UUID
    name: str
    slug: str
    published: int | None


class AgentOut(BaseModel):
    id: UUID
    version_id: UUID
    number: int
    latest: int = Field(description="The newest version's number; send it as `If-Match` when you save another.")
    config: AgentConfig
    warnings: dict[str, str] = Field({}, description="What to know, by field. Nothing of it keeps the agent from work.")


class VersionOut(BaseModel):
    agent_id: UUID
    number: int
    warnings: dict[str, str] = {}


class VersionRow(BaseModel):
    id: UUID
    number: int
    created_at: datetime
    created_by: UUID | None


def number_in(if_match: str | None) -> int | None:
    return None if if_match is None else int(if_match.strip('"'))


async def told(db: Db, serving: Serving, warnings: dict[str, str] | None = None) -> AgentOut:
    return AgentOut(
        id=serving.agent_id,
        version_id=serving.version_id,
        number=serving.number,
        latest=await last_number(db, serving.agent_id),
        config=serving.config,
        warnings=warnings or {},
    )


@router.get("", operation_id="list_agents", summary="Agents of the organization", responses=problems(Forbidden))
async def index(
    db: Db, actor: Reader, sort: ByName = "-created_at", limit: Limit = 20, cursor: Cursor = None
) -> Page[AgentRow]:
    agents = await list_agents(db, order=ordered(sort, cursor), limit=limit + 1)
    rows = [AgentRow(id=a.id, name=a.name, slug=a.slug, published=a.published) for a in agents]
    return page(rows, [a.id for a in agents], limit)


@router.post(
    "",
    operation_id="create_agent",
    summary="Add an agent; its first version is published",
    status_code=status.HTTP_201_CREATED,
    responses=problems(Forbidden, AgentNameTaken, AgentInvalid, ModelGone),
)
async def create(body: AgentConfig, db: Db, assembly: Installed, actor: Writer) -> AgentOut:
    warnings = (await examine(db, assembly, body)).require()
    return await told(db, await create_agent(db, body), warnings)


@router.post(
    "/import",
    operation_id="import_agent",
    summary="Add an agent from YAML: one configuration, or all versions and scenarios as exported",
    status_code=status.HTTP_201_CREATED,
    responses=problems(Forbidden, AgentNameTaken, BadAgentFile, AgentInvalid, ModelGone),
)
async def import_yaml(
    text: Annotated[str, Body(media_type="application/yaml", max_length=2_000_000)],
    db: Db,
    assembly: Installed,
    actor: Writer,
) -> AgentOut:
    file = read_agent(text)
    *earlier, last = file.versions
    warnings = (await examine(db, assembly, last)).require()
    serving = await create_agent(db, last, earlier=earlier)
    if file.scenarios:
        await keep_scenarios(db, serving.agent_id, file.scenarios)
    return await told(db, serving, warnings)


@router.post(
    "/validate",
    operation_id="validate_agent",
    summary="What saving this configuration would say, without saving it",
    responses=problems(Forbidden),
)
async def check(body: AgentConfig, db: Db, assembly: Installed, actor: Writer) -> dict[str, dict[str, str]]:
    found = await examine(db, assembly, body)
    return {"errors": {**found.errors, **found.gone}, "warnings": found.warnings}


@router.get("/{agent_id}", operation_id="get_agent", summary="The version that serves", responses=problems(NotFound))
async def get(agent_id: UUID, db: Db, actor: Reader, response: Response) -> AgentOut:
    out = await told(db, await published(db, agent_id))
    response.headers["ETag"] = f'"{out.latest}"'
    return out


@router.get(
    "/{agent_id}/yaml",
    operation_id="export_agent",
    summary="A version as YAML (the one that serves unless told), or with `whole` all of them and the scenarios",
    responses={**problems(NotFound), 200: {"content": {"application/yaml": {}}, "description": "The file."}},
    response_class=Response,
)
async def export(
    agent_id: UUID, db: Db, actor: Reader, number: Annotated[int | None, Query(ge=1)] = None, whole: bool = False
) -> Response:
    if whole:
        rows = await list_versions(db, agent_id, NEWEST, limit=MOST_VERSIONS)
        scenarios = [Scenario.model_validate(row.body) for row in await scenarios_of(db, agent_id)]
        text = write_agent([serving_of(row).config for row in reversed(rows)], scenarios)
    elif number is not None:
        text = to_yaml(serving_of(await find_version(db, agent_id, number)).config)
    else:
        text = to_yaml((await published(db, agent_id)).config)
    return Response(text, media_type="application/yaml")


@router.put(
    "/{agent_id}",
    operation_id="save_agent",
    summary="Save a new version (it serves once published)",
    responses=problems(Forbidden, NotFound, AgentInvalid, ModelGone, AgentChanged),
)
async def save(
    agent_id: UUID, body: AgentConfig, db: Db, assembly: Installed, actor: Writer, if_match: IfMatch = None
) -> VersionOut:
    return await saved(agent_id, body, db, assembly, if_match)


@router.put(
    "/{agent_id}/yaml",
    operation_id="save_agent_yaml",
    summary="Save a new version from YAML; of several versions in it, the last",
    responses=problems(Forbidden, NotFound, BadAgentFile, AgentInvalid, ModelGone, AgentChanged),
)
async def save_yaml(
    agent_id: UUID,
    text: Annotated[str, Body(media_type="application/yaml", max_length=2_000_000)],
    db: Db,
    assembly: Installed,
    actor: Writer,
    if_match: IfMatch = None,
) -> VersionOut:
    return await saved(agent_id, read_agent(text).versions[-1], db, assembly, if_match)


async def saved(
    agent_id: UUID, body: AgentConfig, db: AsyncSession, assembly: Assembly, based_on: str | None
) -> VersionOut:
    before = await last_config(db, agent_id)
    warnings = (await examine(db, assembly, body, before)).require()
    version = await save_version(db, agent_id, body, based_on=number_in(based_on))
    return VersionOut(agent_id=agent_id, number=version.number, warnings=warnings)


@router.delete(
    "/{agent_id}",
    operation_id="archive_agent",
    summary="Take an agent out of use; what was said with it stays",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(NotFound, AgentInUse),
)
async def archive(agent_id: UUID, db: Db, actor: Writer) -> None:
    await archive_agent(db, agent_id)


@router.get(
    "/{agent_id}/versions",
    operation_id="list_agent_versions",
    summary="Versions",
    responses=problems(NotFound),
)
async def versions(
    agent_id: UUID, db: Db, actor: Reader, sort: ByAge = "-created_at", limit: Limit = 20, cursor: Cursor = None
) -> Page[VersionRow]:
    rows = await list_versions(db, agent_id, order=ordered(sort, cursor), limit=limit + 1)
    return page([VersionRow.model_validate(row, from_attributes=True) for row in rows], [row.id for row in rows], limit)


@router.get(
    "/{agent_id}/versions/{number}",
    operation_id="get_agent_version",
    summary="One version",
    responses=problems(NotFound),
)
async def version(agent_id: UUID, number: int, db: Db, actor: Reader) -> AgentOut:
    return await told(db, serving_of(await find_version(db, agent_id, numbered(number))))


@router.get(
    "/{agent_id}/diff",
    operation_id="compare_agent_versions",
    summary="What differs between two versions, field by field",
    responses=problems(NotFound),
)
async def diff(
    agent_id: UUID,
    db: Db,
    actor: Reader,
    before: Annotated[int, Query(ge=1, le=2**31 - 1, description="A version's number.", examples=[1])],
    after: Annotated[int, Query(ge=1, le=2**31 - 1, description="Another's.", examples=[1])],
) -> list[Difference]:
    one, other = [serving_of(await find_version(db, agent_id, n)).config for n in (before, after)]
    return differences(one, other)


@router.post(
    "/{agent_id}/publish/{number}",
    operation_id="publish_agent",
    summary="Let a version serve; an earlier one is a roll-back. Consultations under way keep theirs",
    responses=problems(Forbidden, NotFound, AgentChanged, ScenariosNotPassed),
)
async def publish(
    agent_id: UUID, number: int, db: Db, assembly: Installed, actor: Publisher, if_match: IfMatch = None
) -> AgentOut:
    """`If-Match` holds the number that is thought to serve now."""
    wanted = serving_of(await find_version(db, agent_id, numbered(number)))
    if wanted.config.publish_needs_scenarios:
        await require_passed(db, agent_id, number)
    serving = await publish_version(db, agent_id, number, instead_of=number_in(if_match))
    # What has gone since the version was saved is told, not refused: a roll-back must always be possible.
    return await told(db, serving, (await examine(db, assembly, serving.config, serving.config)).all)


def numbered(number: int) -> int:
    if not 1 <= number < 2**31:
        raise Invalid("Versions are numbered from 1.")
    return number
