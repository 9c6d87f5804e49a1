"""One statement beside what it cites, read once for all checks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from auricle.ai.entities.assertion import negated_words
from auricle.ai.entities.find import find_entities
from auricle.ai.entities.lexicon import lexicon
from auricle.ai.port import Entity, Evidence, Statement, Utterance
from auricle.ai.tokens import clauses, tokens

# Words of a note's own language: they need no source.
TEMPLATE_WORDS = frozenset(
    [
        "patient",
        "patient's",
        "reports",
        "report",
        "reported",
        "denies",
        "denied",
        "takes",
        "take",
        "taking",
        "took",
        "previously",
        "plan",
        "plans",
        "states",
        "notes",
        "note",
        "complains",
        "of",
        "history",
        "known",
        "chief",
        "complaint",
        "since",
        "started",
        "duration",
        "previous",
        "use",
        "frequency",
        "location",
        "severity",
        "occupation",
        "allergic",
        "allergy",
        "the",
        "a",
        "an",
        "is",
        "are",
        "was",
        "were",
        "be",
        "been",
        "being",
        "has",
        "have",
        "had",
        "and",
        "or",
        "with",
        "to",
        "in",
        "on",
        "at",
        "for",
        "from",
        "by",
        "their",
        "they",
        "them",
        "themselves",
        "theirs",
        "it",
        "its",
        "this",
        "that",
        "these",
        "those",
        "he",
        "she",
        "his",
        "her",
        "him",
        "as",
        "also",
        "currently",
        "does",
        "do",
        "did",
        "not",
        "no",
        "who",
        "which",
        "presents",
        "today",
        "clinician's",
        "threshold",
        "i",
        "you",
        "your",
        "my",
        "me",
        "we",
        "our",
        "if",
        "there",
        "then",
        "so",
        "but",
    ]
)


@dataclass(frozen=True)
class Compared:
    statement: Statement
    sources: Mapping[str, Utterance]
    entities: Sequence[Entity]  # of the whole source

    @cached_property
    def valid(self) -> list[Evidence]:
        """Evidence whose quote really stands where it says."""
        return [e for e in self.statement.evidence if quoted(e, self.sources)]

    @cached_property
    def cited_text(self) -> str:
        return "\n".join(e.quote for e in self.valid)

    @cached_property
    def cited_entities(self) -> list[Entity]:
        """Source entities that stand inside the cited spans."""
        return [
            e
            for e in self.entities
            if any(e.utterance_id == v.utterance_id and e.start < v.end and v.start < e.end for v in self.valid)
        ]

    @cached_property
    def stated_entities(self) -> list[Entity]:
        """What the statement itself says, read like a line of a document."""
        return find_entities([Utterance(id="statement", speaker="document", text=self.statement.text)])

    @cached_property
    def cited_words(self) -> frozenset[str]:
        """Stems of what is cited, and of what its mentions mean ("one thirty over eighty five": blood pressure)."""
        meant = " ".join(e.name for e in self.cited_entities)
        return frozenset(stem(t.word) for t in tokens(f"{self.cited_text} {meant}"))

    @cached_property
    def cited_names(self) -> frozenset[str]:
        return frozenset(m.term.name for m in lexicon().mentions(tokens(self.cited_text)))


def quoted(evidence: Evidence, sources: Mapping[str, Utterance]) -> bool:
    source = sources.get(evidence.utterance_id)
    inside = source is not None and 0 <= evidence.start < evidence.end <= len(source.text)
    return inside and source is not None and source.text[evidence.start : evidence.end] == evidence.quote


def polarity(text: str) -> dict[str, bool]:
    """Word stem → whether it stands under a negation; words that appear both ways are left out."""
    seen: dict[str, bool] = {}
    both: set[str] = set()
    for clause in clauses(text):
        stream = tokens(clause.text)
        under = negated_words(stream)
        for index, token in enumerate(stream):
            key, denied = stem(token.word), index in under
            if seen.setdefault(key, denied) != denied:
                both.add(key)
    return {word: denied for word, denied in seen.items() if word not in both}


_ENDINGS = ("ings", "ing", "edly", "ed", "ies", "es", "s", "ly", "'s")
_MIN_STEM = 3


def stem(word: str) -> str:
    """A crude stem that makes "takes", "taking" and "taken" mostly meet."""
    word = word.removesuffix("'s")
    if not word.isascii():
        return word
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _MIN_STEM:
            word = word[: -len(ending)]
            break
    return word.rstrip("e") if len(word) > _MIN_STEM else word
