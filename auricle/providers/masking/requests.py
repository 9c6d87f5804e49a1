"""A language model's request taken apart into its texts and put together again with others in their place."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from auricle.providers.masking.conceal import Text
from auricle.providers.masking.placeholders import NOTE, named
from auricle.providers.ports import ChatMessage, LanguageRequest, ToolCall, ToolSpec

_RESULT = re.compile(r"(<result [^>]*>\n)(.*)(\n</result>)", re.DOTALL)
_ESCAPED = re.compile(r"(?:\\u[0-9a-fA-F]{4})+")
_LINES = re.compile(r"\\[nrt]")
# Keywords of a JSON schema whose strings are told to people, or to choose from; all others are its structure.
_TOLD = frozenset(("description", "title", "enum", "const", "default", "examples"))

_NAMING = frozenset(("properties", "$defs", "definitions", "patternProperties"))

Put = Callable[[str, str], str]  # a text, and the key it stands under → what stands there instead


@dataclass(slots=True)
class _Gather:
    """Notes each text, in the order in which `_Fill` is asked for them again."""

    texts: list[Text]

    def __call__(self, text: str, field: str = "") -> str:
        self.texts.append(Text(text, field))
        return text


@dataclass(slots=True)
class _Fill:
    masked: Iterator[str]

    def __call__(self, text: str, field: str = "") -> str:
        return next(self.masked)


def texts_of(request: LanguageRequest) -> list[Text]:
    """Every text of a request that could tell who somebody is."""
    gather = _Gather([])
    _walked(request, gather)
    return gather.texts


def structure_of(request: LanguageRequest) -> str:
    """What can't be masked, for something is done by it: the names of tools and of their arguments."""
    names = [name for tool in request.tools for name in (tool.name, *_names(tool.parameters))]
    called = [call.name for message in request.messages for call in message.tool_calls]
    return " ".join(dict.fromkeys([*names, *called, *_names(request.response_schema or {})]))


def _names(schema: Mapping[str, Any]) -> Iterator[str]:
    for key, value in schema.items():
        if isinstance(value, Mapping):
            if key in _NAMING:
                yield from value
            yield from _names(value)
        elif isinstance(value, list):
            for one in value:
                if isinstance(one, Mapping):
                    yield from _names(one)


def put_together(request: LanguageRequest, masked: Sequence[str]) -> LanguageRequest:
    """The request with other texts in the places of `texts_of`, and a word to the model where there are placeholders.

    Passages and intake questions, which are in the messages as well, are for models of this process and left out.
    """
    made = _walked(request, _Fill(iter(masked)))
    if any(next(named(text), None) for text in masked):
        messages = list(made.messages)
        after = 1 if messages and messages[0].role == "system" else 0
        messages.insert(after, ChatMessage("system", NOTE))
        made = replace(made, messages=messages)
    return made


def _walked(request: LanguageRequest, put: Put) -> LanguageRequest:
    return replace(
        request,
        messages=[_message(one, put) for one in request.messages],
        tools=tuple(_tool(one, put) for one in request.tools),
        response_schema=None if request.response_schema is None else _schema(request.response_schema, put),
        passages=(),
        questions=(),
    )


def _message(one: ChatMessage, put: Put) -> ChatMessage:
    calls = tuple(_call(call, put) for call in one.tool_calls)
    return replace(one, content=_content(one, put), tool_calls=calls)


def _content(one: ChatMessage, put: Put) -> str:
    if one.role == "tool":
        wrapped = _RESULT.fullmatch(one.content)
        before, body, after = wrapped.groups() if wrapped else ("", one.content, "")
        value = _structure(body)
        if value is not None:
            return f"{before}{orjson.dumps(_value(value, put)).decode()}{after}"
    return put(_plain(one.content), "")


def _call(call: ToolCall, put: Put) -> ToolCall:
    value = _structure(call.arguments)
    if value is None:
        return replace(call, arguments=put(_plain(call.arguments), ""))
    return replace(call, arguments=orjson.dumps(_value(value, put)).decode())


def _structure(text: str) -> Any | None:
    """The object or list that a text is, or None."""
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None


def _value(value: Any, put: Put, field: str = "") -> Any:
    if isinstance(value, str):
        return put(value, field)
    if isinstance(value, list):
        return [_value(one, put, field) for one in value]
    if isinstance(value, dict):
        return {put(k, ""): _value(v, put, k) for k, v in value.items()}
    if isinstance(value, int) and not isinstance(value, bool):
        text = str(value)  # a telephone or an Aadhaar may come as a number
        return value if len(text) < 7 or (made := put(text, field)) == text else made
    return value


def _tool(one: ToolSpec, put: Put) -> ToolSpec:
    return ToolSpec(one.name, put(one.description, ""), _schema(one.parameters, put))


def _schema(part: Mapping[str, Any], put: Put) -> dict[str, Any]:
    return {key: _schema_value(key, value, put) for key, value in part.items()}


def _schema_value(key: str, value: Any, put: Put) -> Any:
    if key in _TOLD:
        return _value(value, put)
    if isinstance(value, Mapping):
        if key in _NAMING:
            return {k: _schema(v, put) if isinstance(v, Mapping) else v for k, v in value.items()}
        return _schema(value, put)
    if isinstance(value, list):
        return [_schema(one, put) if isinstance(one, Mapping) else one for one in value]
    return value


def _plain(text: str) -> str:
    """A text whose JSON is readable: letters and line ends that are escaped in it would hide a name."""
    if "\\" not in text:
        return text
    return _LINES.sub("\n", _ESCAPED.sub(lambda m: _unescaped(m[0]), text))


def _unescaped(escaped: str) -> str:
    try:
        return str(orjson.loads(f'"{escaped}"'))
    except orjson.JSONDecodeError:  # half of a pair
        return ""
