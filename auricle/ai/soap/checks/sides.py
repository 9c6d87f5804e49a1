"""Left, right and both, each with what it is said of."""

from collections.abc import Iterator
from dataclasses import dataclass

from auricle.ai.entities.measures import find_measures
from auricle.ai.port import Check
from auricle.ai.soap.checks.compared import Compared
from auricle.ai.soap.checks.meaning import Part, Unit

_SIDES = frozenset({"left", "right", "bilateral"})
_NO_SIDE_AFTER = frozenset({"now", "away", "here", "there", "before", "after", "when", "okay", "so"})
_NO_SIDE_BEFORE = frozenset({"all", "that's", "alright", "yeah"})
_MOST = 100  # sides that are compared
_SURE = 3  # shared by a piece of both sides, for one side alone to be too little
_MORE = frozenset({"more", "greater", "worse", "bigger", "larger", "higher", "stronger", ">"})


@dataclass(frozen=True, slots=True)
class Sided:
    side: str
    units: tuple[Unit, ...]  # what stands on this side
    values: frozenset[str]  # and its numbers

    def shared(self, other: "Sided") -> int:
        """How much two have in common; a number or a finding tells more than a part of the body."""
        told = [
            1 if unit.kind == "anatomy" else 2 for unit in self.units if any(unit.keys & o.keys for o in other.units)
        ]
        return sum(told) + 2 * len(self.values & other.values)


def side(it: Compared) -> Iterator[Check]:
    """A side that is named is named in the source, of the same thing."""
    stated = [sided for part in it.stated for sided in read_sides(part)][:_MOST]
    cited = [sided for c in it.cited for sided in read_sides(c.part)][:_MOST]
    named = {s.side for s in cited}
    for one in stated:
        if one.side not in named and not (one.side == "bilateral" and named >= {"left", "right"}):
            if named or one.side != "bilateral":
                yield Check(name="side", verdict="conflict", detail=f"“{one.side}” is not in the cited words.")
            continue
        best = max((one.shared(other) for other in cited), default=0)
        near = {other.side for other in cited if best and one.shared(other) == best}
        narrowed = near == {"bilateral"} and best < _SURE
        if not near or one.side in near or narrowed or (one.side == "bilateral" and (len(near) > 1 or best < 2)):
            yield Check(name="side", verdict="pass", detail=one.side)
        else:
            yield Check(name="side", verdict="conflict",
                        detail=f"“{one.side}”, but the source says {'/'.join(sorted(near))}.")  # fmt: skip
    yield from _compared(it)


def read_sides(part: Part) -> list[Sided]:
    """For each piece of a clause that names one side: what it says there, numbers too."""
    found = []
    for first, end in _pieces(part):
        sides = _named(part, first, end)
        if len(set(sides)) != 1:
            found += [Sided(s, (), frozenset()) for s in dict.fromkeys(sides)]
            continue
        begin, stop = part.stream[first].start, part.stream[end - 1].end
        units = tuple(u for u in part.units if first <= u.first < end and not u.keys & _SIDES)
        values = frozenset(m.number.plain for m in find_measures(part.text[begin:stop]))
        found.append(Sided(sides[0], units, values))
    return found


def _pieces(part: Part) -> Iterator[tuple[int, int]]:
    """Segments, cut again before a second side with its article: "wax in the left canal | the right drum is intact"."""
    for first, end in part.segments:
        cuts, seen = [first], False
        for index in range(first, end):
            if part.stream[index].word in {"left", "right"}:
                article = index > first and part.stream[index - 1].word in {"the", "my", "your", "his", "her", "their"}
                placed = index - 2 >= first and part.stream[index - 2].word in {"on", "in", "of", "to", "than", "from"}
                if seen and article and not placed:
                    cuts.append(index - 1)
                seen = True
        yield from zip(cuts, [*cuts[1:], end], strict=True)


def _named(part: Part, first: int, end: int) -> list[str]:
    sides = []
    for unit in part.units:
        for name in _SIDES & unit.keys if first <= unit.first < end else ():
            after = part.stream[unit.last + 1].word if unit.last + 1 < len(part.stream) else ""
            before = part.stream[unit.first - 1].word if unit.first else ""
            if name == "right" and unit.text.lower() == "right" and _no_side(before, after):
                continue
            if name == "left" and (before in {"has", "have", "i", "he", "she", "they"} or after in {"the", "over"}):
                continue  # "he left the hospital"
            sides.append(name)
    return sides


def _no_side(before: str, after: str) -> bool:
    return (
        after in _NO_SIDE_AFTER
        or before in _NO_SIDE_BEFORE
        or (after == "" and before not in {"the", "on", "my", "your", "his", "her", "and", "than"})
    )


def _compared(it: Compared) -> Iterator[Check]:
    """ "Left more than right" is not "right more than left"."""
    stated = [pair for part in it.stated for pair in _order(part)]
    cited = [pair for c in it.cited for pair in _order(c.part)]
    for one, other in stated:
        if (other, one) in cited and (one, other) not in cited:
            yield Check(name="side", verdict="conflict", detail=f"The source says {other} more than {one}.")


def _order(part: Part) -> Iterator[tuple[str, str]]:
    words = [t.word for t in part.stream]
    for at, word in enumerate(words):
        if word in _MORE and "than" in words[at : at + 2]:
            before = [w for w in words[max(0, at - 4) : at] if w in {"left", "right"}]
            after = [w for w in words[at : at + 5] if w in {"left", "right"}]
            if before and after:
                yield before[-1], after[0]
