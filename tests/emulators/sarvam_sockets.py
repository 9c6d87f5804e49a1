"""Sarvam's three sockets, as its SDK's models have their messages."""

import asyncio
import base64
import binascii
import json
from collections.abc import AsyncIterator, Callable, Mapping
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse
from starlette.websockets import WebSocket

from .server import Fault
from .sound import cut, hum

if TYPE_CHECKING:
    from .sarvam import SarvamEmulator

FINALS, REALTIME, SPEECH = "/speech-to-text/ws", "/speech-to-text-realtime/ws", "/text-to-speech/ws"
INDIAN = {
    f"{code}-IN"
    for code in (
        "en", "hi", "bn", "gu", "kn", "ml", "mr", "pa", "ta", "te", "as", "ur",
        "ne", "kok", "ks", "sd", "sa", "sat", "mni", "brx", "mai", "doi",
    )
}  # fmt: skip
MODES = {"transcribe", "translate", "verbatim", "translit", "codemix"}
V3 = frozenset({"shubh", "aditya", "ritu", "priya", "neha", "rahul", "pooja", "rohan", "simran", "kavya", "ishita"})
V2 = frozenset({"anushka", "manisha", "vidya", "arya", "abhilash", "karun", "hitesh"})
SPEAKERS: Mapping[str, Callable[[str], bool]] = {
    "bulbul:v2": V2.__contains__,
    "bulbul:v3": V3.__contains__,
    "bulbul:v4-flash": lambda name: name.count("_") >= 2,
}
PARTIAL_EVERY = 3  # pieces of audio


async def refused(emulator: "SarvamEmulator", ws: WebSocket, fault: Fault, checks: Mapping[str, bool]) -> bool:
    """Whether a handshake was refused, for its key, by a fault or for a parameter that is not allowed."""
    wrong = [name for name, is_right in checks.items() if not is_right]
    if emulator.is_authorized(ws) and fault.name != "status" and wrong:
        emulator.record(ws, None)
        body = {"error": {"message": f"private words about {wrong}", "code": "invalid_request_error"}}
        await ws.send_denial_response(JSONResponse(body, 400))
        return True
    return await emulator.refused_socket(ws, fault)


def keyterms_fit(query: Mapping[str, str]) -> bool:
    if "keyterms" not in query:
        return True
    terms = json.loads(query["keyterms"])
    fits = isinstance(terms, list) and len(terms) <= 50 and all(0 < len(t) <= 64 for t in terms)
    return fits and query.get("model") == "saaras:v4"


# ── recognition, finals only ──────────────────────────────────────────────────────────────────────────────────────
async def hear_finals(emulator: "SarvamEmulator", ws: WebSocket) -> None:
    """An utterance is answered when it is flushed. To a flush of silence nothing is said."""
    fault, query = emulator.fault_of(ws), ws.query_params
    checks = {
        "language-code": query.get("language-code") in INDIAN | {"od-IN", "unknown"},
        "model": query.get("model", "saaras:v4") in ("saaras:v3", "saaras:v4"),
        "mode": query.get("mode", "transcribe") in MODES,
        "sample_rate": query.get("sample_rate", "16000") in ("8000", "16000"),
        "keyterms": keyterms_fit(query),
    }
    if await refused(emulator, ws, fault, checks):
        return
    await emulator.converse(ws, lambda frames: _finals(emulator, ws, fault, frames))


async def _finals(emulator: "SarvamEmulator", ws: WebSocket, fault: Fault, frames: AsyncIterator[Any]) -> None:
    rate_hz, heard = int(ws.query_params.get("sample_rate", "16000")), 0
    async for frame in frames:
        match frame:
            case {"audio": {"data": str(data), "sample_rate": int(), "encoding": "audio/wav"}}:
                sound = decoded(data)
                if sound is None or (sound[:4] != b"RIFF" and ws.query_params.get("input_audio_codec") is None):
                    await _refuse(emulator, ws, "invalid_request_error")
                    return
                if heard == 0 and any(sound) and (not emulator.transcripts or emulator.transcripts[0]):
                    await _signal(emulator, ws, "START_SPEECH")
                heard += len(sound) // 2 if heard or any(sound) else 0  # before speech nothing is heard
                if emulator.cuts_after_s is not None and heard >= emulator.cuts_after_s * rate_hz:
                    if await _final(emulator, ws, fault, emulator.transcripts.popleft(), heard / rate_hz):
                        return
                    heard = 0
            case {"type": "flush"}:
                if heard:
                    text = emulator.transcripts.popleft() if emulator.transcripts else f"{heard} samples"
                    if await _final(emulator, ws, fault, text, heard / rate_hz):
                        return
                heard = 0
            case {"type": "config"}:
                pass
            case _:
                await _refuse(emulator, ws, "unprocessable_entity_error")
                return


async def _final(emulator: "SarvamEmulator", ws: WebSocket, fault: Fault, text: str, audio_s: float) -> bool:
    """Say what was heard; whether nothing more is to be said."""
    if fault.name == "error_chunk":
        await _refuse(emulator, ws, "internal_server_error")
        return True
    if await emulator.broken(ws, fault):
        return True
    if not text or fault.name == "empty":
        return False
    await _signal(emulator, ws, "END_SPEECH")
    said = {
        "request_id": "20261121_1",
        "transcript": text,
        "timestamps": None,
        "diarized_transcript": None,
        "language_code": ws.query_params.get("language-code"),
        "language_probability": None,
        "metrics": {"audio_duration": audio_s, "processing_latency": 0.01},
    }
    await emulator.tell(ws, {"type": "data", "data": said})
    return False


async def _signal(emulator: "SarvamEmulator", ws: WebSocket, name: str) -> None:
    if ws.query_params.get("vad_signals") == "true":
        told = {"event_type": "vad", "timestamp": None, "signal_type": name, "occured_at": 1763700000.5}
        await emulator.tell(ws, {"type": "events", "data": told})


async def _refuse(emulator: "SarvamEmulator", ws: WebSocket, code: str) -> None:
    await emulator.tell(ws, {"type": "error", "data": {"error": "private words", "code": code}})
    await ws.close(1003 if code != "internal_server_error" else 1011)


# ── recognition with partials ─────────────────────────────────────────────────────────────────────────────────────
async def hear_live(emulator: "SarvamEmulator", ws: WebSocket) -> None:
    """Turns are the client's (`endpointing=manual`): the vendor's own ends of turns are not emulated."""
    fault, query = emulator.fault_of(ws), ws.query_params
    if await emulator.refused_socket(ws, fault):
        return
    checks = {
        "language_code": query.get("language_code") in INDIAN | {"or-IN", "auto"},
        "model": query.get("model", "saaras:v3-realtime") in ("saaras:v3-realtime", "saaras:v4"),
        "endpointing": query.get("endpointing") == "manual",
        "encoding": query.get("encoding", "linear16") == "linear16",
        "sample_rate": query.get("sample_rate", "16000") in ("8000", "16000"),
        "stream_type": query.get("stream_type", "balanced") in ("fast", "balanced", "simulated"),
        "mode": query.get("mode", "transcribe") in MODES,
        "keyterms": keyterms_fit(query),
    }
    if not all(checks.values()):
        await _fatal(emulator, ws, "invalid_parameter", 400)
        return
    await emulator.converse(ws, lambda frames: Live(emulator, ws, fault).answer(frames))


async def _fatal(emulator: "SarvamEmulator", ws: WebSocket, code: str, status: int) -> None:
    told = {"event": "error", "code": code, "is_fatal": True, "message": "private words", "status_code": status}
    await emulator.tell(ws, told)
    await ws.close(4000 if status < 500 else 1011)


class Live:
    """One session."""

    def __init__(self, emulator: "SarvamEmulator", ws: WebSocket, fault: Fault) -> None:
        self._emulator, self._ws, self._fault = emulator, ws, fault
        self._rate_hz = int(ws.query_params.get("sample_rate", "16000"))
        self._index, self._pieces, self._samples, self._start = 0, 0, 0, 0
        self._speaking = False
        self._text = ""

    async def answer(self, frames: AsyncIterator[Any]) -> None:
        query = self._ws.query_params
        config = {"model": query.get("model", "saaras:v3-realtime"), "language_code": query["language_code"],
                  "encoding": "linear16", "sample_rate": self._rate_hz, "turn_detection": "manual"}  # fmt: skip
        await self._tell("session.begin", request_id="20261121_1", config=config)
        async for frame in frames:
            if not await self._take(frame):
                return

    async def _take(self, frame: Any) -> bool:
        match frame:
            case {"event": "speech_start"} if not self._speaking:
                self._speaking, self._pieces, self._start, self._text = True, 0, self._samples, ""
            case {"event": "audio_input", "audio": str(data)} if (sound := decoded(data)) is not None:
                self._samples += len(sound) // 2
                self._pieces += any(sound)  # of silence nothing is heard
                if self._speaking and self._pieces == 1 and any(sound):
                    heard = self._emulator.transcripts
                    self._text = heard.popleft() if heard else "emulated words"
                if self._speaking and self._pieces % PARTIAL_EVERY == 0:
                    await self._partial()
            case {"event": "speech_end" | "flush"} if self._speaking:
                return await self._final()
            case {"event": "end"}:
                if self._speaking and not await self._final():
                    return False
                await self._end()
                return False
            case {"event": "ping"}:
                await self._tell("pong")
            case _:
                told = {"code": "invalid_event", "is_fatal": False, "message": "private words"}
                await self._tell("error", **told)
        return True

    async def _partial(self) -> None:
        words = self._text.split()[: self._pieces // PARTIAL_EVERY]
        if words and self._ws.query_params.get("stream_type") != "simulated":
            await self._tell("transcript.partial", utterance_idx=self._index, text=" ".join(words))

    async def _final(self) -> bool:
        self._speaking = False
        if self._fault.name == "error_chunk":
            await _fatal(self._emulator, self._ws, "internal_error", 500)
            return False
        if await self._emulator.broken(self._ws, self._fault):
            return False
        times = {}
        if self._ws.query_params.get("return_timestamps") == "true":
            times = {"start_s": self._start / self._rate_hz, "end_s": self._samples / self._rate_hz}
        text = "" if self._fault.name == "empty" else self._text
        await self._tell("transcript.final", utterance_idx=self._index, text=text, **times)
        self._index += 1
        return True

    async def _end(self) -> None:
        counted = {} if self._fault.name == "no_usage" else {"audio_duration_s": self._samples / self._rate_hz}
        await self._tell(
            "session.end", request_id="20261121_1", total_duration_s=1.0, total_utterances=self._index, **counted
        )

    async def _tell(self, event: str, **more: Any) -> None:
        await self._emulator.tell(self._ws, {"event": event, **more})


# ── speech ────────────────────────────────────────────────────────────────────────────────────────────────────────
async def speak_live(emulator: "SarvamEmulator", ws: WebSocket) -> None:
    fault, query = emulator.fault_of(ws), ws.query_params
    checks = {
        "model": query.get("model", "bulbul:v2") in SPEAKERS,
        "send_completion_event": query.get("send_completion_event", "false") in ("true", "false"),
    }
    if await refused(emulator, ws, fault, checks):
        return
    await emulator.converse(ws, lambda frames: _speech(emulator, ws, fault, frames))


async def _speech(emulator: "SarvamEmulator", ws: WebSocket, fault: Fault, frames: AsyncIterator[Any]) -> None:
    config: dict[str, Any] | None = None
    text = ""
    async for frame in frames:
        match frame:
            case {"type": "config", "data": {**given}} if _configures(given, ws):
                config = given
            case {"type": "text", "data": {"text": str(piece)}} if config is not None and 0 < len(piece) <= 2_500:
                text += piece
            case {"type": "flush"} if config is not None:
                if text and await _say(emulator, ws, fault, text, config):
                    return
                text = ""
            case {"type": "ping"}:
                pass
            case _:
                data = {"message": "private words", "code": 422, "details": None, "request_id": "1"}
                await emulator.tell(ws, {"type": "error", "data": data})
                await ws.close(1003)
                return


def _configures(given: Mapping[str, Any], ws: WebSocket) -> bool:
    """SDKs of before 2026 name the language otherwise."""
    language = given.get("language_code", given.get("target_language_code"))
    spoken = {f"{code}-IN" for code in ("bn", "en", "gu", "hi", "kn", "ml", "mr", "od", "pa", "ta", "te")}
    return (
        language in spoken
        and SPEAKERS[ws.query_params.get("model", "bulbul:v2")](given.get("speaker", ""))
        and given.get("speech_sample_rate", 22_050) in (8_000, 16_000, 22_050, 24_000)
    )


async def _say(emulator: "SarvamEmulator", ws: WebSocket, fault: Fault, text: str, config: Mapping[str, Any]) -> bool:
    """Speak; whether nothing more is to be said."""
    codec = config.get("output_audio_codec", "mp3")
    pieces = [] if fault.name == "empty" else cut(hum(text, config.get("speech_sample_rate", 22_050)))
    for number, piece in enumerate(pieces):
        if number == 1:
            if fault.name == "error_chunk":
                data = {"message": "private words", "code": 500, "details": None, "request_id": "1"}
                await emulator.tell(ws, {"type": "error", "data": data})
                await ws.close(1011)
                return True
            if await emulator.broken(ws, fault):
                return True
        sound = {"content_type": f"audio/{codec}", "audio": base64.b64encode(piece).decode(), "request_id": "1"}
        await emulator.tell(ws, {"type": "audio", "data": sound})
        await asyncio.sleep(fault.pause_s)
    if ws.query_params.get("send_completion_event") == "true":
        told = {"event_type": "final", "message": "Generation completed", "timestamp": "2026-11-21T10:00:00Z"}
        await emulator.tell(ws, {"type": "event", "data": told})
    return False


def decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return None
