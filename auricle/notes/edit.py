"""Change a draft: a new version, in which only what was changed is judged anew. Discard one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.actor import Actor
from auricle.ai.port import ClinicalAI, Judged, Known, Section, Statement
from auricle.ai.privacy.mask import unmask
from auricle.db.session import actor_of
from auricle.errors import Invalid
from auricle.live.events import publish
from auricle.notes.approve import NotADraft, UnknownStatements, draft_at, signer
from auricle.notes.content import (
    FLAGGED,
    Cited,
    Context,
    OpenNote,
    OpenStatement,
    StatementBody,
    as_statement,
    find_note,
    flagged_among,
    open_note,
    seal_body,
    seal_content,
)
from auricle.notes.evidence import body_of, quoted, verified_all
from auricle.notes.generate import Means, new_statement
from auricle.notes.judging import judge_changes
from auricle.notes.masking import mask_edited
from auricle.notes.models import Note, NoteStatement, NoteStatus
from auricle.notes.outline import outline_of
from auricle.notes.source import known_in
from auricle.notes.versions import freeze
from auricle.notes.writing.again import UnknownPart


class UnknownSpan(Invalid):
    """Evidence points at a place that the source does not have."""

    code = "note.unknown_span"


@dataclass(frozen=True, slots=True)
class Span:
    """A place in the masked text of one message, or of one paragraph of a document."""

    message_id: UUID
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """A statement as it shall be: new without an id, with the evidence it had where none is named."""

    section: Section
    text: str
    kind: Literal["fact", "inferred", "plan"] = "fact"
    id: UUID | None = None
    evidence: Sequence[Span] | None = None
    part: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One statement of the note to be. `id` is None for a new one."""

    id: UUID | None
    statement: Statement
    changed: bool
    by_hand: bool = True

    @property
    def section(self) -> Section:
        return self.statement.section

    @property
    def part(self) -> str | None:
        return self.statement.part


@dataclass(frozen=True, slots=True)
class Revision:
    """A draft as it shall be stored: what follows the version that was read."""

    note_id: UUID
    version: int
    changes: Sequence[Change]
    judged: Judged
    judged_by: str | None
    masks: Mapping[str, str]


async def edit_note(means: Means, actor: Actor, note_id: UUID, *, version: int, wanted: Sequence[Wanted]) -> None:
    """Make a draft consist of these statements, in this order. What is not among them is removed.

    Text may come masked or revealed; it is stored masked. Raises `NotADraft`, `StaleVersion`, `UnknownStatements` or
    `UnknownSpan`. The transactions are its own, because the AI works between them.
    """
    opened, known = await open_draft(means, actor, note_id, version)
    changes, masks = await plan_changes(means.ai, opened, known, wanted)
    if not any(c.changed for c in changes) and [c.id for c in changes] == [s.row.id for s in opened.statements]:
        return
    judged, by = await judge_changes(means, actor, opened, [c.statement for c in changes])
    await store(means, actor, Revision(note_id, version, changes, judged, by, masks))


async def open_draft(
    means: Means, actor: Actor, note_id: UUID, version: int, *, check: Callable[[Note, int], Note] = draft_at
) -> tuple[OpenNote, Known]:
    """A note at the version that was read, and the identity that must not leave with it."""
    async with means.database.transaction(actor) as db:
        signer(db)
        note = check(await find_note(db, note_id), version)
        return await open_note(db, means.keyring, note), await known_in(db, means.keyring, note)


async def plan_changes(
    ai: ClinicalAI, opened: OpenNote, known: Known, wanted: Sequence[Wanted]
) -> tuple[list[Change], dict[str, str]]:
    """Tell what is changed from what merely came back, and mask what is new."""
    before = {s.row.id: s for s in opened.statements}
    named = [w.id for w in wanted if w.id is not None]
    if strange := len(set(named) - before.keys()) + len(named) - len(set(named)):
        raise UnknownStatements(count=strange)
    texts = [own_text(before.get(w.id) if w.id else None, w.text, opened.masks) for w in wanted]
    fresh, masks = await mask_edited(
        ai, [w.text for w, text in zip(wanted, texts, strict=True) if text is None], known, opened.masks
    )
    remaining = iter(fresh)
    changes = []
    for one, text in zip(wanted, texts, strict=True):
        old = before.get(one.id) if one.id else None
        changes.append(change_of(opened, old, one, next(remaining) if text is None else text))
    return changes, masks


def own_text(old: OpenStatement | None, text: str, masks: Mapping[str, str]) -> str | None:
    """The stored text where the wanted one is the same, masked or revealed; None where it differs."""
    if old is not None and text in (old.body.text, unmask(old.body.text, masks)):
        return old.body.text
    return None


def change_of(opened: OpenNote, old: OpenStatement | None, wanted: Wanted, text: str) -> Change:
    cited: Sequence[Cited] = () if old is None else old.body.evidence
    part = placed(opened.note, wanted, old)
    if wanted.evidence is not None:
        cited = [cited_span(opened, span) for span in wanted.evidence]
    if old is not None:
        same = (old.row.section, old.row.part, old.row.kind, old.body.text, tuple(old.body.evidence))
        if same == (wanted.section, part, wanted.kind, text, tuple(cited)):
            return Change(old.row.id, as_statement(old.row, old.body), changed=False)
    statement = Statement(
        section=wanted.section, part=part, text=text, kind=wanted.kind, evidence=[c.as_evidence() for c in cited]
    )
    return Change(wanted.id, statement, changed=True)


def placed(note: Note, wanted: Wanted, old: OpenStatement | None) -> str | None:
    """The part that is named, or the one it was in while its section stays. Raises `UnknownPart`."""
    if wanted.part is None:
        return old.row.part if old is not None and old.row.section == wanted.section else None
    if all(part.key != wanted.part for part in outline_of(note).parts):
        raise UnknownPart
    return wanted.part


def cited_span(opened: OpenNote, span: Span) -> Cited:
    cited = quoted(opened.source, span.message_id, span.start, span.end)
    if cited is None:
        raise UnknownSpan(message_id=span.message_id)
    return cited


async def store(
    means: Means,
    actor: Actor,
    revised: Revision,
    *,
    reason: str = "edited",
    also: Callable[[Note], object] = lambda note: None,
) -> None:
    """Apply the changes as the next version, unless the note was changed meanwhile."""
    async with means.database.transaction(actor) as db:
        note = draft_at(await find_note(db, revised.note_id, lock=True), revised.version)
        opened = await open_note(db, means.keyring, note)
        judged = revised.judged
        statements = await apply(db, opened, revised.changes, verified_all(judged.statements, opened.source))
        context = Context(entities=opened.context.entities, missing=tuple(judged.missing))
        note.completeness, note.ai_approved = (
            judged.completeness,
            bool(statements) and not flagged_among([s.row for s in statements]),
        )
        note.judged_by = revised.judged_by
        also(note)
        seal_content(opened.key, note, source=opened.source, masks=revised.masks, context=context)
        await freeze(db, replace(opened, statements=statements, context=context, masks=revised.masks), reason)
        await publish(db, f"note.{reason}", note_id=note.id, consultation_id=note.consultation_id)


async def apply(
    db: AsyncSession, opened: OpenNote, changes: Sequence[Change], judged: Sequence[Statement]
) -> list[OpenStatement]:
    """Write the rows. A changed statement loses its verdict, and with it what people had said about that verdict."""
    before = {s.row.id: s for s in opened.statements}
    statements = []
    for position, (change, verdict) in enumerate(zip(changes, judged, strict=True), start=1):
        if change.id is None:
            one = new_statement(opened.key, opened.note.id, position, verdict, body_of(verdict, opened.source))
            one.row.edited = change.by_hand
            db.add(one.row)
        else:
            one = before.pop(change.id)
            one.row.position = position
            if change.changed:
                one = rewritten(opened, one.row, verdict)
            elif tuple(verdict.checks) != one.body.checks:
                one = rejudged(opened, one, verdict)
        statements.append(one)
    await db.execute(delete(NoteStatement).where(NoteStatement.id.in_(before.keys())))
    await db.flush()
    return statements


def rewritten(opened: OpenNote, row: NoteStatement, judged: Statement) -> OpenStatement:
    body = body_of(judged, opened.source)
    row.section, row.part = judged.section, judged.part
    row.kind, row.verdict = judged.kind, judged.verdict or "unsupported"
    row.body, row.edited = seal_body(opened.key, row.id, body), True
    forget_marks(row)
    return OpenStatement(row, body, None)


def rejudged(opened: OpenNote, old: OpenStatement, judged: Statement) -> OpenStatement:
    """Another statement now contradicts this unchanged one, or no longer does. Nobody has seen a new objection."""
    body, row = body_of(judged, opened.source), old.row
    row.verdict, row.body = judged.verdict or "unsupported", seal_body(opened.key, row.id, body)
    if row.verdict in FLAGGED and objections(body) <= objections(old.body):
        return OpenStatement(row, body, old.overrule_reason)
    forget_marks(row)
    return OpenStatement(row, body, None)


def objections(body: StatementBody) -> set[tuple[str, str]]:
    return {(check.name, check.detail) for check in body.checks if check.verdict == "conflict"}


def forget_marks(row: NoteStatement) -> None:
    row.seen_by = row.seen_at = row.overruled_by = row.overruled_at = row.overrule_reason = None


async def discard(db: AsyncSession, note_id: UUID) -> Note:
    """Take back a note that nobody signed. It stays, with its versions, as `deleted` until the patient's erasure."""
    note = await find_note(db, note_id, lock=True)
    if note.status is NoteStatus.APPROVED:
        raise NotADraft(status=note.status.value)
    note.status, note.deleted_by, note.deleted_at = NoteStatus.DELETED, actor_of(db).member_id, datetime.now(UTC)
    await publish(db, "note.deleted", note_id=note.id, consultation_id=note.consultation_id)
    return note
