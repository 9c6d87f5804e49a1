"""Clinical mentions of a conversation or document, each with how it is meant.

A question and its answer belong together: "any fever?" – "no" is a denial by the patient. What the AI assistant says by
itself (advice, small talk) is no finding; only its answered questions are.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from auricle.ai.entities.allergies import allergy_cue, asked_about_allergies, free_allergen
from auricle.ai.entities.assertion import (
    experiencer_at,
    negated_words,
    side_at,
    time_at,
)
from auricle.ai.entities.corrections import standing_measures
from auricle.ai.entities.lexicon import Mention, lexicon
from auricle.ai.entities.measures import DOSE_UNITS, Found, Measure, find_duration, find_frequency
from auricle.ai.entities.pieces import ASKING, Piece, cut_pieces, is_patients_question
from auricle.ai.entities.replies import FINDINGS, Reply, read_reply
from auricle.ai.entities.values import blood_pressures, dosing, hearing_thresholds, reading
from auricle.ai.limits import check_size
from auricle.ai.port import Entity, Utterance
from auricle.ai.tokens import Clause, words

_USING = frozenset(words("take taking taken took use using used try tried on any"))
_WITH_DURATION = frozenset({"symptom", "problem", "hearing"})
_DOSE_QUESTION = re.compile(
    r"\b(?:dose|how much|how many|how often|strength|milligrams?|which tablet)\b|कितना|कितनी", re.I
)


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


def find_entities(utterances: Sequence[Utterance]) -> list[Entity]:
    """All clinical mentions, in order. Raises `TextTooLarge`."""
    check_size(utterances)
    turns = read_turns(utterances)
    found: list[Entity] = []
    for at, turn in enumerate(turns):
        for piece in turn.pieces:
            if states_finding(turn, piece):
                asked_before = turns[at - 1] if at else None
                found += _piece_entities(turn, piece, asked_before)
        _complete_doses(turns, at, found)
    return found


def read_turns(utterances: Sequence[Utterance]) -> list[Turn]:
    """Cut utterances into clauses and join each question to the answer that follows it."""
    turns = [
        Turn(u, list(cut_pieces(u)), asks_allergies=u.speaker in ASKING and asked_about_allergies(u.text))
        for u in utterances
    ]
    for turn, following in zip(turns, turns[1:], strict=False):
        if turn.utterance.speaker in ASKING and following.utterance.speaker == "patient" and following.pieces:
            told = [p.stream for p in following.pieces if not p.clause.asked]
            turn.reply = read_reply(turn.asked(FINDINGS), told, turn.asked(frozenset({"drug"})))
    return turns


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


def _piece_entities(turn: Turn, piece: Piece, before: Turn | None) -> list[Entity]:
    stream, text = piece.stream, turn.utterance.text
    denied = negated_words(stream)
    mentions = list(lexicon().mentions(stream))
    allergic = allergy_cue(stream, before is not None and before.asks_allergies)
    drugs = [(stream[m.first].start, stream[m.last].end) for m in mentions if m.term.kind == "drug"]
    timed = next((m for m in mentions if m.term.kind in _WITH_DURATION), None)  # "ringing … for three weeks and …"
    found: list[Entity] = []
    for mention in mentions:
        entity = _entity(turn, piece, mention, denied)
        if entity is None:
            continue
        if entity.kind == "drug":
            entity = _with_allergy(entity, mention, allergic, piece) or _with_dose(entity, text, piece.clause, drugs)
        elif entity.kind in {"vital", "lab"}:
            got = reading(entity.name, text, entity.end, piece.clause.end)
            if got is None and entity.kind == "vital":
                continue
            entity = (
                entity.model_copy(update={"value": got[0], "end": got[1], "text": text[entity.start : got[1]]})
                if got
                else entity
            )
        elif mention is timed and (span := find_duration(piece.clause.text)):
            entity = entity.model_copy(update={"attributes": {**entity.attributes, "duration": span.text}})
        found.append(entity)
    found += _measured(turn, piece)
    if allergic is not None:
        found += free_allergen(
            turn.utterance, stream, allergic, [e for e in found if e.kind == "allergy"], _denies(turn, piece)
        )
    return sorted(_without_overlap(found), key=lambda e: e.start)


def _denies(turn: Turn, piece: Piece) -> bool:
    return piece.asked == "polar" and turn.utterance.speaker in ASKING and turn.reply.whole == "no"


def _entity(turn: Turn, piece: Piece, mention: Mention, denied: frozenset[int]) -> Entity | None:
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
    return Entity(
        kind=mention.term.kind,
        text=turn.utterance.text[start:end],
        name=mention.term.name,
        utterance_id=turn.utterance.id,
        start=start,
        end=end,
        negated=negated,
        experiencer=experiencer_at(stream, mention.first),
        time=time_at(stream, mention.first),
        side=side_at(stream, mention.first, mention.last),
    )


def _with_allergy(entity: Entity, mention: Mention, cue: int | None, piece: Piece) -> Entity | None:
    if cue is None or mention.first < cue or mention.first - cue > 8:
        return None
    reactions = [
        m for m in lexicon().mentions(piece.stream) if m.term.kind in {"symptom", "problem"} and m.first > mention.last
    ]
    attributes = {"reaction": reactions[0].term.name} if reactions else {}
    return entity.model_copy(update={"kind": "allergy", "attributes": attributes})


def _with_dose(entity: Entity, text: str, clause: Clause, drugs: Sequence[tuple[int, int]]) -> Entity:
    at = drugs.index((entity.start, entity.end))
    previous = drugs[at - 1][1] if at else clause.start
    following = drugs[at + 1][0] if at + 1 < len(drugs) else clause.end
    given = dosing(text, entity.start, entity.end, previous if at else clause.start, following)
    attributes = dict(given.attributes)
    if given.attributes:
        attributes["from"], attributes["to"] = str(given.start), str(given.end)
    return entity.model_copy(update={"value": given.value, "attributes": attributes})


def _measured(turn: Turn, piece: Piece) -> Iterator[Entity]:
    """Values that need no name in front: blood pressure, hearing thresholds."""
    text, base, utterance = piece.clause.text, piece.clause.start, turn.utterance
    for pressure in blood_pressures(text):
        yield Entity(kind="vital", text=text[pressure.start : pressure.end], name="blood pressure",
                     utterance_id=utterance.id, start=base + pressure.start, end=base + pressure.end,
                     value=pressure.value)  # fmt: skip
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


def _complete_doses(turns: Sequence[Turn], at: int, found: list[Entity]) -> None:
    """ "What dose of metformin?" – "five hundred milligrams twice a day": the answer completes the drug just named."""
    turn = turns[at]
    if (
        turn.utterance.speaker != "patient"
        or at == 0
        or any(e.kind == "drug" and e.utterance_id == turn.utterance.id for e in found)
    ):
        return
    doses = [m for m in standing_measures(turn.utterance.text) if m.unit in DOSE_UNITS]
    often = find_frequency(turn.utterance.text)
    asked = turns[at - 1].utterance
    if not (doses or (often and _DOSE_QUESTION.search(asked.text))):
        return
    recent = {t.utterance.id for t in turns[max(0, at - 3) : at]}
    for index in range(len(found) - 1, -1, -1):
        entity = found[index]
        if entity.kind == "drug" and entity.utterance_id in recent and not entity.negated:
            found[index] = _completed(entity, turn.utterance, doses, often)
            return


def _completed(entity: Entity, source: Utterance, doses: Sequence[Measure], often: Sequence[Found]) -> Entity:
    attributes = dict(entity.attributes)
    ends: list[Measure | Found] = [*doses[:1], *often[:3]]
    if doses and entity.value is None:
        attributes["dose"] = doses[0].value
    if often:
        attributes.setdefault("frequency", ", ".join(f.text for f in often[:3]))
    attributes["dose_utterance"] = source.id
    attributes["dose_from"], attributes["dose_to"] = str(min(e.start for e in ends)), str(max(e.end for e in ends))
    return entity.model_copy(update={"attributes": attributes, "value": attributes.get("dose", entity.value)})
