"""Patients read the signed notes about themselves, in clear: what was masked is what they said of themselves."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.audit.reads import record, record_read
from auricle.db.keyset import BEFORE_ALL, NEWEST, Order, in_order
from auricle.db.sealed import Keyring
from auricle.db.session import actor_of
from auricle.errors import NotFound
from auricle.notes.content import find_note, open_note
from auricle.notes.models import Note, NoteStatus
from auricle.notes.outline import under
from auricle.notes.own_schemas import OwnAddendum, OwnNote, OwnRow, OwnSection, OwnStatement
from auricle.notes.read import authors_of, shown
from auricle.notes.schemas import PartOut, StatementOut
from auricle.patients.create import is_part_of, whole

ROW = [getattr(Note, name) for name in OwnRow.model_fields]


async def list_own(db: AsyncSession, order: Order = NEWEST, *, limit: int = 20) -> Sequence[OwnRow]:
    """The signed notes of the patient who asks; nothing unsealed."""
    patient_id = actor_of(db).patient_id
    if patient_id is None:
        return []
    signed = func.coalesce(Note.approved_at, BEFORE_ALL)
    own = select(*ROW).where(Note.status == NoteStatus.APPROVED, Note.patient_id.in_(whole(patient_id)))
    statement = await in_order(db, own, order, Note.id, limit=limit, approved_at=signed)
    rows = (await db.execute(statement)).all()
    await record_read(db, "soap_note", None, listed=len(rows), own=True)
    return [OwnRow.model_validate(row) for row in rows]


async def read_own(db: AsyncSession, keyring: Keyring, note_id: UUID, *, language: str = "en") -> OwnNote:
    """A signed note of the patient who asks. Drafts, and anybody else's notes, do not exist here."""
    note = await find_note(db, note_id)
    if note.status is not NoteStatus.APPROVED or not await is_part_of(db, note.patient_id, actor_of(db).patient_id):
        raise NotFound("No such note.")
    opened = await open_note(db, keyring, note)
    await record(db, "reveal", "soap_note", note.id, version=note.version, masks=len(opened.masks), own=True)
    told = shown(opened, await authors_of(db, opened), reveal=True, language=language)
    return OwnNote(
        **OwnRow.model_validate(note).model_dump(),
        signed_by=told.signed_by or "",
        title=told.title,
        sections=by_part(told.parts, told.statements),
        addenda=[
            OwnAddendum(author=one.author, created_at=one.created_at, sections=by_part(told.parts, one.statements))
            for one in told.addenda
        ],
    )


def by_part(parts: Sequence[PartOut], statements: Sequence[StatementOut]) -> list[OwnSection]:
    """Statements under the note's headings; what judge and clinician remarked is theirs."""
    return [
        OwnSection(heading=part.heading, statements=[OwnStatement(text=s.text, evidence=s.evidence) for s in found])
        for part, found in under(parts, statements)
        if found
    ]
