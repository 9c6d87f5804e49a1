"""`/api/v1/tools`: the organization's own tools; and what agents noted in a consultation."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, status

from auricle.actor import Actor
from auricle.agents.tools.guard import AddressRefused
from auricle.agents.tools.manage import (
    NotListed,
    ToolNameTaken,
    TooManyTools,
    change_tool,
    create_tool,
    find_tool,
    list_offers,
    remove_tool,
    shown,
    try_tool,
)
from auricle.agents.tools.mcp_server import CommandRefused, McpMissing
from auricle.agents.tools.models import OrganizationTool
from auricle.agents.tools.schemas import BuiltInOut, ToolIn, ToolOut, Trial, TrialOut
from auricle.agents.tools.tool import BadArguments, BadSchema
from auricle.agents.tools.toolbox import BUILT_IN, Outside, organization_tools
from auricle.audit.reads import record_read
from auricle.consultations.lifecycle import find_consultation
from auricle.consultations.observations import ObservationOut, observations
from auricle.errors import Forbidden, NotFound
from auricle.web.deps import Db, Installed, Requires
from auricle.web.problems import problems

router = APIRouter(prefix="/api/v1", tags=["agents"])

Reader = Annotated[Actor, Requires("agents:read")]
Writer = Annotated[Actor, Requires("agents:write")]


async def out(db: Db, assembly: Installed, row: OrganizationTool) -> ToolOut:
    return shown(await assembly.keyring.organization(db), row, Outside.of(assembly))


@router.get("/tools", operation_id="list_tools", summary="The organization's tools", responses=problems(Forbidden))
async def index(db: Db, assembly: Installed, actor: Reader) -> list[ToolOut]:
    return [await out(db, assembly, row) for row in await organization_tools(db)]


@router.get(
    "/tools/built-in",
    operation_id="list_built_in_tools",
    summary="The tools that every agent may name",
    responses=problems(Forbidden),
)
async def built_in(actor: Reader) -> list[BuiltInOut]:
    return [
        BuiltInOut(
            name=one.name,
            description=one.description,
            parameters=dict(one.parameters),
            effect=one.effect.value,
            permission=one.permission,
        )
        for one in BUILT_IN.values()
    ]


@router.post(
    "/tools",
    operation_id="create_tool",
    summary="Add an HTTP tool or an MCP server",
    status_code=status.HTTP_201_CREATED,
    responses=problems(Forbidden, ToolNameTaken, TooManyTools, AddressRefused, BadSchema, CommandRefused),
)
async def create(body: ToolIn, db: Db, assembly: Installed, actor: Writer) -> ToolOut:
    return await out(db, assembly, await create_tool(db, assembly.keyring, body, Outside.of(assembly)))


@router.get("/tools/{tool_id}", operation_id="get_tool", summary="One tool", responses=problems(NotFound))
async def get(tool_id: UUID, db: Db, assembly: Installed, actor: Reader) -> ToolOut:
    return await out(db, assembly, await find_tool(db, tool_id))


@router.put(
    "/tools/{tool_id}",
    operation_id="change_tool",
    summary="Replace a tool",
    responses=problems(NotFound, ToolNameTaken, AddressRefused, BadSchema, CommandRefused),
)
async def change(tool_id: UUID, body: ToolIn, db: Db, assembly: Installed, actor: Writer) -> ToolOut:
    return await out(db, assembly, await change_tool(db, assembly.keyring, tool_id, body, Outside.of(assembly)))


@router.delete(
    "/tools/{tool_id}",
    operation_id="delete_tool",
    summary="Remove a tool; its secrets are forgotten",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(NotFound),
)
async def delete(tool_id: UUID, db: Db, actor: Writer) -> None:
    await remove_tool(db, tool_id)


@router.post(
    "/tools/{tool_id}/list",
    operation_id="list_mcp_tools",
    summary="Ask an MCP server what it offers, and keep that",
    responses=problems(NotFound, McpMissing, AddressRefused),
)
async def list_mcp(tool_id: UUID, assembly: Installed, actor: Writer) -> ToolOut:
    row = await list_offers(assembly, actor, tool_id)
    async with assembly.database.transaction(actor) as db:
        return await out(db, assembly, row)


@router.post(
    "/tools/{tool_id}/try",
    operation_id="try_tool",
    summary="Call a tool once, really",
    responses=problems(NotFound, BadArguments, NotListed, McpMissing),
)
async def attempt(tool_id: UUID, body: Trial, assembly: Installed, actor: Writer) -> TrialOut:
    return await try_tool(assembly, actor, tool_id, body.arguments, body.tool)


@router.get(
    "/consultations/{consultation_id}/observations",
    operation_id="list_observations",
    summary="Symptoms and measurements that the patient told, as an agent noted them",
    responses=problems(NotFound),
)
async def observed(
    consultation_id: UUID,
    db: Db,
    assembly: Installed,
    actor: Annotated[Actor, Requires("consultations:read", "own:read")],
) -> list[ObservationOut]:
    consultation = await find_consultation(db, consultation_id)
    await record_read(db, "consultation", consultation.id)
    return list(await observations(db, assembly.keyring, consultation))
