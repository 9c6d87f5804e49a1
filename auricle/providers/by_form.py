"""Answers by a JSON schema from a model whose API takes none: by a tool that it is to call, or by telling it."""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from typing import Any

from auricle.providers.dialects.forms import ANSWER, by_telling, by_tool
from auricle.providers.ports import Finish, LanguageEvent, LanguageModel, LanguageRequest, TextDelta, ToolCall

WAYS: Mapping[str, Callable[[LanguageRequest], LanguageRequest]] = {"tool": by_tool, "told": by_telling}


class ByForm:
    """A `LanguageModel` over another one. Its answer is the JSON as text, as if the API had taken the schema."""

    def __init__(self, model: LanguageModel, ask: Callable[[LanguageRequest], LanguageRequest]) -> None:
        """`ask` puts the schema of a request into a form that the model's API takes."""
        self._model, self._ask = model, ask

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)  # whatever else the adapter can do

    async def generate(self, request: LanguageRequest) -> AsyncGenerator[LanguageEvent, None]:
        is_asked, calls = request.response_schema is not None, 0
        async with aclosing(self._model.generate(self._ask(request))) as events:
            async for event in events:
                match event:
                    case ToolCall(name=name) if is_asked and name == ANSWER:
                        yield TextDelta(event.arguments)
                    case Finish(reason) if is_asked and reason == "tools" and not calls:
                        yield Finish("stop")
                    case _:
                        calls += isinstance(event, ToolCall)
                        yield event
