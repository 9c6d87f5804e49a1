"""The samples inside a WAV file that came over the wire."""

from struct import error, unpack_from

from auricle.providers.ports import ProviderGarbled


def samples_of(wav: bytes) -> tuple[bytes, int]:
    """PCM16 mono and its rate, without the header. A length that was not known when the header was written is ignored.

    Raises `ProviderGarbled` where this is no such file.
    """
    at, rate_hz = 12, 0
    try:
        if wav[:4] != b"RIFF" or wav[8:12] != b"WAVE":
            raise ValueError
        while True:
            name, size = unpack_from("<4sI", wav, at)
            at += 8
            if name == b"fmt ":
                kind, channels, rate_hz, _, _, bits = unpack_from("<HHIIHH", wav, at)
                if (kind, channels, bits) != (1, 1, 16) or not rate_hz:
                    raise ValueError
            elif name == b"data":
                pcm = wav[at : at + size] if 0 < size < len(wav) - at else wav[at:]
                if not rate_hz:
                    raise ValueError
                return pcm[: len(pcm) & ~1], rate_hz
            at += size + size % 2
    except (ValueError, error):
        raise ProviderGarbled("The provider did not answer with PCM16 mono in a WAV file.") from None
