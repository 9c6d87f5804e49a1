"""From a voice's rate to the wire's. On the agent's path only: a streaming resampler holds up to 100 ms back, which
does not matter where speech is made faster than it is played, and would matter on the patient's path."""

import numpy as np
import soxr

from auricle.providers.ports import Audio, ProviderGarbled

RATES_HZ = range(4_000, 192_001)


class SentenceResampler:
    """Brings the pieces of one sentence to one rate; `finish` gives what was held back.

    Pieces may break inside a sample: the odd byte waits for the next piece.
    """

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._source_hz: int | None = None
        self._stream: soxr.ResampleStream | None = None
        self._odd = b""

    def feed(self, audio: Audio) -> bytes:
        """Raises `ProviderGarbled` for an impossible rate, or one that changes inside the sentence."""
        if self._source_hz is None:
            if audio.rate_hz not in RATES_HZ:
                raise ProviderGarbled(capability="tts")
            self._source_hz = audio.rate_hz
            if audio.rate_hz != self._rate_hz:
                self._stream = soxr.ResampleStream(audio.rate_hz, self._rate_hz, 1, dtype="int16", quality="MQ")
        elif audio.rate_hz != self._source_hz:
            raise ProviderGarbled(capability="tts")
        pcm = self._odd + audio.pcm
        whole = len(pcm) & ~1
        self._odd, pcm = pcm[whole:], pcm[:whole]
        if self._stream is None or not pcm:
            return pcm
        return self._converted(np.frombuffer(pcm, "<i2"), last=False)

    def finish(self) -> bytes:
        if self._stream is None:
            return b""
        return self._converted(np.empty(0, np.int16), last=True)

    def _converted(self, samples: "np.ndarray[tuple[int], np.dtype[np.int16]]", *, last: bool) -> bytes:
        assert self._stream is not None
        out: bytes = self._stream.resample_chunk(samples, last=last).tobytes()
        return out
