"""Telephone codecs and WAV. Tables are built once, after ITU-T G.711; a call then costs one table look-up a frame."""

import io
import wave

import numpy as np
from numpy.typing import NDArray

from auricle.errors import Invalid, TooLarge


class OddAudio(Invalid):
    """PCM16 audio must hold whole samples of two bytes."""

    code = "audio.odd_length"


class OversizeAudio(TooLarge):
    """One audio message is longer than allowed."""

    code = "audio.too_long"


class NotWav(Invalid):
    """This is not a PCM16 WAV file."""

    code = "audio.not_wav"


def _mulaw_levels() -> NDArray[np.int16]:
    code = np.arange(256, dtype=np.int32) ^ 0xFF
    magnitude = (((code & 0x0F) << 3) + 132) << ((code & 0x70) >> 4)
    return np.where(code & 0x80, 132 - magnitude, magnitude - 132).astype("<i2")


def _alaw_levels() -> NDArray[np.int16]:
    code = np.arange(256, dtype=np.int32) ^ 0x55
    segment, step = (code & 0x70) >> 4, ((code & 0x0F) << 4) + 8
    magnitude = np.where(segment == 0, step, (step + 0x100) << np.maximum(segment - 1, 0))
    return np.where(code & 0x80, magnitude, -magnitude).astype("<i2")


def _nearest_codes(levels: NDArray[np.int16]) -> NDArray[np.uint8]:
    """For each of the 65,536 samples the code whose level is nearest."""
    order = np.argsort(levels, kind="stable")
    ascending = levels[order].astype(np.int32)
    samples = np.arange(65536, dtype=np.uint16).view(np.int16).astype(np.int32)
    above = np.clip(np.searchsorted(ascending, samples), 1, 255)
    nearer_below = samples - ascending[above - 1] <= ascending[above] - samples
    return order[above - nearer_below].astype(np.uint8)


MULAW_LEVELS, ALAW_LEVELS = _mulaw_levels(), _alaw_levels()
MULAW_CODES, ALAW_CODES = _nearest_codes(MULAW_LEVELS), _nearest_codes(ALAW_LEVELS)


def check_pcm16(pcm: bytes, *, max_bytes: int) -> None:
    """Raise `OddAudio` or `OversizeAudio` where a message can't be taken as PCM16."""
    if len(pcm) > max_bytes:
        raise OversizeAudio(bytes=len(pcm), max_bytes=max_bytes)
    if len(pcm) % 2:
        raise OddAudio(bytes=len(pcm))


def _encode(pcm: bytes, codes: NDArray[np.uint8]) -> bytes:
    if len(pcm) % 2:
        raise OddAudio(bytes=len(pcm))
    encoded: bytes = codes.take(np.frombuffer(pcm, "<u2")).tobytes()
    return encoded


def pcm16_from_mulaw(mulaw: bytes) -> bytes:
    """Decode µ-law; every byte is a valid code, the answer is twice as long and within ±32,124."""
    pcm: bytes = MULAW_LEVELS.take(np.frombuffer(mulaw, np.uint8)).tobytes()  # `take` is quicker than an index
    return pcm


def mulaw_from_pcm16(pcm: bytes) -> bytes:
    """Encode PCM16 little-endian as µ-law. Raises `OddAudio`."""
    return _encode(pcm, MULAW_CODES)


def pcm16_from_alaw(alaw: bytes) -> bytes:
    pcm: bytes = ALAW_LEVELS.take(np.frombuffer(alaw, np.uint8)).tobytes()
    return pcm


def alaw_from_pcm16(pcm: bytes) -> bytes:
    """Encode PCM16 little-endian as A-law. Raises `OddAudio`."""
    return _encode(pcm, ALAW_CODES)


def wav_from_pcm16(pcm: bytes, rate_hz: int) -> bytes:
    """Put a WAV header before mono PCM16."""
    if len(pcm) % 2:
        raise OddAudio(bytes=len(pcm))
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(pcm)
    return out.getvalue()


def pcm16_from_wav(data: bytes) -> tuple[bytes, int]:
    """Read a PCM16 WAV file, several channels mixed to one. Returns samples and rate. Raises `NotWav`."""
    try:
        with wave.open(io.BytesIO(data)) as file:
            if file.getsampwidth() != 2 or file.getframerate() <= 0:
                raise NotWav
            channels, rate_hz = file.getnchannels(), file.getframerate()
            pcm = file.readframes(file.getnframes())
    except (wave.Error, EOFError, OSError, RuntimeError, ValueError) as error:
        raise NotWav from error
    pcm = pcm[: len(pcm) // (2 * channels) * 2 * channels]
    if channels > 1:
        pcm = np.frombuffer(pcm, "<i2").reshape(-1, channels).mean(axis=1).round().astype("<i2").tobytes()
    return pcm, rate_hz
