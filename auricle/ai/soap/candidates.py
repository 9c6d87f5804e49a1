"""Every statement that a source could give a note, each with what it is worth. Which stay, `draft` chooses."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from auricle.ai.entities.find import read_turns, states_finding
from auricle.ai.port import Entity, Evidence, Section, Statement, Utterance
from auricle.ai.soap import facts
from auricle.ai.soap.answers import Around, answered, detail, patients_words, told_by_pair
from auricle.ai.soap.learned.clause import clues
from auricle.ai.soap.learned.weights import Weights
from auricle.ai.soap.rewrite import about_patient, assessed, finding, gives_order, names_problem, order, pronouns_of
from auricle.ai.soap.sections import concludes, heading, introduces, labels, salience, section_of, tells_nothing
from auricle.ai.soap.speech import sentence, tells
from auricle.ai.soap.taken import tells_use

ANSWER_WEIGHT = 1.5
RULE_CHANCE, FAIRLY, SURE = 0.2, 0.35, 0.5  # how much a rule adds to what was learned of a section
_WRITTEN = {"subjective": about_patient, "objective": finding, "assessment": assessed, "plan": order}


@dataclass(frozen=True, slots=True)
class Candidate:
    statement: Statement
    speaker: str
    place: int  # order in the source
    weight: float  # by rule
    required: bool  # a fact led by an entity: never dropped for length
    clues: Sequence[str]  # features of its clause
    worth: float | None  # as learned, 0 to 1


@dataclass(frozen=True, slots=True)
class _At:
    """A clause with all that its statements depend on."""

    around: Around
    own: Sequence[Entity]
    sources: dict[str, Utterance]
    position: float
    opened: Section | None  # by the last heading of a document
    clues: Sequence[str]
    weights: Weights | None


def candidates(
    utterances: Sequence[Utterance], entities: Sequence[Entity], weights: Weights | None
) -> Iterator[Candidate]:
    """In the source's order. Without `weights` sections are told by rule."""
    turns, who = read_turns(utterances), pronouns_of(utterances)
    sources = {u.id: u for u in utterances}
    by_utterance: dict[str, list[Entity]] = {}
    for entity in entities:
        by_utterance.setdefault(entity.utterance_id, []).append(entity)
    opened: Section | None = None
    place = 0
    for at, turn in enumerate(turns):
        speaker = turn.utterance.speaker
        for piece in turn.pieces:
            place += 1
            own = [
                e for e in by_utterance.get(turn.utterance.id, ()) if piece.clause.start <= e.start < piece.clause.end
            ]
            if speaker == "document" and (section := heading(piece.clause.text)):
                opened = section
                if not labels(piece.clause.text):
                    continue
            if not states_finding(turn, piece):
                continue
            after = turns[at + 1] if at + 1 < len(turns) else None
            around = Around(turn, piece, turns[at - 1] if at else None, after, who)
            shown = clues(around, own, at / len(turns))
            learned = weights if speaker != "document" else None
            here = _At(around, own, sources, at / len(turns), opened, shown, learned)
            worth = learned.worth(shown) if learned else None
            for statement, weight, required in _statements(here):
                yield Candidate(statement, speaker, place, weight, required, shown, worth)


Weighed = tuple[Statement, float, bool]  # statement, weight, whether it must stay


def _statements(at: _At) -> Iterator[Weighed]:
    around = at.around
    led, left = _led_by_entity(at)
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
    elif not detail(around) and (extracted := _extract(at, left)):
        own_finding = patient and any(e.experiencer == "patient" for e in deniable)
        leans = patient and len(extracted.evidence) > 1  # an answer under its question's topic
        presented = not patient and introduces(around.piece.clause.text)
        if presented and (named := facts.complaint(around.turn.utterance, around.piece)):
            yield named, 3.0, True
        weight = salience(around.piece, at.own, at.position) + ANSWER_WEIGHT * leans
        yield extracted, weight, own_finding or presented


def _led_by_entity(at: _At) -> tuple[list[Statement], list[Entity]]:
    """Medicines, allergies and values as statements of their own, and what is left. A document keeps its wording."""
    around, turn, evidence = at.around, at.around.turn, at.around.evidence()
    document = turn.utterance.speaker == "document"
    led: list[Statement] = []
    left: list[Entity] = []
    for entity in at.own:
        if entity.kind == "allergy":
            led.append(facts.allergy(entity, _question_too(around, evidence)))
        elif entity.kind == "drug" and not document and _states_use(entity, around):
            taken = facts.medication(entity, turn, around.piece, at.sources)
            led.append(taken.model_copy(update={"evidence": [*taken.evidence, *evidence[1:]]}))
        elif entity.value is not None and entity.kind in {"vital", "lab", "hearing"} and not document:
            led.append(facts.measured(entity, turn, evidence))
        else:
            left.append(entity)
    return led, left


def _states_use(entity: Entity, around: Around) -> bool:
    own = entity.experiencer == "patient"
    if entity.negated and not facts.denies_use(around.piece.clause.text, around.answered):
        return False
    if around.turn.utterance.speaker != "clinician":
        return own
    return own and entity.time == "current" and tells_use(around.piece.clause.text)


def _question_too(around: Around, evidence: list[Evidence]) -> list[Evidence]:
    """An allergen named in reply to "any allergies?" needs that question as evidence."""
    before = around.before
    if around.turn.utterance.speaker != "patient" or before is None or "allerg" in around.piece.clause.text.lower():
        return evidence
    asked = before.pieces[-1].clause if before.pieces else None
    return [facts.cite(before.utterance, asked.start, asked.end), *evidence] if asked else evidence


def _extract(at: _At, left: Sequence[Entity]) -> Statement | None:
    turn, piece = at.around.turn, at.around.piece
    text = piece.clause.text
    told = not left or any(e.kind == "allergy" for e in at.own)
    if told and at.own and turn.utterance.speaker == "patient" and len(piece.stream) < 20:
        return None  # said whole by the statements above
    if turn.utterance.speaker == "patient":
        return patients_words(at.around, left)
    if turn.utterance.speaker == "document":
        section = at.opened or section_of(turn.utterance, text, at.own)
        written = sentence(" ".join(text.split()))
    elif tells_nothing(text):
        return None
    else:
        section = _section(at)
        written = _WRITTEN[section](text, at.around.who)
    spoken = turn.utterance.speaker != "document"
    if len(written.split()) < 3 or (spoken and not tells(written, bool(at.own))):
        return None
    kind = "plan" if section == "plan" else "fact"
    return Statement(section=section, text=written, evidence=at.around.evidence(), kind=kind)


def _section(at: _At) -> Section:
    text = at.around.piece.clause.text
    if introduces(text):
        return "subjective"
    by_rule = section_of(at.around.turn.utterance, text, at.own)
    if at.weights is None:
        return by_rule
    chances = at.weights.placed(at.clues)
    chances[by_rule] += RULE_CHANCE
    if names_problem(text):
        chances["assessment"] += SURE
    elif gives_order(text):
        chances["plan"] += SURE
    elif concludes(text):
        chances["assessment"] += FAIRLY
    return max(chances, key=lambda section: chances[section])
