"""Deepgram as its specification has it: `/v1/listen` (Nova) and `/v2/listen` (Flux) over sockets, `/v1/speak`.

What is heard is as `hearing` has it; the recognizers themselves are in `deepgram_streams`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from uuid import UUID

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.websockets import WebSocket

from .deepgram_streams import REQUEST_ID, Flux, Nova
from .hearing import Recognizer
from .server import HttpAnswer, SocketAnswer
from .sound import hum, streamed

BOOLEANS = {"interim_results", "punctuate", "smart_format", "numerals", "mip_opt_out", "vad_events", "diarize"}
NOVA_QUERY = BOOLEANS | {
    "model", "language", "encoding", "sample_rate", "channels", "endpointing", "keyterm", "keywords", "tag",
}  # fmt: skip
FLUX_QUERY = {
    "model", "encoding", "sample_rate", "eot_threshold", "eager_eot_threshold", "eot_timeout_ms", "keyterm",
    "language_hint", "mip_opt_out", "numerals", "tag",
}  # fmt: skip
SPEAK_QUERY = {"model", "encoding", "container", "sample_rate", "speed", "mip_opt_out", "tag"}
MULTI = {"en", "es", "fr", "de", "hi", "ru", "pt", "ja", "it", "nl"}
NOVA_3 = MULTI | {"bn", "gu", "kn", "mr", "pa", "ta", "te", "ur", "multi"}
LANGUAGES = {"nova-3": NOVA_3, "nova-3-medical": {"en", "multi"}, "nova-2": MULTI, "nova-2-medical": {"en"}}
VOICES = [
    {
        "name": "thalia",
        "canonical_name": "aura-2-thalia-en",
        "languages": ["en", "en-US"],
        "tags": ["feminine", "Clear"],
    },
    {"name": "apollo", "canonical_name": "aura-2-apollo-en", "languages": ["en", "en-US"], "tags": ["masculine"]},
    {"name": "celeste", "canonical_name": "aura-2-celeste-es", "languages": ["es", "es-CO"], "tags": ["feminine"]},
]


class DeepgramEmulator(Recognizer):
    vendor: ClassVar[str] = "deepgram"
    credential = "authorization: Token {key}"
    wrong_key = (401, {"err_code": "INVALID_AUTH", "err_msg": "Invalid credentials.", "request_id": REQUEST_ID})

    def routes(self) -> Sequence[tuple[str, HttpAnswer]]:
        return (("/v1/speak", self._speak), ("/v1/models", self._models))

    def sockets(self) -> Sequence[tuple[str, SocketAnswer]]:
        return (("/v1/listen", self._nova), ("/v2/listen", self._flux))

    # ── hearing ───────────────────────────────────────────────────────────────────────────────────────────────────
    async def _nova(self, ws: WebSocket) -> None:
        fault = self.fault_of(ws)
        if not await self._turned_away(ws, nova_complaint(ws)) and not await self.refused_socket(ws, fault):
            await self.converse(ws, Nova(self, ws, fault).answer)

    async def _flux(self, ws: WebSocket) -> None:
        fault = self.fault_of(ws)
        if not await self._turned_away(ws, flux_complaint(ws)) and not await self.refused_socket(ws, fault):
            await self.converse(ws, Flux(self, ws, fault).answer)

    async def _turned_away(self, ws: WebSocket, complaint: str | None) -> bool:
        if complaint is None or not self.is_authorized(ws):
            return False
        self.record(ws, None)
        await ws.send_denial_response(JSONResponse(refusal(complaint), 400))
        return True

    # ── speaking ──────────────────────────────────────────────────────────────────────────────────────────────────
    async def _speak(self, request: Request) -> Response:
        fault, body = self.fault_of(request), json_of(await request.body())
        refused = await self.refused(request, fault, body)
        if refused is not None:
            return refused
        query = request.query_params
        if (complaint := speak_complaint(query, body)) is not None:
            return JSONResponse(refusal(complaint), 400)
        pcm = hum(body["text"], int(query.get("sample_rate", 24_000)))
        headers = {"dg-request-id": REQUEST_ID, "dg-char-count": str(len(body["text"]))}
        return StreamingResponse(streamed(self, fault, pcm), media_type="audio/l16", headers=headers)

    async def _models(self, request: Request) -> Response:
        refused = await self.refused(request, self.fault_of(request), None)
        voices = [
            {**{k: v for k, v in one.items() if k != "tags"}, "architecture": "aura-2", "version": "2025-04-07.0",
             "uuid": str(UUID(int=number)), "metadata": {"accent": "American", "tags": one["tags"]}}
            for number, one in enumerate(VOICES)
        ]  # fmt: skip
        return refused or JSONResponse({"stt": [], "tts": voices})


# ── what Deepgram would complain of ───────────────────────────────────────────────────────────────────────────────────
def nova_complaint(ws: WebSocket) -> str | None:
    query = ws.query_params
    model, language = query.get("model", "base"), query.get("language", "en")
    if (common := sound_complaint(query, NOVA_QUERY)) is not None:
        return common
    if model not in LANGUAGES or language not in LANGUAGES[model]:
        return "No such model/language combination found."
    if "keyterm" in query and not model.startswith("nova-3"):
        return "Keyterm Prompting is only available with Nova-3."
    if any(query[name] not in ("true", "false") for name in BOOLEANS & set(query)):
        return "Invalid query string."
    endpointing = query.get("endpointing", "10")
    return None if endpointing == "false" or endpointing.isdigit() else "Invalid query string."


def flux_complaint(ws: WebSocket) -> str | None:
    query = ws.query_params
    if query.get("model") not in ("flux-general-en", "flux-general-multi"):
        return "No such model found."
    hints = query.getlist("language_hint")
    if hints and (query["model"] == "flux-general-en" or not set(hints) <= MULTI):
        return "language_hint is not supported by this model."
    return sound_complaint(query, FLUX_QUERY)


def sound_complaint(query: Any, known: set[str]) -> str | None:
    if set(query) - known:
        return "Invalid query string."
    if query.get("encoding") != "linear16" or not query.get("sample_rate", "").isdigit():
        return "Raw audio needs encoding and sample_rate."
    if len(query.getlist("keyterm")) > 100:
        return "Keyterm limit exceeded."
    return None if 8_000 <= int(query["sample_rate"]) <= 48_000 else "Unsupported sample rate."


def speak_complaint(query: Mapping[str, str], body: Any) -> str | None:
    text = body.get("text") if isinstance(body, dict) and set(body) == {"text"} else None
    if not isinstance(text, str) or not text.strip():
        return "Payload has no text."
    if len(text) > 2_000:
        return "Input text exceeds the limit of 2000 characters."
    if set(query) - SPEAK_QUERY or query.get("encoding") != "linear16" or query.get("container") not in ("none", None):
        return "Invalid query string."
    if query.get("sample_rate", "24000") not in ("8000", "16000", "24000", "32000", "48000"):
        return "Unsupported sample rate."
    if not 0.7 <= float(query.get("speed", 1)) <= 1.5:
        return "Speed is out of range."
    return None if query.get("model", "").startswith("aura-") else "No such model found."


def refusal(why: str) -> dict[str, str]:
    return {"err_code": "INVALID_QUERY_PARAMETER", "err_msg": why, "request_id": REQUEST_ID}


def json_of(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None


EMULATOR = DeepgramEmulator
