"""Answers by a JSON schema from models whose API does not take one: by a tool to be called, or by being told."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson

from auricle.providers.ports import ChatMessage, LanguageRequest, ToolSpec

ANSWER = "give_answer"
BY_TOOL = f"Answer only by calling the tool `{ANSWER}`, once, with the whole answer as its arguments."
TOLD = "Answer only with one JSON object, without any words or marks around it. It must follow this JSON schema:\n"


def answer_tool(schema: Mapping[str, Any]) -> ToolSpec:
    """The tool whose arguments are the answer."""
    return ToolSpec(ANSWER, "Takes the answer.", {"type": "object", **schema})


def by_tool(request: LanguageRequest) -> LanguageRequest:
    """The same request with the schema as a tool; its call is the answer."""
    if request.response_schema is None:
        return request
    told = [ChatMessage("system", BY_TOOL), *request.messages]
    return replace(
        request, messages=told, response_schema=None, tools=[*request.tools, answer_tool(request.response_schema)]
    )


def by_telling(request: LanguageRequest) -> LanguageRequest:
    """The same request with the schema among the instructions."""
    if request.response_schema is None:
        return request
    told = ChatMessage("system", TOLD + orjson.dumps(dict(request.response_schema)).decode())
    return replace(request, messages=[told, *request.messages], response_schema=None)


def narrowed(schema: Any) -> dict[str, Any] | None:
    """A schema cut down to what constrained writing knows (types, enumerations, nesting); None: it can't be cut so far.

    Limits on numbers and lengths move into the description, where a model reads them; whoever asked checks them.
    """
    try:
        return _narrowed(schema)
    except _TooWide:
        return None


class _TooWide(Exception):
    pass


_KEPT = frozenset({"type", "title", "description", "enum", "const", "required", "$ref"})
_FORMATS = frozenset({"date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"})
_NESTED = {"anyOf": "anyOf", "oneOf": "anyOf", "allOf": "allOf"}


def _narrowed(schema: Any) -> dict[str, Any]:
    if not isinstance(schema, Mapping) or not schema:
        raise _TooWide
    kept = {key: value for key, value in schema.items() if key in _KEPT}
    told: dict[str, Any] = {}
    for key, value in schema.items():
        if key in ("properties", "$defs"):
            kept[key] = {name: _narrowed(part) for name, part in value.items()}
        elif key in _NESTED:
            kept[_NESTED[key]] = [_narrowed(part) for part in value]
        elif key == "items":
            kept[key] = _narrowed(value)
        elif (key == "format" and value in _FORMATS) or (key == "minItems" and value in (0, 1)):
            kept[key] = value
        elif key not in _KEPT and key not in ("additionalProperties", "default", "examples", "$schema"):
            told[key] = value
    if schema.get("type") == "object" or "properties" in schema:
        if not schema.get("properties"):
            raise _TooWide  # an object with any names
        kept["additionalProperties"] = False
    if told:
        limits = orjson.dumps(told).decode()
        kept["description"] = f"{kept['description']} {limits}" if "description" in kept else limits
    return kept
