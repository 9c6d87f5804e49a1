"""Is somebody speaking? Silero's network on onnxruntime: one session a process, the frames of all calls in one batch.

A frame is 32 ms (256 samples at 8 kHz, 512 at 16 kHz). What a call owns is the network's state and the last few
samples, about 1.3 kB. Batched answers equal single ones bit for bit (tests/voice/test_vad.py).
"""

import asyncio
import importlib.util
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from auricle.errors import Misconfigured

FRAME_S = 0.032
CONTEXT = {8_000: 32, 16_000: 64}  # samples of the frame before that the network wants to see again
MAX_BATCH = 128
# Left alone in silence the 8 kHz state drifts until speech is found 200 ms late; a reset every 2 s of quiet cures it.
RESET_S = 2.0
QUIET_P, QUIET_FRAMES = 0.1, 5


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
        self.state = np.zeros((2, 128), np.float32)
        self.context = np.zeros(CONTEXT[rate_hz], np.float32)
        self._quiet_frames = 0
        self._since_reset_s = 0.0

    async def probability(self, frame: bytes) -> float:
        """The probability that this frame of PCM16 is speech."""
        if len(frame) != self.frame_bytes:
            raise ValueError(f"a frame has {self.frame_bytes} bytes")
        p = await self._vad.run(self, frame)
        self._quiet_frames = self._quiet_frames + 1 if p < QUIET_P else 0
        self._since_reset_s += FRAME_S
        if self._quiet_frames >= QUIET_FRAMES and self._since_reset_s >= RESET_S:
            self.state, self.context = np.zeros_like(self.state), np.zeros_like(self.context)
            self._since_reset_s = 0.0
        return p


Waiting = tuple[VadStream, bytes, asyncio.Future[float]]


class SharedVad:
    """The process's one network and the one thread that runs it."""

    def __init__(self, *, gather_s: float = 0.008, path: Path | None = None) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session: Any = onnxruntime.InferenceSession(
            str(path or silero_path()), options, providers=["CPUExecutionProvider"]
        )
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="vad")
        self._gather_s = gather_s
        self._waiting: dict[int, list[Waiting]] = {rate: [] for rate in CONTEXT}
        self._gathering = False
        self._running = False
        self._loop: asyncio.AbstractEventLoop | None = None

    def stream(self, rate_hz: int) -> VadStream:
        return VadStream(self, rate_hz)

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def run(self, stream: VadStream, frame: bytes) -> float:
        loop = stream.loop
        if loop is not self._loop:  # the loop before may have ended in the middle of a batch
            self._loop, self._gathering, self._running = loop, False, False
            self._waiting = {rate: [] for rate in CONTEXT}
        answer: asyncio.Future[float] = loop.create_future()
        self._waiting[stream.rate_hz].append((stream, frame, answer))
        if not self._gathering and not self._running:
            self._gathering = True
            loop.call_later(self._gather_s, self._flush)
        return await answer

    def _flush(self) -> None:
        """Hand what has gathered to the thread. While it works, the next frames gather."""
        self._gathering = False
        batches = []
        for rate, waiting in self._waiting.items():
            batch = [item for item in waiting[:MAX_BATCH] if not item[2].done()]  # a cancelled call's frame is dropped
            self._waiting[rate] = waiting[MAX_BATCH:]
            if batch:
                batches.append((rate, batch))
        if batches and self._loop is not None:
            self._running = True
            self._loop.run_in_executor(self._thread, self._infer_all, batches).add_done_callback(
                lambda done: self._deliver(batches, done)
            )

    def _infer_all(self, batches: list[tuple[int, list[Waiting]]]) -> list[tuple[NDArray[np.float32], ...]]:
        return [self._infer(rate, batch) for rate, batch in batches]

    def _infer(self, rate_hz: int, batch: list[Waiting]) -> tuple[NDArray[np.float32], ...]:
        context, samples = CONTEXT[rate_hz], frame_samples(rate_hz)
        x = np.empty((len(batch), context + samples), np.float32)
        state = np.empty((2, len(batch), 128), np.float32)
        for row, (stream, frame, _) in enumerate(batch):
            x[row, :context] = stream.context
            x[row, context:] = np.frombuffer(frame, "<i2")
            state[:, row] = stream.state
        x[:, context:] /= 32768
        probabilities, state = self._session.run(
            None, {"input": x, "state": state, "sr": np.array(rate_hz, dtype=np.int64)}
        )
        return probabilities[:, 0], state, x[:, samples:]

    def _deliver(self, batches: list[tuple[int, list[Waiting]]], done: asyncio.Future[Any]) -> None:
        self._running = False
        error = asyncio.CancelledError() if done.cancelled() else done.exception()
        for number, (_, batch) in enumerate(batches):
            if error is not None:
                for _, _, answer in batch:
                    if not answer.done():
                        answer.set_exception(error)
                continue
            probabilities, state, context = done.result()[number]
            for row, (stream, _, answer) in enumerate(batch):
                stream.state, stream.context = state[:, row].copy(), context[row].copy()
                if not answer.done():
                    answer.set_result(float(probabilities[row]))
        if any(self._waiting.values()) and not self._gathering and self._loop is not None:
            self._gathering = True
            self._loop.call_soon(self._flush)
