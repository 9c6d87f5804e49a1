"""Telephone audio to the recogniser's rate."""

import numpy as np
from numpy.typing import NDArray

from auricle.halfband import AFTER, BEFORE, doubled


class Doubler:
    """Doubles the rate of a PCM16 mono stream that comes in pieces of any length, odd ones included."""

    def __init__(self) -> None:
        self._past: NDArray[np.float64] = np.zeros(BEFORE + AFTER)
        self._half_sample = b""

    def __call__(self, pcm: bytes) -> bytes:
        pcm = self._half_sample + pcm
        whole = len(pcm) & ~1
        self._half_sample = pcm[whole:]
        if not whole:
            return b""
        samples = np.concatenate([self._past, np.frombuffer(pcm[:whole], "<i2")])
        self._past = samples[-BEFORE - AFTER :]
        pcm16: NDArray[np.int16] = np.clip(np.rint(doubled(samples)), -32_768, 32_767).astype("<i2")
        return pcm16.tobytes()
