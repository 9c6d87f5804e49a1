"""What onlookers hear of a call: both voices as 8 kHz µ-law, in pieces of a fifth of a second."""

from collections.abc import Callable

import numpy as np

from auricle.recording.tracks import Chunk, Tracks
from auricle.voice.codec import mulaw_from_pcm16

PIECE_S = 0.2
RATE_HZ = 8_000


class Monitor:
    """A `Tap` that gives a piece of both voices away five times a second."""

    def __init__(self, rate_hz: int, give: Callable[[bytes], None]) -> None:
        self._rate_hz, self._give = rate_hz, give
        self._tracks = Tracks(rate_hz, self._cut, chunk_s=PIECE_S, ahead_s=0.3)
        self._from_s: float | None = None

    def heard(self, pcm: bytes, at_s: float) -> None:
        self._tracks.heard(pcm, self._since(at_s))

    def said(self, pcm: bytes, at_s: float) -> None:
        self._tracks.said(pcm, self._since(at_s))

    def cleared(self, at_s: float) -> None:
        self._tracks.cleared(self._since(at_s))

    def _since(self, at_s: float) -> float:
        """An onlooker comes in the middle of a call: their clock begins with the first sound."""
        if self._from_s is None:
            self._from_s = at_s
        return max(0.0, at_s - self._from_s)

    def _cut(self, chunk: Chunk) -> None:
        self._give(mulaw_from_pcm16(to_8_khz(chunk.pcm, self._rate_hz)))


def to_8_khz(stereo: bytes, rate_hz: int) -> bytes:
    """Interleaved stereo at 8 kHz. Of 16 kHz the mean of two samples is taken: good enough to listen in."""
    if rate_hz == RATE_HZ:
        return stereo
    frames = np.frombuffer(stereo, np.int16).reshape(-1, 2)
    halved = frames[: len(frames) // 2 * 2].reshape(-1, 2, 2).astype(np.int32).sum(axis=1) // 2
    narrowed: bytes = halved.astype(np.int16).tobytes()
    return narrowed
