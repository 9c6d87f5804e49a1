"""The port's four questions as JSON over HTTP.

Bodies and answers are derived from the signatures of `ClinicalAI`: what the port learns to say, the wire says, too.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_type_hints

import orjson
from pydantic import BaseModel, TypeAdapter, create_model

from auricle.ai.port import AIUnavailable, ClinicalAI, Model
from auricle.errors import AuricleError


@dataclass(frozen=True, slots=True)
class Step:
    """One question of the port: where it is asked, what it takes, what it answers."""

    name: str
    path: str
    body: type[BaseModel]
    answer: TypeAdapter[Any]
    parameters: inspect.Signature

    def written(self, *args: Any, **named: Any) -> bytes:
        """The body of a call with these arguments."""
        given = self.parameters.bind(*args, **named).arguments
        return self.body.model_validate(given).model_dump_json(exclude_defaults=True).encode()


def step_of(question: Callable[..., Any], path: str) -> Step:
    hints = get_type_hints(question)
    whole = inspect.signature(question)
    own = [p for p in whole.parameters.values() if p.name != "self"]
    fields: dict[str, Any] = {p.name: (hints[p.name], ... if p.default is p.empty else p.default) for p in own}
    name = question.__name__
    body = create_model(f"{name.capitalize()}In", __base__=Model, **fields)
    return Step(name, path, body, TypeAdapter(hints["return"]), whole.replace(parameters=own))


MASK = step_of(ClinicalAI.mask, "/pii/mask")
ENTITIES = step_of(ClinicalAI.entities, "/ner/entities")
WRITE = step_of(ClinicalAI.write, "/soap/write")
JUDGE = step_of(ClinicalAI.judge, "/soap/judge")
STEPS = (MASK, ENTITIES, WRITE, JUDGE)


def error_of(body: bytes) -> AuricleError | None:
    """The typed error that a problem stands for, if it is one that the clinical AI raises."""
    said = problem_in(body)
    kind = _errors().get(str(said.get("error_code")))
    if kind is None:
        return None
    context = said.get("context")
    told = {str(k): v for k, v in context.items()} if isinstance(context, dict) else {}
    told.pop("message", None)
    return kind(str(said.get("message")), **told)


def problem_in(body: bytes) -> Mapping[str, Any]:
    """The JSON object of an error's body, or nothing where it is none (a proxy's page, say)."""
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return said if isinstance(said, dict) else {}


def _errors() -> dict[str, type[AuricleError]]:
    """By their codes the errors that modules of `auricle.ai` declare, whichever of them are loaded."""
    return {kind.code: kind for kind in _below(AuricleError) if kind.__module__.startswith("auricle.ai.")}


def _below(kind: type[AuricleError]) -> Iterator[type[AuricleError]]:
    for child in kind.__subclasses__():
        yield child
        yield from _below(child)


class UnreadableAnswer(AIUnavailable):
    """The AI service answered what is no answer; is it of the same version as we are?"""

    code = "ai.unreadable_answer"


def read_answer(step: Step, body: bytes) -> Any:
    """Raises `UnreadableAnswer`; what was in it is not told."""
    try:
        return step.answer.validate_json(body)
    except ValueError:
        raise UnreadableAnswer(step=step.name) from None
