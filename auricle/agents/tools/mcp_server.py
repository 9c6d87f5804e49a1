"""Tools of an MCP server: listed when an administrator looks, called by what was listed then.

Streamable HTTP goes through the same guard as HTTP tools. A command is started only where the operator's settings list
it, word for word.
"""

import shlex
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from auricle.agents.tools.guard import Reach
from auricle.agents.tools.http_tool import MAX_ANSWER_BYTES, ToolUnreachable
from auricle.agents.tools.tool import FORBIDDEN_KEYWORDS, BadSchema, ToolRefused, canonical, strict_schema
from auricle.errors import AuricleError, Invalid, Misconfigured

if TYPE_CHECKING:
    from mcp import Client

MAX_TOOLS = 60
MAX_PAGES = 5


class McpMissing(Misconfigured):
    """MCP servers need the optional package: `uv sync --extra mcp`."""

    status, code = 503, "tools.mcp_missing"


class CommandRefused(Invalid):
    """The operator's settings do not list this command."""

    code = "tools.command_refused"


@dataclass(frozen=True, slots=True)
class McpServer:
    """Where a server is: an address, or a command of this machine."""

    url: str | None
    command: str | None
    timeout_s: float
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    async def list_tools(self, reach: Reach, commands: Sequence[str]) -> list[dict[str, Any]]:
        """What the server offers: name, description and arguments of each tool that we can offer, too."""
        listed: list[dict[str, Any]] = []
        async with self._connected(reach, commands) as client:
            cursor: str | None = None
            for _ in range(MAX_PAGES):
                answer = await client.list_tools(cursor=cursor)
                listed += [shown for tool in answer.tools if (shown := offered(tool)) is not None]
                cursor = answer.next_cursor
                if not cursor or len(listed) >= MAX_TOOLS:
                    break
        return listed[:MAX_TOOLS]

    async def call(self, reach: Reach, commands: Sequence[str], name: str, arguments: Mapping[str, Any]) -> Any:
        async with self._connected(reach, commands) as client:
            answer = await client.call_tool(name, dict(arguments))
        if answer.structured_content is not None and not answer.is_error:
            said: Any = answer.structured_content
        else:
            said = "\n".join(part.text for part in answer.content if part.type == "text")
        if len(canonical(said)) > MAX_ANSWER_BYTES:
            raise ToolUnreachable("The tool's answer is too long.", limit_bytes=MAX_ANSWER_BYTES)
        if answer.is_error:
            raise ToolRefused("The tool refuses the request.", says=str(said)[:500])
        return said

    @asynccontextmanager
    async def _connected(self, reach: Reach, commands: Sequence[str]) -> "AsyncIterator[Client]":
        """A connection for one errand. What goes wrong in it is `ToolUnreachable`."""
        if find_spec("mcp") is None:
            raise McpMissing
        try:
            async with self._client(reach, commands) as client:
                yield client
        except AuricleError:
            raise
        except BaseExceptionGroup as group:
            ours = group.split(AuricleError)[0]
            if ours is not None:
                raise _first(ours) from None
            if group.split(Exception)[1] is not None:
                raise
            raise ToolUnreachable(reason="MCP") from None
        except Exception as error:  # the package has many; a message of its may quote what was sent
            raise ToolUnreachable(reason=type(error).__name__) from None

    @asynccontextmanager
    async def _client(self, reach: Reach, commands: Sequence[str]) -> "AsyncIterator[Client]":
        from mcp import Client
        from mcp.client.stdio import StdioServerParameters
        from mcp.client.streamable_http import streamable_http_client

        if self.command is not None:
            if self.command not in commands:
                raise CommandRefused
            program, *words = shlex.split(self.command)
            started = StdioServerParameters(command=program, args=words)
            async with Client(started, read_timeout_seconds=self.timeout_s, cache=None) as client:
                yield client
            return
        assert self.url is not None
        async with reach.client(self.url, timeout_s=self.timeout_s, headers=dict(self.headers)) as http:
            wire = streamable_http_client(self.url, http_client=http, max_sse_event_size=MAX_ANSWER_BYTES * 2)
            async with Client(wire, read_timeout_seconds=self.timeout_s, cache=None) as client:
                yield client


def _first(group: BaseExceptionGroup[AuricleError]) -> AuricleError:
    inner: BaseException = group
    while isinstance(inner, BaseExceptionGroup):
        inner = inner.exceptions[0]
    assert isinstance(inner, AuricleError)
    return inner


def offered(tool: Any) -> dict[str, Any] | None:
    """A listed tool as we keep it; None for one whose arguments we can't check, or whose name is not plain."""
    name = str(tool.name)
    if not name.replace("_", "").replace("-", "").isalnum() or not name.isascii() or len(name) > 50:
        return None
    hints = tool.annotations
    try:
        parameters = strict_schema(without_keywords(dict(tool.input_schema)))
    except BadSchema:
        return None
    return {
        "name": name,
        "description": str(tool.description or tool.title or name)[:1000],
        "parameters": parameters,
        "effect": "read" if hints is not None and hints.read_only_hint else "write",
    }


def without_keywords(part: Any, *, names: bool = False) -> Any:
    """A schema without what we can't check safely (see `FORBIDDEN_KEYWORDS`); `names` as there."""
    if isinstance(part, dict):
        kept = part if names else {k: v for k, v in part.items() if k not in FORBIDDEN_KEYWORDS}
        return {k: without_keywords(v, names=k == "properties" and not names) for k, v in kept.items()}
    return [without_keywords(one) for one in part] if isinstance(part, list) else part
