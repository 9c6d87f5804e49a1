"""AssemblyAI's streaming socket, `/v3/ws`, as its specification and its SDK have it.

What is heard is as `hearing` has it.
"""

import math
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, ClassVar
from uuid import UUID

import orjson
from starlette.websockets import WebSocket

from .hearing import SLACK_S, WORD_S, Recognizer, Stream
from .server import Fault, SocketAnswer

STEP_S = 0.2  # of sound between two partials
SHORTEST_S, LONGEST_S = 0.05, 1.0  # of one message with sound
MODELS = {
    "universal-streaming-english", "universal-streaming-multilingual", "whisper-rt", "u3-rt-pro", "universal-3-5-pro",
    "universal-3-6", "universal-3-6-pro",
}  # fmt: skip
QUERY = {
    "speech_model", "sample_rate", "encoding", "format_turns", "keyterms_prompt", "language_codes", "domain", "mode",
    "language_detection", "inactivity_timeout", "min_turn_silence", "max_turn_silence", "vad_threshold",
    "end_of_turn_confidence_threshold",
}  # fmt: skip
PRIVATE = {"type": "Error", "error_code": 3005, "error": "private words"}


class AssemblyAIEmulator(Recognizer):
    vendor: ClassVar[str] = "assemblyai"
    credential = "authorization: {key}"
    wrong_key = (401, {"error": "Unauthorized"})

    def sockets(self) -> Sequence[tuple[str, SocketAnswer]]:
        return (("/v3/ws", self._listen),)

    async def _listen(self, ws: WebSocket) -> None:
        fault = self.fault_of(ws)
        if await self.refused_socket(ws, fault):
            return
        if (why := complaint(ws.query_params)) is not None:
            await self.tell(ws, {"type": "Error", "error_code": 3006, "error": f"Input validation error: {why}"})
            await ws.close(3006, "See Error message for details")
            return
        await self.converse(ws, Turns(self, ws, fault).answer)


class Turns(Stream):
    """Turns that end by silence, or where they are told to while one is under way."""

    def __init__(self, emulator: Recognizer, ws: WebSocket, fault: Fault) -> None:
        super().__init__(emulator, ws, fault)
        query = ws.query_params
        self.is_older = query["speech_model"].startswith("universal-streaming")
        self.formats = query.get("format_turns", "").lower() == "true"  # its own SDK says True
        self.silence_s = int(query.get("max_turn_silence", 1280 if self.is_older else 1000)) / 1000
        self.began_at, self.order, self.is_under_way = time.monotonic(), 0, False

    async def answer(self, frames: AsyncIterator[Any]) -> None:
        said = {"model": self.ws.query_params["speech_model"], "mode": "balanced", "api_version": "1.0.0"}
        await self.tell(
            {"type": "Begin", "id": str(UUID(int=7)), "expires_at": int(time.time()) + 10_800, "configuration": said}
        )
        async for frame in frames:
            kind = frame.get("type") if isinstance(frame, dict) else None
            if isinstance(frame, bytes):
                if await self._sound(frame):
                    return
            elif kind == "ForceEndpoint":
                if await self._force():
                    return
            elif kind == "Terminate":
                if self.is_under_way and await self._end():
                    return
                await self._goodbye()
                return
            elif kind == "UpdateConfiguration":
                if not are_terms(frame.get("keyterms_prompt", [])):
                    await self._refuse(3006, "Input validation error: keyterms_prompt")
                    return
            elif kind != "KeepAlive":
                await self._refuse(3006, "Invalid message type")
                return

    async def _sound(self, pcm: bytes) -> bool:
        seconds = len(pcm) / 2 / self.rate_hz
        if not SHORTEST_S - SLACK_S <= seconds <= LONGEST_S + SLACK_S:
            await self._refuse(3007, f"Input Duration Error: {seconds * 1000:.0f} ms")
            return True
        self.take(pcm)
        if self.is_under_way and self.quiet_s >= self.silence_s:
            return await self._end()
        if not self.is_under_way and self.quiet_s:
            self.began_s = self.sound_s
        if not self.has_grown(STEP_S) or not self.words():
            return False
        self.shown_s = self.sound_s
        if not self.is_under_way and not self.is_older:
            await self.tell({"type": "SpeechStarted", "timestamp": int(self.began_s * 1000), "confidence": 0.9})
        self.is_under_way = True
        await self._turn(self.words(), is_over=False, is_formatted=False)
        return await self.disturbed(PRIVATE, 3005)

    async def _force(self) -> bool:
        if self.text() and self.sound_s > self.began_s:
            return await self._end()
        if self.sound_s > self.began_s:  # no speech: nothing is said of it, but the script goes on
            self.next_utterance()
        return False

    async def _end(self) -> bool:
        if await self.disturbed(PRIVATE, 3005):
            return True
        words = self.text().split()
        if self.is_older:
            await self._turn([w.lower().strip(".?!,") for w in words], is_over=True, is_formatted=False)
        if self.formats or not self.is_older:
            await self._turn(words, is_over=True, is_formatted=True)
        self.order, self.is_under_way = self.order + 1, False
        self.next_utterance()
        return False

    async def _turn(self, words: Sequence[str], *, is_over: bool, is_formatted: bool) -> None:
        at_ms = [int((self.began_s + n * WORD_S) * 1000) for n in range(len(words) + 1)]
        final = words if is_over else words[:-1]  # the last word may still change
        turn = {
            "type": "Turn",
            "turn_order": self.order,
            "turn_is_formatted": is_formatted,
            "end_of_turn": is_over,
            "end_of_turn_confidence": 0.9 if is_over else 0.1,
            "transcript": " ".join(final),
            "utterance": " ".join(words) if is_over else "",
            "words": [
                {"text": w, "start": at_ms[n], "end": at_ms[n + 1], "confidence": 0.95, "word_is_final": n < len(final)}
                for n, w in enumerate(words)
            ],
        }
        if is_over and self.ws.query_params.get("language_detection") == "true":
            turn |= {"language_code": "hi", "language_confidence": 0.9}
        if self.fault.name == "empty":
            del turn["words"]
        await self.tell(turn)

    async def _goodbye(self) -> None:
        if self.fault.name == "no_usage":
            return
        open_s = max(time.monotonic() - self.began_at, self.sound_s)
        seconds = {"audio_duration_seconds": round(self.sound_s), "session_duration_seconds": math.ceil(open_s)}
        await self.tell({"type": "Termination", **seconds})

    async def _refuse(self, code: int, why: str) -> None:
        await self.tell({"type": "Error", "error_code": code, "error": why})
        await self.ws.close(code, "See Error message for details")


def complaint(query: Mapping[str, str]) -> str | None:
    if set(query) - QUERY:
        return "unknown parameter"  # the real one ignores it, so that a slip of ours would never be seen
    if query.get("speech_model") not in MODELS:
        return "speech_model"
    if query.get("encoding", "pcm_s16le") != "pcm_s16le" or not query.get("sample_rate", "").isdigit():
        return "encoding or sample_rate"
    if query.get("domain", "medical-v1") != "medical-v1":
        return "domain"
    if not 5 <= int(query.get("inactivity_timeout", 60)) <= 3600:
        return "inactivity_timeout"
    terms, codes = (texts_of(query.get(name, "[]")) for name in ("keyterms_prompt", "language_codes"))
    if terms is None or codes is None:
        return "a list is a list of texts in JSON"
    return None if are_terms(terms) else "keyterms_prompt"


def are_terms(given: Any) -> bool:
    return len(given) <= 100 and all(isinstance(term, str) and 0 < len(term) <= 50 for term in given)


def texts_of(value: str) -> list[str] | None:
    try:
        found = orjson.loads(value)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, list) and all(isinstance(t, str) for t in found) else None


EMULATOR = AssemblyAIEmulator
