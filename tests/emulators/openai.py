"""OpenAI on a port of its own: what its API takes of each model, and its realtime transcription."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from starlette.responses import JSONResponse, Response

from .openai_chat import OpenAIEmulator
from .openai_realtime import Session
from .server import SocketAnswer

FILE_MODELS = (
    "gpt-transcribe",
    "gpt-4o-transcribe",
    "gpt-4o-mini-transcribe",
    "gpt-4o-transcribe-diarize",
    "whisper-1",
)
SPEECH_MODELS = ("gpt-4o-mini-tts", "gpt-4o-mini-tts-2025-12-15", "tts-1", "tts-1-hd")
OLD_VOICES = {"alloy", "ash", "coral", "echo", "fable", "nova", "onyx", "sage", "shimmer"}
VOICES = OLD_VOICES | {"ballad", "cedar", "marin", "verse"}


class OpenAI(OpenAIEmulator):
    vendor: ClassVar[str] = "openai"
    listed: ClassVar[Sequence[Mapping[str, Any]]] = (
        {"id": "gpt-6-luna", "shutdown_date": None},
        {"id": "gpt-4o", "shutdown_date": "2027-01-14"},
        {"id": "gpt-live-transcribe", "shutdown_date": None},
        {"id": "text-embedding-3-small", "shutdown_date": None},
    )

    def sockets(self) -> Sequence[tuple[str, SocketAnswer]]:
        return (("/realtime", lambda ws: Session(self, ws).run()),)

    def streams_transcripts(self, body: Mapping[str, Any]) -> bool:
        return body.get("stream") == "true" and body["model"] != "whisper-1"

    def objection(self, what: str, body: Mapping[str, Any]) -> Response | None:
        match what:
            case "chat":
                return _to_chat(body)
            case "embeddings":
                return _to_embeddings(body)
            case "transcriptions":
                return _to_transcription(body)
            case "speech":
                return _to_speech(body)
        return None


def refusal(code: str | None, param: str | None = None, status: int = 400) -> Response:
    error = {"message": "No: private words.", "type": "invalid_request_error", "param": param, "code": code}
    return JSONResponse({"error": error}, status)


def _to_chat(body: Mapping[str, Any]) -> Response | None:
    model = str(body.get("model") or "")
    if not model or not body.get("messages"):
        return refusal("missing_required_parameter", "messages" if model else "model")
    if model.startswith("no-such"):
        return refusal("model_not_found", "model", 404)
    if not model.startswith(("gpt-5", "gpt-6", "o1", "o3", "o4", "chat-latest")):
        return refusal("unknown_parameter", "reasoning_effort") if "reasoning_effort" in body else None
    effort = body.get("reasoning_effort", "medium")
    can_rest = model.startswith(("gpt-5.", "gpt-6")) and not model.startswith(("gpt-6-astra", "gpt-6.1-sol"))
    if effort == "none" and not can_rest:
        return refusal("unsupported_value", "reasoning_effort")
    if "max_tokens" in body:
        return refusal("unsupported_parameter", "max_tokens")
    if effort != "none" and body.get("temperature", 1) != 1:
        return refusal("unsupported_value", "temperature")
    if body.get("tools") and effort != "none" and model.startswith(("gpt-5.4", "gpt-5.5", "gpt-5.6", "gpt-6")):
        return refusal(None, "reasoning_effort")
    return None


def _to_embeddings(body: Mapping[str, Any]) -> Response | None:
    if not body.get("input") or any(not text for text in body["input"]):
        return refusal(None, "input")
    if "dimensions" in body and not str(body["model"]).startswith("text-embedding-3"):
        return refusal(None, "dimensions")
    return None


def _to_transcription(body: Mapping[str, Any]) -> Response | None:
    model = body.get("model")
    if model not in FILE_MODELS:
        return refusal("model_not_found", "model", 404)
    if not body["wav"].startswith(b"RIFF"):
        return refusal(None, "file")
    if "keywords[]" in body and model != "gpt-transcribe":
        return refusal("unsupported_parameter", "keywords")
    if model != "whisper-1" and body.get("response_format") != "json":
        return refusal("unsupported_value", "response_format")
    if len(body.get("language", "en")) != 2 or body.get("language") == "or":
        return refusal("unsupported_language", "language")
    return None


def _to_speech(body: Mapping[str, Any]) -> Response | None:
    if body.get("model") not in SPEECH_MODELS:
        return refusal("model_not_found", "model", 404)
    if not body.get("input") or len(body["input"]) > 4_096:
        return refusal("string_above_max_length", "input")
    known = OLD_VOICES if str(body["model"]).startswith("tts-1") else VOICES
    voice = body.get("voice")
    if not (voice in known if isinstance(voice, str) else isinstance(voice, dict) and set(voice) == {"id"}):
        return refusal("invalid_value", "voice")
    if not 0.25 <= body.get("speed", 1) <= 4:
        return refusal("invalid_value", "speed")
    return None


EMULATOR = OpenAI
