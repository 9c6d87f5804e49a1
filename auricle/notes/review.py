"""Review over time: statements that a clinician has looked at, and whose turn a draft is."""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from auricle.errors import Conflict, Invalid, NotFound
from auricle.identity.custom_roles import permissions_in
from auricle.identity.models import Member, MemberStatus
from auricle.live.events import publish
from auricle.notes.approve import NotADraft, draft_at, signer
from auricle.notes.content import find_note
from auricle.notes.models import Note, NoteStatement, NoteStatus


class AssignedElsewhere(Conflict):
    """A colleague has this note: say `take_over` to have it all the same."""

    code = "note.assigned_elsewhere"


class NotASigner(Invalid):
    """This member may not sign notes."""

    code = "note.not_a_signer"


async def see(db: AsyncSession, note_id: UUID, statement_id: UUID, *, version: int) -> NoteStatement:
    """Mark that the actor has looked at a statement of the version they read. Who looked last counts.

    Raises `NotADraft`, `StaleVersion` or `NotFound`.
    """
    actor = signer(db)
    note = draft_at(await find_note(db, note_id, lock=True), version)
    statement = await db.get(NoteStatement, statement_id)
    if statement is None or statement.note_id != note.id:
        raise NotFound("No such statement.")
    if statement.seen_by != actor.member_id:
        statement.seen_by, statement.seen_at = actor.member_id, datetime.now(UTC)
        await db.flush()
    return statement


async def assign(db: AsyncSession, note_id: UUID, member_id: UUID | None, *, take_over: bool = False) -> Note:
    """Say who is to sign a note that is not signed: oneself, a colleague who may, or (None) nobody in particular.

    It orders the queue, and forbids nobody to sign. Raises `NotADraft`, `NotFound`, `NotASigner` or
    `AssignedElsewhere`.
    """
    actor = signer(db)
    note = await find_note(db, note_id, lock=True)
    if note.status is NoteStatus.APPROVED:
        raise NotADraft(status=note.status.value)
    if note.assigned_to == member_id:
        return note
    if note.assigned_to not in (None, actor.member_id) and not take_over:
        raise AssignedElsewhere(member_id=note.assigned_to)
    if member_id is not None:
        await check_may_sign(db, member_id)
    note.assigned_to, note.assigned_at = member_id, None if member_id is None else datetime.now(UTC)
    await publish(db, "note.assigned", note_id=note.id, consultation_id=note.consultation_id, member_id=member_id)
    await db.flush()
    return note


async def check_may_sign(db: AsyncSession, member_id: UUID) -> None:
    member = await db.get(Member, member_id)
    if member is None or member.status is MemberStatus.REMOVED:
        raise NotFound("No such member.")
    may = await permissions_in(db, member.role, member.role_id)
    if member.status is not MemberStatus.ACTIVE or not {"*", "notes:approve"} & may:
        raise NotASigner
