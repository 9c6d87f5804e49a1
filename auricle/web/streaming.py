"""Server-sent events as answers: one form for every route that streams."""

from collections.abc import AsyncIterator, Mapping

import orjson

from auricle.errors import AuricleError

EVENT_STREAM = "text/event-stream"
NOT_KEPT = {"cache-control": "no-store", "x-accel-buffering": "no"}


async def streamed(events: AsyncIterator[tuple[str, Mapping[str, object]]]) -> AsyncIterator[bytes]:
    """Named events as they are written. A failure after the stream has begun is told in it, with its code."""
    try:
        async for name, data in events:
            yield sse(name, data)
    except AuricleError as error:
        yield sse("error", {"error_code": error.code, "message": error.message})


def sse(name: str, data: Mapping[str, object]) -> bytes:
    return b"event: " + name.encode() + b"\ndata: " + orjson.dumps(data) + b"\n\n"
