"""An answer in one piece of JSON, with everything that can go wrong while it is on its way."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson
from starlette.responses import Response, StreamingResponse

from .server import Emulator, Fault, dripped


def whole_json(emulator: Emulator, fault: Fault, value: Any) -> Response:
    """`value` as JSON, or what the fault makes of it. A value of the wrong shape is the vendor's own to make."""
    return StreamingResponse(_counted(emulator, fault, orjson.dumps(value)), media_type="application/json")


async def _counted(emulator: Emulator, fault: Fault, whole: bytes) -> AsyncIterator[bytes]:
    emulator.open_streams += 1
    try:
        async for piece in _pieces(fault, whole):
            yield piece
    finally:
        emulator.open_streams -= 1


async def _pieces(fault: Fault, whole: bytes) -> AsyncIterator[bytes]:
    half = len(whole) // 2
    match fault.name:
        case "empty":
            return
        case "stall_body":
            yield b""  # the headers go out
            await asyncio.sleep(fault.stall_s)
        case "stall_middle":
            yield whole[:half]
            await asyncio.sleep(fault.stall_s)
            whole = whole[half:]
        case "cut":
            yield whole[:half]
            await asyncio.sleep(0.02)  # what was sent so far leaves first
            raise ConnectionAbortedError
        case "cut_quietly":
            whole = whole[:half]
        case "huge_line":
            for _ in range(400):
                yield b" " * 100_000
        case "endless":
            while True:
                yield b" "
                await asyncio.sleep(0.01)
    async for drop in dripped(fault, whole, max(2, len(whole) // 200)):
        yield drop
