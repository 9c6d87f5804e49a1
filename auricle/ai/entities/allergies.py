"""Allergies: "allergic to …", and the question about them with its answer."""

import re
from collections.abc import Sequence

from auricle.ai.entities.lexicon import lexicon
from auricle.ai.port import Entity, Utterance
from auricle.ai.tokens import Token

_CUES = frozenset({"allergic", "allergy", "allergies", "एलर्जी"})
_ASKED = re.compile(r"\ballerg|एलर्जी", re.IGNORECASE)
_NOT_ALLERGENS = frozenset(
    [
        "to",
        "any",
        "anything",
        "known",
        "drug",
        "drugs",
        "medicine",
        "medicines",
        "medication",
        "medications",
        "food",
        "foods",
        "no",
        "none",
        "the",
        "a",
        "an",
        "it",
        "that",
        "this",
        "these",
        "those",
        "my",
        "of",
        "and",
        "or",
        "i",
        "so",
        "is",
        "are",
        "was",
        "are",
        "but",
        "with",
        "you",
        "your",
        "me",
        "him",
        "her",
        "them",
        "what",
        "which",
        "some",
        "something",
        "stuff",
        "is",
        "am",
        "yes",
        "yeah",
        "not",
        "seasonal",
        "season",
        "pills",
        "else",
        "at",
        "all",
        "as",
        "have",
        "had",
        "when",
        "he",
        "she",
        "they",
        "we",
        "do",
        "if",
        "its",
        "it's",
        "like",
        "around",
        "year",
    ]
)
_REACH_WORDS = 3


def asked_about_allergies(question: str) -> bool:
    return _ASKED.search(question) is not None


def allergy_cue(stream: Sequence[Token], asked: bool) -> int | None:
    """The word after which allergens stand; 0 where the question before was about allergies; None without either."""
    for index, token in enumerate(stream):
        if token.word in _CUES:
            return index
    return 0 if asked and stream else None


def free_allergen(
    utterance: Utterance, stream: Sequence[Token], cue: int, drugs: Sequence[Entity], denied: bool
) -> list[Entity]:
    """An allergen outside the drug list ("allergic to peanuts"), or that there is none."""
    said = [t.word for t in stream]
    if stream[cue].word not in _CUES:
        return []
    if denied or "no" in said[:cue] or "not" in said[:cue] or "any" in said[:cue]:
        if drugs or (not denied and "any" in said[:cue] and "not" not in said[:cue]):
            return []
        token = stream[cue]
        return [_allergy(utterance, token, token, "any", negated=True)]
    if drugs or cue + 1 >= len(stream) or stream[cue + 1].word not in {"to", "is", "are"}:
        return []
    for index in range(cue + 2, min(len(stream), cue + 2 + _REACH_WORDS)):
        word = stream[index].word
        if word in {"nothing", "none"}:
            return [_allergy(utterance, stream[cue], stream[index], "any", negated=True)]
        if word not in _NOT_ALLERGENS and word.isalpha():
            found = next(lexicon().mentions(stream[index:]), None)
            name = found.term.name if found and found.first == 0 else word
            return [_allergy(utterance, stream[index], stream[index], name, negated=False)]
    return []


def _allergy(utterance: Utterance, first: Token, last: Token, name: str, *, negated: bool) -> Entity:
    return Entity(kind="allergy", text=utterance.text[first.start : last.end], name=name, utterance_id=utterance.id,
                  start=first.start, end=last.end, negated=negated)  # fmt: skip
