"""Sound to text: cut at quiet places into stretches that a recognizer takes whole, and heard one after another."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from uuid import UUID

import numpy as np

from auricle.channels.sound_files import RATE_HZ, decoded
from auricle.documents.content import Heard
from auricle.errors import Conflict
from auricle.providers.call import Call, NoProvider, Served
from auricle.providers.ports import END_OF_SPEECH, EndOfSpeech, ProviderTimeout, Transcript
from auricle.providers.routing import Router
from auricle.settings import Timeouts

LONGEST_S = 3_600.0
STRETCH_S, SHORTEST_S = 25.0, 12.0  # a cut is made between the two, where it is quietest
WINDOW_S = 0.2
# Nobody waits on the line, and a recognizer may be busy with those who do.
PATIENT = Timeouts(first_s=60, gap_s=60, total_s=120)
PIECE_BYTES = RATE_HZ * 2 // 10


class NobodyListens(Conflict):
    """No provider is set up that understands speech in this language."""

    code = "document.no_speech_provider"


class NothingHeard(Conflict):
    """No words were heard in this sound."""

    code = "document.nothing_heard"


@dataclass(frozen=True, slots=True)
class Transcribed:
    heard: list[Heard]
    length_s: float
    by: str  # provider and model of the first stretch


async def transcribed(
    router: Router, organization_id: UUID, patient_id: UUID, language: str, sound: bytes
) -> Transcribed:
    """All that is said in a sound file, by the organization's providers, each stretch metered and failed over.

    Raises:
        NobodyListens, NothingHeard, ProviderFailed, and what `sound_files.decoded` raises.
    """
    call = Call(organization_id, language=language, patient_id=patient_id, timeouts=PATIENT)
    try:
        (await router.lineups.of(organization_id)).candidates(call, "stt")
    except NoProvider as error:
        raise NobodyListens(language=language) from error
    pcm = await asyncio.to_thread(decoded, sound, LONGEST_S)
    heard: list[Heard] = []
    by = ""
    for start, end in await asyncio.to_thread(lambda: list(stretches(pcm))):
        async for event in finals(router, call, pcm[start * 2 : end * 2]):
            if isinstance(event, Served):
                by = by or " ".join(filter(None, (event.provider, event.model)))
            elif event.text.strip():
                heard.append(placed(event, start / RATE_HZ, end / RATE_HZ))
    if not heard:
        raise NothingHeard
    return Transcribed(heard, len(pcm) / 2 / RATE_HZ, by)


def placed(said: Transcript, start_s: float, end_s: float) -> Heard:
    """What was said, on the clock of the whole sound; where the provider tells no times, within its stretch."""
    begins = start_s if said.start_s is None else min(start_s + max(0.0, said.start_s), end_s)
    ends = end_s if said.end_s is None else min(start_s + max(0.0, said.end_s), end_s)
    return Heard(said.text.strip(), round(begins, 2), round(max(begins, ends), 2))


async def finals(router: Router, call: Call, pcm: bytes) -> AsyncIterator[Served | Transcript]:
    try:
        async with (
            asyncio.timeout(PATIENT.total_s),
            aclosing(router.transcribe(call, pieces(pcm), rate_hz=RATE_HZ)) as events,
        ):
            async for event in events:
                if isinstance(event, Served) or (isinstance(event, Transcript) and event.is_final):
                    yield event
    except TimeoutError:
        raise ProviderTimeout(capability="stt") from None


async def pieces(pcm: bytes) -> AsyncIterator[bytes | EndOfSpeech]:
    for at in range(0, len(pcm), PIECE_BYTES):
        yield pcm[at : at + PIECE_BYTES]
    yield END_OF_SPEECH


def stretches(pcm: bytes) -> Iterator[tuple[int, int]]:
    """Where the stretches begin and end, in samples: none longer than `STRETCH_S`, cut where it is quietest."""
    samples = np.frombuffer(pcm, "<i2")
    window = int(WINDOW_S * RATE_HZ)
    start = 0
    while len(samples) - start > STRETCH_S * RATE_HZ:
        first, last = start + int(SHORTEST_S * RATE_HZ), start + int(STRETCH_S * RATE_HZ)
        frames = (last - first) // window
        within = samples[first : first + frames * window].astype(np.float32).reshape(frames, window)
        quietest = int(np.square(within).mean(axis=1).argmin())
        end = first + quietest * window + window // 2
        yield start, end
        start = end
    if len(samples) > start:
        yield start, len(samples)
