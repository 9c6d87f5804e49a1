"""What is denied here and affirmed there, and what has changed sides: started and stopped, better and worse."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from auricle.ai.entities.measures import find_measures
from auricle.ai.port import Check
from auricle.ai.soap.checks import vocabulary
from auricle.ai.soap.checks.compared import Compared
from auricle.ai.soap.checks.meaning import Part, Unit, is_denier
from auricle.ai.tokens import words

FINDINGS = frozenset({"symptom", "problem", "hearing", "device", "drug"})
# How much and where, not what.
_NOT_DENIED = frozenset({"severe", "mild", "elevated", "constant", "intermittent", "bad", "left", "right", "bilateral"})
_ENDS_SCOPE = frozenset(
    words("in of over on at around with from to during when while since because due for by into than")
)
_SCOPE = 3  # units after a denying word that it denies most surely
_NOT_NUMBER = re.compile(r"\b(?:not|n't)\s+(?:\.?\d|one|two|three)", re.I)
_FEW = 3  # clauses that are cited: all of them are of the statement
_MOST_POLES = 200  # of one thing that are compared
_AROUND = 6  # words beside a pole that say what moves


def negation(it: Compared) -> Iterator[Check]:
    """Something denied must be denied in the source, and the reverse."""
    for part in it.stated:
        over = any(hit.name == "over" for hit in vocabulary.times().hits(part.stream))
        for unit in part.units:
            said = it.said_of(unit)
            if (
                unit.kind in FINDINGS and said and not (over and not unit.denied)
            ):  # "quit smoking" – "do you smoke?" "no"
                yield _check(unit, unit.denied in said)
        yield from _denied_here(it, part)
        yield from _denied_numbers(it, part)
    yield from _denied_there(it)


def _scopes(part: Part, denied: Callable[[Unit], bool | None]) -> Iterator[list[Unit]]:
    """For each denying word the few units that it denies most surely: up to "in", "of", "with"; no place, no degree."""
    by_denier: dict[int, list[Unit]] = {}
    closed: set[int] = set()
    for unit in part.units:
        if not denied(unit) or unit.denier in closed:
            continue
        scope = by_denier.setdefault(unit.denier, [])
        between = part.stream[scope[-1].last + 1 : unit.first] if scope else ()
        if len(scope) == _SCOPE or any(token.word in _ENDS_SCOPE for token in between):
            closed.add(unit.denier)
        else:
            scope.append(unit)
    for scope in by_denier.values():
        if meant := [u for u in scope if u.kind != "anatomy" and not u.keys & _NOT_DENIED]:
            yield meant


def _denied_here(it: Compared, part: Part) -> Iterator[Check]:
    """Of what a word of the statement denies, most is affirmed where it comes from."""
    both = {k for u in part.units if not u.denied for k in u.keys}
    for scope in _scopes(part, lambda unit: unit.denied):
        told = [(unit, said) for unit in scope if len(said := it.said_of(unit)) == 1 and not unit.keys & both]
        flipped = [unit for unit, said in told if False in said]
        if told and len(flipped) > len(told) / 2:
            yield _check(flipped[0], agrees=False)


def _denied_there(it: Compared) -> Iterator[Check]:
    """Of what a word of the source denies, most is affirmed by the statement."""
    stated = [
        unit
        for part in it.stated
        if not any(hit.name == "over" for hit in vocabulary.times().hits(part.stream))
        for unit in part.units
    ]
    for cited in it.cited:
        for scope in islice(_scopes(cited.part, cited.denies), _MOST_POLES):
            met = [own for unit in scope for own in stated if unit.keys & own.keys and unit.person == own.person]
            flipped = [own for own in met if not own.denied and it.said_of(own) == {True}]
            if met and len(flipped) > len(met) / 2:
                yield _check(flipped[0], agrees=False)


def _denied_numbers(it: Compared, part: Part) -> Iterator[Check]:
    """ "LDL is not 162"."""
    starts = {token.start: index for index, token in enumerate(part.stream)}
    said = {m.number.value for m in find_measures(it.cited_text)}
    for measure in find_measures(part.text):
        index = starts.get(measure.start, 0)
        denied = index and is_denier(part.stream, index - 1) and part.stream[index - 1].word == "not"
        if denied and measure.number.value in said and not _NOT_NUMBER.search(it.cited_text):
            yield Check(name="negation", verdict="conflict", detail=f"{measure.value} is denied here only.")


def _check(unit: Unit, agrees: bool) -> Check:
    if agrees:
        return Check(name="negation", verdict="pass", detail=unit.text)
    meant = "denied" if unit.denied else "affirmed"
    return Check(name="negation", verdict="conflict", detail=f"“{unit.text}” is {meant} here, not in the source.")


@dataclass(frozen=True, slots=True)
class _Pole:
    name: str
    text: str
    around: frozenset[str]  # what it is said of


def opposites(it: Compared) -> Iterator[Check]:
    """Each word at one pole against those at the poles of the same thing, of what it is said of."""
    for thing, phrases in vocabulary.opposites().items():
        stated = [pole for part in it.stated for pole in _poles(part, phrases)][:_MOST_POLES]
        cited = [pole for cited in it.cited for pole in _poles(cited.part, phrases)][:_MOST_POLES]
        for pole in stated:
            if not cited:
                if (thing, pole.name) in _NEEDS_WORDS:
                    yield Check(name="time", verdict="conflict", detail=f"“{pole.text}” is not in the cited words.")
                continue
            best = max(len(pole.around & other.around) for other in cited)
            near = [other for other in cited if len(pole.around & other.around) == best]
            if (best or len(it.cited) <= _FEW) and all(other.name != pole.name for other in near):
                yield Check(name="time", verdict="conflict",
                            detail=f"“{pole.text}”, but the source says “{near[0].text}”.")  # fmt: skip


_NEEDS_WORDS = frozenset({("course", "stop"), ("amount", "up"), ("amount", "down")})


def _poles(part: Part, phrases: vocabulary.Phrases) -> Iterator[_Pole]:
    hits = phrases.hits(part.stream)[:_MOST_POLES]
    for at, hit in enumerate(hits):
        floor = max(hits[at - 1].last + 1 if at else 0, hit.first - _AROUND)
        ceiling = min(hits[at + 1].first if at + 1 < len(hits) else len(part.stream), hit.last + 1 + _AROUND)
        around = frozenset(
            key
            for unit in part.units
            if floor <= unit.first < ceiling and not hit.first <= unit.first <= hit.last
            for key in unit.keys
        )
        text = " ".join(t.text for t in part.stream[hit.first : hit.last + 1])
        yield _Pole(hit.name, text, around)
