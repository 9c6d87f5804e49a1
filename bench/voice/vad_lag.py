"""What the product's voice-activity rule itself takes on the bench's speech, without any server.

Measured for each place in the 160 ms pattern at which an utterance can begin, so that every sample of a run can be
compared with the lag of its own alignment.
"""

import asyncio
import math
from dataclasses import dataclass

from auricle.settings import Voice
from auricle.voice.codec import mulaw_from_pcm16, pcm16_from_mulaw
from auricle.voice.turn import SpeechStarted, SpeechStopped, TurnMachine
from auricle.voice.vad import FRAME_S as WINDOW_S
from auricle.voice.vad import SharedVad
from bench.voice.delays import FRAME_S, PHASES

BEFORE_FRAMES = 8 * PHASES  # silence in front
AFTER_S = 0.6


@dataclass(frozen=True, slots=True)
class Lag:
    """From the begin of speech until it counts as begun, and from its end until it counts as ended."""

    start_s: float
    stop_s: float


async def lags(utterances: dict[str, bytes], rate_hz: int, settings: Voice) -> dict[str, list[Lag]]:
    """For each utterance the lag at each of the eight alignments, as heard over µ-law where the rate is a phone's."""
    if rate_hz == 8_000:
        utterances = {name: pcm16_from_mulaw(mulaw_from_pcm16(pcm)) for name, pcm in utterances.items()}
    with SharedVad(gather_s=0.0) as vad:
        found = await asyncio.gather(
            *(lag(vad, pcm, rate_hz, phase, settings) for pcm in utterances.values() for phase in range(PHASES))
        )
    return {name: found[i * PHASES : (i + 1) * PHASES] for i, name in enumerate(utterances)}


async def lag(vad: SharedVad, pcm: bytes, rate_hz: int, phase: int, settings: Voice) -> Lag:
    before = BEFORE_FRAMES + phase
    heard = bytes(before * int(rate_hz * FRAME_S) * 2) + pcm + bytes(int(rate_hz * AFTER_S) * 2)
    began_s, ended_s = before * FRAME_S, before * FRAME_S + len(pcm) / 2 / rate_hz
    stream, machine = vad.stream(rate_hz), TurnMachine(settings, WINDOW_S, "en")
    start_s = stop_s = math.nan
    for number in range(len(heard) // stream.frame_bytes):
        frame = heard[number * stream.frame_bytes : (number + 1) * stream.frame_bytes]
        at_s = (number + 1) * WINDOW_S
        arrived_s = math.ceil(round(at_s / FRAME_S, 6)) * FRAME_S  # with the message that completes the window
        for signal in machine.hear(await stream.probability(frame), at_s, agent_active=True):
            if isinstance(signal, SpeechStarted) and math.isnan(start_s):
                start_s = arrived_s - began_s
            elif isinstance(signal, SpeechStopped):
                stop_s = arrived_s - ended_s
    return Lag(start_s, stop_s)
