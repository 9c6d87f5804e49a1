"""A simulated patient at a browser: sends recorded speech at real-time pace, plays what it hears, answers marks.

Time is real. What is "played" follows a playback clock, as in a browser: audio queues up, a mark is answered when all
audio before it was played, and `interrupted` drops what was not.
"""

import asyncio
import base64
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from auricle.channels.protocols.browser import SUBPROTOCOL

RATE_HZ = 16_000
FRAME_S = 0.02
FRAME_BYTES = int(RATE_HZ * FRAME_S) * 2
SILENCE = bytes(FRAME_BYTES)


@dataclass(slots=True)
class Heard:
    """What came back since the last turn began."""

    finals: list[str] = field(default_factory=list)
    partials: int = 0
    answer: str = ""
    audio_s: float = 0.0
    first_audio_at: float | None = None
    interrupted_at: float | None = None
    waterfalls: list[dict[str, float]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


class Caller:
    """One call. `tell` is given every message worth showing as (kind, text)."""

    def __init__(self, tell: Callable[[str, str], None]) -> None:
        self._tell = tell
        self._socket: ClientConnection | None = None
        self._speech: deque[bytes] = deque()
        self._marks: deque[tuple[float, str]] = deque()
        self._play_until = 0.0
        self.heard = Heard()
        self.session_id = ""
        self.closed = asyncio.Event()
        self._said_at = 0.0

    async def run(self, url: str, ticket: str, consultation_id: str, language: str, script: "Script") -> None:
        """Open the call, let `script` speak, and end it."""
        async with connect(
            url,
            subprotocols=[SUBPROTOCOL, f"ticket.{ticket}"],  # type: ignore[list-item]
            compression=None,
            max_size=2**20,
        ) as socket:
            self._socket = socket
            await self._send(
                {
                    "type": "init-session",
                    "consultation_id": consultation_id,
                    "language": language,
                    "audio": {"encoding": "pcm16", "sample_rate": RATE_HZ},
                }
            )
            async with asyncio.TaskGroup() as tasks:
                receiving = tasks.create_task(self._receive())
                pacing = tasks.create_task(self._pace())
                await script(self)
                await self._send({"type": "end"})
                async with asyncio.timeout(20):
                    await self.closed.wait()
                for task in (receiving, pacing):
                    task.cancel()

    # ── what a patient does ───────────────────────────────────────────────────────────────────────────────────────
    def speak(self, pcm: bytes) -> None:
        """Queue recorded speech; it leaves the microphone from now on, frame by frame."""
        self.heard = Heard()
        for start in range(0, len(pcm), FRAME_BYTES):
            self._speech.append(pcm[start : start + FRAME_BYTES].ljust(FRAME_BYTES, b"\0"))

    async def finished_speaking(self) -> None:
        while self._speech and not self.closed.is_set():  # noqa: ASYNC110 - it empties at the pace of time itself
            await asyncio.sleep(FRAME_S)

    async def hear_begin(self, timeout_s: float) -> bool:
        """Wait until the agent's voice is heard."""
        return await self._until(lambda: self.heard.first_audio_at is not None, timeout_s)

    async def hear_out(self, timeout_s: float, quiet_s: float = 0.8) -> bool:
        """Wait until the agent has answered and everything was played."""

        def quiet() -> bool:
            begun = self.heard.answer and self.heard.first_audio_at is not None  # it is shown before it is spoken
            return bool(begun) and time.monotonic() > self._play_until + quiet_s

        return await self._until(quiet, timeout_s)

    async def _until(self, condition: Callable[[], bool], timeout_s: float) -> bool:
        deadline = time.monotonic() + timeout_s
        while not condition():
            if time.monotonic() > deadline or self.closed.is_set():
                return False
            await asyncio.sleep(FRAME_S)
        return True

    # ── the microphone and the loudspeaker ────────────────────────────────────────────────────────────────────────
    async def _pace(self) -> None:
        due = time.monotonic()
        while not self.closed.is_set():
            due += FRAME_S
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            frame = self._speech.popleft() if self._speech else SILENCE
            try:
                await self._send({"type": "audio", "data": base64.b64encode(frame).decode()})
                while self._marks and self._marks[0][0] <= time.monotonic():
                    await self._send({"type": "played", "mark": self._marks.popleft()[1]})
            except ConnectionClosed:
                self.closed.set()

    async def _receive(self) -> None:
        assert self._socket is not None
        try:
            async for raw in self._socket:
                self._take(orjson.loads(raw))
        except ConnectionClosed:
            pass
        finally:
            self.closed.set()

    def _take(self, message: dict[str, Any]) -> None:
        now, heard = time.monotonic(), self.heard
        match message["type"]:
            case "session":
                self.session_id = message["session_id"]
            case "transcript" if message["is_final"]:
                heard.finals.append(message["text"])
                self._tell("final", message["text"])
            case "transcript":
                heard.partials += 1
                self._tell("partial", message["text"])
            case "audio_chunk":
                seconds = len(base64.b64decode(message["data"])) / 2 / message["sample_rate"]
                if heard.first_audio_at is None:
                    heard.first_audio_at = now
                heard.audio_s += seconds
                self._play_until = max(self._play_until, now) + seconds
            case "mark":
                self._marks.append((self._play_until, message["mark"]))
            case "interrupted":
                heard.interrupted_at = now
                self._play_until = now
                self._marks.clear()
                self._tell("interrupted", "the agent stops: its queued audio is dropped")
            case "ai_response" if message["is_final"]:
                heard.answer = message["text"]
                self._tell("answer", message["text"])
            case "metrics":
                heard.waterfalls.append(message["waterfall_ms"])
                self._tell("waterfall", "  ".join(f"{k} {v:.0f}" for k, v in message["waterfall_ms"].items()))
            case "error":
                heard.errors.append(message["error_code"])
                self._tell("error", message["error_code"])

    async def _send(self, message: dict[str, Any]) -> None:
        assert self._socket is not None
        await self._socket.send(orjson.dumps(message).decode())


Script = Callable[[Caller], Any]
