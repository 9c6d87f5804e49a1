"""What the source tells and the note does not carry."""

from collections.abc import Sequence

from auricle.ai.entities.find import find_entities
from auricle.ai.port import Entity, Evidence, Missing, Statement, Utterance

SALIENT = frozenset({"problem", "symptom", "drug", "allergy", "vital", "hearing", "lab"})
RED_FLAGS = frozenset({"chest pain", "shortness of breath", "suicidal thoughts", "facial droop", "anaphylaxis",
                       "sudden hearing loss", "fainting", "seizure", "stroke",
                       "blood in stool", "blood in urine"})  # fmt: skip


def omissions(
    statements: Sequence[Statement], utterances: Sequence[Utterance], entities: Sequence[Entity]
) -> tuple[list[Missing], float]:
    """The findings that are missing, each once, and the share that is there (1.0 where there is nothing to carry)."""
    note = [Utterance(id=str(i), speaker="document", text=s.text) for i, s in enumerate(statements)]
    carried = find_entities(note)
    sources = {u.id: u for u in utterances}
    wanted: dict[tuple[str, str], Entity] = {}
    for entity in entities:
        if entity.kind in SALIENT and _matters(entity):
            key = (entity.kind, entity.name)
            if key not in wanted or (wanted[key].value is None and entity.value is not None):
                wanted[key] = entity
    missing = [
        _missing(e, sources[e.utterance_id])
        for e in wanted.values()
        if e.utterance_id in sources and not _carries(carried, e)
    ]
    return missing, 1.0 - len(missing) / len(wanted) if wanted else 1.0


def _matters(entity: Entity) -> bool:
    """Denied findings matter only where they are red flags or allergies; other people's do not."""
    if entity.experiencer == "other":
        return False
    return not entity.negated or entity.name in RED_FLAGS or entity.kind == "allergy"


def _carries(carried: Sequence[Entity], entity: Entity) -> bool:
    same = [c for c in carried if c.name == entity.name]
    if entity.value is not None and entity.kind in {"drug", "vital", "lab"}:
        return any(c.value == entity.value for c in same)
    return bool(same)


def _missing(entity: Entity, source: Utterance) -> Missing:
    evidence = Evidence(
        utterance_id=source.id, start=entity.start, end=entity.end, quote=source.text[entity.start : entity.end]
    )
    text = f"{entity.text} {entity.value}" if entity.value and entity.kind == "drug" else entity.text
    return Missing(kind="red_flag" if entity.name in RED_FLAGS else entity.kind, text=text, evidence=evidence)
