"""`GET /api/v1/events`: what happens in the organization, as server-sent events that hold ids only."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated
from uuid import UUID

import orjson
from fastapi import APIRouter, Header, Query
from fastapi.responses import StreamingResponse

from auricle.actor import Actor
from auricle.assembly import Assembly
from auricle.errors import Forbidden, Unavailable
from auricle.live.events import Event
from auricle.live.fanout import BadCursor, EventsMissed, Watcher, parse_cursor
from auricle.web.deps import Installed, Requires
from auricle.web.problems import problems
from auricle.web.streaming import EVENT_STREAM, NOT_KEPT

router = APIRouter(prefix="/api/v1", tags=["events"])

KEEP_ALIVE_S = 15.0


@router.get(
    "/events",
    operation_id="follow_events",
    summary="Live events of the organization",
    response_class=StreamingResponse,
    responses=problems(Forbidden, BadCursor),
)
async def follow(
    assembly: Installed,
    actor: Annotated[Actor, Requires("events:read")],
    kind: Annotated[list[str] | None, Query(max_length=20)] = None,
    last_event_id: Annotated[str | None, Header(max_length=100)] = None,
) -> StreamingResponse:
    if actor.organization_id is None:
        raise Forbidden("Live events belong to an organization.")
    if last_event_id:
        parse_cursor(last_event_id)  # once the stream has begun, nothing can be refused
    events = stream(assembly, actor, actor.organization_id, kind, last_event_id)
    return StreamingResponse(events, media_type=EVENT_STREAM, headers=NOT_KEPT)


async def stream(
    assembly: Assembly, actor: Actor, organization_id: UUID, kinds: list[str] | None, after: str | None
) -> AsyncGenerator[bytes, None]:
    """The organization's events until the sign-in ends. Where it cannot go on it ends; whoever reads comes back."""
    try:
        async with (
            assembly.fanout.subscribe(organization_id, kinds, after) as watcher,
            assembly.standing.watching(actor, watcher.end),
            aclosing(lines(watcher)) as coming,
        ):
            async for line in coming:
                yield line
    except EventsMissed as missed:
        yield b"event: missed\ndata: " + orjson.dumps({"error_code": missed.code}) + b"\n\n"
    except Unavailable:
        return


async def lines(watcher: Watcher) -> AsyncGenerator[bytes, None]:
    yield b": connected\n\n"
    upcoming = asyncio.ensure_future(anext(watcher))
    try:
        while True:
            done, _ = await asyncio.wait({upcoming}, timeout=KEEP_ALIVE_S)
            if not done:
                yield b": still here\n\n"
                continue
            yield told(upcoming.result())
            upcoming = asyncio.ensure_future(anext(watcher))
    except StopAsyncIteration:
        return
    finally:
        upcoming.cancel()


def told(event: Event) -> bytes:
    body = orjson.dumps({"kind": event.kind, "subject": event.subject, "at": event.at}, default=str)
    return b"id: " + event.cursor.encode() + b"\nevent: " + event.kind.encode() + b"\ndata: " + body + b"\n\n"
