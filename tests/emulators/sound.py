"""What emulated voices say: a hum as long as the text, cut where no sample ends, as networks cut."""

import asyncio
import math
from collections.abc import AsyncIterator
from struct import pack

from .server import Emulator, Fault

CHARACTER_S = 0.04
PIECE_BYTES = 4_801  # odd: samples are two bytes


def hum(text: str, rate_hz: int) -> bytes:
    """PCM16 mono, the same for the same text."""
    count = max(1, int(len(text) * CHARACTER_S * rate_hz))
    turn = 2 * math.pi * (140 + len(text) % 60) / rate_hz
    return pack(f"<{count}h", *(int(6_000 * math.sin(turn * n)) for n in range(count)))


def cut(pcm: bytes, piece_bytes: int = PIECE_BYTES) -> list[bytes]:
    """At least two pieces, so that something can happen between them."""
    piece_bytes = min(piece_bytes, max(1, len(pcm) // 2))
    return [pcm[at : at + piece_bytes] for at in range(0, len(pcm), piece_bytes)]


async def streamed(emulator: Emulator, fault: Fault, pcm: bytes) -> AsyncIterator[bytes]:
    """The body of an answer over HTTP that is raw sound, with what can befall it."""
    emulator.open_streams += 1
    try:
        if fault.name == "empty":
            return
        if fault.name == "stall_body":
            yield b""  # the headers go out
            await asyncio.sleep(fault.stall_s)
        if fault.name in ("malformed", "error_chunk"):
            yield b'{"error": {"message": "private words are no sound"}}' * 100
            return
        for number, piece in enumerate(cut(pcm)):
            if number == 1:
                if fault.name == "stall_middle":
                    await asyncio.sleep(fault.stall_s)
                elif fault.name == "cut":
                    await asyncio.sleep(0.02)  # what was sent so far leaves first
                    raise ConnectionAbortedError
                elif fault.name == "cut_quietly":
                    return
            step = 601 if fault.name == "drip" else len(piece)
            for at in range(0, len(piece), step):
                yield piece[at : at + step]
                await asyncio.sleep(fault.pause_s)
    finally:
        emulator.open_streams -= 1
