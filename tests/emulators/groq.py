"""Groq on a port of its own: what its API takes of each model, and usage in a field of its own."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from starlette.responses import Response

from .openai import refusal
from .openai_chat import USAGE, OpenAIEmulator, chunk

TUNING = {"temperature", "top_p", "max_tokens", "max_completion_tokens", "n", "stop", "seed", "service_tier", "user"}
REASONING = {"reasoning_effort", "reasoning_format", "include_reasoning"}
TOOLS = {"tools", "tool_choice", "parallel_tool_calls"}
CHAT_FIELDS = {"model", "messages", "stream", "response_format"} | TUNING | REASONING | TOOLS
GONE = ("llama-3.1-8b-instant", "llama-3.3-70b-versatile", "qwen/qwen3-32b")
EFFORTS = {"openai/gpt-oss-": {"low", "medium", "high"}, "qwen/": {"none", "default", "low", "medium", "high"}}


class Groq(OpenAIEmulator):
    vendor: ClassVar[str] = "groq"
    prefix = "/openai/v1"
    listed: ClassVar[Sequence[Mapping[str, Any]]] = (
        {"id": "openai/gpt-oss-120b"},
        {"id": "openai/gpt-oss-20b"},
        {"id": "qwen/qwen3.8-27b"},
        {"id": "whisper-large-v3"},
        {"id": "whisper-large-v3-turbo"},
    )

    def ending(self, finish: str, *, has_usage: bool) -> list[dict[str, Any]]:
        own = (
            {"id": "req_1", "usage": {**USAGE, "queue_time": 0.01, "total_time": 0.2}} if has_usage else {"id": "req_1"}
        )
        return [chunk(finish=finish, x_groq=own)]

    def objection(self, what: str, body: Mapping[str, Any]) -> Response | None:
        if what == "chat":
            return _to_chat(body)
        if what == "transcriptions":
            return _to_transcription(body)
        return refusal("unknown_url", status=404) if what in ("embeddings", "speech") else None


def _to_chat(body: Mapping[str, Any]) -> Response | None:
    model = str(body.get("model") or "")
    if model in GONE or model.startswith("no-such"):
        return refusal("model_not_found", "model", 404)
    if not body.get("messages") or set(body) - CHAT_FIELDS:
        return refusal(None)
    known = next((efforts for prefix, efforts in EFFORTS.items() if model.startswith(prefix)), set[str]())
    if "reasoning_effort" in body and body["reasoning_effort"] not in known:
        return refusal(None, "reasoning_effort")
    if "reasoning_format" in body and not model.startswith("qwen/"):
        return refusal(None, "reasoning_format")
    is_form = (body.get("response_format") or {}).get("type") == "json_schema"
    if is_form and (body.get("stream") or body.get("tools")):
        return refusal(None, "response_format")
    return None


def _to_transcription(body: Mapping[str, Any]) -> Response | None:
    if not str(body.get("model")).startswith("whisper-large-v3"):
        return refusal("model_not_found", "model", 404)
    if set(body) - {"model", "language", "prompt", "response_format", "temperature", "wav"}:
        return refusal(None)
    if not body["wav"].startswith(b"RIFF") or body.get("language") == "or":
        return refusal(None, "language")
    return None


EMULATOR = Groq
