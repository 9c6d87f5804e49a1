"""What the source tells and the note does not carry."""

import re
from collections.abc import Iterator, Sequence

from auricle.ai.entities.find import find_entities
from auricle.ai.entities.measures import SPANS, find_measures
from auricle.ai.port import Entity, Evidence, Missing, Statement, Utterance
from auricle.ai.tokens import clauses

SALIENT = frozenset({"problem", "symptom", "drug", "allergy", "vital", "hearing", "lab"})
RED_FLAGS = frozenset({"chest pain", "shortness of breath", "suicidal thoughts", "facial droop", "anaphylaxis",
                       "sudden hearing loss", "fainting", "seizure", "stroke",
                       "blood in stool", "blood in urine"})  # fmt: skip
_RETURN = re.compile(
    r"\b(?:follow(?:ed|ing)?[ -]?up|come back|see (?:you|me|him|her)(?: back| again)?|return|recheck|review|seen again"
    r"|revisit|back in|appointment)\b|\bwapas\b|वापस|फिर से आ",
    re.IGNORECASE,
)
_SINGLE = re.compile(r"\b(?:a|one) (day|week|month|year)\b", re.IGNORECASE)
_VALUED = frozenset({"drug", "vital", "lab"})


def omissions(
    statements: Sequence[Statement], utterances: Sequence[Utterance], entities: Sequence[Entity]
) -> tuple[list[Missing], float]:
    """The findings that are missing, each once, and the share that is there (1.0 where there is nothing to carry)."""
    note = [Utterance(id=str(i), speaker="document", text=s.text) for i, s in enumerate(statements)]
    carried = find_entities(note)
    sources = {u.id: u for u in utterances}
    wanted: dict[tuple[str, str], Entity] = {}
    for entity in entities:
        if entity.kind in SALIENT and _matters(entity) and entity.utterance_id in sources:
            key = (entity.kind, entity.name)
            if key not in wanted or (wanted[key].value is None and entity.value is not None):
                wanted[key] = entity
    missing = [_missing(e, sources[e.utterance_id]) for e in wanted.values() if not _carries(carried, e)]
    returns = list(_returns(utterances))
    kept = {told for u in note for told in _spans(u.text)}
    missing += [found for told, found in returns if told not in kept]
    total = len(wanted) + len(returns)
    return missing, 1.0 - len(missing) / total if total else 1.0


def _matters(entity: Entity) -> bool:
    """Denied findings matter only where they are red flags or allergies; other people's do not."""
    if entity.experiencer == "other":
        return False
    return not entity.negated or entity.name in RED_FLAGS or entity.kind == "allergy"


def _carries(carried: Sequence[Entity], entity: Entity) -> bool:
    """The note names it, or a more special form of it ("left ear pain" of "pain"), with its value where it has one."""
    meant = set(entity.name.split())
    same = [c for c in carried if c.name == entity.name or (c.kind == entity.kind and meant < set(c.name.split()))]
    if entity.value is not None and entity.kind in _VALUED:
        return any(c.value is not None and _numbers(c.value) == _numbers(entity.value) for c in same)
    return bool(same)


def _numbers(value: str) -> list[str]:
    return [m.number.plain for m in find_measures(value)] or [value]


def _returns(utterances: Sequence[Utterance]) -> Iterator[tuple[str, Missing]]:
    """When the clinician wants to see the patient again, each span once."""
    seen: set[str] = set()
    for utterance in utterances:
        if utterance.speaker not in {"clinician", "document"}:
            continue
        for clause in clauses(utterance.text):
            for match in _RETURN.finditer(clause.text):
                near = clause.text[match.start() : match.end() + _NEAR]
                told = next(iter(_spans(near)), None)
                if told and told not in seen:
                    seen.add(told)
                    start, end = clause.start + match.start(), clause.start + min(len(clause.text), match.end() + _NEAR)
                    quote = utterance.text[start:end]
                    evidence = Evidence(utterance_id=utterance.id, start=start, end=end, quote=quote)
                    yield told, Missing(kind="follow_up", text=quote, evidence=evidence)


_NEAR = 60  # characters after "come back" in which its time stands


def _spans(text: str) -> list[str]:
    """ "in six weeks" → "6 weeks"; "in a week" → "1 weeks"."""
    told = [m.value for m in find_measures(text) if m.unit in SPANS]
    return told + [
        f"1 {m[1].lower()}s" for m in re.finditer(r"\b(?:a|one) (day|week|month|year)\b", text, re.IGNORECASE)
    ]


def _missing(entity: Entity, source: Utterance) -> Missing:
    evidence = Evidence(
        utterance_id=source.id, start=entity.start, end=entity.end, quote=source.text[entity.start : entity.end]
    )
    text = f"{entity.text} {entity.value}" if entity.value and entity.kind == "drug" else entity.text
    return Missing(kind="red_flag" if entity.name in RED_FLAGS else entity.kind, text=text, evidence=evidence)
