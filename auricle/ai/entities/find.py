"""Clinical mentions of a conversation or document, each with how it is meant.

A question and its answer belong together: "any fever?" – "no" is a denial by the patient. What the AI assistant says by
itself (advice, small talk) is no finding; only its answered questions are.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from auricle.ai.entities.allergies import allergy_cue, asked_about_allergies, free_allergen
from auricle.ai.entities.assertion import (
    Time,
    experiencer_at,
    negated_words,
    side_at,
    time_at,
)
from auricle.ai.entities.context import ORDERED, Heading, Headings, action_on, is_counted, lay_illness, ordered_after
from auricle.ai.entities.doses import complete_doses, with_dose
from auricle.ai.entities.hearing import measured_hearing, tested_hearing, with_make, with_match
from auricle.ai.entities.learned import Named, with_learned
from auricle.ai.entities.lexicon import Mention, lexicon
from auricle.ai.entities.measures import find_duration
from auricle.ai.entities.pieces import ASKING, Piece, cut_pieces, is_patients_question
from auricle.ai.entities.replies import FINDINGS, Reply, answers_barely, read_reply
from auricle.ai.entities.values import blood_pressures, hearing_thresholds, reading
from auricle.ai.limits import check_size
from auricle.ai.port import Entity, Utterance
from auricle.ai.tokens import Token, words

_USING = frozenset(words("take taking taken took use using used try tried on any"))
_SHORT_QUESTION = 7  # words
_STATING = frozenset(words(
    "is are was were has have had shows show showed looks seems it's you're there's that's start take took use using "
    "will we'll i'll your stop give with positive negative normal mild moderate severe left right today okay"
))  # fmt: skip
_TAKEN = frozenset(words("you're been taking took taken had has have are was were is on you using used since"))
FORMS = frozenset({"ear drops", "eye drops", "nasal spray", "cough syrup"})
_WITH_DURATION = frozenset({"symptom", "problem", "hearing"})


@dataclass(slots=True)
class Turn:
    utterance: Utterance
    pieces: list[Piece] = field(default_factory=list)
    reply: Reply = Reply()  # the patient's answer to this turn's questions
    asks_allergies: bool = False

    def asked(self, kinds: frozenset[str]) -> frozenset[str]:
        """The findings of these kinds that its yes/no questions name."""
        streams = [p.stream for p in self.pieces if p.asked == "polar"]
        return frozenset(m.term.name for s in streams for m in lexicon().mentions(s) if m.term.kind in kinds)


def find_entities(
    utterances: Sequence[Utterance], learned: Mapping[str, Sequence[Named]] | None = None
) -> list[Entity]:
    """All clinical mentions, in order; `learned` are those that a model names, by utterance. Raises `TextTooLarge`."""
    check_size(utterances)
    turns = read_turns(utterances)
    found: list[Entity] = []
    headings = Headings()
    for at, turn in enumerate(turns):
        more = (learned or {}).get(turn.utterance.id, ())
        own = _turn_entities(turn, turns[at - 1] if at else None, headings, more)
        found += own
        complete_doses(turns, at, found)
    return found


def _turn_entities(turn: Turn, before: Turn | None, headings: Headings, more: Sequence[Named]) -> list[Entity]:
    document = turn.utterance.speaker == "document"
    found = measured_hearing(turn.utterance) if turn.utterance.speaker != "assistant" else []
    told = bool(found)
    for number, piece in enumerate(turn.pieces):
        heading = headings.read(piece.clause.text, begins=number == 0) if document else None
        if states_finding(turn, piece):
            found += _piece_entities(turn, piece, before, heading, more)
    return sorted(_without_overlap(found), key=lambda e: e.start) if told else found


def read_turns(utterances: Sequence[Utterance]) -> list[Turn]:
    """Cut utterances into clauses and join each question to the answer that follows it."""
    turns = [
        Turn(u, list(cut_pieces(u)), asks_allergies=u.speaker in ASKING and asked_about_allergies(u.text))
        for u in utterances
    ]
    for turn, following in zip(turns, turns[1:], strict=False):
        if turn.utterance.speaker in ASKING and following.utterance.speaker == "patient" and following.pieces:
            told = [p.stream for p in following.pieces if not p.clause.asked]
            if turn.utterance.speaker == "clinician":
                turn.pieces = _asked_in_short(turn.pieces, told)
            turn.reply = read_reply(turn.asked(FINDINGS), told, turn.asked(frozenset({"drug"})))
    return turns


def _asked_in_short(pieces: list[Piece], told: Sequence[Sequence[Token]]) -> list[Piece]:
    """ "Wheezing at night" – "no": a few words without a verb, answered by yes or no, were a question."""
    last = pieces[-1] if pieces else None
    if last is None or last.asked is not None or len(last.stream) > _SHORT_QUESTION or not answers_barely(told):
        return pieces
    if _STATING & {t.word for t in last.stream} or not any(True for _ in lexicon().mentions(last.stream)):
        return pieces
    return [*pieces[:-1], replace(last, asked="polar")]


def states_finding(turn: Turn, piece: Piece) -> bool:
    """Does this clause state something about the patient?"""
    speaker = turn.utterance.speaker
    if speaker == "patient":
        return not is_patients_question(piece)
    if speaker == "document":
        return piece.asked != "polar"
    if piece.asked == "polar":
        return turn.reply.tells
    return speaker == "clinician" and piece.asked is None


def _piece_entities(
    turn: Turn, piece: Piece, before: Turn | None, heading: Heading | None, more: Sequence[Named]
) -> list[Entity]:
    stream, text = piece.stream, turn.utterance.text
    denied = negated_words(stream)
    mentions = with_learned(_meant(stream, piece.clause.text), stream, more)
    allergic = allergy_cue(stream, before is not None and before.asks_allergies)
    drugs = [(stream[m.first].start, stream[m.last].end) for m in mentions if m.term.kind == "drug"]
    timed = next((m for m in mentions if m.term.kind in _WITH_DURATION), None)  # "ringing … for three weeks and …"
    found: list[Entity] = []
    for mention in mentions:
        entity = _entity(turn, piece, mention, denied, heading)
        if entity is None:
            continue
        if entity.kind == "drug":
            allergen = _with_allergy(entity, mention, allergic, piece)
            entity = allergen or _as_ordered(with_dose(entity, text, piece.clause, drugs), turn, piece)
        elif entity.kind in {"vital", "lab"}:
            got = reading(entity.name, text, entity.end, piece.clause.end)
            if got is None and entity.kind == "vital":
                continue
            entity = _read_as(entity, got, text) if got else entity
        elif entity.kind == "device":
            entity = with_make(entity, piece.clause.text, piece.clause.start)
        elif mention is timed and (span := find_duration(piece.clause.text)):
            entity = entity.model_copy(update={"attributes": {**entity.attributes, "duration": span.text}})
        found.append(with_match(entity, piece.clause.text))
    found += _measured(turn, piece)
    if allergic is not None:
        found += free_allergen(
            turn.utterance, stream, allergic, [e for e in found if e.kind == "allergy"], _denies(turn, piece)
        )
    return sorted(_without_overlap(found), key=lambda e: e.start)


def _as_ordered(entity: Entity, turn: Turn, piece: Piece) -> Entity:
    """ "One drop four times a day for five days", said by a clinician of nothing that is taken yet."""
    limited = entity.attributes.get("duration", "").startswith("for ") and "frequency" in entity.attributes
    taken = _TAKEN & {t.word for t in piece.stream}
    if turn.utterance.speaker != "clinician" or entity.time != "current" or not limited or taken:
        return entity
    return entity.model_copy(update={"time": "planned"})


def _read_as(entity: Entity, got: tuple[str, int], text: str) -> Entity:
    return entity.model_copy(update={"value": got[0], "end": got[1], "text": text[entity.start : got[1]]})


def _meant(stream: Sequence[Token], text: str) -> list[Mention]:
    """The mentions of a clause; a medicine with its form behind it is one, and lay words may be an illness."""
    found: list[Mention] = []
    counted, at = is_counted(text), 0
    for mention in [*lexicon().mentions(stream), None]:
        until = mention.first if mention else len(stream)
        found += [lay for i in range(at, until) if not counted and (lay := lay_illness(stream, i))]
        if mention is None:
            break
        at = mention.last + 1
        last = found[-1] if found else None
        if last and mention.term.name in FORMS and last.term.kind == "drug" and last.last + 1 == mention.first:
            found[-1] = Mention(last.term, last.first, mention.last)
        else:
            alone = not counted and mention.first == mention.last
            found.append((lay_illness(stream, mention.first) if alone else None) or mention)
    return found


def _denies(turn: Turn, piece: Piece) -> bool:
    return piece.asked == "polar" and turn.utterance.speaker in ASKING and turn.reply.whole == "no"


def _entity(
    turn: Turn, piece: Piece, mention: Mention, denied: frozenset[int], heading: Heading | None
) -> Entity | None:
    """The mention as it is meant, or None where a question named it and the reply does not tell about it."""
    stream = piece.stream
    start, end = stream[mention.first].start, stream[mention.last].end
    negated = mention.first in denied
    if piece.asked == "polar" and turn.utterance.speaker in ASKING:
        told = turn.reply.denies(mention.term.name)
        if told is None:
            return None
        used = mention.term.kind != "drug" or any(t.word in _USING for t in stream)  # "side effects of …?" – "no"
        negated = told and used
    time, action = _time(turn, piece, mention, heading)
    return Entity(
        kind=mention.term.kind,
        text=turn.utterance.text[start:end],
        name=mention.term.name,
        utterance_id=turn.utterance.id,
        start=start,
        end=end,
        negated=negated,
        experiencer="family" if heading == "family" else experiencer_at(stream, mention.first),
        time=time,
        side=side_at(stream, mention.first, mention.last),
        attributes={"action": action} if action and mention.term.kind == "drug" else {},
    )


def _time(turn: Turn, piece: Piece, mention: Mention, heading: Heading | None) -> tuple[Time, str | None]:
    """When, and what an order does with it."""
    stream, kind = piece.stream, mention.term.kind
    orders = turn.utterance.speaker in {"clinician", "document"} and piece.asked is None and kind in ORDERED
    action = action_on(stream, mention.first) if orders else None
    told = time_at(stream, mention.first)
    after = turn.utterance.text[stream[mention.last].end : piece.clause.end]
    if action == "continue":
        return told, action  # goes on with what is taken already
    if told == "current" and (action or (orders and (heading == "planned" or ordered_after(after)))):
        told = "planned"
    elif told == "current" and heading == "past":
        told = "past"
    return told, action if told == "planned" and action != "order" else None


def _with_allergy(entity: Entity, mention: Mention, cue: int | None, piece: Piece) -> Entity | None:
    if cue is None or mention.first < cue or mention.first - cue > 8:
        return None
    reactions = [
        m for m in lexicon().mentions(piece.stream) if m.term.kind in {"symptom", "problem"} and m.first > mention.last
    ]
    attributes = {"reaction": reactions[0].term.name} if reactions else {}
    return entity.model_copy(update={"kind": "allergy", "attributes": attributes})


def _measured(turn: Turn, piece: Piece) -> Iterator[Entity]:
    """Values that need no name in front: blood pressure, hearing thresholds."""
    text, base, utterance = piece.clause.text, piece.clause.start, turn.utterance
    for pressure in blood_pressures(text):
        yield Entity(kind="vital", text=text[pressure.start : pressure.end], name="blood pressure",
                     utterance_id=utterance.id, start=base + pressure.start, end=base + pressure.end,
                     value=pressure.value)  # fmt: skip
    yield from tested_hearing(utterance, text, base, piece.stream)
    for threshold in hearing_thresholds(text):
        at = max((i for i, t in enumerate(piece.stream) if t.start < base + threshold.end), default=0)
        yield Entity(kind="hearing", text=text[threshold.start : threshold.end], name="hearing threshold",
                     utterance_id=utterance.id, start=base + threshold.start, end=base + threshold.end,
                     value=threshold.value, side=side_at(piece.stream, at, at))  # fmt: skip


def _without_overlap(found: Sequence[Entity]) -> list[Entity]:
    """Of two mentions on the same characters the valued or longer one stays."""
    kept: list[Entity] = []
    for entity in sorted(found, key=lambda e: (e.kind != "allergy", e.value is None, e.start - e.end)):
        if not any(entity.start < other.end and other.start < entity.end for other in kept):
            kept.append(entity)
    return kept
