"""`/api/v1/agents`"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Response, status
from pydantic import BaseModel

from auricle.actor import Actor
from auricle.agents.config import AgentConfig
from auricle.agents.versions import (
    AgentNameTaken,
    BadAgentFile,
    Serving,
    create_agent,
    from_yaml,
    list_agents,
    publish_version,
    published,
    save_version,
    to_yaml,
)
from auricle.errors import Forbidden, NotFound
from auricle.web.deps import Db, Requires
from auricle.web.paging import Cursor, Limit, Page, after, page
from auricle.web.problems import problems

router = APIRouter(prefix="/api/v1/agents", tags=["agents"])


class AgentRow(BaseModel):
    id: UUID
    name: str
    slug: str
    published: int | None


class AgentOut(BaseModel):
    id: UUID
    version_id: UUID
    number: int
    config: AgentConfig


class VersionOut(BaseModel):
    agent_id: UUID
    number: int


def told(serving: Serving) -> AgentOut:
    return AgentOut(id=serving.agent_id, version_id=serving.version_id, number=serving.number, config=serving.config)


@router.get("", operation_id="list_agents", summary="Agents of the organization", responses=problems(Forbidden))
async def index(
    db: Db, actor: Annotated[Actor, Requires("agents:read")], limit: Limit = 20, cursor: Cursor = None
) -> Page[AgentRow]:
    agents = await list_agents(db, before=after(cursor), limit=limit + 1)
    rows = [AgentRow(id=a.id, name=a.name, slug=a.slug, published=a.published) for a in agents]
    return page(rows, [a.id for a in agents], limit)


@router.post(
    "",
    operation_id="create_agent",
    summary="Add an agent; its first version is published",
    status_code=status.HTTP_201_CREATED,
    responses=problems(Forbidden, AgentNameTaken),
)
async def create(body: AgentConfig, db: Db, actor: Annotated[Actor, Requires("agents:write")]) -> AgentOut:
    return told(await create_agent(db, body))


@router.post(
    "/import",
    operation_id="import_agent",
    summary="Add an agent from YAML",
    status_code=status.HTTP_201_CREATED,
    responses=problems(Forbidden, AgentNameTaken, BadAgentFile),
)
async def import_yaml(
    text: Annotated[str, Body(media_type="application/yaml", max_length=100_000)],
    db: Db,
    actor: Annotated[Actor, Requires("agents:write")],
) -> AgentOut:
    return told(await create_agent(db, from_yaml(text)))


@router.get("/{agent_id}", operation_id="get_agent", summary="The version that serves", responses=problems(NotFound))
async def get(agent_id: UUID, db: Db, actor: Annotated[Actor, Requires("agents:read")]) -> AgentOut:
    return told(await published(db, agent_id))


@router.get(
    "/{agent_id}/yaml",
    operation_id="export_agent",
    summary="The version that serves, as YAML",
    responses=problems(NotFound),
    response_class=Response,
)
async def export(agent_id: UUID, db: Db, actor: Annotated[Actor, Requires("agents:read")]) -> Response:
    return Response(to_yaml((await published(db, agent_id)).config), media_type="application/yaml")


@router.put(
    "/{agent_id}",
    operation_id="save_agent",
    summary="Save a new version (it serves once published)",
    responses=problems(Forbidden, NotFound),
)
async def save(
    agent_id: UUID, body: AgentConfig, db: Db, actor: Annotated[Actor, Requires("agents:write")]
) -> VersionOut:
    version = await save_version(db, agent_id, body)
    return VersionOut(agent_id=agent_id, number=version.number)


@router.post(
    "/{agent_id}/publish/{number}",
    operation_id="publish_agent",
    summary="Let a version serve",
    responses=problems(Forbidden, NotFound),
)
async def publish(agent_id: UUID, number: int, db: Db, actor: Annotated[Actor, Requires("agents:write")]) -> AgentOut:
    return told(await publish_version(db, agent_id, number))
