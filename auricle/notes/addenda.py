"""Add to a signed note. What was signed stays, word by word; what is added is judged, and signed at once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.actor import Actor
from auricle.ai.port import Judged, Statement
from auricle.db.base import new_id
from auricle.errors import Conflict
from auricle.live.events import publish
from auricle.notes.approve import ContradictedStatements, StaleVersion, signer
from auricle.notes.content import (
    FLAGGED,
    Context,
    OpenNote,
    OpenStatement,
    as_statement,
    find_note,
    flagged_among,
    open_note,
    seal_content,
)
from auricle.notes.edit import Wanted, open_draft, plan_changes
from auricle.notes.evidence import body_of, verified_all
from auricle.notes.generate import Means, new_statement
from auricle.notes.judging import judge_changes
from auricle.notes.models import Note, NoteAddendum, NotePassage, NoteStatus
from auricle.notes.passages import embed_later
from auricle.notes.versions import freeze

MOST_STATEMENTS = 1_000  # of one note with its addenda


class NotSigned(Conflict):
    """This note is not signed: edit it instead."""

    code = "note.not_signed"


class TooManyAddenda(Conflict):
    """This note has as many statements as one may have."""

    code = "note.too_many_statements"


@dataclass(frozen=True, slots=True)
class Added:
    """A statement to add, and why it stands where what was said speaks against it."""

    wanted: Wanted
    reason: str | None = None


def signed_at(note: Note, version: int) -> Note:
    if note.status is not NoteStatus.APPROVED:
        raise NotSigned(status=note.status.value)
    if note.version != version:
        raise StaleVersion(version=note.version)
    return note


async def add_addendum(means: Means, actor: Actor, note_id: UUID, *, version: int, added: Sequence[Added]) -> None:
    """Append statements to a signed note as its next version, signed by the actor, who has seen what they wrote.

    Raises `NotSigned`, `StaleVersion`, `UnknownSpan`, `TooManyAddenda`, or `ContradictedStatements` where one that
    was said otherwise comes without a reason: nothing is stored then. The transactions are its own.
    """
    opened, known = await open_draft(means, actor, note_id, version, check=signed_at)
    if len(opened.statements) + len(added) > MOST_STATEMENTS:
        raise TooManyAddenda(limit=MOST_STATEMENTS)
    changes, masks = await plan_changes(means.ai, opened, known, [one.wanted for one in added])
    signed = [as_statement(s.row, s.body) for s in opened.statements]
    judged, by = await judge_changes(means, actor, opened, [*signed, *(c.statement for c in changes)])
    fresh = verified_all(judged.statements[len(signed) :], opened.source)
    check_reasons(fresh, added)
    async with means.database.transaction(actor) as db:
        note = signed_at(await find_note(db, note_id, lock=True), version)
        opened = replace(await open_note(db, means.keyring, note), masks=masks)
        note.judged_by = by
        await append(db, opened, judged, fresh, added)


def check_reasons(statements: Sequence[Statement], added: Sequence[Added]) -> None:
    bare = [
        number
        for number, (statement, one) in enumerate(zip(statements, added, strict=True), start=1)
        if statement.verdict == "contradicted" and one.reason is None
    ]
    if bare:
        raise ContradictedStatements(count=len(bare), positions=",".join(map(str, bare)))


async def append(
    db: AsyncSession, opened: OpenNote, judged: Judged, fresh: Sequence[Statement], added: Sequence[Added]
) -> None:
    note, actor, now = opened.note, signer(db), datetime.now(UTC)
    assert actor.member_id is not None
    addendum = NoteAddendum(id=new_id(), note_id=note.id, version=note.version + 1, created_by=actor.member_id)
    db.add(addendum)
    await db.flush()
    last = max((s.row.position for s in opened.statements), default=0)
    statements = [*opened.statements]
    for position, (statement, one) in enumerate(zip(fresh, added, strict=True), start=last + 1):
        made = new_statement(opened.key, note.id, position, statement, body_of(statement, opened.source))
        made.row.addendum_id = addendum.id
        if made.row.verdict in FLAGGED:
            made.row.seen_by, made.row.seen_at = actor.member_id, now
        if one.reason is not None and made.row.verdict in FLAGGED:
            made = overruled(opened, made, one.reason, actor.member_id, now)
        db.add(made.row)
        statements.append(made)
    context = Context(entities=opened.context.entities, missing=tuple(judged.missing))
    note.amended_at, note.completeness = now, judged.completeness
    note.ai_approved = not flagged_among([s.row for s in statements])
    seal_content(opened.key, note, source=opened.source, masks=opened.masks, context=context)
    await db.flush()
    whole = replace(opened, statements=statements, context=context, addenda=[*opened.addenda, addendum])
    await freeze(db, whole, "addendum")
    await db.execute(delete(NotePassage).where(NotePassage.note_id == note.id))  # they are made anew, with what is new
    await embed_later(db, note.id)
    await publish(db, "note.amended", note_id=note.id, consultation_id=note.consultation_id, patient_id=note.patient_id)


def overruled(opened: OpenNote, one: OpenStatement, reason: str, member_id: UUID, now: datetime) -> OpenStatement:
    row = one.row
    row.overruled_by, row.overruled_at = member_id, now
    row.overrule_reason = opened.key.seal(reason, "note_statement", "overrule_reason", row.id)
    return OpenStatement(row, one.body, reason)
