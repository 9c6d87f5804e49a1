"""The tools of a conversation: those its agent names, as far as the actor may use them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

import orjson
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.actor import Actor
from auricle.agents.config import ToolUse
from auricle.agents.tools.builtin.appointments import BOOK, CANCEL, FIND_SLOTS
from auricle.agents.tools.builtin.endings import END_CALL, HAND_OVER
from auricle.agents.tools.builtin.knowledge import SEARCH_KNOWLEDGE
from auricle.agents.tools.builtin.observations import RECORD_SYMPTOM, RECORD_VITALS
from auricle.agents.tools.builtin.own_record import LOOK_UP_PATIENT
from auricle.agents.tools.consent_words import say
from auricle.agents.tools.guard import Reach
from auricle.agents.tools.http_tool import HttpTool
from auricle.agents.tools.mcp_server import McpServer
from auricle.agents.tools.models import OrganizationTool
from auricle.agents.tools.tool import Effect, Errand, Question, Run, Tool
from auricle.assembly import Assembly
from auricle.db.sealed import Key

MOST_TOOLS = 40  # offered to one model
SEPARATOR = "__"  # between an MCP server's name and its tool's

BUILT_IN: Mapping[str, Tool] = {
    tool.name: tool
    for tool in (
        LOOK_UP_PATIENT,
        FIND_SLOTS,
        BOOK,
        CANCEL,
        SEARCH_KNOWLEDGE,
        RECORD_SYMPTOM,
        RECORD_VITALS,
        HAND_OVER,
        END_CALL,
    )
}
# What only adds a note may go without the patient's yes, where the agent's configuration says so.
MAY_SKIP_CONFIRMATION = frozenset({RECORD_SYMPTOM.name, RECORD_VITALS.name})


@dataclass(frozen=True, slots=True)
class Outside:
    """What tools of the organization need: where they may reach."""

    reach: Reach
    commands: Sequence[str] = ()

    @classmethod
    def of(cls, assembly: Assembly) -> "Outside":
        return cls(Reach.of(assembly.settings), assembly.settings.tools_mcp_commands)


async def toolbox(assembly: Assembly, actor: Actor, uses: Sequence[ToolUse]) -> dict[str, Tool]:
    """The tools that an agent names and the actor may use, by the names that the model calls them."""
    own = [use.name for use in uses if use.name not in BUILT_IN]
    outside: dict[str, Tool] = {}
    if own:
        async with assembly.database.transaction(actor) as db:
            key = await assembly.keyring.organization(db)
            for row in await organization_tools(db):
                outside |= tools_of(row, headers_of(key, row), Outside.of(assembly))
    found: dict[str, Tool] = {}
    for use in uses:
        for name, tool in named(use.name, outside).items():
            if tool.open_to(actor) and len(found) < MOST_TOOLS:
                found[name] = overridden(tool, use)
    return found


def named(name: str, outside: Mapping[str, Tool]) -> dict[str, Tool]:
    """The tools that a name of a configuration means: one, or all of an MCP server."""
    if name in BUILT_IN:
        return {name: BUILT_IN[name]}
    if name in outside:
        return {name: outside[name]}
    return {full: tool for full, tool in outside.items() if full.startswith(f"{name}{SEPARATOR}")}


def overridden(tool: Tool, use: ToolUse) -> Tool:
    changed = replace(tool, timeout_s=use.timeout_s or tool.timeout_s, description=use.description or tool.description)
    if not use.confirm and tool.name in MAY_SKIP_CONFIRMATION:
        changed = replace(changed, question=None)
    return changed


async def organization_tools(db: AsyncSession) -> Sequence[OrganizationTool]:
    """The organization's tools in use, by name."""
    statement = select(OrganizationTool).where(OrganizationTool.archived_at.is_(None)).order_by(OrganizationTool.name)
    return (await db.scalars(statement.limit(200))).all()


def headers_of(key: Key, row: OrganizationTool) -> dict[str, str]:
    if row.headers is None:
        return {}
    headers: dict[str, str] = orjson.loads(key.open(row.headers, "tool", "headers", row.id))
    return headers


def http_of(row: OrganizationTool, headers: Mapping[str, str]) -> HttpTool:
    assert row.url is not None
    return HttpTool(row.method, row.url, row.sends, row.timeout_s, row.sends_patient, headers)


def mcp_of(row: OrganizationTool, headers: Mapping[str, str]) -> McpServer:
    return McpServer(row.url, row.command, row.timeout_s, headers)


def tools_of(row: OrganizationTool, headers: Mapping[str, str], outside: Outside) -> dict[str, Tool]:
    """A row as tools: an HTTP tool is one, an MCP server has as many as it listed."""
    if row.kind == "http":
        http = http_of(row, headers)

        async def request(errand: Errand, arguments: Mapping[str, Any]) -> Any:
            return await http.ask(outside.reach, errand, arguments, call_id=uuid4())

        return {row.name: made(row, row.name, row.description, row.parameters, row.effect, request)}
    server = mcp_of(row, headers)
    tools = {}
    for one in row.listed:
        full = f"{row.name}{SEPARATOR}{one['name']}"
        # A server's own word that a tool only reads counts where the organization said that it trusts it.
        effect = one["effect"] if row.effect == "read" else "write"
        tools[full] = made(
            row, full, one["description"], one["parameters"], effect, _called(server, one["name"], outside)
        )
    return tools


def _called(server: McpServer, name: str, outside: Outside) -> Run:
    async def run(_: Errand, arguments: Mapping[str, Any]) -> Any:
        return await server.call(outside.reach, outside.commands, name, arguments)

    return run


def made(
    row: OrganizationTool, name: str, description: str, parameters: Mapping[str, Any], effect: str, run: Run
) -> Tool:
    is_write = effect == "write"
    question = asking(row.question, description) if is_write else None
    return Tool(name, description, parameters, Effect(effect), run, timeout_s=row.timeout_s, question=question)


def asking(question: Mapping[str, Any], description: str) -> Question:
    """The organization's own question in the patient's language, with the arguments; else a general one."""

    async def ask(errand: Errand, arguments: Mapping[str, Any]) -> str:
        shown = ", ".join(f"{name.replace('_', ' ')}: {brief(value)}" for name, value in arguments.items())
        own = question.get(errand.language)
        if isinstance(own, str):
            return f"{own.rstrip(' ?')} ({shown})?" if shown else f"{own.rstrip(' ?')}?"
        what = f"{description.split('.')[0][:120]} ({shown})" if shown else description.split(".")[0][:120]
        return say("confirm", errand.language, what=what)

    return ask


def brief(value: Any) -> str:
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    return text[:200].replace("\n", " ")
