"""Put the statements of an extractive draft under the parts of a template, by what they are about."""

from collections.abc import Sequence
from functools import lru_cache

from auricle.ai.port import Entity, Statement
from auricle.ai.tokens import phrase_at, tokens, words
from auricle.notes.templates.shape import NotePart, Template

WORD, KIND = 2, 1  # a word of a part tells more of where a statement belongs than what is mentioned in it


def arranged(statements: Sequence[Statement], entities: Sequence[Entity], template: Template) -> list[Statement]:
    """The statements with their parts, in the template's order; within a part in their own.

    What is of a section that the template has no part for is left out: the judge's list of what is missing names it
    where it matters.
    """
    by_utterance: dict[str, list[Entity]] = {}
    for entity in entities:
        by_utterance.setdefault(entity.utterance_id, []).append(entity)
    placed: dict[str, list[Statement]] = {part.key: [] for part in template.parts}
    for statement in statements:
        part = place_of(statement, _cited(statement, by_utterance), template.parts)
        if part is not None:
            placed[part.key].append(statement.model_copy(update={"part": part.key}))
    return [statement for part in template.parts for statement in placed[part.key]]


def place_of(statement: Statement, cited: Sequence[Entity], parts: Sequence[NotePart]) -> NotePart | None:
    """The part whose words and kinds fit best; with none that fits the one that takes the rest of its section."""
    kinds = {entity.kind for entity in cited}
    stream = tokens(statement.text)
    best, most = None, 0
    for part in parts:
        if statement.section not in (part.section, *part.also):
            continue
        said = any(phrase_at(stream, i, phrase) for phrase in _phrases(part) for i in range(len(stream)))
        fit = WORD * said + KIND * bool(kinds.intersection(part.kinds))
        if fit > most:
            best, most = part, fit
    return best or rest_of(statement, parts)


def rest_of(statement: Statement, parts: Sequence[NotePart]) -> NotePart | None:
    own = [part for part in parts if part.section == statement.section]
    return next((part for part in own if not part.words and not part.kinds), own[0] if own else None)


def _cited(statement: Statement, by_utterance: dict[str, list[Entity]]) -> list[Entity]:
    return [
        entity
        for e in statement.evidence
        for entity in by_utterance.get(e.utterance_id, ())
        if entity.start < e.end and e.start < entity.end and _names(statement, entity)
    ]


def _names(statement: Statement, entity: Entity) -> bool:
    """Whether the statement itself is about it, and not only the words around those it cites."""
    text = statement.text.casefold()
    return entity.text.casefold() in text or entity.name in text


@lru_cache(maxsize=256)
def _split(phrases: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(words(phrase)) for phrase in phrases if words(phrase))


def _phrases(part: NotePart) -> tuple[tuple[str, ...], ...]:
    return _split(tuple(part.words))
