"""ElevenLabs on a port of its own: speech with timings over HTTP and over a socket, and the list of voices."""

import asyncio
import base64
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, ClassVar

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.websockets import WebSocket

from .server import Emulator, Fault, HttpAnswer, SocketAnswer, dripped
from .sound import CHARACTER_S, cut, hum
from .whole import whole_json

PIECE_BYTES = 9_601
MODELS = {"eleven_flash_v2_5", "eleven_turbo_v2_5", "eleven_multilingual_v2", "eleven_flash_v2", "eleven_v3"}
NOT_OVER_SOCKETS = {"eleven_v3"}
NUMBERS = {"stability": (0, 1), "similarity_boost": (0, 1), "style": (0, 1), "speed": (0.7, 1.2)}
VOICES = (
    ("JBFqnCBsd6RMkjVDRZzb", "George", "male", ("en", "hi")),
    ("EXAVITQu4vr4xnSDxMaL", "Sarah", "female", ("en",)),
    ("hA4zGnmTwX2NQiTRMt7o", "Anjali", "female", ("hi", "mr", "en")),
)


def told(status: str) -> dict[str, Any]:
    return {"detail": {"status": status, "message": "private words"}}


def wrong(where: str) -> Response:
    """A body that does not fit is answered as FastAPI answers it."""
    problem = {"loc": ["body", where], "msg": "private words", "type": "value_error"}
    return JSONResponse({"detail": [problem]}, 422)


class ElevenLabsEmulator(Emulator):
    """Three voices, two to a page."""

    vendor: ClassVar[str] = "elevenlabs"
    credential = "xi-api-key: {key}"
    wrong_key = (401, told("invalid_api_key"))

    def routes(self) -> Sequence[tuple[str, HttpAnswer]]:
        return (
            ("/v1/text-to-speech/{voice_id}/stream/with-timestamps", self._speech),
            ("/v2/voices", self._voices),
        )

    def sockets(self) -> Sequence[tuple[str, SocketAnswer]]:
        return (("/v1/text-to-speech/{voice_id}/stream-input", self._socket),)

    # ── over HTTP ─────────────────────────────────────────────────────────────────────────────────────────────────
    async def _speech(self, request: Request) -> Response:
        fault, body = self.fault_of(request), orjson.loads(await request.body())
        refusal = await self.refused(request, fault, body)
        if refusal is not None:
            return refusal
        rate_hz = rate_of(request.query_params.get("output_format", "mp3_44100_128"))
        objection = _objection(body, request.path_params["voice_id"], rate_hz)
        if objection is not None:
            return objection
        assert rate_hz is not None
        return StreamingResponse(self._lines(fault, body["text"], rate_hz), media_type="application/json")

    async def _lines(self, fault: Fault, text: str, rate_hz: int) -> AsyncIterator[bytes]:
        self.open_streams += 1
        try:
            if fault.name == "empty":
                return
            if fault.name == "stall_body":
                yield b""  # the headers go out
                await asyncio.sleep(fault.stall_s)
            for number, (piece, start_s, letters) in enumerate(pieces(text, rate_hz)):
                if number == 1:
                    async for one in _middle(fault):
                        yield one
                    if fault.name == "cut_quietly":
                        return
                if fault.name == "huge_line":
                    yield b" " * 1_100_000
                value = {
                    "audio_base64": base64.b64encode(piece).decode(),
                    "alignment": seconds(letters, start_s),
                    "normalized_alignment": seconds(letters, start_s),
                }
                self.sent.append(value)
                async for drop in dripped(fault, orjson.dumps(value) + b"\n", 997):
                    yield drop
                await asyncio.sleep(fault.pause_s)
        finally:
            self.open_streams -= 1

    async def _voices(self, request: Request) -> Response:
        fault = self.fault_of(request)
        refusal = await self.refused(request, fault, None)
        if refusal is not None:
            return refusal
        at = int(request.query_params.get("next_page_token", "0"))
        rows = [voice(*one) for one in VOICES[at : at + 2]]
        more = at + 2 < len(VOICES)
        answer = {
            "voices": [{"name": 5}] if fault.name == "malformed" else rows,
            "has_more": more,
            "total_count": len(VOICES),
            "next_page_token": str(at + 2) if more else None,
        }
        return whole_json(self, fault, answer)

    # ── over a socket ─────────────────────────────────────────────────────────────────────────────────────────────
    async def _socket(self, ws: WebSocket) -> None:
        """A wrong key is not told before the first message."""
        fault, query = self.fault_of(ws), ws.query_params
        if not self.is_authorized(ws):
            self.record(ws, None)
            await ws.accept()
            await self._refuse(ws, "invalid_api_key")
            return
        if await self.refused_socket(ws, fault):
            return
        model, rate_hz = query.get("model_id", ""), rate_of(query.get("output_format", ""))
        if rate_hz is None or model not in MODELS or model in NOT_OVER_SOCKETS:
            await self._refuse(ws, "invalid_model" if rate_hz else "invalid_output_format")
            return
        await self.converse(ws, lambda frames: self._talk(ws, fault, frames, rate_hz))

    async def _talk(self, ws: WebSocket, fault: Fault, frames: AsyncIterator[Any], rate_hz: int) -> None:
        text, is_first = "", True
        async for frame in frames:
            given = frame.get("text") if isinstance(frame, dict) else None
            if not isinstance(given, str) or (is_first and given != " "):
                await self._refuse(ws, "invalid_message")
                return
            if is_first and not _settings_fit(frame.get("voice_settings")):
                await self._refuse(ws, "invalid_voice_settings")
                return
            is_first = False
            text += given
            if (frame.get("flush") or given == "") and text.strip():
                if await self._say(ws, fault, text.lstrip(), rate_hz):
                    return
                text = ""
            if given == "":
                await self.tell(ws, {"isFinal": True})
                await ws.close(1000)
                return

    async def _say(self, ws: WebSocket, fault: Fault, text: str, rate_hz: int) -> bool:
        """Speak; whether nothing more is to be said."""
        for number, (piece, start_s, letters) in enumerate(pieces(text, rate_hz)):
            if fault.name == "empty":
                break
            if number == 1:
                if fault.name == "error_chunk":
                    await self._refuse(ws, "system_busy", 1011)
                    return True
                if await self.broken(ws, fault):
                    return True
            times = milliseconds(letters, start_s)
            sound = base64.b64encode(piece).decode()
            await self.tell(ws, {"audio": sound, "isFinal": None, "normalizedAlignment": times, "alignment": times})
            await asyncio.sleep(fault.pause_s)
        return False

    async def _refuse(self, ws: WebSocket, error: str, code: int = 1008) -> None:
        await self.tell(ws, {"message": "private words", "error": error, "code": code})
        await ws.close(code)


async def _middle(fault: Fault) -> AsyncIterator[bytes]:
    match fault.name:
        case "stall_middle":
            await asyncio.sleep(fault.stall_s)
        case "cut":
            await asyncio.sleep(0.02)  # what was sent so far leaves first
            raise ConnectionAbortedError
        case "malformed":
            yield b'{"audio_base64": ["bro\n'
        case "error_chunk":
            yield orjson.dumps(told("system_busy")) + b"\n"
        case "endless":
            while True:
                yield b"\n"
                await asyncio.sleep(0.01)


def _objection(body: Mapping[str, Any], voice_id: str, rate_hz: int | None) -> Response | None:
    if voice_id not in {known for known, *_ in VOICES}:
        return JSONResponse(told("voice_not_found"), 404)
    if rate_hz is None:
        return wrong("output_format")  # of the others none is emulated
    if not isinstance(body.get("text"), str) or not body["text"].strip():
        return wrong("text")
    if body.get("model_id", "eleven_multilingual_v2") not in MODELS:
        return JSONResponse(told("model_not_found"), 400)
    if body.get("model_id") == "eleven_multilingual_v2" and body.get("language_code"):
        return JSONResponse(told("unsupported_language_code"), 400)
    return None if _settings_fit(body.get("voice_settings")) else wrong("voice_settings")


def _settings_fit(given: Any) -> bool:
    if given is None:
        return True
    numbers = all(low <= given[name] <= high for name, (low, high) in NUMBERS.items() if name in given)
    return numbers and isinstance(given.get("use_speaker_boost", True), bool)


def rate_of(output_format: str) -> int | None:
    codec, _, rate = output_format.partition("_")
    return int(rate) if codec == "pcm" and rate in ("8000", "16000", "22050", "24000", "44100") else None


def pieces(text: str, rate_hz: int) -> list[tuple[bytes, float, str]]:
    """The hum of a text: sound, where in the whole it begins, and the letters that sound in it."""
    found, at, told_of = [], 0, 0
    for piece in cut(hum(text, rate_hz), PIECE_BYTES):
        start_s, at = at / 2 / rate_hz, at + len(piece)
        upto = len(text) if at >= int(len(text) * CHARACTER_S * rate_hz) * 2 else int(at / 2 / rate_hz / CHARACTER_S)
        found.append((piece, start_s, text[told_of:upto]))
        told_of = upto
    return found


def seconds(letters: str, start_s: float) -> dict[str, Any] | None:
    """Times on the clock of the whole answer."""
    if not letters:
        return None
    starts = [round(start_s + n * CHARACTER_S, 3) for n in range(len(letters))]
    ends = [round(s + CHARACTER_S, 3) for s in starts]
    return {"characters": [*letters], "character_start_times_seconds": starts, "character_end_times_seconds": ends}


def milliseconds(letters: str, _: float) -> dict[str, Any] | None:
    """Times on the clock of the message. Of the two names for durations the vendor's papers have each one."""
    if not letters:
        return None
    each_ms = int(CHARACTER_S * 1000)
    lasting = [each_ms] * len(letters)
    starts = [n * each_ms for n in range(len(letters))]
    return {"chars": [*letters], "charStartTimesMs": starts, "charDurationsMs": lasting, "charsDurationsMs": lasting}


def voice(voice_id: str, name: str, gender: str, languages: Sequence[str]) -> dict[str, Any]:
    verified = [{"language": code, "model_id": "eleven_flash_v2_5", "accent": None} for code in languages]
    return {
        "voice_id": voice_id,
        "name": name,
        "category": "premade",
        "labels": {"gender": gender, "age": "middle_aged", "language": languages[0]},
        "available_for_tiers": [],
        "high_quality_base_model_ids": ["eleven_flash_v2_5"],
        "verified_languages": verified,
    }


EMULATOR = ElevenLabsEmulator
