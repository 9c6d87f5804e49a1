"""The two voices of a session on one clock, cut into chunks as they come: plain arithmetic, no I/O.

Left is the patient, right is whoever speaks to them. The clock is that of the audio received; where it stands still
(a muted microphone) while the agent speaks on, what is said moves it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CHUNK_S = 6.0
AHEAD_S = 2.5  # how far what is said may run ahead of what is heard: the mouth's lead, and a burst


@dataclass(frozen=True, slots=True)
class Chunk:
    """Interleaved stereo PCM16, beginning at sample `start` of the session."""

    start: int
    pcm: bytes

    @property
    def samples(self) -> int:
        return len(self.pcm) // 4


class Tracks:
    """A `Tap` that gives a chunk away every few seconds; it holds no more than a chunk and what may still change."""

    def __init__(
        self, rate_hz: int, give: Callable[[Chunk], None], *, chunk_s: float = CHUNK_S, ahead_s: float = AHEAD_S
    ) -> None:
        self._rate_hz, self._give = rate_hz, give
        self._chunk, self._ahead = round(chunk_s * rate_hz), round(ahead_s * rate_hz)
        self._window: NDArray[np.int16] = np.zeros((self._chunk + 2 * self._ahead, 2), np.int16)
        self._base = 0  # the session's sample at the window's begin
        self._heard = self._said = 0  # where each voice ends
        self._shift = 0  # how far the audio received lags behind the time line

    def heard(self, pcm: bytes, at_s: float) -> None:
        at = round(at_s * self._rate_hz) + self._shift
        self._heard = max(self._heard, self._put(0, pcm, at))
        self._cut()

    def said(self, pcm: bytes, at_s: float) -> None:
        at = max(round(at_s * self._rate_hz) + self._shift, self._said)
        self._said = self._put(1, pcm, at)
        behind = self._said - self._heard - self._ahead
        if behind > 0:
            self._shift += behind
            self._heard += behind
        self._cut()

    def cleared(self, at_s: float) -> None:
        at = max(round(at_s * self._rate_hz) + self._shift, self._base)
        if at < self._said:
            self._window[at - self._base : self._said - self._base, 1] = 0
            self._said = at

    def finish(self) -> None:
        """Give away what is left."""
        end = max(self._heard, self._said)
        while end > self._base:
            self._cut_at(min(end - self._base, self._chunk))

    def _put(self, voice: int, pcm: bytes, at: int) -> int:
        """Write a piece where it belongs; what lies before the window was given away already. Returns its end."""
        samples = np.frombuffer(pcm[: len(pcm) // 2 * 2], np.int16)
        for begin in range(0, len(samples), self._ahead):
            part = samples[begin : begin + self._ahead]
            self._put_part(voice, part, at + begin)
        return at + len(samples)

    def _put_part(self, voice: int, samples: NDArray[np.int16], at: int) -> None:
        end = at + len(samples)
        while end - self._base > len(self._window):
            self._cut_at(self._chunk)
        late = max(0, self._base - at)
        if late < len(samples):
            begin = at + late - self._base
            self._window[begin : end - self._base, voice] = samples[late:]

    def _cut(self) -> None:
        while self._heard - self._base >= self._chunk + self._ahead:
            self._cut_at(self._chunk)

    def _cut_at(self, samples: int) -> None:
        chunk = Chunk(self._base, self._window[:samples].tobytes())
        kept = len(self._window) - samples
        self._window[:kept] = self._window[samples:].copy()
        self._window[kept:] = 0
        self._base += samples
        self._give(chunk)
