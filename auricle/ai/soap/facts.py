"""Statements led by an entity: medicines with doses, allergies, measured values, denials. Each cites verbatim spans."""

from collections.abc import Iterator, Mapping, Sequence

from auricle.ai.entities.find import Piece, Turn
from auricle.ai.port import Entity, Evidence, Section, Statement, Utterance
from auricle.ai.soap.rewrite import sentence

DENIABLE = frozenset({"symptom", "problem", "hearing", "procedure", "device"})

HEARING_TESTS = frozenset({"audiogram", "speech audiometry", "tympanometry", "otoscopy", "otoacoustic emissions"})
PRESENT = DENIABLE - {"procedure"}  # a test that was asked about is no finding


def cite(utterance: Utterance, start: int, end: int) -> Evidence:
    return Evidence(utterance_id=utterance.id, start=start, end=end, quote=utterance.text[start:end])


def medication(entity: Entity, turn: Turn, piece: Piece, sources: Mapping[str, Utterance]) -> Statement:
    """ "Takes ibuprofen 400 mg twice a day." – from the patient's words, or from a question that they answered."""
    given = entity.attributes
    parts = [
        entity.text,
        given.get("dose", ""),
        given.get("route", ""),
        given.get("frequency", ""),
        given.get("duration", ""),
    ]
    verb = {"past": "Previously took", "planned": "Plan:", "current": "Takes"}[entity.time]
    if entity.negated:
        verb = "Does not take"
    evidence = [cite(turn.utterance, piece.clause.start, piece.clause.end)]
    if "dose_utterance" in given:
        answer = sources[given["dose_utterance"]]
        evidence.append(cite(answer, int(given["dose_from"]), int(given["dose_to"])))
    section: Section = "plan" if entity.time == "planned" else "subjective"
    return Statement(section=section, text=sentence(" ".join([verb, *filter(None, parts)])), evidence=evidence,
                     kind="plan" if section == "plan" else "fact")  # fmt: skip


def allergy(entity: Entity, evidence: Sequence[Evidence]) -> Statement:
    if entity.negated:
        text = "No known allergies." if entity.name == "any" else f"No allergy to {entity.text}."
    else:
        reaction = entity.attributes.get("reaction")
        text = f"Allergic to {entity.text}{f' ({reaction})' if reaction else ''}."
    return Statement(section="subjective", text=text, evidence=evidence)


def measured(entity: Entity, turn: Turn, evidence: Sequence[Evidence]) -> Statement:
    """A vital sign, laboratory value or hearing threshold; what only the patient says stays subjective."""
    side = f" ({entity.side})" if entity.side else ""
    text = f"{entity.name} {entity.value}{side}"
    if turn.utterance.speaker == "patient":
        return Statement(section="subjective", text=sentence(f"Reports {text}"), evidence=evidence)
    return Statement(section="objective", text=sentence(text), evidence=evidence)


def denials(entities: Sequence[Entity], evidence: Sequence[Evidence]) -> Iterator[Statement]:
    """One statement for all that one answer denies, one for all that it confirms by a mere "yes"."""
    for verb, tests in (("Denies", False), ("Has not had", True)):
        denied = list(dict.fromkeys(e.text for e in entities if e.negated and _is_test(e) is tests))
        if denied:
            yield Statement(section="subjective", text=sentence(f"{verb} {', '.join(denied)}"), evidence=evidence)


def _is_test(entity: Entity) -> bool:
    return entity.kind == "procedure" or entity.name in HEARING_TESTS


def confirmations(entities: Sequence[Entity], evidence: Sequence[Evidence]) -> Iterator[Statement]:
    present = [
        e
        for e in entities
        if e.kind in PRESENT and e.name not in HEARING_TESTS and not e.negated and e.time == "current"
    ]
    confirmed = list(dict.fromkeys(e.text for e in present if e.experiencer == "patient"))
    if confirmed:
        yield Statement(section="subjective", text=sentence(f"Reports {', '.join(confirmed)}"), evidence=evidence)
