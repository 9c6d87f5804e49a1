"""Sarvam's API: recognition over its two sockets, speech over a socket and HTTP, translation, chat.

There is no specification of it; what is strict here is what the official SDK's models and docstrings say.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from .openai_chat import OpenAIEmulator
from .sarvam_sockets import FINALS, REALTIME, SPEAKERS, SPEECH, hear_finals, hear_live, speak_live
from .server import HttpAnswer, SocketAnswer
from .sound import hum, streamed
from .whole import whole_json

TTS_LANGUAGES = {f"{code}-IN" for code in ("bn", "en", "gu", "hi", "kn", "ml", "mr", "od", "pa", "ta", "te")}
ALL_LANGUAGES = TTS_LANGUAGES | {
    f"{c}-IN" for c in ("as", "brx", "doi", "kok", "ks", "mai", "mni", "ne", "sa", "sat", "sd", "ur")
}
TRANSLATORS = {"mayura:v1": (1_000, TTS_LANGUAGES | {"auto"}), "sarvam-translate:v1": (2_000, ALL_LANGUAGES)}
CHAT_FIELDS = {
    "messages", "model", "temperature", "top_p", "reasoning_effort", "max_tokens", "stream", "stop", "n", "seed",
    "frequency_penalty", "presence_penalty", "tools", "tool_choice", "response_format",
}  # fmt: skip


def error(code: str, status: int = 400) -> JSONResponse:
    return JSONResponse({"error": {"message": "private words", "code": code, "request_id": "20261121_1"}}, status)


class SarvamEmulator(OpenAIEmulator):
    """`transcripts` are what its recognizers hear, `translations` what its translator says, `words` its model's."""

    vendor: ClassVar[str] = "sarvam"
    prefix = ""
    credential = "api-subscription-key: {key}"
    wrong_key = (403, {"error": {"message": "Invalid API key", "code": "invalid_api_key_error", "request_id": "1"}})

    def __init__(self, key: str = "right-key") -> None:
        super().__init__(key)
        self.translations: deque[str] = deque()
        self.cuts_after_s: float | None = None  # the older recognizer finds an end of speech by itself so often

    def forget(self) -> None:
        super().forget()
        self.translations.clear()

    def routes(self) -> Sequence[tuple[str, HttpAnswer]]:
        return (
            ("/v1/chat/completions", self._chat),
            ("/text-to-speech/stream", self._speak_stream),
            ("/translate", self._translate),
        )

    def sockets(self) -> Sequence[tuple[str, SocketAnswer]]:
        return (
            (FINALS, lambda ws: hear_finals(self, ws)),
            (REALTIME, lambda ws: hear_live(self, ws)),
            (SPEECH, lambda ws: speak_live(self, ws)),
        )

    def objection(self, what: str, body: Mapping[str, Any]) -> Response | None:
        return error("invalid_request_error") if what == "chat" and set(body) - CHAT_FIELDS else None

    async def _speak_stream(self, request: Request) -> Response:
        fault, body = self.fault_of(request), orjson.loads(await request.body())
        refusal = await self.refused(request, fault, body) or _wrong_speech(body)
        if refusal is not None:
            return refusal
        pcm = hum(body["text"], body.get("speech_sample_rate", 22_050))
        return StreamingResponse(streamed(self, fault, pcm), media_type="audio/pcm")

    async def _translate(self, request: Request) -> Response:
        fault, body = self.fault_of(request), orjson.loads(await request.body())
        refusal = await self.refused(request, fault, body)
        if refusal is not None:
            return refusal
        most, languages = TRANSLATORS.get(body.get("model", "mayura:v1"), (0, set[str]()))
        source, target = body.get("source_language_code"), body.get("target_language_code")
        if source not in languages or target not in languages or source == target:
            return error("invalid_request_error")
        if not 0 < len(body.get("input", "")) <= most:
            return error("unprocessable_entity_error", 422)
        if body.get("model") == "sarvam-translate:v1" and body.get("mode", "formal") != "formal":
            return error("invalid_request_error")
        said = self.translations.popleft() if self.translations else f"[{body['input']}]"
        answer = {"request_id": "1", "translated_text": said, "source_language_code": source}
        if fault.name == "malformed":
            answer = {**answer, "translated_text": ["bro"]}
        if fault.name == "error_chunk":  # status 200, and yet an error
            answer = {"error": {"message": "private words", "code": "internal_server_error"}}
        return whole_json(self, fault, answer)


def _wrong_speech(body: dict[str, Any]) -> Response | None:
    model = body.get("model", "bulbul:v3")
    speaker = body.get("speaker")
    if body.get("language_code") not in TTS_LANGUAGES or model not in SPEAKERS:
        return error("invalid_request_error")
    if speaker is not None and not SPEAKERS[model](speaker):
        return error("invalid_request_error")
    if body.get("output_audio_codec") != "linear16":  # the others are not emulated
        return error("invalid_request_error")
    return None if 0 < len(body.get("text", "")) <= 3_500 else error("unprocessable_entity_error", 422)


EMULATOR = SarvamEmulator
