"""One part of a note, written by a language model: asked by a schema, its quotes looked up, nothing else believed."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from auricle.ai.port import Evidence, Statement, Utterance
from auricle.notes.templates.shape import NotePart, Template
from auricle.notes.writing.addressed import is_to_the_writer
from auricle.notes.writing.prompts import SCHEMA, Style, messages
from auricle.notes.writing.quotes import Said
from auricle.providers.call import Call, Served, named_once
from auricle.providers.ports import LanguageRequest
from auricle.providers.routing import Router
from auricle.providers.structured import structured

WINDOW_CHARACTERS = 24_000  # of the source in one request: some 6,000 tokens
MOST_WINDOWS = 6  # a longer source has longer windows
SHARED = 4  # utterances that a window has in common with the one before
AT_ONCE = 4  # requests of one note
MOST_TOKENS = 6_000
TEMPERATURE = 0.1

# A mask that lost its brackets or its form on the way through a model: put right, so that the judge can look it up.
_NEARLY_A_MASK = re.compile(
    r"\[?\b(PERSON|PHONE|EMAIL|DATE|AGE|URL|IP|MRN|SSN|AADHAAR|PAN|ABHA|LOCATION|ORGANIZATION|ADDRESS)"
    r"[ _-]?(\d{1,4})\b\]?"
)


@dataclass(slots=True)
class Model:
    """By which language model a note is written, and for whom. `served` are those that really answered."""

    router: Router
    call: Call
    style: Style = Style()
    served: tuple[Served, ...] = ()
    _slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    async def ask(self, request: LanguageRequest) -> dict[str, Any]:
        """The object that the model answers with. Raises `ProviderFailed`."""
        async with self._slots:
            return await structured(self.router, self.call, request, served=self._note)

    def _note(self, one: Served) -> None:
        self.served = named_once(self.served, one)

    @property
    def names(self) -> str | None:
        """The models that answered, as a note says it."""
        return ", ".join("/".join(filter(None, (s.provider, s.model))) for s in self.served) or None


async def write_part(
    model: Model, part: NotePart, template: Template, utterances: Sequence[Utterance], wish: str = ""
) -> list[Statement]:
    """The statements of one part, not judged yet. Raises `ProviderFailed`, `NotByForm` among it.

    A statement none of whose quotes is in the source is given without evidence, so that the judge flags it.
    """
    answers = await asyncio.gather(*(_from_window(model, part, template, w, wish) for w in windows(utterances)))
    seen: set[str] = set()
    kept: list[Statement] = []
    for statement in (s for answer in answers for s in answer):
        words = " ".join(statement.text.casefold().split()).rstrip(".")
        if words and words not in seen:
            seen.add(words)
            kept.append(statement)
    return kept


async def _from_window(
    model: Model, part: NotePart, template: Template, source: Mapping[str, Utterance], wish: str
) -> list[Statement]:
    request = LanguageRequest(
        messages(part, template, model.style, source, wish),
        temperature=TEMPERATURE,
        max_tokens=MOST_TOKENS,
        response_schema=SCHEMA,
    )
    answer = await model.ask(request)
    return await asyncio.to_thread(read, answer, part, Said(source))


def windows(utterances: Sequence[Utterance]) -> list[dict[str, Utterance]]:
    """The source in pieces that fit one request, each utterance under the short id it keeps in all of them."""
    named = [(f"u{number}", utterance) for number, utterance in enumerate(utterances, start=1)]
    room = max(WINDOW_CHARACTERS, -(-sum(len(u.text) for u in utterances) // MOST_WINDOWS))
    found: list[dict[str, Utterance]] = []
    held, length = list[tuple[str, Utterance]](), 0
    for one in named:
        if held and length + len(one[1].text) > room:
            found.append(dict(held))
            held = held[-SHARED:] if sum(len(u.text) for _, u in held[-SHARED:]) < room // 2 else []
            length = sum(len(u.text) for _, u in held)
        held.append(one)
        length += len(one[1].text)
    return [*found, dict(held)]


def read(answer: Mapping[str, Any], part: NotePart, said: Said) -> list[Statement]:
    """The statements of a valid answer, with what their quotes really are."""
    found = []
    for one in answer["statements"]:
        text = " ".join(_NEARLY_A_MASK.sub(r"[\1_\2]", one["text"]).replace("\x00", "").split())
        if text:
            evidence = verified(one["evidence"], said)
            found.append(Statement(section=part.section, part=part.key, text=text, kind=one["kind"], evidence=evidence))
    return found


def verified(quotes: Sequence[Mapping[str, str]], said: Said) -> tuple[Evidence, ...]:
    """The verbatim spans of these quotes, each once; what was meant for the note's writer supports nothing."""
    spans = [e for one in quotes for e in said.evidence(one["quote"], one["id"])]
    source = {u.id: u for u in said.utterances.values()}
    meant = [e for e in spans if not is_to_the_writer(source[e.utterance_id], e.start, e.end)]
    return tuple({(e.utterance_id, e.start, e.end): e for e in meant}.values())
