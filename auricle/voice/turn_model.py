"""Is the speaker done? A network judges by the sound of the last seconds; its file is the operator's, none is shipped.

Any ONNX file with the interface of smart-turn v3 will do: `input_features` [B, 80, 800] are the log-mel features that
Whisper was trained on (Radford et al. 2022), of the last 8 s at 16 kHz, silence before them where there is less; the
output `logits` is the probability that the turn is complete.
"""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self

import numpy as np
import onnxruntime
import soxr
from numpy.typing import NDArray

from auricle.errors import Misconfigured
from auricle.log import event

log = logging.getLogger(__name__)

RATE_HZ = 16_000
HEARD_S = 8
SAMPLES = RATE_HZ * HEARD_S
WINDOW, HOP, MELS, FRAMES = 400, 160, 80, 800
COMPLETE_P = 0.5
MAX_WAITING = 8  # judgements; with more the thread is behind, and turns end by silence alone


class SmartTurn:
    """The process's one turn model and the one thread that runs it."""

    def __init__(self, path: Path) -> None:
        """Raises `Misconfigured` where the file is missing or is no such model."""
        self._session = _load(path)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="turn")
        self._waiting = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.shutdown(cancel_futures=True)

    async def is_complete(self, pcm: bytes, rate_hz: int) -> bool:
        """Judge a turn by its PCM16. True where it can't be judged: silence then ends the turn, as without a model."""
        if self._waiting >= MAX_WAITING:
            return True
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, self._judge, pcm, rate_hz)
        except Exception as error:  # a judge who fails must not end a call
            event(log, "the turn model failed", logging.WARNING, error=type(error).__name__)
            return True
        finally:
            self._waiting -= 1

    def _judge(self, pcm: bytes, rate_hz: int) -> bool:
        return probability(self._session, pcm, rate_hz) >= COMPLETE_P


def _load(path: Path) -> Any:
    if not path.is_file():
        raise Misconfigured("AURICLE_VOICE__TURN_MODEL names a file that is not there.")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise Misconfigured("AURICLE_VOICE__TURN_MODEL names a file that is no ONNX model.") from error
    try:
        p = probability(session, b"", RATE_HZ)
    except Exception as error:
        raise Misconfigured("The turn model lacks the interface of smart-turn v3 (input_features, logits).") from error
    if not 0 <= p <= 1:
        raise Misconfigured("The turn model answers no probability.")
    return session


def probability(session: Any, pcm: bytes, rate_hz: int) -> float:
    """The model's own answer for this PCM16."""
    [answer] = session.run(["logits"], {"input_features": features(pcm, rate_hz)[None]})
    return float(np.asarray(answer).reshape(-1)[0])


def features(pcm: bytes, rate_hz: int) -> NDArray[np.float32]:
    """Whisper's log-mel features [80, 800] of the last eight seconds."""
    sound = np.frombuffer(pcm, "<i2").astype(np.float32) / 32_768
    if rate_hz != RATE_HZ and len(sound):
        sound = np.asarray(soxr.resample(sound, rate_hz, RATE_HZ), np.float32)
    sound = sound[-SAMPLES:]
    sound = np.pad(sound, (SAMPLES - len(sound), 0))
    sound = (sound - sound.mean()) / np.sqrt(sound.var() + 1e-7)
    return log_mel(sound)


def log_mel(sound: NDArray[np.float32]) -> NDArray[np.float32]:
    """Powers of 25 ms windows every 10 ms in 80 bands; logarithms within 80 dB of the loudest, scaled to about ±1."""
    padded = np.pad(sound, WINDOW // 2, mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP][:FRAMES]
    spectrum = np.fft.rfft(windows * HANN, axis=1)
    power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32)
    bands = np.log10(np.maximum(power @ FILTERS, 1e-10)).T
    bands = np.maximum(bands, bands.max() - 8)
    return np.ascontiguousarray((bands + 4) / 4, dtype=np.float32)


def _mel_filters() -> NDArray[np.float32]:
    """Triangles of equal area on the mel scale of Slaney's Auditory Toolbox: linear to 1 kHz, then logarithmic."""
    edges_hz = _hz_of_mel(np.linspace(0, _mel_of_hz(RATE_HZ / 2), MELS + 2))
    bins_hz = np.fft.rfftfreq(WINDOW, 1 / RATE_HZ)
    left, middle, right = edges_hz[:-2], edges_hz[1:-1], edges_hz[2:]
    rising = (bins_hz[:, None] - left) / (middle - left)
    falling = (right - bins_hz[:, None]) / (right - middle)
    triangles = np.maximum(0, np.minimum(rising, falling)) * (2 / (right - left))
    return np.asarray(triangles, np.float32)


LINEAR_HZ, HZ_A_MEL, MELS_LINEAR, LOG_STEP = 1_000.0, 200 / 3, 15.0, np.log(6.4) / 27


def _mel_of_hz(hz: float) -> float:
    return MELS_LINEAR + float(np.log(hz / LINEAR_HZ) / LOG_STEP) if hz >= LINEAR_HZ else hz / HZ_A_MEL


def _hz_of_mel(mels: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(mels >= MELS_LINEAR, LINEAR_HZ * np.exp(LOG_STEP * (mels - MELS_LINEAR)), mels * HZ_A_MEL)


HANN = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)).astype(np.float32)
FILTERS = _mel_filters()
