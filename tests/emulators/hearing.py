"""What emulated recognizers hear: words of a script, as many as the sound has room for."""

import math
from collections import deque
from typing import Any

from starlette.websockets import WebSocket

from .server import Emulator, Fault

WORD_S = 0.1
SLACK_S = 1e-6  # sums of lengths are never quite what they should be
UNSAID = "it hurts here"  # where the script is over


class Recognizer(Emulator):
    """Hears the texts of `transcripts`, one an utterance, whatever the sound. An empty one is no speech."""

    def __init__(self, key: str = "right-key") -> None:
        super().__init__(key)
        self.transcripts: deque[str] = deque()

    def forget(self) -> None:
        super().forget()
        self.transcripts.clear()


class Stream:
    """One socket: the sound that came (PCM16; all zero is silence), and the words heard in it."""

    def __init__(self, emulator: Recognizer, ws: WebSocket, fault: Fault) -> None:
        self.emulator, self.ws, self.fault = emulator, ws, fault
        self.rate_hz = int(ws.query_params["sample_rate"])
        self.sound_s = self.began_s = self.shown_s = self.quiet_s = 0.0
        self.is_disturbed = False

    def take(self, pcm: bytes) -> None:
        seconds = len(pcm) / 2 / self.rate_hz
        self.sound_s += seconds
        self.quiet_s = 0.0 if any(pcm) else self.quiet_s + seconds

    def text(self) -> str:
        return self.emulator.transcripts[0] if self.emulator.transcripts else UNSAID

    def words(self) -> list[str]:
        """Those that the sound has room for."""
        return self.text().split()[: math.ceil((self.sound_s - self.began_s - SLACK_S) / WORD_S)]

    def has_grown(self, by_s: float) -> bool:
        """Whether so much sound came since words were shown."""
        return self.sound_s - self.shown_s >= by_s - SLACK_S

    def next_utterance(self) -> None:
        if self.emulator.transcripts:
            self.emulator.transcripts.popleft()
        self.began_s = self.shown_s = self.sound_s

    async def tell(self, value: dict[str, Any]) -> None:
        await self.emulator.tell(self.ws, value)

    async def disturbed(self, error: dict[str, Any], close_code: int = 1011) -> bool:
        """Act on the fault, once; True where nothing more is to be sent."""
        if self.is_disturbed:
            return False
        self.is_disturbed = True
        if self.fault.name == "error_chunk":
            await self.tell(error)
            await self.ws.close(close_code, "private words")
            return True
        if self.fault.name == "huge_line":
            await self.ws.send_text("x" * 5_000_000)
        return await self.emulator.broken(self.ws, self.fault)
