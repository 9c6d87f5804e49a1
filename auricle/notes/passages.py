"""What approved notes say, as vectors: made when a note is signed, and anew for another embedder.

Only masked text is embedded, and only while the patient agrees to the use of AI. No words are stored: a passage names
the statement whose meaning its vector is.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol
from uuid import UUID

from sqlalchemy import delete, exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.actor import Actor
from auricle.consent.decide import ConsentNeeded, require
from auricle.consent.models import Kind
from auricle.db.base import new_id
from auricle.db.sealed import Keyring
from auricle.db.session import Database
from auricle.jobs.app import task
from auricle.jobs.queue import enqueue
from auricle.knowledge.embedder import embedded, in_use, wanted
from auricle.knowledge.reembed import FOLLOWERS, Follower
from auricle.knowledge.search import Knowledge
from auricle.knowledge.store import Embedder
from auricle.notes.content import SECTIONS, find_note, open_note
from auricle.notes.models import Note, NotePassage, NoteStatus

AT_ONCE = 50  # notes that one job looks for; it queues the next
MOST_NAMED = 200  # notes that a request may name
TITLES: Mapping[str, str] = {section: section.capitalize() for section in SECTIONS}


class Means(Protocol):
    """What embedding needs of the assembly."""

    @property
    def database(self) -> Database: ...
    @property
    def keyring(self) -> Keyring: ...
    @property
    def knowledge(self) -> Knowledge: ...


async def embed_later(db: AsyncSession, note_id: UUID) -> None:
    """Queue a signed note, in the transaction that signs it."""
    await enqueue(db, "notes.embed", queueing_lock=f"notes.embed:{note_id}", note_id=note_id)


async def embed_all_later(db: AsyncSession, note_ids: Sequence[UUID] = ()) -> None:
    """Queue the named notes to be embedded anew, or (with none named) all signed ones that lack it.

    Raises:
        NotFound: one of them is not there; then none is queued.
    """
    for note_id in note_ids:
        await find_note(db, note_id)
        await db.execute(delete(NotePassage).where(NotePassage.note_id == note_id))
        await embed_later(db, note_id)
    if not note_ids:
        await enqueue(db, "notes.embed_missing", queueing_lock="notes.embed_missing")


@task("notes.embed", retries=6, timeout_s=120)
async def embed_note(means: Means, actor: Actor, note_id: UUID) -> None:
    """Embed a signed note, unless that was done; a patient who does not agree to AI is left out."""
    async with means.database.transaction(actor) as db:
        embedders = await wanted(db)
    for embedder in embedders:
        await embed_by(means, actor, note_id, embedder)


async def embed_by(means: Means, actor: Actor, note_id: UUID, embedder: Embedder) -> None:
    async with means.database.transaction(actor) as db:
        note = await db.get(Note, note_id)
        if note is None or note.status is not NoteStatus.APPROVED or await is_embedded(db, embedder, note_id):
            return
        try:
            await require(db, note.patient_id, Kind.AI_USE)
        except ConsentNeeded:
            return
        statements = (await open_note(db, means.keyring, note)).statements
        texts = [f"{TITLES[one.row.section]}. {one.body.text}" for one in statements]
    if not texts:
        return
    vectors = await embedded(
        means.knowledge.embed, embedder, texts, task="document", organization_id=actor.organization_id
    )
    async with means.database.transaction(actor) as db:
        rows = [
            {
                "id": new_id(),
                "note_id": note.id,
                "patient_id": note.patient_id,
                "statement_id": one.row.id,
                "embedder": embedder.name,
                "embedding": vector,
            }
            for one, vector in zip(statements, vectors, strict=True)
        ]
        await db.execute(
            insert(NotePassage).values(rows).on_conflict_do_nothing(constraint="uq_note_passage_statement")
        )


@task("notes.embed_missing", retries=6, timeout_s=120)
async def embed_missing(means: Means, actor: Actor, after_id: UUID | None = None) -> None:
    """Queue signed notes that lack vectors of the present embedder, a page a job."""
    async with means.database.transaction(actor) as db:
        found = await lacking(db, await in_use(db), after_id)
        for note_id in found:
            await embed_later(db, note_id)
        if len(found) == AT_ONCE:
            await enqueue(db, "notes.embed_missing", after_id=found[-1])


async def embed_all_by(means: Means, actor: Actor, embedder: Embedder) -> None:
    """Before an embedder comes into use: its vectors of every signed note that lacks them."""
    after_id = None
    while True:
        async with means.database.transaction(actor) as db:
            found = await lacking(db, embedder, after_id)
        if not found:
            return
        for note_id in found:
            await embed_by(means, actor, note_id, embedder)
        after_id = found[-1]


async def remove_all_by(db: AsyncSession, embedder: Embedder) -> None:
    await db.execute(delete(NotePassage).where(NotePassage.embedder == embedder.name))


FOLLOWERS.append(Follower(embed_all_by, remove_all_by))


async def lacking(db: AsyncSession, embedder: Embedder, after_id: UUID | None) -> Sequence[UUID]:
    """A page of signed notes without vectors by an embedder."""
    without = ~exists().where(NotePassage.note_id == Note.id, NotePassage.embedder == embedder.name)
    page = select(Note.id).where(Note.status == NoteStatus.APPROVED, without).order_by(Note.id).limit(AT_ONCE)
    return (await db.scalars(page if after_id is None else page.where(Note.id > after_id))).all()


async def is_embedded(db: AsyncSession, embedder: Embedder, note_id: UUID) -> bool:
    mine = exists().where(NotePassage.note_id == note_id, NotePassage.embedder == embedder.name)
    return bool(await db.scalar(select(mine)))
