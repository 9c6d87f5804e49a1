"""A drug's dose, beside it or in the answer to the question that was asked about it."""

import re
from collections.abc import Sequence
from typing import Protocol

from auricle.ai.entities.corrections import standing_measures
from auricle.ai.entities.measures import DOSE_UNITS, Found, Measure, find_frequency
from auricle.ai.entities.values import dosing
from auricle.ai.port import Entity, Utterance
from auricle.ai.tokens import Clause

_DOSE_QUESTION = re.compile(
    r"\b(?:dose|how much|how many|how often|strength|milligrams?|which tablet)\b|कितना|कितनी", re.I
)


class Spoken(Protocol):
    @property
    def utterance(self) -> Utterance: ...


def with_dose(entity: Entity, text: str, clause: Clause, drugs: Sequence[tuple[int, int]]) -> Entity:
    """The drug with the dose that stands near it; `drugs` are where the drugs of its clause stand."""
    at = drugs.index((entity.start, entity.end))
    previous = drugs[at - 1][1] if at else clause.start
    following = drugs[at + 1][0] if at + 1 < len(drugs) else clause.end
    given = dosing(text, entity.start, entity.end, previous if at else clause.start, following)
    attributes = {**entity.attributes, **given.attributes}
    if given.attributes:
        attributes["from"], attributes["to"] = str(given.start), str(given.end)
    return entity.model_copy(update={"value": given.value, "attributes": attributes})


def complete_doses(turns: Sequence[Spoken], at: int, found: list[Entity]) -> None:
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
