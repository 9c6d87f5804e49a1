"""Keep, list, change and try the organization's own tools."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import orjson
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.actor import Actor
from auricle.agents.tools.guard import Reach
from auricle.agents.tools.mcp_server import CommandRefused
from auricle.agents.tools.models import OrganizationTool
from auricle.agents.tools.schemas import ListedTool, ToolIn, ToolOut, TrialOut
from auricle.agents.tools.tool import Errand, canonical, strict_schema
from auricle.agents.tools.toolbox import BUILT_IN, Outside, headers_of, mcp_of, tools_of
from auricle.assembly import Assembly
from auricle.db.base import new_id
from auricle.db.sealed import Key, Keyring
from auricle.errors import AuricleError, Conflict, Invalid, NotFound

MOST = 100


class ToolNameTaken(Conflict):
    """Another tool has this name."""

    code = "tools.name_taken"


class TooManyTools(Conflict):
    """The organization has as many tools as it may."""

    code = "tools.too_many"


class NotListed(Invalid):
    """The server did not list such a tool; list its tools first."""

    code = "tools.not_listed"


async def find_tool(db: AsyncSession, tool_id: UUID, *, lock: bool = False) -> OrganizationTool:
    tool = await db.get(OrganizationTool, tool_id, with_for_update=lock or None)
    if tool is None or tool.archived_at is not None:
        raise NotFound("No such tool.")
    return tool


async def create_tool(db: AsyncSession, keyring: Keyring, wanted: ToolIn, outside: Outside) -> OrganizationTool:
    in_use = select(OrganizationTool.id).where(OrganizationTool.archived_at.is_(None)).limit(MOST)
    if len((await db.scalars(in_use)).all()) >= MOST:
        raise TooManyTools(limit=MOST)
    tool = OrganizationTool(id=new_id())
    await fill(db, keyring, tool, wanted, outside)
    db.add(tool)
    await db.flush()
    return tool


async def change_tool(
    db: AsyncSession, keyring: Keyring, tool_id: UUID, wanted: ToolIn, outside: Outside
) -> OrganizationTool:
    """Replace a tool. A server at another address must be listed anew; kept headers never go to another host."""
    tool = await find_tool(db, tool_id, lock=True)
    if (tool.url, tool.command) != (wanted.url, wanted.command):
        tool.listed, tool.listed_at = [], None
        if tool.url and wanted.url and Reach.of_host(tool.url) != Reach.of_host(wanted.url):
            tool.headers = None
    await fill(db, keyring, tool, wanted, outside)
    await db.flush()
    return tool


async def fill(db: AsyncSession, keyring: Keyring, tool: OrganizationTool, wanted: ToolIn, outside: Outside) -> None:
    same_name = select(OrganizationTool.id).where(
        OrganizationTool.name == wanted.name, OrganizationTool.archived_at.is_(None), OrganizationTool.id != tool.id
    )
    if wanted.name in BUILT_IN or await db.scalar(same_name):
        raise ToolNameTaken
    if wanted.url is not None:
        outside.reach.check(wanted.url)
    elif wanted.command not in outside.commands:
        raise CommandRefused
    for name in ("kind", "name", "description", "method", "url", "command", "sends", "sends_patient", "effect"):
        setattr(tool, name, getattr(wanted, name))
    tool.timeout_s, tool.question = wanted.timeout_s, dict(wanted.question)
    tool.parameters = strict_schema(wanted.parameters) if wanted.kind == "http" else {}
    if wanted.headers is not None:
        key = await keyring.organization(db)
        tool.headers = key.seal(canonical(dict(wanted.headers)), "tool", "headers", tool.id) if wanted.headers else None


async def remove_tool(db: AsyncSession, tool_id: UUID) -> None:
    """Agents that name it go on without it."""
    tool = await find_tool(db, tool_id, lock=True)
    tool.archived_at, tool.headers = datetime.now(UTC), None
    await db.flush()


async def opened(assembly: Assembly, actor: Actor, tool_id: UUID) -> tuple[OrganizationTool, dict[str, str]]:
    """A tool with its headers, in a transaction of its own: its server is asked after that."""
    async with assembly.database.transaction(actor) as db:
        tool = await find_tool(db, tool_id)
        return tool, headers_of(await assembly.keyring.organization(db), tool)


async def list_offers(assembly: Assembly, actor: Actor, tool_id: UUID) -> OrganizationTool:
    """Ask an MCP server what it offers, and keep that: conversations use what an administrator has seen."""
    tool, headers = await opened(assembly, actor, tool_id)
    if tool.kind != "mcp":
        raise Invalid("Only an MCP server lists tools.")
    outside = Outside.of(assembly)
    listed = await mcp_of(tool, headers).list_tools(outside.reach, outside.commands)
    async with assembly.database.transaction(actor) as db:
        kept = await find_tool(db, tool_id, lock=True)
        kept.listed, kept.listed_at = listed, datetime.now(UTC)
        await db.flush()
        return kept


async def try_tool(
    assembly: Assembly, actor: Actor, tool_id: UUID, arguments: Mapping[str, Any], name: str | None
) -> TrialOut:
    """Call a tool once, as a conversation would, but for nobody's consultation. It is really called."""
    row, headers = await opened(assembly, actor, tool_id)
    offered = tools_of(row, headers, Outside.of(assembly))
    tool = offered.get(row.name if row.kind == "http" else f"{row.name}__{name}")
    if tool is None:
        raise NotListed
    given = tool.read(orjson.dumps(dict(arguments)).decode())
    errand = Errand(assembly, actor, uuid4(), uuid4(), uuid4(), "en")
    started, code, result = time.perf_counter(), None, None
    try:
        result = await tool.run(errand, given)
    except AuricleError as error:
        code, result = error.code, {"message": error.message, **error.context}
    return TrialOut(ok=code is None, result=result, error_code=code, ms=int((time.perf_counter() - started) * 1000))


def shown(key: Key, row: OrganizationTool, outside: Outside) -> ToolOut:
    headers = headers_of(key, row)
    offers = [
        ListedTool(
            name=one.name,
            description=one.description,
            parameters=dict(one.parameters),
            effect="read" if one.effect == "read" else "write",
        )
        for one in tools_of(row, headers, outside).values()
    ]
    return ToolOut.model_validate(
        {
            **{name: getattr(row, name) for name in ToolOut.model_fields if hasattr(row, name)},
            "header_names": sorted(headers),
            "offers": offers,
        }
    )
