"""Which audio of a client is taken: whole samples, not too much at once, not faster than it can have been spoken."""

from auricle.errors import RateLimited
from auricle.voice.codec import check_pcm16

BURST_S = 2.0  # a client may send so much at once (and no more in one message) …
SPEED = 2.0  # … and otherwise at most so many times faster than real time


class AudioFlood(RateLimited):
    """Audio arrives faster than it can have been spoken."""

    code = "audio.flood"


class Intake:
    """Checks the audio of one client and cuts it into frames of one length."""

    def __init__(self, rate_hz: int, frame_bytes: int) -> None:
        self._bytes_per_s = rate_hz * 2
        self._frame_bytes = frame_bytes
        self._rest = b""
        self._allowed_s = BURST_S
        self._at: float | None = None

    def take(self, pcm: bytes, now: float) -> list[bytes]:
        """Raises `OddAudio`, `OversizeAudio` or `AudioFlood`; refused audio is as if it had never come."""
        check_pcm16(pcm, max_bytes=int(BURST_S * self._bytes_per_s))
        seconds = len(pcm) / self._bytes_per_s
        if self._at is not None:
            self._allowed_s = min(BURST_S, self._allowed_s + max(0.0, now - self._at) * SPEED)
        self._at = now
        if seconds > self._allowed_s:
            raise AudioFlood
        self._allowed_s -= seconds
        pcm, size = self._rest + pcm, self._frame_bytes
        if len(pcm) < size:
            self._rest = pcm
            return []
        if len(pcm) < 2 * size:  # what a client that sends as it hears mostly comes to
            self._rest = pcm[size:]
            return [pcm[:size]]
        whole = len(pcm) // size * size
        self._rest = pcm[whole:]
        return [pcm[at : at + size] for at in range(0, whole, size)]
