"""The extractive draft: no model writes it; every statement is made of words of the source and cites them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from auricle.ai.entities.find import Turn, read_turns, states_finding
from auricle.ai.port import Draft, Entity, Evidence, Section, Statement, Utterance
from auricle.ai.soap import facts
from auricle.ai.soap.answers import Around, answered, detail, patients_words, told_by_pair
from auricle.ai.soap.rewrite import about_patient, order, sentence
from auricle.ai.soap.sections import heading, salience, section_of

METHOD = "extractive draft"
KEEP_SHARE = 0.42  # of the source's words; best of 0.32, 0.42, 0.5 on the validation visits of ACI-Bench
MIN_WORDS = 120  # a short intake is kept nearly whole
MIN_SALIENCE = 0.5
ANSWER_WEIGHT = 1.5
ORDER: tuple[Section, ...] = ("subjective", "objective", "assessment", "plan")


@dataclass(frozen=True, slots=True)
class Candidate:
    statement: Statement
    place: int  # order in the source
    weight: float
    required: bool  # a fact led by an entity: never dropped for length


def write_extractive(utterances: Sequence[Utterance], entities: Sequence[Entity]) -> Draft:
    """Make the draft. Deterministic; statements follow the source's order inside S, O, A, P."""
    turns = read_turns(utterances)
    sources = {u.id: u for u in utterances}
    candidates = list(_candidates(turns, entities, sources))
    budget = max(MIN_WORDS, int(KEEP_SHARE * sum(len(u.text.split()) for u in utterances)))
    chosen = _within(candidates, budget)
    statements: list[Statement] = []
    for section in ORDER:
        statements += [c.statement for c in sorted(chosen, key=lambda c: c.place) if c.statement.section == section]
    return Draft(statements=_distinct(statements), method=METHOD)


def _candidates(
    turns: Sequence[Turn], entities: Sequence[Entity], sources: dict[str, Utterance]
) -> Iterator[Candidate]:
    by_utterance: dict[str, list[Entity]] = {}
    for entity in entities:
        by_utterance.setdefault(entity.utterance_id, []).append(entity)
    opened: Section | None = None
    place = 0
    for at, turn in enumerate(turns):
        for piece in turn.pieces:
            place += 1
            own = [
                e for e in by_utterance.get(turn.utterance.id, ()) if piece.clause.start <= e.start < piece.clause.end
            ]
            if turn.utterance.speaker == "document" and (section := heading(piece.clause.text)):
                opened = section
                continue
            if not states_finding(turn, piece):
                continue
            around = Around(turn, piece, turns[at - 1] if at else None, turns[at + 1] if at + 1 < len(turns) else None)
            for statement, weight, required in _statements(around, own, sources, at / len(turns), opened):
                yield Candidate(statement, place, weight, required)


Weighed = tuple[Statement, float, bool]  # statement, weight, whether it must stay


def _statements(
    around: Around, own: Sequence[Entity], sources: dict[str, Utterance], position: float, opened: Section | None
) -> Iterator[Weighed]:
    led, left = _led_by_entity(around, own, sources)
    yield from ((statement, 3.0, True) for statement in led)
    deniable = [e for e in left if e.kind in facts.DENIABLE]
    patient = around.turn.utterance.speaker == "patient"
    denied = [e for e in deniable if e.negated and e.experiencer == "patient"]
    if around.answered:
        yield from ((statement, 2.0, True) for statement in answered(around, deniable))
    elif patient and denied and len(denied) == len(deniable):
        told = told_by_pair(around, denied)
        fresh = [e for e in denied if e not in told]
        yield from ((statement, 2.0, True) for statement in facts.denials(fresh, around.evidence()))
    elif not detail(around) and (extracted := _extract(around, own, left, opened)):
        own_finding = patient and any(e.experiencer == "patient" for e in deniable)
        leans = patient and len(extracted.evidence) > 1  # an answer under its question's topic
        yield extracted, salience(around.piece, own, position) + ANSWER_WEIGHT * leans, own_finding


def _led_by_entity(
    around: Around, own: Sequence[Entity], sources: dict[str, Utterance]
) -> tuple[list[Statement], list[Entity]]:
    """Medicines, allergies and values as statements of their own, and what is left. A document keeps its wording."""
    turn, evidence = around.turn, around.evidence()
    document = turn.utterance.speaker == "document"
    led: list[Statement] = []
    left: list[Entity] = []
    for entity in own:
        if entity.kind == "allergy":
            led.append(facts.allergy(entity, _question_too(around, evidence)))
        elif entity.kind == "drug" and not document and _states_use(entity, turn):
            taken = facts.medication(entity, turn, around.piece, sources)
            led.append(taken.model_copy(update={"evidence": [*taken.evidence, *evidence[1:]]}))
        elif entity.value is not None and entity.kind in {"vital", "lab", "hearing"} and not document:
            led.append(facts.measured(entity, turn, evidence))
        else:
            left.append(entity)
    return led, left


def _states_use(entity: Entity, turn: Turn) -> bool:
    return entity.experiencer == "patient" and (turn.utterance.speaker != "clinician" or entity.time == "current")


def _question_too(around: Around, evidence: list[Evidence]) -> list[Evidence]:
    """An allergen named in reply to "any allergies?" needs that question as evidence."""
    before = around.before
    if around.turn.utterance.speaker != "patient" or before is None or "allerg" in around.piece.clause.text.lower():
        return evidence
    asked = before.pieces[-1].clause if before.pieces else None
    return [facts.cite(before.utterance, asked.start, asked.end), *evidence] if asked else evidence


def _extract(around: Around, own: Sequence[Entity], left: Sequence[Entity], opened: Section | None) -> Statement | None:
    turn, piece = around.turn, around.piece
    text = piece.clause.text
    told = not left or any(e.kind == "allergy" for e in own)
    if told and own and turn.utterance.speaker == "patient" and len(piece.stream) < 20:
        return None  # said whole by the statements above
    if turn.utterance.speaker == "patient":
        return patients_words(around, left)
    section = opened or section_of(turn.utterance, text, own)
    if turn.utterance.speaker == "document":
        written = sentence(" ".join(text.split()))
    else:
        written = order(text) if section == "plan" else about_patient(text)
    if len(written.split()) < 3:
        return None
    return Statement(
        section=section, text=written, evidence=around.evidence(), kind="plan" if section == "plan" else "fact"
    )


def _within(candidates: Sequence[Candidate], budget: int) -> list[Candidate]:
    """Required statements, then the weightiest others while words are left."""
    chosen = [c for c in candidates if c.required]
    left = budget - sum(len(c.statement.text.split()) for c in chosen)
    for candidate in sorted((c for c in candidates if not c.required), key=lambda c: (-c.weight, c.place)):
        length = len(candidate.statement.text.split())
        if candidate.weight >= MIN_SALIENCE and length <= left:
            chosen.append(candidate)
            left -= length
    return chosen


def _distinct(statements: Sequence[Statement]) -> list[Statement]:
    seen: set[tuple[str, str]] = set()
    kept = []
    for statement in statements:
        key = (statement.section, statement.text.casefold())
        if key not in seen:
            seen.add(key)
            kept.append(statement)
    return kept
