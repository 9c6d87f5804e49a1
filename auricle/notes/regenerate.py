"""Have one part of a draft written anew from what was said; the other parts stay as they are."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from auricle.actor import Actor
from auricle.ai.port import Statement
from auricle.consent.decide import require
from auricle.consent.models import Kind
from auricle.errors import Conflict
from auricle.notes import generate
from auricle.notes.approve import draft_at, listed
from auricle.notes.content import as_statement, find_note
from auricle.notes.edit import Change, Revision, open_draft, store
from auricle.notes.judging import judge_changes
from auricle.notes.masking import mask_edited
from auricle.notes.models import Note
from auricle.notes.outline import outline_of, under
from auricle.notes.templates.shape import Outline
from auricle.notes.writing import again
from auricle.notes.writing.again import UnknownPart, WrittenPart, write_section
from auricle.notes.writing.draft import BY_MODEL, EXTRACTIVE, IN_PART


class SectionEdited(Conflict):
    """Somebody worked on statements of this section: say `replace_edited` to give up their words."""

    code = "note.section_edited"


class Means(generate.Means, again.Means, Protocol):
    """What writing anew needs of the assembly."""


async def regenerate_section(
    means: Means,
    actor: Actor,
    note_id: UUID,
    key: str,
    *,
    version: int,
    wish: str = "",
    replace_edited: bool = False,
) -> None:
    """Write a part of a draft anew, from the masked source it was written from; `wish` says what to do otherwise.

    What comes out as it was keeps its marks; when all of it does, there is no new version. Raises `NotADraft`,
    `StaleVersion`, `ConsentNeeded`, `UnknownPart`, `SectionEdited` or `BudgetExhausted`. The transactions are its own,
    because the AI works between them.
    """
    async with means.database.transaction(actor) as db:
        note = draft_at(await find_note(db, note_id), version)
        await require(db, note.patient_id, Kind.AI_USE)
    opened, known = await open_draft(means, actor, note_id, version)
    before = [Change(s.row.id, as_statement(s.row, s.body), changed=False) for s in opened.statements]
    own = own_of(outline_of(note), before, key)
    edited = [s.row for s in opened.statements if s.row.edited and s.row.id in own]
    if edited and not replace_edited:
        raise SectionEdited(count=len(edited), statements=listed(edited))
    masked, masks = await mask_edited(means.ai, [wish] if wish else [], known, opened.masks)
    written = await write_section(means, actor, opened, key, wish="".join(masked))
    changes = with_part(outline_of(note), before, own, key, written.statements)
    if [c.id for c in changes] == [c.id for c in before]:
        return
    judged, by = await judge_changes(means, actor, opened, [c.statement for c in changes])
    revision = Revision(note_id, version, changes, judged, by, masks)
    await store(means, actor, revision, reason="regenerated", also=lambda note: give_credit(note, written))


def own_of(outline: Outline, changes: Sequence[Change], key: str) -> set[UUID]:
    """The statements that stand under a part."""
    for part, found in under(outline.parts, changes):
        if part.key == key:
            return {one.id for one in found if one.id is not None}
    raise UnknownPart


def with_part(
    outline: Outline, before: Sequence[Change], own: set[UUID], key: str, fresh: Sequence[Statement]
) -> list[Change]:
    """The whole note with these statements in place of the part's; one that is as it was stays itself."""
    same = {identity(one.statement): one for one in before if one.id in own}
    changes: list[Change] = []
    for statement in fresh:
        old = same.pop(identity(statement), None)
        changes.append(old or Change(None, statement, changed=True, by_hand=False))
    order = [part.key for part in outline.parts]
    earlier = {
        one.id
        for part, found in under(outline.parts, before)
        if order.index(part.key) < order.index(key)
        for one in found
    }
    others = [one for one in before if one.id not in own]
    at = max((n for n, one in enumerate(others, start=1) if one.id in earlier), default=0)
    if own:
        first = next(n for n, one in enumerate(before) if one.id in own)
        at = sum(one.id not in own for one in before[:first])
    return [*others[:at], *changes, *others[at:]]


def identity(statement: Statement) -> tuple[object, ...]:
    return (statement.text, statement.kind, tuple(statement.evidence))


def give_credit(note: Note, written: WrittenPart) -> None:
    """Say of the note what now wrote it: the part by the outline, the whole by its method."""
    before = outline_of(note)
    parts = [written.outline if part.key == written.outline.key else part for part in before.parts]
    note.outline = before.model_copy(update={"parts": parts}).model_dump(mode="json")
    by = {part.method for part in parts}
    if "model" in by:
        note.method = BY_MODEL if by == {"model"} else IN_PART
        names = [name for one in (note.model, written.model) if one for name in one.split(", ")]
        note.model = ", ".join(dict.fromkeys(names)) or None
    elif note.model is not None:
        note.method, note.model = EXTRACTIVE, None
