"""Sign drafts, and overrule the judge with a reason."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from auricle.actor import Actor
from auricle.db.sealed import Keyring
from auricle.db.session import actor_of
from auricle.errors import Conflict, Forbidden, Invalid, NotFound
from auricle.live.events import publish
from auricle.notes.content import FLAGGED, OpenStatement, find_note, open_note
from auricle.notes.models import Note, NoteStatement, NoteStatus
from auricle.notes.passages import embed_later
from auricle.notes.versions import freeze


class NotADraft(Conflict):
    """This note is not a draft."""

    code = "note.not_a_draft"


class StaleVersion(Conflict):
    """The note was changed since you read it."""

    code = "note.stale_version"


class UnseenStatements(Conflict):
    """A note holds statements without support that nobody has looked at."""

    code = "note.unseen_statements"


class ContradictedStatements(Conflict):
    """A note holds statements that the conversation contradicts: edit them, or overrule the judge with a reason."""

    code = "note.contradicted_statements"


class NothingToOverrule(Conflict):
    """The judge has no objection to this statement."""

    code = "note.nothing_to_overrule"


class UnknownStatements(Invalid):
    """Some of these statements are not of this note."""

    code = "note.unknown_statements"


@dataclass(frozen=True, slots=True)
class Signature:
    """One note to sign: the version that was read, and the unsupported statements that were looked at."""

    note_id: UUID
    version: int
    seen: frozenset[UUID] = frozenset()


async def approve_all(db: AsyncSession, keyring: Keyring, signatures: Sequence[Signature]) -> list[Note]:
    """Sign several drafts, all or none. Locked in the order of their ids: two signers can't block each other."""
    ordered = sorted(signatures, key=lambda s: s.note_id)
    return [await approve(db, keyring, s.note_id, version=s.version, seen=s.seen) for s in ordered]


async def approve(
    db: AsyncSession, keyring: Keyring, note_id: UUID, *, version: int, seen: Iterable[UUID] = ()
) -> Note:
    """Sign a draft. `seen` names the unsupported statements that the clinician has looked at.

    Raises `NotADraft`, `StaleVersion`, `UnseenStatements`, `ContradictedStatements` or `UnknownStatements`.
    """
    actor, now = signer(db), datetime.now(UTC)
    note = draft_at(await find_note(db, note_id, lock=True), version)
    opened = await open_note(db, keyring, note)
    check_signable(opened.statements, looked_at := frozenset(seen), by=actor.member_id)
    for one in opened.statements:
        if one.row.id in looked_at and one.row.seen_by != actor.member_id:
            one.row.seen_by, one.row.seen_at = actor.member_id, now
    note.status, note.user_approved = NoteStatus.APPROVED, True
    note.approved_by, note.approved_at = actor.member_id, now
    await freeze(db, opened, "approved")
    await embed_later(db, note.id)
    await publish(
        db, "note.approved", note_id=note.id, consultation_id=note.consultation_id, patient_id=note.patient_id
    )
    return note


def check_signable(statements: Sequence[OpenStatement], seen: frozenset[UUID], *, by: UUID | None) -> None:
    """Each objection of the judge must have been answered: overruled by a person, or looked at by the signer."""
    if strange := seen - {s.row.id for s in statements}:
        raise UnknownStatements(count=len(strange))
    open_objections = [s.row for s in statements if s.row.verdict in FLAGGED and not s.row.overruled]
    if contradicted := [s for s in open_objections if s.verdict == "contradicted"]:
        raise ContradictedStatements(count=len(contradicted), statements=listed(contradicted))
    if unseen := [s for s in open_objections if s.seen_by != by and s.id not in seen]:
        raise UnseenStatements("Some statements have no support.", count=len(unseen), statements=listed(unseen))


def listed(rows: Sequence[NoteStatement]) -> str:
    return ",".join(str(row.id) for row in rows[:50])


def draft_at(note: Note, version: int) -> Note:
    if note.status is not NoteStatus.DRAFT:
        raise NotADraft(status=note.status.value)
    if note.version != version:
        raise StaleVersion(version=note.version)
    return note


def signer(db: AsyncSession) -> Actor:
    """Only a person who is a member of the organization answers for a note."""
    actor = actor_of(db)
    if actor.kind != "user" or actor.member_id is None:
        raise Forbidden("Only a member of the organization may do this.")
    return actor


async def overrule(
    db: AsyncSession, keyring: Keyring, note_id: UUID, statement_id: UUID, reason: str, *, version: int
) -> NoteStatement:
    """Let a statement stand against the judge, in the version that was read: another may hold another objection.

    The reason is clinical text, so it is sealed; the latest one counts. Raises `NotADraft`, `StaleVersion`, `NotFound`
    or `NothingToOverrule`.
    """
    actor = signer(db)
    note = draft_at(await find_note(db, note_id, lock=True), version)
    statement = await db.get(NoteStatement, statement_id)
    if statement is None or statement.note_id != note.id:
        raise NotFound("No such statement.")
    if statement.verdict not in FLAGGED:
        raise NothingToOverrule
    key = await keyring.patient(db, note.patient_id)
    statement.overruled_by, statement.overruled_at = actor.member_id, datetime.now(UTC)
    statement.overrule_reason = key.seal(reason, "note_statement", "overrule_reason", statement.id)
    await db.flush()
    return statement
