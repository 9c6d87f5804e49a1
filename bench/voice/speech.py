"""The callers' two utterances, spoken by the offline voice and cut to the exact begin and end of speech."""

from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from auricle.providers.vendors.offline.espeak import Manner, Phoneme, espeak
from bench.voice.delays import FRAME_BYTES, RATE_HZ, WORDS_A, WORDS_B

UTTERANCES = {"a": WORDS_A, "b": WORDS_B}
PEAK, LOUD = 20_000, 300
LONGEST_GAP_S = 0.1  # a longer one would end the turn in the middle of the utterance


def make(folder: Path) -> None:
    for name, said in UTTERANCES.items():
        (folder / f"{name}.pcm").write_bytes(spoken(said))


def load(folder: Path, rate_hz: int = RATE_HZ) -> dict[str, bytes]:
    """The utterances at a wire's rate, still in whole frames."""
    made = {name: (folder / f"{name}.pcm").read_bytes() for name in UTTERANCES}
    return made if rate_hz == RATE_HZ else {name: resampled(pcm, rate_hz) for name, pcm in made.items()}


def resampled(pcm: bytes, rate_hz: int) -> bytes:
    samples: NDArray[np.int16] = soxr.resample(np.frombuffer(pcm, "<i2"), RATE_HZ, rate_hz)
    return samples[: len(pcm) // 2 * rate_hz // RATE_HZ].astype("<i2").tobytes()


def spoken(said: str) -> bytes:
    """PCM16 in whole 20 ms frames; the speech ends with the last one."""
    pieces: list[bytes] = []

    def take(pcm: bytes, _: list[Phoneme]) -> bool:
        pieces.append(pcm)
        return True

    espeak().speak(said, Manner(), take)
    wave: NDArray[np.float64] = soxr.resample(
        np.frombuffer(b"".join(pieces), "<i2").astype(np.float64), espeak().rate_hz, RATE_HZ
    )
    wave *= PEAK / np.abs(wave).max()
    loud = np.flatnonzero(np.abs(wave) > 2 * LOUD)
    wave = wave[loud[0] : loud[-1] + 1]
    gap_s = np.diff(np.flatnonzero(np.abs(wave) > LOUD)).max() / RATE_HZ
    if gap_s > LONGEST_GAP_S:
        raise SystemExit(f"The voice pauses for {gap_s * 1000:.0f} ms inside an utterance; choose other words.")
    missing = -len(wave) % (FRAME_BYTES // 2)
    return bytes(np.concatenate([np.zeros(missing), wave]).astype("<i2").tobytes())
