"""What Google's services take and answer, apart from how it gets there: shapes, and what is wrong with a request."""

import base64
from struct import pack
from typing import Any

from .sound import hum

KINDS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
USAGE = {
    "promptTokenCount": 20,
    "candidatesTokenCount": 3,
    "thoughtsTokenCount": 2,
    "cachedContentTokenCount": 8,
    "totalTokenCount": 25,
}
SIGNATURE = base64.b64encode(b"what the model thought").decode()
UNSIGNED = "skip_thought_signature_validator"
BODY = {"contents", "systemInstruction", "tools", "toolConfig", "generationConfig", "safetySettings", "cachedContent"}
CONFIG = {
    "maxOutputTokens",
    "temperature",
    "topP",
    "topK",
    "candidateCount",
    "stopSequences",
    "responseMimeType",
    "responseSchema",
    "responseJsonSchema",
    "thinkingConfig",
}
VOICES = [
    ("en-IN-Chirp3-HD-Aoede", ["en-IN"], "FEMALE"),
    ("hi-IN-Chirp3-HD-Charon", ["hi-IN"], "MALE"),
    ("hi-IN-Wavenet-A", ["hi-IN"], "FEMALE"),
    ("en-GB-Standard-B", ["en-GB"], "SSML_VOICE_GENDER_UNSPECIFIED"),
    ("cmn-CN-Wavenet-A", ["cmn-CN"], "FEMALE"),
    ("Aoede", ["en-US", "en-IN", "hi-IN"], "FEMALE"),
]


def error(status: int, message: str = "no", *details: dict[str, Any]) -> dict[str, Any]:
    """Google's form of an error, the same for all services."""
    about = {"code": status, "message": message, "status": KINDS.get(status, "UNKNOWN")}
    return {"error": {**about, "details": list(details)} if details else about}


def wrong_key() -> dict[str, Any]:
    reason = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "API_KEY_INVALID",
        "domain": "googleapis.com",
    }
    return error(400, "API key not valid. Please pass a valid API key.", reason)


def piece(*parts: dict[str, Any], finish: str | None = None, usage: bool = False) -> dict[str, Any]:
    """One `GenerateContentResponse` of a stream."""
    candidate: dict[str, Any] = {"content": {"parts": list(parts), "role": "model"}, "index": 0}
    if finish is not None:
        candidate["finishReason"] = finish
    more = {"usageMetadata": USAGE} if usage else {}
    return {"candidates": [candidate], "modelVersion": "emulated", "responseId": "r1", **more}


def wav(text: str, rate_hz: int) -> bytes:
    """Speech as `LINEAR16` comes: with a header, in which there may be more than a form and the data."""
    pcm = hum(text, rate_hz)
    form = pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate_hz, rate_hz * 2, 2, 16)
    chunks = form + pack("<4sI", b"LIST", 5) + b"emul\0\0" + pack("<4sI", b"data", len(pcm)) + pcm
    return pack("<4sI4s", b"RIFF", 4 + len(chunks), b"WAVE") + chunks


def complaint_of_content(model: str, body: dict[str, Any]) -> str | None:
    """What the model's service would say is wrong with a request."""
    config = body.get("generationConfig", {})
    for name in [*(set(body) - BODY), *(set(config) - CONFIG)]:
        return f'Invalid JSON payload received. Unknown name "{name}": Cannot find field.'
    if config.get("responseJsonSchema") and config.get("responseMimeType") != "application/json":
        return "response_json_schema needs response_mime_type application/json"
    thinking = config.get("thinkingConfig", {})
    if "thinkingLevel" in thinking and model.startswith("gemini-2"):
        return "Thinking level is not supported for this model."
    if {"thinkingLevel", "thinkingBudget"} <= set(thinking):
        return "You can only set only one of thinking budget and thinking level."
    return _complaint_of_turns(model, body.get("contents") or [])


def _complaint_of_turns(model: str, contents: list[dict[str, Any]]) -> str | None:
    if not contents:
        return "contents are required"
    if contents[0].get("role") not in (None, "user") or contents[-1].get("role") not in (None, "user"):
        return "Please ensure that multiturn requests begin and end with a user role."
    called: list[str] = []
    for content in contents:
        parts = content.get("parts") or []
        if not parts or any(not set(part) & {"text", "functionCall", "functionResponse"} for part in parts):
            return "Unable to submit request because it must have a text parameter."
        answered = [part["functionResponse"]["name"] for part in parts if "functionResponse" in part]
        if answered != called:
            return (
                "Please ensure that the number of function response parts is equal to the number of function call parts"
            )
        calls = [part for part in parts if "functionCall" in part]
        called = [part["functionCall"]["name"] for part in calls]
        if calls and not model.startswith("gemini-2"):
            if "thoughtSignature" not in calls[0]:
                return "Function call is missing a thought_signature in functionCall parts."
            if calls[0]["thoughtSignature"] not in (SIGNATURE, UNSIGNED):
                return "Corrupted thought signature."
    return None


def complaint_of_speech(body: dict[str, Any]) -> str | None:
    """What the recognizer would say is wrong with a request."""
    config = body.get("config", {})
    if config.get("encoding") != "LINEAR16" or not config.get("sampleRateHertz"):
        return "bad encoding"
    if "-" not in str(config.get("languageCode", "")):
        return "Invalid recognition 'config': bad language code"
    try:
        pcm = base64.b64decode(body["audio"]["content"], validate=True)
    except (KeyError, ValueError):
        return "bad audio"
    if not pcm:
        return "RecognitionAudio not set."
    if len(pcm) / 2 / config["sampleRateHertz"] > 60:
        return "Inline audio exceeds duration limit. Please use a GCS URI."
    phrases = [p for context in config.get("speechContexts", []) for p in context["phrases"]]
    if len(phrases) > 5_000 or any(len(p) > 100 for p in phrases):
        return "Invalid recognition 'config': too many or too long phrases"
    return None
