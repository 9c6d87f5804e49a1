"""Whose finding, and when: the patient's or a relative's, now or before."""

import re
from collections.abc import Iterator

from auricle.ai.entities.assertion import find_cues
from auricle.ai.port import Check, Entity
from auricle.ai.soap.checks import vocabulary
from auricle.ai.soap.checks.compared import Compared
from auricle.ai.soap.checks.meaning import persons_in
from auricle.ai.soap.taken import tells_use
from auricle.ai.tokens import tokens

_FEW = 3  # clauses that are cited: all of them are of the statement
_TAKES = re.compile(r"\W*(?:(?:the )?patient |he |she |they )?(?:takes?|is taking|uses?|is using|is on)\b", re.I)
_FAMILY = re.compile(r"\b(?:family|fh|fhx|fmh|hereditary)\b", re.I)


def experiencer(it: Compared) -> Iterator[Check]:
    """A relative who is named is one of the source, and what is said of a person there is said of the same here."""
    cited = frozenset().union(*persons_in([c.part for c in it.cited]))
    strange = [names for names in persons_in(it.stated) if not names & cited]
    if strange and not _kin(it):
        name = "/".join(sorted(strange[0]))
        yield Check(name="experiencer", verdict="conflict", detail=f"The cited words tell of no {name}.")
        return
    if _FAMILY.search(it.statement.text):
        return
    also = _also(it)
    for part in it.stated:
        named = {hit.first for hit in vocabulary.relatives().hits(part.stream)}
        spoken = [(unit, it.persons_of(unit)) for unit in part.units if unit.first not in named]
        met = [(unit, said | also) for unit, said in spoken if said]
        wrong = [unit for unit, said in met if unit.person not in said]
        if met and len(wrong) > len(met) / 2:
            yield Check(name="experiencer", verdict="conflict",
                        detail=f"“{wrong[0].text}” is of somebody else in the source.")  # fmt: skip
    yield from _of_entities(it)


def _kin(it: Compared) -> bool:
    """ "No family history of …", "parents": relatives without their names."""
    return any(
        token.word in {"family", "parents", "parent", "relatives", "siblings", "परिवार"}
        for token in tokens(it.cited_text)
    )


def _also(it: Compared) -> set[str]:
    """ "I do not have asthma, my brother does": relatives who have, or have not, what was named before."""
    return {
        hit.name
        for cited in it.cited
        for hit in vocabulary.relatives().hits(cited.part.stream)
        if any(
            t.word in {"does", "did", "too", "also", "doesn't", "neither"}
            for t in cited.part.stream[hit.last + 1 : hit.last + 3]
        )
    }


def _of_entities(it: Compared) -> Iterator[Check]:
    for entity, sources in paired(it):
        whose = {s.experiencer for s in sources}
        if entity.experiencer not in whose and not _names_person(it, entity):
            yield Check(name="experiencer", verdict="conflict",
                        detail=f"“{entity.text}” is of {'/'.join(sorted(whose))} in the source, "
                               f"of {entity.experiencer} here.")  # fmt: skip


def _names_person(it: Compared, entity: Entity) -> bool:
    """The statement repeats the family word: that we read it twice differently is our doubt, not its fault."""
    stream = tokens(it.cited_text)
    named = {t.word for cue in find_cues(stream, "family") for t in stream[cue.start : cue.end]}
    return bool({t.word for t in tokens(it.statement.text)} & named) and entity.experiencer != "patient"


def time(it: Compared) -> Iterator[Check]:
    """What is over is not told as going on, and what goes on not as over."""
    stated = {hit.name for part in it.stated for hit in vocabulary.times().hits(part.stream)}
    told = [c.part for c in it.cited if vocabulary.times().hits(c.part.stream)]
    cited = {hit.name for part in told for hit in vocabulary.times().hits(part.stream)}
    if "over" in stated and not cited & {"over", "before"}:
        yield Check(name="time", verdict="conflict", detail="The cited words do not tell that it is over.")
    elif "now" in stated and "over" not in stated and "over" in cited and "now" not in cited:
        over = [p for p in told if any(hit.name == "over" for hit in vocabulary.times().hits(p.stream))]
        of_it = any(unit.keys & part.keys for own in it.stated for unit in own.units for part in over)
        if of_it or len(it.cited) <= _FEW:
            yield Check(name="time", verdict="conflict", detail="The cited words tell that it is over.")
    yield from _of_medicines(it, "over" in stated, "over" in cited)
    if _TAKES.match(it.statement.text) and it.valid:
        speakers = {it.sources[e.utterance_id].speaker for e in it.valid}
        if speakers == {"clinician"} and not tells_use(it.cited_text):
            yield Check(name="time", verdict="conflict", detail="The cited words propose it; nobody says it is taken.")


def _of_medicines(it: Compared, over_here: bool, over_there: bool) -> Iterator[Check]:
    """The finder's reading of when, for each drug: "I used to take aspirin, now I take clopidogrel"."""
    for entity, sources in paired(it):
        times = {s.time for s in sources}
        if entity.kind != "drug" or len(times) > 1 or entity.negated:
            continue
        here, there = entity.time, times.pop()
        if (here, there) == ("past", "current") and over_here or (here, there) == ("current", "past") and over_there:
            yield Check(name="time", verdict="conflict",
                        detail=f"“{entity.text}” is {there} in the source, {here} here.")  # fmt: skip


def paired(it: Compared) -> Iterator[tuple[Entity, list[Entity]]]:
    for entity in it.stated_entities:
        sources = [s for s in it.cited_entities if s.name == entity.name]
        if sources:
            yield entity, sources
