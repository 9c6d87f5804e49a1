"""Deepgram's recognizers on an accepted socket: Nova finalizes when it is told to, Flux ends turns by itself."""

import math
from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID

from starlette.websockets import WebSocket

from .hearing import SLACK_S, WORD_S, Recognizer, Stream
from .server import Fault

STEP_S = 0.2  # of sound between two messages
LONG_S = 3.0  # Nova finalizes of its own accord
LITTLE_S = 0.1  # too little to answer a `Finalize`
PAUSE_S = 0.4  # of silence that ends a turn for Flux
REQUEST_ID = str(UUID(int=7))
MODEL = {"name": "general-nova-3", "version": "2026-08-05.0", "arch": "nova-3"}
MOST = 100  # terms
FAILED = {"type": "ConfigureFailure"}
NOVA_ERROR = {"type": "Error", "variant": "InternalError", "description": "private words"}
FLUX_ERROR = {"type": "Error", "code": "INTERNAL_SERVER_ERROR", "description": "private words"}


def configured(model: str, frame: dict[str, Any]) -> dict[str, Any]:
    """What Nova answers to a change of its terms."""
    terms, code = frame.get("keyterms", []), None
    if not model.startswith("nova-3"):
        code = "CONFIGURE_KEYTERMS_NOT_SUPPORTED"
    elif len(terms) > MOST:
        code = "CONFIGURE_KEYTERM_LIMIT_EXCEEDED"
    if code is not None:
        return {"type": "ConfigureFailure", "request_id": REQUEST_ID, "code": code, "description": "private words"}
    return {"type": "ConfigureSuccess", "request_id": REQUEST_ID, "keyterms": terms}


class Nova(Stream):
    """Finals in pieces, closed by the one that answers `Finalize`."""

    def __init__(self, emulator: Recognizer, ws: WebSocket, fault: Fault) -> None:
        super().__init__(emulator, ws, fault)
        self.final_until_s = 0.0
        self.given = 0  # words of this utterance that are final
        endpointing = ws.query_params.get("endpointing", "10")
        self.endpointing_s = math.inf if endpointing == "false" else int(endpointing) / 1000
        self.has_interims = ws.query_params.get("interim_results") == "true"

    async def answer(self, frames: AsyncIterator[Any]) -> None:
        async for frame in frames:
            if isinstance(frame, bytes) and frame:
                self.take(frame)
                if await self._progress():
                    return
                continue
            kind = frame.get("type") if isinstance(frame, dict) else "CloseStream" if frame == b"" else None
            if kind == "Finalize":
                if self.sound_s - self.final_until_s >= LITTLE_S - SLACK_S and await self._finalize(from_finalize=True):
                    return
            elif kind == "CloseStream":
                await self._goodbye()
                return
            elif kind == "Configure":
                await self.tell(configured(self.ws.query_params["model"], frame))
            elif kind != "KeepAlive":
                await self.tell({"type": "Error", "variant": "SchemaError", "description": "no such message"})
                await self.ws.close(1008)
                return

    async def _progress(self) -> bool:
        words = self.words()
        if self.quiet_s >= self.endpointing_s and words:
            return await self._finalize(speech_final=True)
        if self.sound_s - self.final_until_s >= LONG_S and len(words) > self.given:
            half = self.given + max(1, (len(words) - self.given) // 2)
            await self._results(words[self.given : half], is_final=True)
            self.given, self.final_until_s = half, self.sound_s
        elif self.has_interims and self.has_grown(STEP_S):
            self.shown_s = self.sound_s
            await self._results(words[self.given :])
            return await self.disturbed(NOVA_ERROR)
        return False

    async def _finalize(self, **how: bool) -> bool:
        if await self.disturbed(NOVA_ERROR):
            return True
        await self._results(self.text().split()[self.given :], is_final=True, **how)
        self.given, self.final_until_s = 0, self.sound_s
        self.next_utterance()
        return False

    async def _goodbye(self) -> None:
        if self.sound_s - self.final_until_s >= LITTLE_S - SLACK_S and await self._finalize():
            return
        if self.fault.name != "no_usage":
            await self.tell(
                {"type": "Metadata", "transaction_key": "deprecated", "request_id": REQUEST_ID, "sha256": "0" * 64,
                 "created": "2026-11-28T10:00:00.000Z", "duration": round(self.sound_s, 4), "channels": 1}
            )  # fmt: skip

    async def _results(self, words: Sequence[str], **how: bool) -> None:
        start_s, length_s = self.final_until_s, self.sound_s - self.final_until_s
        said: dict[str, Any] = {"transcript": " ".join(words), "confidence": 0.98 if words else 0.0, "words": []}
        said["words"] = [
            {"word": w.lower(), "punctuated_word": w, "start": start_s, "end": start_s + WORD_S, "confidence": 0.98}
            for w in words
        ]
        if self.ws.query_params.get("language") == "multi":
            said["languages"] = ["hi"] if words else []
        await self.tell(
            {
                "type": "Results",
                "channel_index": [0, 1],
                "start": start_s,
                "duration": length_s,
                "is_final": False,
                "speech_final": False,
                "from_finalize": False,
                "channel": {"alternatives": [] if self.fault.name == "empty" else [said]},
                "metadata": {"request_id": REQUEST_ID, "model_info": MODEL, "model_uuid": REQUEST_ID},
                **how,
            }
        )


class Flux(Stream):
    """Turns, which it begins with the first word and ends itself, or where it is told to while one is under way."""

    def __init__(self, emulator: Recognizer, ws: WebSocket, fault: Fault) -> None:
        super().__init__(emulator, ws, fault)
        query = ws.query_params
        self.ends_turns = float(query.get("eot_threshold", 0.7)) < 1.0
        self.is_eager = "eager_eot_threshold" in query
        self.number, self.turn, self.state = 0, 0, "waiting"  # | "talking" | "ending"

    async def answer(self, frames: AsyncIterator[Any]) -> None:
        await self._numbered({"type": "Connected", "request_id": REQUEST_ID})
        async for frame in frames:
            if isinstance(frame, bytes):
                self.take(frame)
                if await self._progress():
                    return
                continue
            kind = frame.get("type") if isinstance(frame, dict) else None
            if kind == "ForceEndTurn":
                if self.state != "waiting" and await self._end("manual"):
                    return
                if not self.text() and self.sound_s > self.began_s:  # no speech: ignored, but the script goes on
                    self.next_utterance()
            elif kind == "CloseStream":
                if self.sound_s > self.shown_s:
                    await self._info("Update", self._heard())
                return
            elif kind == "Configure":
                terms = frame.get("keyterms", [])
                said = (
                    {"type": "ConfigureSuccess", "thresholds": {}, "keyterms": terms} if len(terms) <= MOST else FAILED
                )
                await self._numbered({"request_id": REQUEST_ID, **said})
            else:
                await self._numbered({"type": "Error", "code": "UNPARSABLE_CLIENT_MESSAGE", "description": "what?"})
                await self.ws.close(1011)
                return

    async def _progress(self) -> bool:
        if self.state != "waiting" and self.ends_turns and self.quiet_s >= PAUSE_S:
            return await self._end("model")
        if not self.has_grown(STEP_S):
            return False
        self.shown_s, event = self.sound_s, "Update"
        if self.state == "waiting" and self._heard():
            self.state, event = "talking", "StartOfTurn"
        elif self.state == "talking" and self.is_eager and self.quiet_s >= PAUSE_S / 2:
            self.state, event = "ending", "EagerEndOfTurn"
        elif self.state == "ending" and not self.quiet_s:
            self.state, event = "talking", "TurnResumed"
        await self._info(event, self._heard())
        return await self.disturbed(FLUX_ERROR)

    def _heard(self) -> list[str]:
        if self.state == "waiting" and self.quiet_s:
            self.began_s = self.sound_s
        return self.words()

    async def _end(self, trigger: str) -> bool:
        if await self.disturbed(FLUX_ERROR):
            return True
        await self._info("EndOfTurn", self.text().split(), trigger=trigger)
        self.turn, self.state = self.turn + 1, "waiting"
        self.next_utterance()
        return False

    async def _info(self, event: str, words: Sequence[str], **more: Any) -> None:
        spoken = {"languages": ["hi"]} if self.ws.query_params["model"].endswith("multi") and words else {}
        await self._numbered(
            {
                "type": "TurnInfo",
                "request_id": REQUEST_ID,
                "event": event,
                "turn_index": self.turn,
                "audio_window_start": self.began_s,
                "audio_window_end": self.sound_s,
                "transcript": " ".join(words),
                "words": [{"word": w, "start": self.began_s, "end": self.sound_s, "confidence": 0.9} for w in words],
                "end_of_turn_confidence": 0.8 if event == "EndOfTurn" else 0.1,
                **spoken,
                **more,
            }
        )

    async def _numbered(self, message: dict[str, Any]) -> None:
        if self.fault.name == "empty" and message["type"] == "TurnInfo":
            message = {k: v for k, v in message.items() if k != "transcript"}
        await self.tell({**message, "sequence_id": self.number})
        self.number += 1
