"""`GET /api/v1/events`: what happens in the organization, as server-sent events that hold ids only."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Annotated

import orjson
from fastapi import APIRouter, Header, Query
from fastapi.responses import StreamingResponse

from auricle.actor import Actor
from auricle.assembly import Assembly
from auricle.errors import Forbidden
from auricle.live.events import Event
from auricle.live.fanout import BadCursor, EventsMissed
from auricle.web.deps import Installed, Requires
from auricle.web.problems import problems

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
    return StreamingResponse(stream(assembly, actor, kind, last_event_id), media_type="text/event-stream")


async def stream(
    assembly: Assembly, actor: Actor, kinds: list[str] | None, after: str | None
) -> AsyncGenerator[bytes, None]:
    if actor.organization_id is None:
        raise Forbidden("Live events belong to an organization.")
    async with (
        assembly.fanout.subscribe(actor.organization_id, kinds, after) as watcher,
        assembly.standing.watching(actor, watcher.end),
    ):
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
        except EventsMissed as missed:
            yield b"event: missed\ndata: " + orjson.dumps({"error_code": missed.code}) + b"\n\n"
        finally:
            upcoming.cancel()


def told(event: Event) -> bytes:
    body = orjson.dumps({"kind": event.kind, "subject": event.subject, "at": event.at}, default=str)
    return b"id: " + event.cursor.encode() + b"\nevent: " + event.kind.encode() + b"\ndata: " + body + b"\n\n"
