"""Notes to take out: a draft, and one that was signed over an objection of the judge."""

from uuid import UUID

from auricle.notes.approve import approve
from auricle.notes.export.document import Document, take_out


async def taken(clinic, note_id: UUID, *, reveal: bool = True) -> Document:
    async with clinic.transaction() as db:
        return await take_out(db, clinic.means.keyring, note_id, form="test", reveal=reveal)


async def signed(clinic) -> UUID:
    note = await clinic.with_unsupported()
    seen = [s.id for s in note.statements if s.verdict == "unsupported"]
    async with clinic.transaction() as db:
        await approve(db, clinic.means.keyring, note.id, version=2, seen=seen)
    return note.id
