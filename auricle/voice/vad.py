"""Is somebody speaking? Silero's network on onnxruntime: one session a process, the frames of all calls in one batch.

A frame is 32 ms (256 samples at 8 kHz, 512 at 16 kHz). What a call owns is the network's state and the last few
samples, about 1.3 kB. Batched answers equal single ones bit for bit (tests/voice/test_vad.py).

The network has a mode for 8 kHz, which finds the end of speech some 40 ms later than its mode for 16 kHz does on the
same telephone sound at twice the rate (docs/decisions/0009…). So telephone frames are doubled on their way in.

The batch runs on the loop itself. A process has one core, so a thread would not run beside the loop, only instead of
it, and handing batches over and back cost more than half of what the network does; 30 frames take 2 ms.
"""

import asyncio
import importlib.util
import time
from pathlib import Path
from typing import Any, Self

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from auricle.errors import Misconfigured
from auricle.halfband import AFTER, BEFORE, doubled

FRAME_S = 0.032
RATE_HZ = 16_000  # of the network
SEEN_AGAIN = 64  # samples of the frame before, at the network's rate, that it wants to see again
CONTEXT = {8_000: SEEN_AGAIN // 2 + BEFORE + AFTER, 16_000: SEEN_AGAIN}  # samples kept of the frame before
GATHER_S = 0.016  # half a frame: half of all calls in a batch, for 8 ms of delay on the average
MAX_BATCH = 64  # some 3 ms at 16 kHz: nothing on the loop waits longer
# Left alone in silence the state drifts until speech is found late; a reset every 2 s of quiet cures it.
RESET_S = 2.0
QUIET_P, QUIET_FRAMES = 0.1, 5
BLANK: NDArray[np.float32] = np.zeros((2, 1, 128), np.float32)
BLANK.setflags(write=False)


def silero_path() -> Path:
    """The network's file, from the wheel of `silero-vad`, without importing that package (it would want torch)."""
    spec = importlib.util.find_spec("silero_vad")
    path = Path(spec.origin).parent / "data" / "silero_vad.onnx" if spec and spec.origin else None
    if path is None or not path.is_file():
        raise Misconfigured("The voice-activity model is missing: install the package silero-vad (group `local`).")
    return path


def frame_samples(rate_hz: int) -> int:
    return round(rate_hz * FRAME_S)


class VadStream:
    """One call's share of the network. One frame at a time, so a call's backlog is bounded by its own reader."""

    def __init__(self, vad: "SharedVad", rate_hz: int) -> None:
        if rate_hz not in CONTEXT:
            raise Misconfigured("Voice activity is found at 8000 or 16000 Hz only.", rate_hz=rate_hz)
        self._vad = vad
        self.loop = asyncio.get_running_loop()
        self.rate_hz = rate_hz
        self.frame_bytes = frame_samples(rate_hz) * 2
        self.context_bytes = CONTEXT[rate_hz] * 2
        self._quiet_frames = 0
        self._since_reset_s = 0.0
        self._forget()

    def _forget(self) -> None:
        self.state, self.context = BLANK, bytes(self.context_bytes)

    async def probability(self, frame: bytes) -> float:
        """The probability that this frame of PCM16 is speech."""
        if len(frame) != self.frame_bytes:
            raise ValueError(f"a frame has {self.frame_bytes} bytes")
        p = await self._vad.ask(self, frame)
        self._quiet_frames = self._quiet_frames + 1 if p < QUIET_P else 0
        self._since_reset_s += FRAME_S
        if self._quiet_frames >= QUIET_FRAMES and self._since_reset_s >= RESET_S:
            self._forget()
            self._since_reset_s = 0.0
        return p


Waiting = tuple[VadStream, bytes, asyncio.Future[float]]


class SharedVad:
    """The process's one network."""

    def __init__(self, *, gather_s: float = GATHER_S, path: Path | None = None) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session: Any = onnxruntime.InferenceSession(
            str(path or silero_path()), options, providers=["CPUExecutionProvider"]
        )
        self._rate = np.array(RATE_HZ, dtype=np.int64)
        self._gather_s = gather_s
        self._waiting: list[Waiting] = []
        self._gathering: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def stream(self, rate_hz: int) -> VadStream:
        return VadStream(self, rate_hz)

    def close(self) -> None:
        if self._gathering is not None:
            self._gathering.cancel()
            self._gathering = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def ask(self, stream: VadStream, frame: bytes) -> asyncio.Future[float]:
        """The frame's probability, once its batch was run."""
        loop = stream.loop
        if loop is not self._loop:  # the loop before may have ended in the middle of a batch
            self._loop, self._gathering = loop, None
            self._waiting = []
        answer: asyncio.Future[float] = loop.create_future()
        self._waiting.append((stream, frame, answer))
        if self._gathering is None:
            self._gathering = loop.call_later(self._gather_s, self._flush)
        return answer

    def frame_cpu_s(self, *, frames: int = 16, trials: int = 8) -> float:
        """What one telephone frame of a batch takes on this core, at best. Blocks for some 10 ms."""
        batch = [(VadStream(self, 8_000), bytes(frame_samples(8_000) * 2))] * frames
        taken_s = []
        for _ in range(trials):
            begun_s = time.thread_time()
            self._infer(batch)
            taken_s.append(time.thread_time() - begun_s)
        return max(1e-6, min(taken_s)) / frames

    def _flush(self) -> None:
        """Run what has gathered, one batch of it at most; the rest comes right after what else is due."""
        self._gathering = None
        batch = [item for item in self._waiting[:MAX_BATCH] if not item[2].done()]  # not a cancelled call's frame
        del self._waiting[:MAX_BATCH]
        if batch:
            self._answer(batch)
        if self._waiting and self._gathering is None and self._loop is not None:
            self._gathering = self._loop.call_later(0, self._flush)

    def _answer(self, batch: list[Waiting]) -> None:
        try:
            probabilities, state = self._infer([(stream, frame) for stream, frame, _ in batch])
        except Exception as error:  # each call hears of it, none waits for ever
            for _, _, answer in batch:
                answer.set_exception(error)
            return
        for row, (stream, frame, answer) in enumerate(batch):
            stream.state = state[:, row : row + 1].copy()  # a view would keep the whole batch
            stream.context = frame[-stream.context_bytes :]
            answer.set_result(probabilities[row])

    def _infer(self, batch: list[tuple[VadStream, bytes]]) -> tuple[list[float], NDArray[np.float32]]:
        heard = np.empty((len(batch), SEEN_AGAIN + frame_samples(RATE_HZ)), np.float32)
        for rate_hz in CONTEXT:
            rows = [row for row, (stream, _) in enumerate(batch) if stream.rate_hz == rate_hz]
            if rows:
                samples = samples_of([batch[row] for row in rows])
                heard[rows] = samples if rate_hz == RATE_HZ else doubled(samples)
        before = np.concatenate([stream.state for stream, _ in batch], axis=1)
        probabilities, after = self._session.run(None, {"input": heard, "state": before, "sr": self._rate})
        return probabilities[:, 0].tolist(), after


def samples_of(batch: list[tuple[VadStream, bytes]]) -> NDArray[np.float32]:
    """Each call's last samples and its frame, between -1 and 1. All of one rate."""
    heard = b"".join([part for stream, frame in batch for part in (stream.context, frame)])
    x = np.frombuffer(heard, "<i2").astype(np.float32).reshape(len(batch), -1)
    x *= 1 / 32768
    return x
