"""An answer that keeps to a JSON schema, whichever provider gives it: checked, and asked for once more if need be."""

from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import orjson
from jsonschema import Draft202012Validator

from auricle.providers.call import Call, Served
from auricle.providers.ports import ChatMessage, Finish, LanguageRequest, ProviderGarbled, TextDelta
from auricle.providers.routing import Router

MAX_CHARACTERS = 400_000
MAX_COMPLAINTS = 8
AGAIN = """Your answer can't be used. {wrong}
Answer again with the whole JSON object, corrected. Change nothing else, and write nothing around it."""


class NotByForm(ProviderGarbled):
    """A model's answers do not keep to the schema they were asked by. `context["reason"]` is the rule they break."""

    code = "provider.not_by_form"


@dataclass(frozen=True, slots=True)
class _Wrong:
    """`rule` is a keyword of the schema and may be told to anybody; `words` are for the model alone."""

    rule: str
    words: str


Told = Callable[[Served], None]


async def structured(
    router: Router, call: Call, request: LanguageRequest, *, served: Told | None = None
) -> dict[str, Any]:
    """The object that a model answers with, valid by `request.response_schema`; `served` is told who answers.

    A first answer that is not valid is sent back once with what is wrong. Raises `NotByForm` where the second is not
    either, and whatever `Router.generate` raises. No error holds anything of an answer.
    """
    if request.response_schema is None:
        raise ValueError("a structured answer needs a schema")
    validator = Draft202012Validator(dict(request.response_schema))
    said, reason = await _answer(router, call, request, served)
    found = _read(said, reason, validator)
    if isinstance(found, _Wrong):
        sent_back = [ChatMessage("assistant", said), ChatMessage("user", AGAIN.format(wrong=found.words))]
        said, reason = await _answer(router, call, replace(request, messages=[*request.messages, *sent_back]), served)
        found = _read(said, reason, validator)
    if isinstance(found, _Wrong):
        raise NotByForm("The model's answer does not keep to its schema.", reason=found.rule)
    return found


async def _answer(router: Router, call: Call, request: LanguageRequest, served: Told | None) -> tuple[str, str]:
    """The text of one answer, and why it ended."""
    said, length, reason = list[str](), 0, "stop"
    async with aclosing(router.generate(call, request)) as events:
        async for event in events:
            match event:
                case TextDelta(text):
                    length += len(text)
                    if length > MAX_CHARACTERS:
                        raise ProviderGarbled("The answer is too long.", limit=MAX_CHARACTERS)
                    said.append(text)
                case Finish(reason):
                    pass
                case Served() if served is not None:
                    served(event)
    if reason == "filtered":
        raise NotByForm("The model would not answer.", reason=reason)
    return "".join(said), reason


def _read(said: str, reason: str, validator: Draft202012Validator) -> dict[str, Any] | _Wrong:
    found = _object(said)
    if found is None:
        if reason == "length":
            return _Wrong("length", "It was cut off: be shorter.")
        return _Wrong("json", "It is not one JSON object.")
    broken = list(islice(validator.iter_errors(found), MAX_COMPLAINTS))
    if not broken:
        return found
    told = [f"At {e.json_path}: {e.validator} must be {_short(e.validator_value)}." for e in broken]
    return _Wrong(str(broken[0].validator), " ".join(told))


def _object(said: str) -> dict[str, Any] | None:
    """The JSON object of an answer; words or marks around it are overlooked."""
    begin, end = said.find("{"), said.rfind("}")
    for text in (said, said[begin : end + 1]):
        try:
            found = orjson.loads(text)
        except orjson.JSONDecodeError:
            continue
        if isinstance(found, dict):
            return found
    return None


def _short(value: Any) -> str:
    return orjson.dumps(value, default=str).decode()[:300]
