"""A language model that plays drafts written beforehand: whichever vendor's emulator it is put into, it answers each
request for a part of a note, or for verdicts, with what was written for it. It says nothing of how good a model is."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from auricle.providers.dialects.forms import ANSWER

from .openai_chat import Scripted

_PART = re.compile(r'The part to write: "([^"]+)"')
_LINE = re.compile(r'^\{"id":"(u\d+)","by":"\w+","said":(".*")\}$', re.MULTILINE)


@dataclass
class Asked:
    """One request as the model saw it."""

    text: str

    @property
    def part(self) -> str | None:
        """The English heading of the part that is to be written."""
        found = _PART.search(self.text)
        return found[1] if found else None

    @property
    def source(self) -> dict[str, str]:
        """What was said, by the ids that are to be cited."""
        return {key: orjson.loads(said) for key, said in _LINE.findall(self.text)}


Answer = Mapping[str, Any] | str


@dataclass
class Playing:
    """Put into an emulator as its `script`. `parts` are statements by English heading; a text is said as it is."""

    parts: Mapping[str, Sequence[Mapping[str, Any]] | str] = field(default_factory=dict)
    verdicts: Callable[[Asked], Answer] | None = None
    missing: Callable[[Asked], Answer] | None = None
    asked: list[Asked] = field(default_factory=list)

    def __call__(self, body: dict[str, Any]) -> Scripted:
        asked = Asked(texts(body))
        self.asked.append(asked)
        answer = self._answer(asked)
        text = answer if isinstance(answer, str) else orjson.dumps(answer).decode()
        return Scripted(calls=[(ANSWER, text)]) if ANSWER in repr(body.get("tools")) else Scripted(text)

    def _answer(self, asked: Asked) -> Answer:
        if asked.part is not None:
            written = self.parts.get(asked.part, ())
            return written if isinstance(written, str) else {"statements": list(written)}
        if "<claims>" in asked.text:
            return self.verdicts(asked) if self.verdicts else {"verdicts": []}
        return self.missing(asked) if self.missing else {"missing": []}


def states(text: str, *quotes: tuple[str, str], kind: str = "fact") -> dict[str, Any]:
    """One statement of an answer; quotes are (id, words)."""
    return {"text": text, "kind": kind, "evidence": [{"id": key, "quote": quote} for key, quote in quotes]}


def texts(body: Any) -> str:
    """Every text of a request's body, as it was before it was written as JSON."""
    if isinstance(body, str):
        return body
    if isinstance(body, dict):
        return "\n".join(texts(v) for v in body.values())
    return "\n".join(texts(v) for v in body) if isinstance(body, list) else ""
