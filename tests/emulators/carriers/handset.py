"""The far end of a call: a person with a phone. Plays what it is sent at the pace of time or at once; answers marks."""

import asyncio
import base64
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import orjson
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

Json = dict[str, Any]
FRAME_S = 0.02


class Handset:
    """One media socket as its carrier drives it. `speech` is what the person says, in the carrier's encoding."""

    def __init__(self, live: ClientConnection, shape: "Shape", *, fast: bool = False) -> None:
        self.live, self.shape, self.fast = live, shape, fast
        self.heard = bytearray()  # in the carrier's encoding, as it was played
        self.marks: list[str] = []
        self.clears = 0
        self.wrong: list[str] = []  # what we were sent that this carrier does not know
        self.lengths: list[int] = []  # of each piece of audio, in bytes
        self.over = asyncio.Event()
        self._speech: deque[bytes] = deque()
        self._queue: deque[bytes | str] = deque()
        self._more = asyncio.Event()
        self._chunk = 0
        self._tasks: list[asyncio.Task[None]] = []

    async def run(self) -> None:
        """From the start message until either side ends."""
        for message in self.shape.opening():
            await self._send(message)
        self._tasks = [asyncio.create_task(work()) for work in (self._talk, self._play)]
        try:
            async for frame in self.live:
                self._take(orjson.loads(frame))
        finally:
            self.over.set()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    # ── what the person does ──────────────────────────────────────────────────────────────────────────────────────
    def say(self, encoded: bytes) -> None:
        size = self.shape.bytes_per_s // 50
        self._speech.extend(encoded[at : at + size] for at in range(0, len(encoded), size))

    async def said(self) -> None:
        """Wait until everything was said."""
        while self._speech and not self.over.is_set():
            await asyncio.sleep(0.02)

    async def press(self, digit: str) -> None:
        await self._send(self.shape.digit(digit))

    async def hang_up(self) -> None:
        with suppress(ConnectionClosed):
            await self._send(self.shape.stop())
            await self.live.close()
        await asyncio.wait_for(self.over.wait(), 5)

    # ── the carrier's machinery ───────────────────────────────────────────────────────────────────────────────────
    async def _talk(self) -> None:
        """A phone sends always: speech, else silence."""
        while True:
            self._chunk += 1
            silence = self.shape.silence * (self.shape.bytes_per_s // 50)
            frame = self._speech.popleft() if self._speech else silence
            await self._send(self.shape.media(frame, self._chunk))
            await asyncio.sleep(FRAME_S)

    def _take(self, message: Json) -> None:
        what, value = self.shape.read(message)
        if what == "audio":
            piece = base64.b64decode(value, validate=True)
            self.lengths.append(len(piece))
            self._queue.append(piece)
        elif what == "mark":
            self._queue.append(str(value))
        elif what == "clear":
            self.clears += 1
            dropped = [one for one in self._queue if isinstance(one, str)]
            self._queue.clear()
            if self.shape.echoes_dropped_marks:
                self._queue.extend(dropped)
        else:
            self.wrong.append(orjson.dumps(message).decode()[:200])
        self._more.set()

    async def _play(self) -> None:
        while True:
            while not self._queue:
                self._more.clear()
                await self._more.wait()
            one = self._queue.popleft()
            if isinstance(one, str):
                self.marks.append(one)
                await self._send(self.shape.played(one))
                continue
            if not self.fast:
                await asyncio.sleep(len(one) / self.shape.bytes_per_s)
            self.heard += one

    async def _send(self, message: Json) -> None:
        with suppress(ConnectionClosed):
            await self.live.send(orjson.dumps(message).decode())


class Shape:
    """How one carrier writes its messages."""

    bytes_per_s = 8_000
    silence = b"\xff"
    echoes_dropped_marks = False
    stream = ""  # the field of the stream's id

    def __init__(self, call_id: str, account_id: str, parameters: dict[str, str]) -> None:
        self.call_id, self.account_id, self.parameters = call_id, account_id, parameters
        self.stream_id = f"MZ{call_id}"

    def opening(self) -> list[Json]:
        raise NotImplementedError

    def media(self, data: bytes, chunk: int) -> Json:
        raise NotImplementedError

    def message(self, event: str, **fields: Any) -> Json:
        return {"event": event, self.stream: self.stream_id, **fields}

    def digit(self, digit: str) -> Json:
        return self.message("dtmf", dtmf={"digit": digit})

    def stop(self) -> Json:
        return self.message("stop", stop={})

    def played(self, name: str) -> Json:
        return self.message("mark", mark={"name": name})

    def read(self, message: Json) -> tuple[str, Any]:
        """What we were told: audio, mark, clear, or nothing this carrier knows."""
        if message.get(self.stream) != self.stream_id:
            return "", None
        match message:
            case {"event": "media", "media": {"payload": str(payload)}}:
                return "audio", payload
            case {"event": "mark", "mark": {"name": str(name)}}:
                return "mark", name
            case {"event": "clear"}:
                return "clear", None
        return "", None


Asking = Callable[[str, dict[str, str]], Awaitable[str]]
