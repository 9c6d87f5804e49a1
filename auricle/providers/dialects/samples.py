"""Raw PCM16 mono as voices send it: whole samples out of pieces that the network cut anywhere."""

import base64
import binascii
import struct
from collections.abc import Iterator

from auricle.providers.ports import Audio, ProviderGarbled

MOST_BYTES = 4_800  # of one `Audio`: 100 ms at 24 kHz
NO_SOUND = (b"ID3", b"RIFF", b"OggS", b"fLaC", b'{"', b"<!", b"<html")  # files and error pages, not raw samples


MOST_HEADER_BYTES = 4_096


class Samples:
    """Takes the pieces of one sentence; `received_s` is how much sound they held so far.

    `may_be_wav`: a vendor's papers leave open whether a WAV header comes first. It is taken off, and its rate believed.
    """

    def __init__(self, rate_hz: int, *, may_be_wav: bool = False) -> None:
        self._rate_hz = rate_hz
        self._may_be_wav = may_be_wav
        self._rest = b""
        self._is_first = True
        self._given_bytes = 0

    @property
    def received_s(self) -> float:
        return self._given_bytes / 2 / self._rate_hz

    def feed(self, piece: bytes) -> Iterator[Audio]:
        """The whole samples so far. Raises `ProviderGarbled` where this is no raw sound."""
        pcm = self._rest + piece
        if self._may_be_wav:
            begun = self._unwrapped(pcm) if pcm.startswith(b"RIFF") else pcm if len(pcm) >= 4 else None
            if begun is None:
                self._rest = pcm
                return
            pcm, self._may_be_wav = begun, False
        if self._is_first and pcm.startswith(NO_SOUND):
            raise ProviderGarbled("The provider did not answer with raw PCM.")
        self._is_first = self._is_first and not pcm
        whole = len(pcm) - len(pcm) % 2
        self._rest = pcm[whole:]
        self._given_bytes += whole
        for start in range(0, whole, MOST_BYTES):
            yield Audio(pcm[start : min(start + MOST_BYTES, whole)], self._rate_hz)

    def _unwrapped(self, wav: bytes) -> bytes | None:
        """What follows the header, once all of it is here."""
        at = wav.find(b"data", 36)
        if at < 0 or len(wav) < at + 8:
            if len(wav) > MOST_HEADER_BYTES:
                raise ProviderGarbled("The provider's sound has no beginning.")
            return None
        kind, channels, rate_hz = struct.unpack_from("<HHI", wav, 20)
        if (kind, channels, wav[34:36]) != (1, 1, b"\x10\0") or not 8_000 <= rate_hz <= 48_000:
            raise ProviderGarbled("The provider did not answer with PCM16 mono.")
        self._rate_hz = rate_hz
        return wav[at + 8 :]


def from_base64(text: object) -> bytes:
    """Bytes as JSON carries them. Raises `ProviderGarbled` where they are not."""
    try:
        return base64.b64decode(text, validate=True)  # type: ignore[arg-type]
    except (binascii.Error, TypeError, ValueError):
        raise ProviderGarbled("The provider's audio is not base64.") from None
