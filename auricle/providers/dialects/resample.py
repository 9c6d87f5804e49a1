"""A live PCM16 stream at another rate, with half a millisecond of delay. For vendors that take one rate only."""

from math import gcd

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

_ZEROS = 4  # crossings of the windowed sinc on each side


class Resampler:
    """Takes pieces of any length, odd ones included. Telephone (8 kHz) and browser (16 kHz) audio to 24 kHz, mostly."""

    def __init__(self, rate_hz: int, to_hz: int) -> None:
        shared = gcd(rate_hz, to_hz)
        self._up, self._down = to_hz // shared, rate_hz // shared
        self._taps = _taps(self._up, self._down)
        before = (self._taps.shape[1] - 1) // 2
        self._samples: NDArray[np.float32] = np.zeros(before, np.float32)  # the stream begins in silence
        self._at = 0  # of the next sample out, in 1/up of a sample in, counted from the first one kept
        self._half_sample = b""

    def __call__(self, pcm: bytes) -> bytes:
        if self._up == self._down:
            return pcm
        pcm = self._half_sample + pcm
        whole = len(pcm) & ~1
        self._half_sample = pcm[whole:]
        samples = np.concatenate([self._samples, np.frombuffer(pcm[:whole], "<i2").astype(np.float32)])
        # The last sample out is the last one whose taps all have their samples.
        reach = (len(samples) - self._taps.shape[1] + 1) * self._up - self._at
        count = max(0, -(-reach // self._down))
        at = self._at + self._down * np.arange(count)
        self._at += self._down * count
        done = min(self._at // self._up, len(samples))
        self._samples, self._at = samples[done:], self._at - done * self._up
        if not count:
            return b""
        windows = sliding_window_view(samples, self._taps.shape[1])[at // self._up]
        made = np.einsum("nt,nt->n", windows, self._taps[at % self._up])
        resampled: NDArray[np.int16] = np.clip(np.rint(made), -32_768, 32_767).astype("<i2")
        return resampled.tobytes()


def _taps(up: int, down: int) -> NDArray[np.float32]:
    """[up, taps] windowed sinc for each place between two samples; it also takes out what the new rate can't carry."""
    band = min(1.0, up / down)
    reach = int(np.ceil(_ZEROS / band))
    offsets = np.arange(-reach + 1, reach + 1)[None, :] - np.arange(up)[:, None] / up
    window = 0.54 + 0.46 * np.cos(np.pi * np.clip(offsets * band / (_ZEROS + 0.5), -1.0, 1.0))
    taps = np.sinc(offsets * band) * window
    return np.asarray(taps / taps.sum(axis=1, keepdims=True), np.float32)
