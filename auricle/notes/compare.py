"""What changed between two versions of a note: by statement, and in it word by word. Plain data in and out."""

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import Literal
from uuid import UUID

from pydantic import BaseModel

from auricle.ai.port import Missing
from auricle.notes.content import FrozenNote, FrozenStatement

WORD = re.compile(r"\s*\S+|\s+$")
MOST_PAIRS = 4_000_000  # of words that are compared with one another: half a second; beyond, texts are told as wholes

Fate = Literal["added", "removed", "changed", "unchanged"]


class Piece(BaseModel):
    """A run of words: in both, only in the earlier version, or only in the later one."""

    how: Literal["same", "removed", "added"]
    text: str


class StatementChange(BaseModel):
    """One statement in both versions. `was` is absent from an added one, `now` from a removed one.

    `changed`: its words, kind or evidence. It may have moved, or be judged otherwise, besides.
    """

    id: UUID
    fate: Fate
    moved: bool
    verdict_changed: bool
    was: FrozenStatement | None
    now: FrozenStatement | None
    words: list[Piece]


class Difference(BaseModel):
    """Between two versions, in the order of the later one; what was removed stands where it stood."""

    statements: list[StatementChange]
    no_longer_missing: list[Missing]
    newly_missing: list[Missing]
    completeness_was: float | None
    completeness_now: float | None


def compare(was: FrozenNote, now: FrozenNote) -> Difference:
    before, after = by_id(was), by_id(now)
    place = {one: n for n, one in enumerate(before)}
    fixed = in_order([place[one] for one in after if one in before])
    room, statements = MOST_PAIRS, []
    for one in merged(list(before), list(after)):
        earlier, later = before.get(one), after.get(one)
        moved = earlier is not None and later is not None and place[one] not in fixed
        change = change_of(earlier, later, moved=moved)
        if change.fate == "changed" and earlier is not None and later is not None:
            change.words, room = words_between(earlier.body.text, later.body.text, room)
        statements.append(change)
    return Difference(
        statements=statements,
        no_longer_missing=[one for one in was.missing if one not in now.missing],
        newly_missing=[one for one in now.missing if one not in was.missing],
        completeness_was=was.completeness,
        completeness_now=now.completeness,
    )


def by_id(note: FrozenNote) -> Mapping[UUID, FrozenStatement]:
    return {one.id: one for one in note.statements}


def merged(before: Sequence[UUID], after: Sequence[UUID]) -> list[UUID]:
    """The later order, with each removed one behind the statement that it stood behind."""
    kept, order = set(after), list[UUID]()
    behind: dict[UUID | None, list[UUID]] = {}
    last: UUID | None = None
    for one in before:
        if one in kept:
            last = one
        else:
            behind.setdefault(last, []).append(one)
    order += behind.get(None, [])
    for one in after:
        order += [one, *behind.get(one, [])]
    return order


def in_order(places: Sequence[int]) -> set[int]:
    """The most of these places that rise: what is not among them was moved."""
    ends: list[int] = []  # of the best rising run of each length
    back: dict[int, int | None] = {}
    for place in places:
        at = bisect_left(ends, place)
        ends[at : at + 1] = [place]
        back[place] = ends[at - 1] if at else None
    found: set[int] = set()
    step = ends[-1] if ends else None
    while step is not None:
        found.add(step)
        step = back[step]
    return found


def change_of(was: FrozenStatement | None, now: FrozenStatement | None, *, moved: bool) -> StatementChange:
    """The change of one statement, its words left out. Another section is another place."""
    if was is None or now is None:
        one = was or now
        assert one is not None
        fate: Fate = "added" if was is None else "removed"
        return StatementChange(id=one.id, fate=fate, moved=False, verdict_changed=False, was=was, now=now, words=[])
    same = (was.body.text, was.kind, was.body.evidence) == (now.body.text, now.kind, now.body.evidence)
    return StatementChange(
        id=now.id,
        fate="unchanged" if same else "changed",
        moved=moved or was.section != now.section,
        verdict_changed=was.verdict != now.verdict,
        was=was,
        now=now,
        words=[],
    )


def words_between(was: str, now: str, room: int = MOST_PAIRS) -> tuple[list[Piece], int]:
    """The two texts as runs of words, and what is left of the room for comparing.

    Joined, `same` and `removed` give the earlier text, `same` and `added` the later one.
    """
    earlier, later = WORD.findall(was), WORD.findall(now)
    room -= len(earlier) * len(later)
    if room < 0:
        return [Piece(how="removed", text=was), Piece(how="added", text=now)], 0
    pieces: list[Piece] = []
    for tag, a0, a1, b0, b1 in SequenceMatcher(None, earlier, later, autojunk=False).get_opcodes():
        if tag == "equal":
            pieces.append(Piece(how="same", text="".join(earlier[a0:a1])))
            continue
        for how, run in (("removed", earlier[a0:a1]), ("added", later[b0:b1])):
            if run:
                pieces.append(Piece.model_validate({"how": how, "text": "".join(run)}))
    return pieces, room
