"""What a tool is, and for whom it works.

The model that asks for a tool holds no permission: a call is made by the conversation's own actor, with no more than
the tool's permissions of theirs, and always about the consultation's own patient. Nobody's id is ever an argument.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache
from typing import Any
from uuid import UUID, uuid4

import orjson
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from auricle.actor import Actor
from auricle.assembly import Assembly
from auricle.errors import AuricleError, Invalid
from auricle.knowledge.only import ALL, Only
from auricle.providers.ports import Passage, ToolSpec

MAX_ARGUMENTS_CHARACTERS = 8_000
MAX_SCHEMA_CHARACTERS = 16_000
MAX_SCHEMA_DEPTH = 12
# A pattern could be written to take for ever, on the thread that holds all calls; references could leave the document.
FORBIDDEN_KEYWORDS = frozenset({"pattern", "patternProperties", "$ref", "$dynamicRef", "$id", "$anchor", "$schema"})


class Effect(StrEnum):
    READ = "read"
    WRITE = "write"  # waits for the final transcript and for the patient's own yes
    END = "end"  # ends the agent's part: hangs up, or hands over


class ToolRefused(AuricleError):
    """A tool was not called, for a reason the model may be told."""

    status, code, title = 409, "tool.refused", "Refused"


class BadArguments(ToolRefused):
    """The arguments do not fit the tool's schema."""

    status, code = 422, "tool.bad_arguments"


class BadSchema(Invalid):
    """A tool's arguments are described by a plain JSON schema of an object, without patterns or references."""

    code = "tool.bad_schema"


@dataclass(frozen=True, slots=True)
class Errand:
    """For whom a tool works, and where in which conversation."""

    assembly: Assembly
    actor: Actor
    patient_id: UUID
    consultation_id: UUID
    session_id: UUID
    language: str
    turn_id: UUID = field(default_factory=uuid4)
    passages: list[Passage] = field(default_factory=list)  # what the answer may cite; a search adds to it
    only: Only = ALL  # the documents that the agent is kept to

    def holding(self, tool: "Tool") -> "Errand":
        """The same errand with no more than the tool's own permissions."""
        held = frozenset(p for p in (*tool.permission, *tool.also) if self.actor.may(p))
        return replace(self, actor=replace(self.actor, permissions=held))


Run = Callable[[Errand, Mapping[str, Any]], Awaitable[Any]]
Question = Callable[[Errand, Mapping[str, Any]], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool as a model may ask for it."""

    name: str
    description: str
    parameters: Mapping[str, Any]
    effect: Effect
    run: Run  # gives anything JSON can say
    permission: tuple[str, ...] = ("consultations:join",)  # any one of them
    also: tuple[str, ...] = ()  # further permissions it uses where the actor holds them
    timeout_s: float = 6.0
    question: Question | None = None  # of a write: what the patient is asked before it is done

    @property
    def spec(self) -> ToolSpec:
        return ToolSpec(self.name, self.description, self.parameters)

    def open_to(self, actor: Actor) -> bool:
        return any(actor.may(p) for p in self.permission)

    def read(self, arguments: str) -> dict[str, Any]:
        """The arguments of a call, checked. Raises `BadArguments`, naming places and never values."""
        if len(arguments) > MAX_ARGUMENTS_CHARACTERS:
            raise BadArguments("The arguments are too long.")
        try:
            given = orjson.loads(arguments)
        except orjson.JSONDecodeError:
            raise BadArguments("The arguments are not JSON.") from None
        wrong = sorted(validator_of(canonical(self.parameters)).iter_errors(given), key=str)[:5]
        if wrong:
            raise BadArguments(wrong=[f"{e.json_path}: {e.validator}" for e in wrong])
        assert isinstance(given, dict)
        return given


def canonical(value: Any) -> str:
    """One text for equal JSON values."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS, default=str).decode()


@lru_cache(maxsize=1024)
def validator_of(schema: str) -> Draft202012Validator:
    return Draft202012Validator(orjson.loads(schema))


def arguments_schema(**properties: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of a built-in tool; a property is required unless it says `"optional": True`."""
    required = [name for name, one in properties.items() if not one.get("optional")]
    shown = {name: {k: v for k, v in one.items() if k != "optional"} for name, one in properties.items()}
    return {"type": "object", "properties": shown, "required": required, "additionalProperties": False}


def strict_schema(given: Mapping[str, Any]) -> dict[str, Any]:
    """An organization's schema as we use it: an object that refuses what it does not name. Raises `BadSchema`."""
    schema = {"type": "object", "properties": {}, **given}
    if schema["type"] != "object" or len(canonical(schema)) > MAX_SCHEMA_CHARACTERS:
        raise BadSchema
    _check_keywords(schema, MAX_SCHEMA_DEPTH)
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise BadSchema(place=error.json_path) from None
    return {**schema, "additionalProperties": False}


def _check_keywords(part: Any, depth: int, *, names: bool = False) -> None:
    """`names`: the keys of `part` are names of properties, not keywords."""
    if depth < 0:
        raise BadSchema("The schema is nested too deeply.")
    if isinstance(part, dict):
        if not names and (found := FORBIDDEN_KEYWORDS & set(part)):
            raise BadSchema(keyword=sorted(found)[0])
        for key, value in part.items():
            _check_keywords(value, depth - 1, names=key == "properties" and not names)
    elif isinstance(part, list):
        for value in part:
            _check_keywords(value, depth - 1)


def wrapped_result(name: str, call_id: str, result: Any, limit: int) -> str:
    """A result as data for the model: marked with where it came from, bounded, unable to close its own mark."""
    text = result if isinstance(result, str) else canonical(result)
    text = text.replace("</result", "(/result")
    if len(text) > limit:
        text = f"{text[:limit]}… (cut)"
    safe_id = "".join(c for c in call_id if c.isalnum() or c in "-_")[:64]
    return f'<result tool="{name}" call="{safe_id}">\n{text}\n</result>'
