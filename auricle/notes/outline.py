"""Under which parts a note's statements stand."""

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

from auricle.ai.port import Section
from auricle.notes.models import Note
from auricle.notes.templates.shape import Outline, outline
from auricle.notes.templates.shipped import DEFAULT, shipped


class Placed(Protocol):
    @property
    def section(self) -> Section: ...
    @property
    def part(self) -> str | None: ...


class Under(Protocol):
    @property
    def key(self) -> str: ...
    @property
    def section(self) -> Section: ...


S = TypeVar("S", bound=Placed)
P = TypeVar("P", bound=Under)


def outline_of(note: Note) -> Outline:
    """That of a SOAP note where a note was written before there were others."""
    return Outline.model_validate(note.outline) if note.outline else outline(shipped()[DEFAULT].template)


def under(parts: Sequence[P], statements: Iterable[S]) -> list[tuple[P, list[S]]]:
    """The statements by part, in the outline's order, none left out: what names no part of it stands under the last
    one of its section, or of all where there is none."""
    found: list[tuple[P, list[S]]] = [(part, []) for part in parts]
    for statement in statements:
        found[_place(parts, statement)][1].append(statement)
    return found


def _place(parts: Sequence[Under], statement: Placed) -> int:
    for index, part in enumerate(parts):
        if part.key == statement.part:
            return index
    own = [index for index, part in enumerate(parts) if part.section == statement.section]
    return own[-1] if own else len(parts) - 1
