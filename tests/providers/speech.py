"""Speech for tests of one vendor's recognizers: what is sent, what is heard of it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

from auricle.providers.call import Call
from auricle.providers.ports import EndOfSpeech, Transcript
from auricle.settings import Timeouts
from tests.emulators.server import Fault
from tests.providers.contract.conftest import all_of
from tests.providers.contract.vendors import CLINIC, Case, Running, running

RATE_HZ = 16_000
SOON = Timeouts(connect_s=5.0, first_s=1.5, gap_s=1.5, total_s=60.0)


def sound(seconds: float, rate_hz: int = RATE_HZ) -> list[bytes]:
    """In pieces of 100 ms and a rest."""
    samples, piece = round(seconds * rate_hz), rate_hz // 10
    return [b"\1\0" * min(piece, samples - at) for at in range(0, samples, piece)]


def quiet(seconds: float) -> list[bytes]:
    return [bytes(RATE_HZ // 5)] * round(seconds * 10)


async def live(*parts: bytes | EndOfSpeech | Sequence[bytes]) -> AsyncIterator[bytes | EndOfSpeech]:
    for part in parts:
        for piece in [part] if isinstance(part, bytes | EndOfSpeech) else part:
            if piece:
                yield piece
            await asyncio.sleep(0.002)


async def heard(
    case: Case,
    folder: Path,
    *parts: Any,
    script: Sequence[str] = ("it hurts",),
    language: str = "en",
    rate_hz: int = RATE_HZ,
    keyterms: Sequence[str] = (),
    fault: Fault | None = None,
    timeouts: Timeouts | None = None,
) -> tuple[Running, list[Any]]:
    """The events of one call, and the emulator that served it, which has stopped."""
    async with running(case, folder) as it:
        it.emulator.transcripts.extend(script)
        it.emulator.always(fault)
        call: Call = (
            it.call(language) if timeouts is None else Call(CLINIC, it.call().choices, language, timeouts=timeouts)
        )
        return it, await all_of(it.router.transcribe(call, live(*parts), rate_hz=rate_hz, keyterms=keyterms))


def finals(events: list[Any]) -> list[Transcript]:
    return [e for e in events if isinstance(e, Transcript) and e.is_final]
