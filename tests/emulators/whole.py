"""An answer in one piece of JSON, with everything that can go wrong while it is on its way."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson
from starlette.responses import Response, StreamingResponse

from .server import Emulator, Fault, piecemeal


def whole_json(emulator: Emulator, fault: Fault, value: Any) -> Response:
    """`value` as JSON, or what the fault makes of it. A value of the wrong shape is the vendor's own to make."""
    if fault.name == "error_chunk":
        value = {"error": {"message": "The model crashed on: private words", "type": "server_error"}}
    return StreamingResponse(_counted(emulator, fault, orjson.dumps(value)), media_type="application/json")


async def _counted(emulator: Emulator, fault: Fault, whole: bytes) -> AsyncIterator[bytes]:
    emulator.open_streams += 1
    try:
        async for piece in _pieces(fault, whole):
            yield piece
    finally:
        emulator.open_streams -= 1


async def _pieces(fault: Fault, whole: bytes) -> AsyncIterator[bytes]:
    if fault.name == "empty":
        return
    if fault.name == "huge_line":
        for _ in range(400):
            yield b" " * 100_000
    while fault.name == "endless":
        yield b" "
        await asyncio.sleep(0.01)
    async for piece in piecemeal(fault, whole):
        yield piece
