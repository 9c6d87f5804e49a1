"""The cases that the judge is asked about: a statement, its source, and what is wrong with it, if anything."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from auricle.ai.entities.find import find_entities
from auricle.ai.port import Evidence, Statement, Utterance
from auricle.ai.soap.draft import write_extractive
from bench.clinical.corpora import half_of
from bench.clinical.judging.aligned import truths, visits
from bench.clinical.judging.perturb import chance, changed, told

TRUE = "true"
_MOST_OF_A_TYPE = 60  # made by rule, in one half
_DRAFTED = 6  # statements of our own draft of one visit that are used
_KINDS = {"invented": "unspoken", "date": "number"}  # names of sayings.yaml → types that are counted


@dataclass(frozen=True)
class Case:
    kind: str  # `true`, or the type of what is wrong
    origin: str  # sayings, pairs, human notes, drafts
    statement: Statement
    source: Sequence[Utterance]


def cases(half: str) -> Iterator[Case]:
    """All true statements of a half, what people wrote wrong, and as many of each type by rule as are counted."""
    true = [*written(half), *noted(half), *drafted(half)]
    yield from true
    made = [made for case in true if case.kind == TRUE for made in falsified(case)]
    by_kind: dict[str, list[Case]] = defaultdict(list)
    for case in sorted(made, key=lambda c: hashlib.sha256(c.statement.text.encode()).digest()):
        by_kind[case.kind].append(case)
    for some in by_kind.values():
        yield from some[:_MOST_OF_A_TYPE]


def written(half: str) -> Iterator[Case]:
    """Our own pairs: `pairs.yaml`, which the judge was built upon, and `sayings.yaml`, by the hash of what is said."""
    for name in ("pairs", "sayings"):
        for row in yaml.safe_load((Path(__file__).parent / f"{name}.yaml").read_text("utf-8")):
            if half != (half_of(row["said"][0][1]) if name == "sayings" else "A"):
                continue
            source = [Utterance(id=str(i), speaker=who, text=text) for i, (who, text) in enumerate(row["said"])]
            evidence = [Evidence(utterance_id=u.id, start=0, end=len(u.text), quote=u.text) for u in source]
            shape: dict[str, Any] = {"section": row.get("section", "subjective"), "kind": row.get("kind", "fact")}
            for text in row["holds"]:
                yield Case(TRUE, name, Statement(text=text, evidence=evidence, **shape), source)
            for wrong, text in row["fails"].items():
                kind = wrong.rstrip("23")
                yield Case(_KINDS.get(kind, kind), name, Statement(text=text, evidence=evidence, **shape), source)


def noted(half: str) -> Iterator[Case]:
    """Sentences of human notes that a person found in the words they cite."""
    for truth in truths(half):
        section = truth.section
        kind: Any = "plan" if section == "plan" else "fact"
        statement = Statement(section=section, text=truth.text, kind=kind, evidence=truth.evidence())
        yield Case(TRUE, "human notes", statement, truth.visit.utterances)


def drafted(half: str) -> Iterator[Case]:
    """Statements of our own extractive drafts, held to be true because their words are the patient's."""
    for visit in visits(half):
        statements = write_extractive(visit.utterances, find_entities(visit.utterances)).statements
        luck = chance(visit.id)
        for statement in luck.sample(list(statements), min(_DRAFTED, len(statements))):
            yield Case(TRUE, "drafts", statement, visit.utterances)


def falsified(case: Case) -> Iterator[Case]:
    """The same with one thing wrong: in its words, or in what it cites."""
    statement = case.statement
    cited = " ".join(e.quote for e in statement.evidence)
    for kind, text in changed(statement.text, statement.section):
        if not told(kind, statement.text, text, cited):
            yield Case(kind, case.origin, statement.model_copy(update={"text": text}), case.source)
    luck = chance(statement.text)
    if luck.random() < 0.1:
        yield Case("quote", case.origin, _misquoted(statement), case.source)
    if luck.random() < 0.1:
        text = f"[PERSON_{luck.randint(7, 9)}] was told: {statement.text}"
        yield Case("placeholder", case.origin, statement.model_copy(update={"text": text}), case.source)


def _misquoted(statement: Statement) -> Statement:
    """Its first quote reads a little otherwise than the source, or stands elsewhere."""
    first = statement.evidence[0]
    shifted = first.model_copy(update={"start": first.start + 1, "end": first.end + 1})
    reworded = first.model_copy(update={"quote": "So " + first.quote[3:]})
    wrong = shifted if chance(first.quote).random() < 0.5 else reworded
    return statement.model_copy(update={"evidence": [wrong, *statement.evidence[1:]]})
