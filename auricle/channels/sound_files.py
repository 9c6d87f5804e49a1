"""Sound files to samples and back. Uploads are hostile: kind, length and time are bounded, and nothing else is opened.

WAV needs nothing but ourselves; the other kinds need PyAV (the extra `media`). The demuxer is chosen by the file's
first bytes, never by guessing: FFmpeg knows formats that name other files to read.
"""

import io
import time
import wave
from collections.abc import Iterator
from contextlib import suppress
from types import ModuleType
from typing import Any, TypeAlias

import numpy as np
import soxr

from auricle.errors import Invalid, TooLarge, Unavailable, Unsupported

RATE_HZ = 16_000
MAX_S = 300.0
MIN_S = 0.1
DECODE_S = 20.0
MOST_CHANNELS = 8
RATES_HZ = range(4_000, 192_001)

Samples: TypeAlias = np.ndarray[Any, np.dtype[Any]]
WAV, MP3, OPUS = "audio/wav", "audio/mpeg", "audio/ogg"


class UnknownSound(Unsupported):
    """This is no sound file of a kind that we read: WAV, MP3, M4A, OGG/Opus, WebM or FLAC."""

    code = "audio.unknown_kind"


class DecoderMissing(Unavailable):
    """This installation reads only WAV: the package for other sound files (`auricle[media]`) is not installed."""

    code = "audio.decoder_missing"


class DamagedSound(Invalid):
    """This sound file is damaged or cut off."""

    code = "audio.damaged"


class NoSound(Invalid):
    """This file holds no sound."""

    code = "audio.no_sound"


class SoundTooLong(TooLarge):
    """This recording is longer than may be taken in."""

    code = "audio.too_long"


def kind_of(data: bytes) -> str:
    """FFmpeg's name of the container, by its first bytes. Raises `NoSound` and `UnknownSound`."""
    if not data:
        raise NoSound
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
        return "wav"
    if data[4:8] == b"ftyp":
        return "mov"
    for start, kind in ((b"OggS", "ogg"), (b"fLaC", "flac"), (b"\x1aE\xdf\xa3", "matroska"), (b"ID3", "mp3")):
        if data.startswith(start):
            return kind
    if len(data) > 2 and data[0] == 0xFF and data[1] & 0xE6 == 0xE2:  # MPEG audio, layer III
        return "mp3"
    raise UnknownSound


def decoded(data: bytes, most_s: float = MAX_S) -> bytes:
    """PCM16 mono at `RATE_HZ`. Takes seconds of computing for a long file: call it in a thread.

    Raises:
        UnknownSound, DecoderMissing, DamagedSound, NoSound, SoundTooLong.
    """
    kind = kind_of(data)
    pcm = wav_samples(data, most_s) if kind == "wav" else None
    if pcm is None:
        pcm = other_samples(data, kind, most_s)
    if len(pcm) < MIN_S * RATE_HZ * 2:
        raise NoSound
    return pcm


def wav_samples(data: bytes, most_s: float = MAX_S) -> bytes | None:
    """None: a codec inside WAV that is not plain samples."""
    try:
        with wave.open(io.BytesIO(data)) as file:
            rate_hz, channels, width = file.getframerate(), file.getnchannels(), file.getsampwidth()
            if not (rate_hz in RATES_HZ and 1 <= channels <= MOST_CHANNELS and width in (1, 2, 3, 4)):
                raise DamagedSound
            if len(data) / (rate_hz * channels * width) > most_s:
                raise SoundTooLong(limit_s=most_s)
            raw = file.readframes(min(file.getnframes(), len(data)))
    except wave.Error as error:
        if "unknown format" in str(error):
            return None
        raise DamagedSound from error
    except (EOFError, ZeroDivisionError) as error:
        raise DamagedSound from error
    whole = len(raw) // (channels * width) * channels * width
    mono = samples_of(raw[:whole], width).reshape(-1, channels).mean(axis=1)
    if rate_hz != RATE_HZ:
        mono = soxr.resample(mono, rate_hz, RATE_HZ, quality="HQ")
    pcm: bytes = (np.clip(mono, -1, 1) * 32767).astype("<i2").tobytes()
    return pcm


def samples_of(raw: bytes, width: int) -> Samples:
    """Integer samples of 1 to 4 bytes, as WAV has them, to -1 … 1."""
    if width == 1:
        return ((np.frombuffer(raw, np.uint8).astype(np.float32)) - 128) / 128
    if width == 3:
        padded = np.zeros((len(raw) // 3, 4), np.uint8)
        padded[:, 1:] = np.frombuffer(raw, np.uint8).reshape(-1, 3)
        return (padded.view("<i4").reshape(-1) / 2**31).astype(np.float32)
    whole = np.frombuffer(raw, "<i2" if width == 2 else "<i4")
    quotient: Samples = np.divide(whole, 2 ** (8 * width - 1), dtype=np.float32)
    return quotient


def av_module() -> ModuleType | None:
    try:
        import av
    except ImportError:
        return None
    return av


def other_samples(data: bytes, kind: str, most_s: float = MAX_S) -> bytes:
    av = av_module()
    if av is None:
        raise DecoderMissing
    pcm = bytearray()
    try:
        with av.open(io.BytesIO(data), format=kind, metadata_errors="ignore") as file:
            if not file.streams.audio:
                raise NoSound
            if file.duration is not None and file.duration / av.time_base > most_s:
                raise SoundTooLong(limit_s=most_s)
            for piece in pieces_of(av, file, DECODE_S * max(1.0, most_s / MAX_S)):
                pcm += piece
                if len(pcm) > most_s * RATE_HZ * 2:
                    raise SoundTooLong(limit_s=most_s)
    except (av.FFmpegError, ValueError, MemoryError) as error:
        if len(pcm) < MIN_S * RATE_HZ * 2:  # a recording cut off at its end is worth what it holds
            raise DamagedSound from error
    return bytes(pcm)


def pieces_of(av: Any, file: Any, within_s: float) -> Iterator[bytes]:
    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE_HZ)
    deadline = time.monotonic() + within_s
    for frame in file.decode(audio=0):
        if time.monotonic() > deadline:
            raise SoundTooLong("This recording takes too long to read.")
        if frame.sample_rate not in RATES_HZ:  # at one sample a second a frame of some bytes is gigabytes at ours
            raise DamagedSound
        for piece in resampler.resample(frame):
            yield bytes(piece.planes[0])[: piece.samples * 2]
    for piece in resampler.resample(None):
        yield bytes(piece.planes[0])[: piece.samples * 2]


# ── and back ──────────────────────────────────────────────────────────────────────────────────────────────────────
SPEECH_HZ = 24_000
MUXERS = {MP3: ("mp3", "libmp3lame", "s16p"), OPUS: ("ogg", "libopus", "s16")}


def can_write(kind: str) -> bool:
    if kind == WAV:
        return True
    av = av_module()
    return av is not None and MUXERS[kind][1] in av.codecs_available


class WavWriter:
    """A WAV whose length is not known at its beginning, as players take it."""

    def __init__(self) -> None:
        self._started = False

    def write(self, pcm: bytes) -> bytes:
        if self._started:
            return pcm
        self._started = True
        form = (16).to_bytes(4, "little") + b"\x01\0\x01\0" + SPEECH_HZ.to_bytes(4, "little")
        form += (SPEECH_HZ * 2).to_bytes(4, "little") + b"\x02\0\x10\0"
        return b"RIFF\xff\xff\xff\xffWAVEfmt " + form + b"data\xff\xff\xff\xff" + pcm

    def finish(self) -> bytes:
        return b""


class CodecWriter:
    """MP3, or Opus in Ogg, as it is made."""

    def __init__(self, kind: str) -> None:
        av = av_module()
        assert av is not None
        self._av: Any = av
        muxer, codec, self._format = MUXERS[kind]
        self._out = Growing()
        self._file: Any = av.open(self._out, "w", format=muxer)
        self._stream: Any = self._file.add_stream(codec, rate=SPEECH_HZ, layout="mono")
        self._at = 0

    def write(self, pcm: bytes) -> bytes:
        if pcm:
            samples = np.frombuffer(pcm, "<i2").reshape(1, -1)
            frame = self._av.AudioFrame.from_ndarray(samples, format=self._format, layout="mono")
            frame.sample_rate, frame.pts = SPEECH_HZ, self._at
            self._at += frame.samples
            for packet in self._stream.encode(frame):
                self._file.mux(packet)
        return self._out.taken()

    def finish(self) -> bytes:
        with suppress(self._av.error.EOFError):
            for packet in self._stream.encode(None):
                self._file.mux(packet)
        self._file.close()
        return self._out.taken()


class Growing:
    """What FFmpeg writes to: taken away piece by piece, so nothing is held whole. It can't be sought in."""

    def __init__(self) -> None:
        self._made = bytearray()

    def write(self, data: bytes) -> int:
        self._made += data
        return len(data)

    def taken(self) -> bytes:
        made = bytes(self._made)
        self._made.clear()
        return made


def writer(kind: str) -> WavWriter | CodecWriter:
    return WavWriter() if kind == WAV else CodecWriter(kind)
