"""OpenAI's realtime transcription as one socket after the other sees it."""

import base64
import binascii
from collections.abc import AsyncIterator
from typing import Any

from starlette.websockets import WebSocket

from .openai_chat import OpenAIEmulator
from .server import Fault

RATE_HZ = 24_000
LEAST_TURN_BYTES = RATE_HZ // 10 * 2
WORD_BYTES = RATE_HZ // 10 * 2  # a word is heard every so often
LIVE_MODELS = ("gpt-live-transcribe", "gpt-realtime-whisper")
MODELS = (*LIVE_MODELS, "gpt-transcribe", "gpt-4o-transcribe", "gpt-4o-mini-transcribe", "whisper-1")


class Session:
    """One transcription session: set up first, then audio, a commit at the end of each turn."""

    def __init__(self, emulator: OpenAIEmulator, ws: WebSocket) -> None:
        self._emulator, self._ws = emulator, ws
        self._fault = Fault()
        self._model: str | None = None  # once it is set up
        self._numbers = iter(range(1, 1_000_000))
        self._begin()
        self._previous: str | None = None

    def _begin(self) -> None:
        self._buffer, self._item = bytearray(), f"item_{next(self._numbers)}"
        self._words: list[str] | None = None  # of this turn, still to be said
        self._text = ""

    async def run(self) -> None:
        self._fault = self._emulator.fault_of(self._ws)
        if await self._emulator.refused_socket(self._ws, self._fault):
            return
        await self._emulator.converse(self._ws, self._answer)

    async def _answer(self, frames: AsyncIterator[Any]) -> None:
        query = self._ws.query_params
        kind = "transcription" if query.get("intent") == "transcription" and "model" not in query else "realtime"
        session = {"type": kind, "id": "sess_1", "object": f"realtime.{kind}_session", "expires_at": 1763703600}
        await self._tell("session.created", session=session)
        async for frame in frames:
            match frame.get("type") if isinstance(frame, dict) else None:
                case "session.update":
                    await self._set_up(kind, frame.get("session") or {})
                case "input_audio_buffer.append":
                    await self._append(frame.get("audio"))
                case "input_audio_buffer.commit":
                    if await self._commit():
                        return
                case "input_audio_buffer.clear":
                    self._begin()
                    await self._tell("input_audio_buffer.cleared")
                case _:
                    await self._refuse("invalid_value")

    async def _set_up(self, kind: str, session: dict[str, Any]) -> None:
        heard = (session.get("audio") or {}).get("input") or {}
        transcription = heard.get("transcription") or {}
        model = transcription.get("model")
        if session.get("type") != kind or heard.get("format") != {"type": "audio/pcm", "rate": RATE_HZ}:
            await self._refuse("invalid_value")
        elif model not in MODELS:
            await self._refuse("model_not_found")
        elif model in LIVE_MODELS and heard.get("turn_detection") is not None:
            await self._refuse("unsupported_value")
        elif "keywords" in transcription and model not in ("gpt-live-transcribe", "gpt-transcribe"):
            await self._refuse("unsupported_parameter")
        else:
            self._model = str(model)
            shown = {k: v for k, v in transcription.items() if k != "keywords"}
            effective = {"input": {**heard, "transcription": shown}}
            named = {"type": kind, "id": "sess_1", "object": "realtime.transcription_session"}
            await self._tell("session.updated", session={**named, "audio": effective})

    async def _append(self, audio: Any) -> None:
        try:
            pcm = base64.b64decode(audio, validate=True)
        except (binascii.Error, TypeError, ValueError):
            await self._refuse("invalid_value")
            return
        if self._model is None or len(pcm) % 2:
            await self._refuse("invalid_value")
            return
        self._buffer += pcm
        if self._words is None and any(self._buffer):
            waiting = self._emulator.transcripts
            self._words = (waiting.popleft() if waiting else "one two three").split()
        if self._model in LIVE_MODELS and len(self._buffer) // WORD_BYTES > len(self._text.split()):
            await self._say_word()

    async def _say_word(self) -> None:
        if self._words:
            word = self._words.pop(0)
            delta = f" {word}" if self._text else word
            self._text += delta
            await self._said("delta", delta=delta)

    async def _commit(self) -> bool:
        """Whether the socket is to be closed now."""
        if len(self._buffer) < LEAST_TURN_BYTES:
            await self._refuse("input_audio_buffer_commit_empty")
            return False
        await self._tell("input_audio_buffer.committed", item_id=self._item, previous_item_id=self._previous)
        item = {
            "id": self._item,
            "type": "message",
            "status": "completed",
            "role": "user",
            "content": [{"type": "input_audio"}],
        }
        await self._tell("conversation.item.added", item=item, previous_item_id=self._previous)
        while self._words and len(self._words) > 1:
            await self._say_word()
        if self._fault.name == "error_chunk":
            await self._refuse(None, "server_error")
        if self._fault.name == "empty" or await self._emulator.broken(self._ws, self._fault):
            return True
        await self._say_word()
        seconds = len(self._buffer) / 2 / RATE_HZ
        await self._said(
            "completed",
            transcript=self._text,
            languages=[{"code": "en"}],
            usage={"type": "duration", "seconds": seconds},
        )
        self._previous = self._item
        self._begin()
        return False

    async def _said(self, what: str, **fields: Any) -> None:
        kind = f"conversation.item.input_audio_transcription.{what}"
        await self._tell(kind, item_id=self._item, content_index=0, **fields)

    async def _refuse(self, code: str | None, kind: str = "invalid_request_error") -> None:
        error = {"type": kind, "code": code, "message": "No: private words.", "param": None, "event_id": None}
        await self._tell("error", error=error)

    async def _tell(self, kind: str, **fields: Any) -> None:
        event_id = f"event_{next(self._numbers)}"
        await self._emulator.tell(self._ws, {"type": kind, "event_id": event_id, **fields})
