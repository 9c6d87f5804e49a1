"""An example as a line of a maker's own form.

OpenAI: chat examples of its supervised fine-tuning; `weight` 0 marks what is not to be learned.
Gemini: `systemInstruction` and `contents` of Vertex AI's supervised tuning, which knows no weights.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal

import orjson

from auricle.finetune.examples import Example, LeftOut, Turn

Form = Literal["openai", "gemini"]


def line(example: Example, form: Form) -> bytes:
    """Raises `LeftOut` where the form can't say what the example must."""
    return orjson.dumps(FORMS[form](example)) + b"\n"


def openai(example: Example) -> dict[str, Any]:
    return {"messages": [_message(turn) for turn in example.turns]}


def _message(turn: Turn) -> dict[str, Any]:
    told: dict[str, Any] = {"role": turn.role, "content": turn.text}
    return told if turn.is_learned else {**told, "weight": 0}


def gemini(example: Example) -> dict[str, Any]:
    if any(turn.role == "assistant" and not turn.is_learned for turn in example.turns):
        raise LeftOut("rests_on_knowledge")
    system = [{"text": turn.text} for turn in example.turns if turn.role == "system"]
    contents = [
        {"role": "user" if turn.role == "user" else "model", "parts": [{"text": turn.text}]}
        for turn in example.turns
        if turn.role != "system"
    ]
    return {"systemInstruction": {"role": "system", "parts": system}, "contents": contents}


FORMS: Mapping[Form, Callable[[Example], dict[str, Any]]] = {"openai": openai, "gemini": gemini}
