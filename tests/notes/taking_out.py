"""Notes to take out: a draft, and one that was signed over an objection of the judge."""

from uuid import UUID

from auricle.actor import Actor
from auricle.notes.addenda import Added, add_addendum
from auricle.notes.approve import approve
from auricle.notes.edit import Wanted
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


async def amended(clinic, author: Actor) -> UUID:
    """A signed note to which this member added."""
    note_id = await signed(clinic)
    added = [Added(Wanted("plan", "Asha Rao was told to return in a week."))]
    await add_addendum(clinic.means, author, note_id, version=3, added=added)
    return note_id
